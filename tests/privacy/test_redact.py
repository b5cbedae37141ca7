"""No log line names anybody (R32): canaries in every way into a log, and none comes out."""

import io
import logging
import re
import subprocess
import sys
import threading
import warnings
from collections.abc import Callable, Iterator
from datetime import UTC, date, datetime
from enum import Enum, IntEnum

import httpx
import pytest
from sqlalchemy import text
from sqlalchemy.exc import IntegrityError

from privacy.base import Subject, new_id
from privacy.notices import notice
from privacy.redact import OURS, Word, outline, redacted, safe, set_up
from privacy.store import open_store
from privacy.vocabulary import Purpose
from tests.factories.people import make_subject
from workers.runtime.process import Process

CANARY = "ann.canary@garten.test"
WITHHELD = "‹withheld›"
ID = "0123456789abcdef0123456789abcdef"
Lines = Callable[[], str]


class Kind(Enum):
    LIKE = "like"


class Level(IntEnum):
    HIGH = 3


class Careless:
    """An object that says too much about itself."""

    def __str__(self) -> str:
        return CANARY

    __repr__ = __str__


class CanaryError(RuntimeError):
    pass


@pytest.fixture
def written_to() -> io.StringIO:
    return io.StringIO()


@pytest.fixture
def lines(written_to: io.StringIO) -> Iterator[Lines]:
    """Logging as in our processes, at DEBUG; gives what was written since it was asked last."""
    root = logging.getLogger()
    before = root.handlers[:], root.level, logging.getLogRecordFactory(), sys.excepthook, sys.unraisablehook
    hook = threading.excepthook
    root.handlers.clear()  # those of pytest are put back, not closed
    set_up(logging.DEBUG)
    [ours] = root.handlers
    assert isinstance(ours, logging.StreamHandler)
    ours.setStream(written_to)

    def taken() -> str:
        text = written_to.getvalue()
        written_to.seek(0)
        written_to.truncate()
        return text

    yield taken
    root.handlers[:], root.level, factory, sys.excepthook, sys.unraisablehook = before
    threading.excepthook = hook
    logging.setLogRecordFactory(factory)
    logging.captureWarnings(capture=False)


@pytest.fixture
def log() -> logging.Logger:
    return logging.getLogger("workers.jobs.invented")


@pytest.mark.parametrize(
    "value",
    [7, -1.5, True, None, ID, "2026-11-22", "2026-11-22T12:00:00+00:00", Word("collect"), Purpose.SCORING, Kind.LIKE,
     Level.HIGH, date(2026, 11, 22), datetime(2026, 11, 22, tzinfo=UTC)],
)  # fmt: skip
def test_numbers_dates_ids_and_our_own_words_pass(lines: Lines, log: logging.Logger, value: object) -> None:
    log.info("it was %s", value)
    written = value.value if isinstance(value, Enum) else value
    assert lines().endswith(f" INFO workers.jobs.invented it was {written}\n")


@pytest.mark.parametrize(
    "value",
    [CANARY, CANARY.encode(), Careless(), [CANARY], (CANARY,), {CANARY: 1}, {"name": CANARY}, {CANARY},
     CanaryError(CANARY), Subject(id=CANARY), f"{ID}{CANARY}", f"{ID} {CANARY}", f"2026-11-22 {CANARY}", ID.upper(),
     ID[:16], "a word", f"{ID}\n"],
    ids=lambda value: type(value).__name__,
)  # fmt: skip
def test_everything_else_is_withheld(lines: Lines, log: logging.Logger, value: object) -> None:
    log.info("it was %s and %r", value, value)
    log.info("it was %s", value)
    written = lines()
    assert written.count("\n") == 2
    assert written.count(WITHHELD) == 3
    assert "canary" not in written


def test_named_arguments_are_checked_one_by_one(lines: Lines, log: logging.Logger) -> None:
    log.info("%(job)s of %(who)s", {"job": Word("collect"), "who": CANARY})
    assert lines().endswith(f"collect of {WITHHELD}\n")


def test_named_arguments_never_come_as_a_whole(lines: Lines, log: logging.Logger) -> None:
    log.info("%s", {CANARY: 1})
    log.info("%r", {"who": CANARY, CANARY: 2})
    written = lines()
    assert written.count(WITHHELD) == 2
    assert "canary" not in written


