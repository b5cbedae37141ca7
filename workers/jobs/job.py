"""What makes a function a job: it gets the installation, and its failures name nobody, wherever they are kept."""

import functools
import logging
from collections.abc import Callable
from typing import Concatenate, ParamSpec

from privacy.consent import NoConsentError
from privacy.keyring import KeyGoneError
from privacy.redact import Word, outline
from workers.runtime.process import Process, bound

log = logging.getLogger(__name__)
P = ParamSpec("P")


class JobFailedError(RuntimeError):
    """A job failed. It says the kind of error and where in the code; RQ keeps this text in Redis."""


def job(function: Callable[Concatenate[Process, P], None]) -> Callable[P, None]:
    """Turns a function of an installation and ids into one that RQ can call with the ids alone.

    A consent that ended, or a person who is gone, ends the job quietly: there is nothing left to do (R4).
    """

    @functools.wraps(function)
    def run(*ids: P.args, **named: P.kwargs) -> None:
        name = Word(function.__name__)
        try:
            function(bound(), *ids, **named)
        except (NoConsentError, KeyGoneError):
            log.info("%s: nothing to do any more", name)
        except Exception as error:
            trace = outline(error)
            log.exception("%s failed", name)
            raise JobFailedError(trace) from None
        else:
            log.info("%s done", name)

    return run
