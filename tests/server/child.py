"""A process of its own that runs one job and kills itself (SIGKILL) at a given call, to see what the next one finds.

python -m tests.server.child JOB ID MOMENT MODULE:NAME NUMBER before|after; the settings come from the environment.
`MODULE:NAME` (or `MODULE:ROW.2`, one of a row) is the function at whose call of that number (1 the first) it dies.
"""

import importlib
import os
import signal
import sys
from collections.abc import Callable
from datetime import datetime
from typing import Any

from server import processes
from workers.runtime.process import Process, bind
from workers.runtime.settings import read

LOADED = processes.LOADED


def deadly(call: Callable[..., Any], number: int, when: str) -> Callable[..., Any]:
    """The same function, at one of whose calls the process dies."""
    calls = 0

    def wrapped(*args: Any, **named: Any) -> Any:
        nonlocal calls
        calls += 1
        if calls == number and when == "before":
            os.kill(os.getpid(), signal.SIGKILL)
        result = call(*args, **named)
        if calls == number:
            os.kill(os.getpid(), signal.SIGKILL)
        return result

    return wrapped


def patch(place: str, number: int, when: str) -> None:
    """Puts the deadly function into the place of the real one."""
    module, _, name = place.partition(":")
    owner: Any = importlib.import_module(module)
    *parts, last = name.split(".")
    if last.isdigit():  # one of a row of functions
        row = list(getattr(owner, parts[-1]))
        row[int(last)] = deadly(row[int(last)], number, when)
        setattr(owner, parts[-1], tuple(row))
        return
    for part in parts:
        owner = getattr(owner, part)
    setattr(owner, last, deadly(getattr(owner, last), number, when))


if __name__ == "__main__":
    job, id_, moment, place, number, when = sys.argv[1:]
    now = datetime.fromisoformat(moment)
    bind(Process(read(), lambda: now))
    patch(place, int(number), when)
    module, _, name = job.rpartition(".")
    getattr(importlib.import_module(module), name)(id_)