@pytest.mark.parametrize(
    ("sentence", "args"),
    [
        ("%d of them", (CANARY,)),
        ("%s and %s", (CANARY,)),
        ("nothing", (CANARY, 1)),
        ("%(name)s", ({"other": CANARY},)),
        ("%(name)d", ({"name": CANARY},)),
        ("%d", (float("inf"),)),
        ("%d", (float("nan"),)),
        ("%y", (CANARY,)),
    ],
)
def test_a_sentence_that_does_not_fit_its_arguments_is_no_way_out(
    lines: Lines, log: logging.Logger, sentence: str, args: tuple[object, ...]
) -> None:
    log.info(sentence, *args)
    written = lines()
    assert written.endswith(f" {sentence} {WITHHELD}\n")
    assert "Traceback" not in written
    assert "canary" not in written


@pytest.mark.parametrize("message", [Careless(), CanaryError(CANARY), [CANARY], {"who": CANARY}, CANARY.encode(), None])
def test_a_message_that_is_no_sentence_is_withheld(lines: Lines, log: logging.Logger, message: object) -> None:
    log.info(message)
    written = lines()
    assert WITHHELD in written
    assert "canary" not in written


@pytest.mark.parametrize("name", OURS)
def test_our_own_loggers_speak_in_sentences(lines: Lines, name: str) -> None:
    logging.getLogger(f"{name}.part").debug("a constant sentence, 100%%")
    logging.getLogger(name).debug("a constant sentence")
    assert lines().count("a constant sentence") == 2


@pytest.mark.parametrize(
    "name", ["werkzeug", "privacyx", "x.privacy", "rq.worker", "gunicorn.error", "py.warnings", "root"]
)
def test_of_foreign_loggers_only_name_level_and_line_are_kept(lines: Lines, name: str) -> None:
    foreign = logging.getLogger(name)
    foreign.warning('%s - - "%s" 200 -', "203.0.113.7", f"GET /reset/{CANARY} HTTP/1.1")
    foreign.warning(f"in the sentence itself: {CANARY}")
    written = lines()
    assert written.count(f"WARNING {name} {WITHHELD} (line ") == 2
    assert "canary" not in written
    assert "203.0.113.7" not in written


def test_a_handler_that_a_library_brings_along_gets_clean_lines_too(lines: Lines, written_to: io.StringIO) -> None:
    own = logging.getLogger("gunicorn.invented")
    handler = logging.StreamHandler(written_to)
    handler.setFormatter(logging.Formatter("%(message)s %(args)s %(exc_text)s"))
    own.addHandler(handler)
    own.propagate = False
    try:
        own.error("request %s", CANARY, stack_info=True, exc_info=chained())
    finally:
        own.removeHandler(handler)
    written = lines()
    assert "ValueError at " in written
    assert "canary@" not in written


def test_sql_with_echo_names_nobody(lines: Lines, each_process: Process) -> None:
    each_process.engine.echo = "debug"
    try:
        with each_process.working() as work:
            make_subject(work).id = CANARY
            work.session.flush()
            work.session.execute(text(f"SELECT '{CANARY}'"))
            assert work.session.scalar(text("SELECT id FROM subject")) == CANARY
    finally:
        each_process.engine.echo = False
    written = lines()
    assert "sqlalchemy.engine" in written
    assert "canary" not in written


def test_requests_to_networks_name_nobody(lines: Lines) -> None:
    with httpx.Client(transport=httpx.MockTransport(lambda _request: httpx.Response(200))) as client:
        client.get(f"https://network.test/profile?actor={CANARY}", headers={"Authorization": CANARY})
    written = lines()
    assert "INFO httpx" in written
    assert "canary" not in written


def test_warnings_name_nobody(lines: Lines) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("always")
        logging.captureWarnings(capture=False)
        logging.captureWarnings(capture=True)
        warnings.warn(CANARY, UserWarning, stacklevel=1)
    written = lines()
    assert "WARNING py.warnings" in written
    assert "canary" not in written


def test_of_an_exception_its_type_and_places_are_kept(lines: Lines, log: logging.Logger) -> None:
    try:
        fail()
    except CanaryError:
        log.exception("%s failed", Word("collect"))
    written = lines()
    assert " collect failed | CanaryError at privacy/test_redact.py:" in written
    assert re.search(r"_its_type_and_places_are_kept > privacy/test_redact\.py:\d+ fail\n$", written)
    assert "canary@" not in written


