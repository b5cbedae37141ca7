"""A new master key: every key is wrapped anew while others read and make keys; killed anywhere it goes on."""

import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from sqlalchemy import select

from privacy import keyring
from privacy.base import new_id
from privacy.keyring import ForeignKeysError, KeyGoneError, KeyRing, MasterKeys, OpenKey, WrongMasterKeyError, _keys
from privacy.store import writing
from tests.privacy.conftest import Beside, waits
from tests.privacy.scan import hits

OLD, NEW = bytes(range(32)), bytes(range(1, 33))
PEOPLE = 12
#: Rotates until it is killed at the n-th key.
ROTATE = """
import os, signal, sys
from privacy import keyring
keyring._AT_ONCE = 3
real, seen = keyring.encrypt, 0
def encrypt(*args):
    global seen
    seen += 1
    if seen == int(sys.argv[2]):
        os.kill(os.getpid(), signal.SIGKILL)
    return real(*args)
ring = keyring.KeyRing(sys.argv[1], keyring.MasterKeys([bytes(range(1, 33)), bytes(range(32))]))
keyring.encrypt = encrypt
print(ring.rotate())
"""


@pytest.fixture
def url(tmp_path: Path) -> str:
    (tmp_path / "keys").mkdir()
    return f"sqlite:///{tmp_path / 'keys' / 'keyring.sqlite'}"


@pytest.fixture(params=["url", "postgres_database"], ids=["sqlite", "postgresql"])
def each_url(request: pytest.FixtureRequest) -> str:
    found: str = request.getfixturevalue(request.param)
    return found


@pytest.fixture
def opened() -> Iterator[Callable[..., KeyRing]]:
    rings: list[KeyRing] = []

    def made(url: str, *masters: bytes, again: Callable[[], list[bytes]] = list) -> KeyRing:
        rings.append(KeyRing(url, MasterKeys(masters, again)))
        return rings[-1]

    yield made
    for ring in rings:
        ring.close()


def people(ring: KeyRing, count: int = PEOPLE) -> dict[str, bytes]:
    """People with something sealed."""
    return {subject: ring.create(subject).seal("place", subject) for subject in (new_id() for _ in range(count))}


def opens(ring: KeyRing, sealed: dict[str, bytes]) -> bool:
    return all(ring.person(subject).open("place", text) == subject for subject, text in sealed.items())


def test_after_a_rotation_the_new_master_key_opens_everything_and_the_old_one_nothing(
    each_url: str, opened: Callable[..., KeyRing]
) -> None:
    ring = opened(each_url, OLD)
    sealed, index = people(ring), ring.blind("place", "text")
    total = PEOPLE + 2
    assert opened(each_url, NEW, OLD).rotate() == total
    assert opened(each_url, NEW, OLD).rotate() == 0
    after = opened(each_url, NEW)
    assert opens(after, sealed)
    assert after.blind("place", "text") == index
    assert after.counts() == {MasterKeys([NEW]).first: {"instance": 2, "person": PEOPLE}}
    with pytest.raises(WrongMasterKeyError):
        KeyRing(each_url, OLD)


def test_no_byte_that_the_old_master_key_wrapped_is_left(
    tmp_path: Path, url: str, opened: Callable[..., KeyRing]
) -> None:
    ring = opened(url, OLD)
    people(ring, 60)
    with ring._engine.connect() as connection:
        before = list(connection.scalars(select(_keys.c.wrapped)))
    assert len(hits(tmp_path / "keys", before)) == 61
    opened(url, NEW, OLD).rotate()
    assert hits(tmp_path / "keys", before) == []


def test_who_runs_on_learns_the_new_master_key_when_it_meets_it(each_url: str, opened: Callable[..., KeyRing]) -> None:
    file = [OLD]
    running = opened(each_url, OLD, again=lambda: file)
    sealed = people(running)
    file.insert(0, NEW)
    opened(each_url, NEW, OLD).rotate()
    file.remove(OLD)
    assert opens(running, sealed)
    made = new_id()
    running.create(made)
    assert opened(each_url, NEW).person(made)


