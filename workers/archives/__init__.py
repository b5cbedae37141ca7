"""Archives that people bring themselves: kept encrypted for a moment, read within limits, destroyed (R21).

Nothing here knows networks' servers or scores: a file goes in, counts of reactions to public posts come out.
"""
