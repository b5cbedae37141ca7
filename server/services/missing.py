"""What a service says when something is not there, or not this person's: to them that is the same."""


class MissingError(Exception):
    """There is no such thing for this person."""