def test_who_was_not_told_the_new_master_key_makes_no_key_that_nobody_could_open(
    each_url: str, opened: Callable[..., KeyRing]
) -> None:
    running = opened(each_url, OLD)
    opened(each_url, NEW, OLD).rotate()
    made = new_id()
    with pytest.raises(WrongMasterKeyError):
        running.create(made)
    with pytest.raises(KeyGoneError):
        opened(each_url, NEW).person(made)


def test_a_key_that_is_made_while_a_rotation_begins_is_wrapped_anew_too(
    beside: Beside, postgres_database: str, opened: Callable[..., KeyRing]
) -> None:
    running, made = opened(postgres_database, OLD), new_id()
    with writing(running._engine).begin() as connection:
        wraps = running._wraps(connection)
        rotation = beside(opened(postgres_database, NEW, OLD).rotate)
        waits(rotation)
        values = running._wrapped(wraps, f"person/{made}", bytes(32))
        connection.execute(
            keyring.insert(_keys).values(name=f"person/{made}", made_at=keyring.datetime.now(keyring.UTC), **values)
        )
    assert rotation.result() == 2
    assert opened(postgres_database, NEW).person(made)


@pytest.mark.slow
@pytest.mark.parametrize("step", [1, 2, 3, 6, 11, PEOPLE + 1])
def test_a_rotation_killed_at_any_key_goes_on(each_url: str, opened: Callable[..., KeyRing], step: int) -> None:
    sealed = people(opened(each_url, OLD))

    def rotate(killed_at: int) -> subprocess.CompletedProcess[str]:
        words = [sys.executable, "-c", ROTATE, each_url, str(killed_at)]
        return subprocess.run(words, env={**os.environ}, capture_output=True, text=True, check=False)

    assert rotate(step).returncode == -signal.SIGKILL
    assert opens(opened(each_url, NEW, OLD), sealed)
    done = rotate(0)
    assert done.returncode == 0, done.stderr
    assert opens(opened(each_url, NEW), sealed)


def test_a_person_who_is_erased_during_a_rotation_stays_gone(url: str, opened: Callable[..., KeyRing]) -> None:
    ring = opened(url, OLD)
    gone, *others = people(ring)
    rotating = opened(url, NEW, OLD)
    ring.destroy(gone)
    rotating.rotate()
    ring.destroy(others.pop())
    after = opened(url, NEW)
    with pytest.raises(KeyGoneError):
        after.person(gone)
    assert all(after.person(each) for each in others)


def test_keys_that_were_put_aside_come_back_and_those_that_are_there_stay(
    tmp_path: Path, each_url: str, opened: Callable[..., KeyRing]
) -> None:
    ring = opened(each_url, OLD)
    sealed = people(ring)
    ring.blind("place", "text")
    aside = list(ring.everything())
    lost, *_ = sealed
    ring.destroy(lost)
    newer = people(ring, 1)
    assert ring.put_back(aside) == 1
    assert opens(ring, sealed | newer)
    # Into a new ring that has another master key.
    fresh = opened(f"sqlite:///{tmp_path / 'fresh.sqlite'}", NEW)
    fresh.blind("place", "text")
    assert fresh.put_back(aside) == len(aside)
    assert opens(fresh, sealed)
    assert fresh.blind("place", "text") == ring.blind("place", "text")


def test_keys_of_another_installation_are_not_mixed_in(
    tmp_path: Path, url: str, opened: Callable[..., KeyRing]
) -> None:
    ring, other = opened(url, OLD), opened(f"sqlite:///{tmp_path / 'other.sqlite'}", OLD)
    sealed = people(ring)
    people(other)
    aside: list[OpenKey] = list(other.everything())
    with pytest.raises(ForeignKeysError):
        ring.put_back(aside)
    assert opens(ring, sealed)


def test_the_id_of_a_master_key_tells_nothing_about_it() -> None:
    ids = {MasterKeys([key]).first for key in (OLD, NEW)}
    assert len(ids) == 2
    assert not any(id_ in key.hex() for id_ in ids for key in (OLD, NEW))