def fail() -> None:
    raise CanaryError(CANARY)


def chained() -> Exception:
    """An error with a cause that has a context, each with a canary in its message."""
    context, cause, error = KeyError(CANARY), CanaryError(CANARY), ValueError(CANARY)
    cause.__context__ = context
    error.__cause__ = cause
    error.add_note(CANARY)
    return error


def test_of_causes_and_contexts_types_and_places_are_kept(lines: Lines, log: logging.Logger) -> None:
    log.error("failed", exc_info=chained())
    written = lines()
    assert [part.split(" at ")[0] for part in written.split("| ")[1].split(" <- ")] == [
        "ValueError",
        "CanaryError",
        "KeyError",
    ]
    assert "canary@" not in written


def test_an_error_from_none_hides_what_was_before() -> None:
    error = CanaryError(CANARY)
    error.__context__ = KeyError(CANARY)
    assert outline(error).count(" at ") == 2
    error.__suppress_context__ = True  # what `from None` does
    assert outline(error).count(" at ") == 1


def test_errors_that_cause_each_other_come_to_an_end() -> None:
    first, second = CanaryError(CANARY), ValueError(CANARY)
    first.__cause__, second.__cause__ = second, first
    assert outline(first) == "CanaryError at  <- ValueError at "


def test_a_group_of_errors_names_nobody(lines: Lines, log: logging.Logger) -> None:
    log.error("failed", exc_info=ExceptionGroup(CANARY, [CanaryError(CANARY)]))
    assert "canary@" not in lines()


def test_places_tell_nothing_of_the_machine() -> None:
    try:
        notice(Purpose.SCORING, "en", {CANARY: CANARY})
    except KeyError as error:
        said = outline(error)
    assert "notices/__init__.py" in said
    assert str(sys.prefix) not in said
    assert "canary" not in said


def test_a_database_that_quotes_the_row_is_not_quoted(lines: Lines, log: logging.Logger, each_process: Process) -> None:
    """PostgreSQL's text of a unique violation contains the value, even with hidden parameters."""
    try:
        with each_process.working() as work:
            for _ in range(2):
                work.session.execute(
                    text("INSERT INTO subject (id, created_at) VALUES (:id, :now)"),
                    {"id": CANARY, "now": str(work.now)},
                )
    except IntegrityError as error:
        quoted = CANARY in str(error)
        log.exception("failed")
    assert quoted == (each_process.engine.dialect.name == "postgresql")
    written = lines()
    assert "IntegrityError at " in written
    assert "canary" not in written


def test_neither_stack_nor_an_empty_error_says_more(lines: Lines, log: logging.Logger) -> None:
    log.error("no error", exc_info=(None, None, None), stack_info=True)
    log.error("no error", exc_info=True)  # noqa: LOG014  (what careless code does)
    assert [line.split(" ", 2)[2] for line in lines().splitlines()] == ["ERROR workers.jobs.invented no error"] * 2


def test_an_error_that_nobody_caught_ends_a_process_without_its_text() -> None:
    script = (
        "import threading\nfrom privacy.redact import set_up\nset_up()\n"
        f"def fail():\n    raise RuntimeError('{CANARY}')\n"
        "class Late:\n    def __del__(self):\n        fail()\n"
        "late = Late()\ndel late\n"
        "thread = threading.Thread(target=fail, name='canary')\nthread.start()\nthread.join()\nfail()\n"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=False)
    assert done.returncode == 1
    assert done.stderr.count("an error that nobody caught | RuntimeError at ") == 3
    assert "canary" not in done.stderr + done.stdout


def test_a_record_that_a_library_makes_itself_is_no_error() -> None:
    before = logging.getLogRecordFactory()
    logging.setLogRecordFactory(redacted)
    try:
        made = logging.makeLogRecord({"name": "other", "msg": "text"})
    finally:
        logging.setLogRecordFactory(before)
    assert made.name == "other"


def test_safe_gives_values_and_not_their_writing() -> None:
    assert safe(7) == 7
    assert safe(Kind.LIKE) == "like"
    assert safe(CANARY) == WITHHELD


def test_errors_of_the_store_carry_no_password() -> None:
    url = "postgresql+psycopg://klarwert:canary@127.0.0.1:1/klarwert"
    engine = open_store(url)
    assert "canary" not in repr(engine)
    assert "canary" not in repr(engine.url)
    assert new_id() not in repr(engine)
    engine.dispose()
