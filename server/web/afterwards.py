"""Work that begins once the answer is out: how long it takes tells nobody who has an account here."""

import logging
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

from flask import Flask, current_app, make_response
from werkzeug.wrappers import Response

log = logging.getLogger(__name__)
_NAME = "klarwert-afterwards"


def prepare(app: Flask) -> None:
    """Gives the app its thread for such work: one, so that it is done in order; a process that ends finishes it."""
    app.extensions[_NAME] = ThreadPoolExecutor(1, "afterwards")


def afterwards(page: str | Response, work: Callable[[], None]) -> Response:
    """The answer, after which the work is done. It is not done on the connection, where its end could be noticed."""
    response = make_response(page)
    thread: ThreadPoolExecutor = current_app.extensions[_NAME]
    response.call_on_close(lambda: thread.submit(_quietly, work))
    return response


def wait(app: Flask) -> None:
    """Waits until everything is done that began so far."""
    thread: ThreadPoolExecutor = app.extensions[_NAME]
    thread.submit(bool).result()


def _quietly(work: Callable[[], None]) -> None:
    try:
        work()
    except Exception:  # The answer is out: there is nobody to tell but the log.
        log.exception("what was to be done after an answer failed")
