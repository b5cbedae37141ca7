"""Gives an installation a new master key while everything runs."""

import json
from contextlib import ExitStack

from sqlalchemy import select

from privacy.keyring import KeyRing, MasterKeys
from privacy.ledger import LogEntry, note
from workers.runtime import master_file
from workers.runtime.process import Process
from workers.runtime.settings import SettingsError
from workers.runtime.work import Work

_TYPE = "key rotation"


def rotate(process: Process) -> int:
    """Wraps every key under the new master key; how many. Killed anywhere and run again, it goes on to the end.

    A key in the file is made here, and processes that run read the file again as soon as they meet it. A key in the
    environment comes first there, with the old one behind it, in every process. Raises `SettingsError`.
    """
    file = process.settings.master_file
    with ExitStack() as stack:
        if file is not None:
            stack.enter_context(master_file.alone(file))
            keys = master_file.begin(file, process.settings.master_keys_now())
        else:
            keys = process.settings.master_keys
            if len(keys) == 1:
                raise SettingsError(
                    "set KLARWERT_MASTER_KEY to the new key and, after a space, the old one; restart every process "
                    "with it, one after the other, then run this again"
                )
        ring = KeyRing(process.settings.keyring, MasterKeys(keys))
        try:
            count = ring.rotate()
        finally:
            ring.close()
        with process.working() as work:
            _note(work, MasterKeys(keys).first)
        if file is not None:
            master_file.end(file, keys)
    return count


def _note(work: Work, master: str) -> None:
    """Once, also where the rotation was killed right after it."""
    query = select(LogEntry.entry).where(LogEntry.subject_id.is_(None), LogEntry.entry.endswith(f'"type":"{_TYPE}"}}'))
    last = work.session.scalar(query.order_by(LogEntry.noted_at.desc()).limit(1))
    if last is None or json.loads(last)["master"] != master:
        note(work.session, work.now, _TYPE, None, master=master)
