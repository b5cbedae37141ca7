"""Writing a row that may be there: the newer result stays, whoever comes last."""

import threading
from datetime import timedelta

from sqlalchemy import select

from tests.conftest import Clock
from workers.models import DayScored
from workers.runtime.process import Process
from workers.runtime.upsert import upsert


def write(process: Process, people: int) -> None:
    with process.working() as work:
        upsert(work.session, DayScored(day=work.today, done_at=work.now, people=people), newest="done_at")


def read(process: Process) -> list[int]:
    with process.reading() as session:
        return list(session.scalars(select(DayScored.people)))


def test_a_row_is_inserted_then_replaced(each_process: Process) -> None:
    write(each_process, 1)
    write(each_process, 2)
    assert read(each_process) == [2]


def test_an_older_result_does_not_replace_a_newer_one(each_process: Process, clock: Clock) -> None:
    write(each_process, 1)
    clock.now -= timedelta(minutes=1)
    write(each_process, 2)
    assert read(each_process) == [1]


def test_many_at_once_do_not_collide(postgres_process: Process) -> None:
    threads = [threading.Thread(target=write, args=(postgres_process, number)) for number in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(read(postgres_process)) == 1
