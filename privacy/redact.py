"""Keeps people out of the logs: a line says who speaks, what happened and which id, never what somebody wrote (R32).

The rule is an allow-list. Our own loggers write constant sentences with ids, numbers and words from our vocabulary;
any other argument becomes ‹withheld›. Of foreign loggers only the name, the level and the number of the line are kept,
and of an exception its type and where it arose: messages of libraries repeat what people typed (a unique violation
contains the e-mail). Records are made clean, not written clean: so it holds for handlers that a library brings along.
"""

import logging
import re
import sys
import threading
import traceback
from datetime import date
from enum import Enum
from types import TracebackType
from typing import Any

#: Loggers of ours: below these, messages are constants and arguments are checked.
OURS = ("privacy", "workers", "server", "klarwert")
_ID = re.compile(r"[0-9a-f]{32}|[0-9]{4}-[0-9]{2}-[0-9]{2}(T[0-9:.+]+)?")
_WITHHELD = "‹withheld›"
_log = logging.getLogger(__name__)


class Word(str):
    """A word of our own that may stand in a log line: the name of a job, a network, a kind."""

    __slots__ = ()


def safe(value: Any) -> object:
    """The value if it can be nobody's: a number, a date, an id of ours, a word of ours; otherwise ‹withheld›."""
    if isinstance(value, bool | int | float | date | Word | type(None)):
        return value
    if isinstance(value, Enum):
        return value.value
    return value if isinstance(value, str) and _ID.fullmatch(value) else _WITHHELD


def outline(error: BaseException) -> str:
    """An exception as type and places in the code, without any message, its causes included."""
    chain: list[BaseException] = []
    seen: BaseException | None = error
    while seen is not None and seen not in chain:
        chain.append(seen)
        seen = seen.__cause__ or (None if seen.__suppress_context__ else seen.__context__)
    return " <- ".join(f"{type(each).__name__} at {_places(each.__traceback__)}" for each in chain)


def _places(trace: TracebackType | None) -> str:
    frames = traceback.extract_tb(trace)[-6:]
    return " > ".join(f"{_tail(frame.filename)}:{frame.lineno} {frame.name}" for frame in frames)


def _tail(path: str) -> str:
    return "/".join(path.split("/")[-2:])


class _Named(dict[str, object]):
    """Named arguments: a sentence gets single ones out of it and never the whole, whose names may be anything."""

    def __str__(self) -> str:
        return _WITHHELD

    __repr__ = __str__


def redacted(*parts: Any, **named: Any) -> logging.LogRecord:
    """Makes the record of a log line that names nobody: for `logging.setLogRecordFactory`."""
    record = logging.LogRecord(*parts, **named)
    error = record.exc_info[1] if isinstance(record.exc_info, tuple) else None
    sentence = _sentence(record)
    record.msg = sentence if error is None else f"{sentence} | {outline(error)}"
    record.args = record.exc_info = record.exc_text = record.stack_info = None
    return record


def _sentence(record: logging.LogRecord) -> str:
    if str(record.name).split(".", maxsplit=1)[0] not in OURS or not isinstance(record.msg, str):
        return f"{_WITHHELD} (line {record.lineno})"
    args = record.args
    if not args:
        return record.msg
    checked = (
        tuple(safe(value) for value in args)
        if isinstance(args, tuple)
        else _Named((name, safe(value)) for name, value in args.items())
    )
    try:
        return record.msg % checked
    except (TypeError, ValueError, KeyError, OverflowError):  # such as a withheld text where a number should stand
        return f"{record.msg} {_WITHHELD}"


def set_up(level: int = logging.INFO) -> None:
    """Makes every logger of the process write clean lines to the standard error, and no error end it with its text.

    Of foreign loggers only warnings are worth a line, since their words are withheld; at DEBUG all of them show.
    """
    logging.setLogRecordFactory(redacted)
    foreign = level if level <= logging.DEBUG else max(level, logging.WARNING)
    logging.basicConfig(level=foreign, format="%(asctime)s %(levelname)s %(name)s %(message)s", force=True)
    for name in OURS:
        logging.getLogger(name).setLevel(level)
    logging.captureWarnings(capture=True)
    sys.excepthook = lambda _kind, error, _trace: _uncaught(error)
    sys.unraisablehook = lambda raised: _uncaught(raised.exc_value)
    threading.excepthook = lambda raised: _uncaught(raised.exc_value)


def _uncaught(error: BaseException | None) -> None:
    _log.critical("an error that nobody caught", exc_info=error)
