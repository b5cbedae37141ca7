"""The command `klarwert` itself, and what each of its commands starts with: settings, a clean log, sentences."""

import logging
import os
import resource
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import wraps
from typing import Concatenate, ParamSpec

import click
from redis.exceptions import AuthenticationError, ResponseError
from redis.exceptions import ConnectionError as RedisGoneError
from redis.exceptions import TimeoutError as RedisSilentError
from sqlalchemy.exc import OperationalError

from privacy import redact
from privacy.backup import BackupError
from privacy.installation import WrongKeyRingError
from privacy.journal import NotReplayedError
from privacy.keyring import ForeignKeysError, WrongMasterKeyError
from privacy.ledger import LogBrokenError
from server import demo, running
from server.services import words
from workers import buckets
from workers.runtime.embedded import EmbeddedRedisError
from workers.runtime.process import Process
from workers.runtime.settings import Settings, SettingsError, read

P = ParamSpec("P")
#: Errors whose text is for the person at the command line.
_SENTENCES = (
    SettingsError, WrongMasterKeyError, ForeignKeysError, WrongKeyRingError, LogBrokenError, EmbeddedRedisError,
    running.PartDiesError, BackupError, NotReplayedError,
)  # fmt: skip
LANGUAGES = click.Choice(words.LANGUAGES)


@click.group(context_settings={"help_option_names": ["-h", "--help"]})
def main() -> None:
    """Klarwert: an influence score that can be proven."""


@main.group("privacy")
def privacy_group() -> None:
    """What is held, why and how long: documents, retention, downloads. None of it is legal advice."""


def with_settings(function: Callable[Concatenate[Settings, P], None]) -> Callable[P, None]:
    """Gives a command the settings, with a clean log; a setting that is wrong ends it with a sentence."""

    @wraps(function)
    def command(*args: P.args, **kwargs: P.kwargs) -> None:
        try:
            resource.setrlimit(resource.RLIMIT_CORE, (0, 0))  # a core dump would hold keys and people (R29)
            os.umask(0o077)
            settings = read()
            redact.set_up(logging.getLevelNamesMapping()[settings.log_level])
            function(settings, *args, **kwargs)
        except _SENTENCES as error:
            raise click.ClickException(str(error)) from None
        except (AuthenticationError, ResponseError) as error:
            said, _, _ = str(error).partition(". ")
            raise click.ClickException(f"Redis answers, and refuses (KLARWERT_REDIS): {said}") from None
        except (RedisGoneError, RedisSilentError):
            raise click.ClickException("Redis does not answer: start Klarwert, or set KLARWERT_REDIS") from None
        except OperationalError as error:
            raise click.ClickException(f"the database cannot be used: {error.orig}") from None

    return command


def prepare(settings: Settings) -> Settings:
    """Makes what an installation needs and makes sure of it; the final settings."""
    settings = running.prepare(settings)
    make_sure(settings)
    return settings


def make_sure(settings: Settings) -> None:
    """Nothing runs on stores that do not belong together, or with invented people among real ones."""
    process = Process(settings)
    process.make_sure()
    demo.keep_apart(settings)
    with process.working() as work:
        buckets.settle(work)
    process.close()


@contextmanager
def at_work(settings: Settings) -> Iterator[Process]:
    """The installation, for a command that works on people's data: never on a database that waits for a replay."""
    make_sure(settings)
    process = Process(settings)
    try:
        yield process
    finally:
        process.close()
