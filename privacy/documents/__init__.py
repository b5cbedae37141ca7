"""Documents printed from the declarations: inventory, record of processing, deletion rules, notices, DPIA, measures.

Prose stands in `texts/` (a file a document and language), tables are made from what every place says of itself. It
knows no page and no command line: words and facts are handed in.
"""
