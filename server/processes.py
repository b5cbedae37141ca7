"""The three kinds of process: web, worker, schedule. Here every floor is loaded, so each knows all declarations."""

import ctypes
import gc
import os
import signal
import sys
import threading
from types import FrameType
from typing import Any

from flask import Flask
from gunicorn.app.base import BaseApplication
from gunicorn.glogging import Logger
from rq import Worker
from rq.serializers import JSONSerializer

import privacy.consent
import server.jobs
import server.models
import workers.jobs
import workers.models
from server.app import create_app
from server.services import digests, exports, requests
from server.services.accounts import expire_unconfirmed
from server.services.announcing import announce
from server.web import charts
from workers import logbook, schedule
from workers.jobs import certifying, telling
from workers.jobs.reading import COLLECTOR
from workers.live import Live
from workers.runtime.process import Process, bind
from workers.runtime.queue import NAME
from workers.runtime.settings import Settings

#: Every floor's declarations: a verb over all holdings refuses to run where one is missing.
LOADED = (privacy.consent, server.jobs, server.models, workers.models, workers.jobs)

_PR_SET_PDEATHSIG = 1


class QuietLogger(Logger):  # type: ignore[misc]
    """Gunicorn's log through our redacting formatter: its own would write addresses of pages."""

    def setup(self, cfg: Any) -> None:
        """Gunicorn's own set-up, then its handler goes."""
        super().setup(cfg)
        self.error_log.handlers.clear()
        self.error_log.propagate = True


class Web(BaseApplication):  # type: ignore[misc]
    """Gunicorn with one process and several threads; more processes are more machines or instances of this one."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        super().__init__()

    def load_config(self) -> None:
        """Our settings in gunicorn's words."""
        choices = {
            "bind": f"{self._settings.host}:{self._settings.port}",
            "worker_class": "gthread",
            "threads": self._settings.threads,
            "workers": 1,
            "timeout": 60,
            "graceful_timeout": 20,
            "accesslog": None,
            "loglevel": _foreign(self._settings).lower(),
            "logger_class": QuietLogger,
            "control_socket_disable": True,
            "limit_request_line": 2048,
        }
        for name, value in choices.items():
            self.cfg.set(name, value)

    def load(self) -> Flask:
        """The application, made after gunicorn's fork: neither databases nor the drawing engine survive one."""
        charts.warm()
        app = create_app(Process(self._settings))
        settle()
        return app


def settle() -> None:
    """Keeps what was loaded at the start out of later searches for garbage: each took a page a tenth of a second."""
    gc.collect()
    gc.freeze()


def _foreign(settings: Settings) -> str:
    """What gunicorn and RQ may say: their words are withheld anyway, so only warnings are worth a line."""
    return "DEBUG" if settings.log_level == "DEBUG" else "WARNING"


def web(settings: Settings) -> None:
    """Serves the pages until told to stop; open requests are finished."""
    Web(settings).run()


def work(settings: Settings, *, burst: bool = False) -> None:
    """Runs jobs until told to stop; the running one is finished. With `burst` until the queue is empty.

    Each job runs in a fork of its own. The parent opens Redis only: what `Process` opens is opened after the fork.
    """
    bind(Process(settings))
    Worker([NAME], connection=Process(settings).redis, serializer=JSONSerializer).work(
        burst=burst, logging_level=_foreign(settings)
    )


def plan(settings: Settings) -> None:
    """Runs the schedule until told to stop."""
    stop = threading.Event()

    def end(_number: int, _frame: FrameType | None) -> None:
        stop.set()

    signal.signal(signal.SIGTERM, end)
    signal.signal(signal.SIGINT, end)
    process = Process(settings)
    with process.working() as work:
        logbook.note_start(work, COLLECTOR)
    chores = (
        expire_unconfirmed, announce, requests.alarm, exports.send_due, certifying.send_due, telling.send_due,
        digests.send_due,
    )  # fmt: skip
    schedule.run(process, stop, chores=chores)


def listen(settings: Settings) -> None:
    """Reads the firehose until told to stop."""
    stop = threading.Event()

    def end(_number: int, _frame: FrameType | None) -> None:
        stop.set()

    signal.signal(signal.SIGTERM, end)
    signal.signal(signal.SIGINT, end)
    Live(Process(settings)).run(stop)


def die_with_parent(parent: int) -> None:
    """Has Linux end this process when its parent dies, however it dies: nothing is left running behind its back.

    A parent that died before this was said is another one by now.
    """
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGTERM)
    if os.getppid() != parent:
        sys.exit("whoever started this is gone")
