"""Objections of people who react: found once, taken out everywhere, and never taken in again."""

import pytest
from sqlalchemy import select

from tests.conftest import Clock
from tests.factories.days import signals
from tests.workers.jobs.conftest import Town
from tests.workers.networks.mastodon_server import Habits
from workers import jobs
from workers.jobs.objecting import ObjectionError, add_objection
from workers.models import Objection


def likes(town: Town) -> set[str | None]:
    return {actor for kind, actor, _ in town.signals() if kind == "like"}


def test_who_objects_is_taken_out_at_once_and_never_read_again(town: Town, clock: Clock) -> None:
    connection_id = town.join()
    town.post(3, "jona", "wanda")
    # A list that is not told to its end only adds: what was taken before would stay.
    town.server.habits.broken_paging = True
    jobs.collect(connection_id)
    assert len(likes(town)) == 2
    town.process.queue.rq.empty()
    for _ in range(2):
        add_objection(town.process, "mastodon", f"@jona@{town.server.host}")
    key = town.process.ring.person(town.row(connection_id).subject_id)
    wanda = key.pseudonym("mastodon", f"wanda@{town.server.host}")
    assert likes(town) == {wanda}
    assert town.sent() == ["score"]
    clock.go(days=1)
    jobs.collect(connection_id)
    assert likes(town) == {wanda}
    with town.process.reading() as session:
        [kept] = session.scalars(select(Objection)).all()
    assert (kept.network, kept.made_at) == ("mastodon", clock.now.replace(day=22))
    assert b"jona" not in kept.account_index


def test_the_same_handle_on_another_server_may_be_read(town: Town) -> None:
    connection_id = town.join()
    town.post(3, "jona", "jona@wiese.test")
    assert add_objection(town.process, "mastodon", f"@jona@{town.server.host}") == 0
    jobs.collect(connection_id)
    assert len(likes(town)) == 1


def test_the_handle_of_who_objects_is_nowhere(town: Town) -> None:
    town.server.add_person("kanarienvogel")
    add_objection(town.process, "mastodon", f"kanarienvogel@{town.server.host}")
    town.process.close()
    stored = b"".join(path.read_bytes() for path in town.process.settings.data.rglob("*") if path.is_file())
    assert b"kanarienvogel" not in stored
    assert town.process.queue.rq.count == 0


def test_whose_key_is_gone_is_no_error(town: Town) -> None:
    connection_id = town.join()
    town.post(3, "jona")
    jobs.collect(connection_id)
    town.process.ring.destroy(town.row(connection_id).subject_id)
    assert add_objection(town.process, "mastodon", f"jona@{town.server.host}") == 0


@pytest.mark.parametrize(
    ("network", "address", "word"),
    [("mastodon", "so nicht", "bad_address"), ("myspace", "jona", "no network"), ("mastodon", "", "bad_address")],
)
def test_what_names_no_account_is_said(town: Town, network: str, address: str, word: str) -> None:
    town.server.habits = Habits()
    with pytest.raises(ObjectionError, match=word):
        add_objection(town.process, network, address)
    assert signals(town.process) == []
