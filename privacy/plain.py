"""Values of columns as JSON, each that JSON does not know with its type, and back."""

import base64
from datetime import date, datetime
from typing import Any


def plain(value: Any) -> Any:
    """A value of a column as JSON; what JSON does not know, with its type."""
    match value:
        case bytes():
            return {"bytes": base64.b64encode(value).decode()}
        case datetime():
            return {"moment": value.isoformat()}
        case date():
            return {"day": value.isoformat()}
        case dict() | list():
            return {"json": value}
        case None | bool() | int() | float() | str():
            return value
    raise TypeError(f"a column of a type that backups do not know: {type(value).__name__}")


def value_of(said: Any) -> Any:
    """The value again."""
    match said:
        case {"bytes": text}:
            return base64.b64decode(text)
        case {"moment": text}:
            return datetime.fromisoformat(text)
        case {"day": text}:
            return date.fromisoformat(text)
        case {"json": inner}:
            return inner
    return said
