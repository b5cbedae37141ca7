import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDFExpand
from sqlalchemy import select, update

from privacy.base import new_id
from privacy.keyring import (
    KEY_BYTES,
    KeyGoneError,
    KeyRing,
    PersonKey,
    SealBrokenError,
    WrongMasterKeyError,
    _keys,
    token_hash,
)
from privacy.keys import derive
from privacy.store import alone, open_store, writing
from tests.privacy.conftest import Beside, waits
from tests.privacy.scan import hits

MASTER = bytes(range(KEY_BYTES))
#: Opens the ring as soon as a line comes in, so that several processes do it at once.
OPEN = """
import sys
from privacy.keyring import KeyRing
sys.stdin.readline()
ring = KeyRing(sys.argv[1], bytes(range(32)))
print(ring.instance("race").hex(), flush=True)
"""
#: Deletes a person's key, tells so and waits to be killed; `commit` says whether before or after the commit.
DESTROY = """
import sys
from sqlalchemy import delete
from privacy import keyring
from privacy.store import alone, open_store, writing
from tests.privacy.conftest import Beside, waits
url, subject, commit = sys.argv[1:]
ring = keyring.KeyRing(url, bytes(range(32)))
if commit == "yes":
    ring.destroy(subject)
else:
    connection = writing(ring._engine).connect()
    connection.begin()
    connection.execute(delete(keyring._keys).where(keyring._keys.c.name == f"person/{subject}"))
print("deleted", flush=True)
sys.stdin.readline()
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    place = tmp_path / "keys"
    place.mkdir()
    return place


@pytest.fixture
def url(folder: Path) -> str:
    return f"sqlite:///{folder / 'keyring.sqlite'}"


@pytest.fixture
def postgres_url(postgres_database: str) -> str:
    return postgres_database


@pytest.fixture(params=["url", "postgres_url"], ids=["sqlite", "postgresql"])
def each_url(request: pytest.FixtureRequest) -> str:
    found: str = request.getfixturevalue(request.param)
    return found


@pytest.fixture
def open_ring() -> Iterator[Callable[[str], KeyRing]]:
    rings: list[KeyRing] = []

    def opened(url: str, master: bytes = MASTER) -> KeyRing:
        rings.append(KeyRing(url, master))
        return rings[-1]

    yield opened
    for ring in rings:
        ring.close()


@pytest.fixture
def ring(url: str, open_ring: Callable[[str], KeyRing]) -> KeyRing:
    return open_ring(url)


def wrapped(ring: KeyRing, name: str) -> bytes:
    """The bytes under which a key is stored."""
    with ring._engine.connect() as connection:
        found: bytes = connection.scalars(select(_keys.c.wrapped).where(_keys.c.name == name)).one()
    return found


def started(script: str, *args: str) -> subprocess.Popen[str]:
    """A process of its own that runs a script."""
    return subprocess.Popen(
        [sys.executable, "-c", script, *args], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )


def test_the_ring_opens_with_its_master_key_only(url: str, ring: KeyRing) -> None:
    with pytest.raises(WrongMasterKeyError, match="does not open this key ring") as caught:
        KeyRing(url, bytes(KEY_BYTES))
    assert caught.value.__cause__ is None


@pytest.mark.parametrize("length", [0, 16, 31, 33])
def test_a_master_key_of_a_wrong_length_is_refused(url: str, length: int) -> None:
    with pytest.raises(WrongMasterKeyError, match=f"the master key has {length} bytes, not 32"):
        KeyRing(url, bytes(length))


def test_a_person_keeps_their_key(each_url: str, open_ring: Callable[[str], KeyRing]) -> None:
    subject = new_id()
    sealed = open_ring(each_url).create(subject).seal("place", "Grüße")
    assert open_ring(each_url).person(subject).open("place", sealed) == "Grüße"


def test_making_a_key_twice_gives_the_same_key(ring: KeyRing) -> None:
    subject = new_id()
    sealed = ring.create(subject).seal("place", "text")
    assert ring.create(subject).open("place", sealed) == "text"


def test_two_people_have_unrelated_keys(ring: KeyRing) -> None:
    sealed = ring.create(new_id()).seal("place", "text")
    with pytest.raises(SealBrokenError):
        ring.create(new_id()).open("place", sealed)


def test_a_key_is_stored_wrapped(folder: Path, ring: KeyRing) -> None:
    key = ring.instance("secret")
    assert len(key) == KEY_BYTES
    assert hits(folder, [key, MASTER]) == []
    assert hits(folder, [wrapped(ring, "instance/secret")])


def test_a_signature_is_checked_with_the_published_key_and_stays_over_a_restart(
    each_url: str, open_ring: Callable[[str], KeyRing]
) -> None:
    first, again = open_ring(each_url), open_ring(each_url)
    assert first.public_key() == again.public_key()
    checker = Ed25519PublicKey.from_public_bytes(bytes.fromhex(first.public_key()))
    checker.verify(bytes.fromhex(again.sign("Bäume")), "Bäume".encode())
    with pytest.raises(InvalidSignature):
        checker.verify(bytes.fromhex(first.sign("Bäume")), b"Brot")


def test_a_key_that_was_moved_to_another_name_does_not_open(ring: KeyRing) -> None:
    ann, bea = new_id(), new_id()
    ring.create(ann)
    ring.create(bea)
    with writing(ring._engine).begin() as connection:
        stolen = wrapped(ring, f"person/{ann}")
        connection.execute(update(_keys).where(_keys.c.name == f"person/{bea}").values(wrapped=stolen))
    with pytest.raises(SealBrokenError):
        ring.person(bea)


def test_there_is_no_key_before_it_is_made(ring: KeyRing) -> None:
    with pytest.raises(KeyGoneError):
        ring.person(new_id())


def test_a_destroyed_key_is_gone_for_every_process(each_url: str, open_ring: Callable[[str], KeyRing]) -> None:
    ring, elsewhere = open_ring(each_url), open_ring(each_url)
    subject = new_id()
    ring.create(subject)
    elsewhere.person(subject)
    assert ring.destroy(subject) is True
    for each in (ring, elsewhere):
        with pytest.raises(KeyGoneError):
            each.person(subject)


def test_destroying_a_key_twice_is_no_error(ring: KeyRing) -> None:
    subject = new_id()
    ring.create(subject)
    assert [ring.destroy(subject), ring.destroy(subject), ring.destroy(new_id())] == [True, False, False]


def test_destroying_one_key_spares_everybody_elses(ring: KeyRing) -> None:
    ann, bea = new_id(), new_id()
    ring.create(ann)
    sealed, secret = ring.create(bea).seal("place", "text"), ring.instance("secret")
    ring.destroy(ann)
    assert ring.person(bea).open("place", sealed) == "text"
    ring.instance.cache_clear()
    assert ring.instance("secret") == secret


def test_a_new_key_of_the_same_name_does_not_open_what_the_destroyed_one_sealed(ring: KeyRing) -> None:
    subject = new_id()
    sealed = ring.create(subject).seal("place", "text")
    ring.destroy(subject)
    with pytest.raises(SealBrokenError):
        ring.create(subject).open("place", sealed)


def test_no_byte_of_a_destroyed_key_is_left_in_any_file(folder: Path, ring: KeyRing) -> None:
    people = [new_id() for _ in range(40)]
    for subject in people:
        ring.create(subject)
    stored = {subject: wrapped(ring, f"person/{subject}") for subject in people}
    gone = people[::2]
    for subject in gone:
        ring.destroy(subject)
        assert hits(folder, [stored[subject]]) == []
    pieces = [stored[subject][start : start + 8] for subject in gone for start in range(0, 60, 8)]
    assert hits(folder, [*pieces, *gone]) == []
    kept = [stored[subject] for subject in people[1::2]]
    assert hits(folder, kept) == kept


def test_a_reader_of_the_ring_does_not_keep_a_destroyed_key(folder: Path, url: str, ring: KeyRing) -> None:
    subject = new_id()
    ring.create(subject)
    stored = wrapped(ring, f"person/{subject}")
    other = KeyRing(url, MASTER)
    other.person(subject)  # its connection stays open in the pool
    ring.destroy(subject)
    assert hits(folder, [stored]) == []
    other.close()


def test_no_byte_of_a_destroyed_key_is_left_in_the_tables_of_postgresql(
    postgres_url: str, open_ring: Callable[[str], KeyRing]
) -> None:
    ring = open_ring(postgres_url)
    ann, bea = new_id(), new_id()
    ring.create(ann)
    ring.create(bea)
    stored = [wrapped(ring, f"person/{each}") for each in (ann, bea)]
    base = _checkpoint(ring) / "base"
    assert hits(base, stored) == stored
    ring.destroy(ann)
    _checkpoint(ring)
    assert hits(base, stored) == stored[1:]


def _checkpoint(ring: KeyRing) -> Path:
    """Has the server write its tables to the disk; gives its folder."""
    with ring._engine.execution_options(isolation_level="AUTOCOMMIT").connect() as connection:
        connection.exec_driver_sql("CHECKPOINT")
        return Path(str(connection.exec_driver_sql("SHOW data_directory").scalar()))


@pytest.mark.parametrize("commit", ["yes", "no"])
def test_a_process_that_is_killed_while_it_destroys_a_key_leaves_it_whole_or_gone(
    folder: Path, url: str, ring: KeyRing, commit: str
) -> None:
    subject = new_id()
    sealed = ring.create(subject).seal("place", "text")
    stored = wrapped(ring, f"person/{subject}")
    with started(DESTROY, url, subject, commit) as process:
        assert process.stdout
        assert process.stdout.readline() == "deleted\n"
        os.kill(process.pid, signal.SIGKILL)
    if commit == "yes":
        assert hits(folder, [stored]) == []
    else:
        assert ring.person(subject).open("place", sealed) == "text"
        ring.destroy(subject)
        assert hits(folder, [stored]) == []


def test_processes_that_start_together_make_one_ring_and_one_key(each_url: str) -> None:
    processes = [started(OPEN, each_url) for _ in range(3)]
    for process in processes:
        assert process.stdin
        process.stdin.write("\n")
        process.stdin.flush()
    keys = [process.communicate(timeout=60)[0] for process in processes]
    assert [process.returncode for process in processes] == [0, 0, 0]
    assert len(keys[0]) == 2 * KEY_BYTES + 1
    assert len(set(keys)) == 1


def test_a_ring_is_opened_by_one_process_after_the_other(beside: Beside, postgres_url: str) -> None:
    engine = open_store(postgres_url)
    with engine.begin() as connection:
        alone(connection)
        opening = beside(lambda: KeyRing(postgres_url, MASTER))
        waits(opening)
    opening.result().close()
    engine.dispose()


def test_instance_keys_differ_and_last(url: str, ring: KeyRing, open_ring: Callable[[str], KeyRing]) -> None:
    names = ("blind", "cookies", "ring")
    keys = [ring.instance(name) for name in names]
    assert len(set(keys)) == 3
    assert [open_ring(url).instance(name) for name in names] == keys


def test_the_ring_knows_whose_erasure_has_begun_until_the_key_is_gone(
    each_url: str, open_ring: Callable[[str], KeyRing]
) -> None:
    ring, ann, bea = open_ring(each_url), new_id(), new_id()
    assert not ring.has_people()
    for each in (ann, bea):
        ring.create(each)
    assert ring.has_people()
    assert ring.going() == set()
    ring.mark(ann)
    ring.mark(ann)
    assert open_ring(each_url).going() == {ann}
    assert ring.person(ann)
    assert ring.destroy(ann)
    assert ring.going() == set()
    assert ring.person(bea)


def test_a_blind_index_finds_equal_texts_of_one_place_only(ring: KeyRing) -> None:
    index = ring.blind("account.email", "ann@ann.example")
    assert index == ring.blind("account.email", "ann@ann.example")
    others = [("account.email", "bea@bea.example"), ("account.email2", "ann@ann.example"), ("account.emai", "lann")]
    assert index not in {ring.blind(*other) for other in others}
    assert len(index) == 32


def test_a_blind_index_means_nothing_in_another_installation(tmp_path: Path, ring: KeyRing) -> None:
    other = KeyRing(f"sqlite:///{tmp_path / 'other.sqlite'}", MASTER)
    assert ring.blind("place", "text") != other.blind("place", "text")
    other.close()


def test_who_reacts_has_one_pseudonym_under_one_participant(ring: KeyRing) -> None:
    subject = new_id()
    names = {key.pseudonym("bluesky", "did:plc:invented") for key in (ring.create(subject), ring.person(subject))}
    assert len(names) == 1
    assert len(names.pop()) == 16


def test_who_reacts_has_unrelated_pseudonyms_under_two_participants(ring: KeyRing) -> None:
    ann, bea = ring.create(new_id()), ring.create(new_id())
    assert ann.pseudonym("bluesky", "did:plc:invented") != bea.pseudonym("bluesky", "did:plc:invented")


def test_networks_and_ids_are_not_confused_in_pseudonyms() -> None:
    key = PersonKey(bytes(KEY_BYTES))
    people = [("bluesky", "a"), ("mastodon", "a"), ("bluesky", "b"), ("blue", "skya")]
    assert len({key.pseudonym(*each) for each in people}) == len(people)


def test_a_pseudonym_contains_nothing_of_the_key_that_seals() -> None:
    key = PersonKey(bytes(KEY_BYTES))
    key.pseudonym("bluesky", "did:a")
    parts = {use: derive(bytes(KEY_BYTES), use) for use in ("seal", "pseudonym")}
    assert key._pseudonym == parts["pseudonym"] != parts["seal"]
    assert bytes(KEY_BYTES) not in parts.values()


def test_derived_keys_are_those_of_rfc_5869() -> None:
    for use in ("seal", "pseudonym", "once/" + "x" * 32):
        info = f"klarwert/{use}".encode()
        assert derive(b"k" * 32, use) == HKDFExpand(algorithm=SHA256(), length=32, info=info).derive(b"k" * 32)


def test_what_was_sealed_once_opens_under_its_salt_and_key_only() -> None:
    key, salt = PersonKey(b"a" * 32), b"s" * 32
    sealed = key.seal_once(salt, b"pseudonyms")
    assert key.open_once(salt, sealed) == b"pseudonyms"
    assert len(sealed) == len(b"pseudonyms") + 16
    for other, at, content in ((PersonKey(b"b" * 32), salt, sealed), (key, b"t" * 32, sealed), (key, salt, sealed[1:])):
        with pytest.raises(SealBrokenError):
            other.open_once(at, content)


def test_the_keys_of_a_range_of_people_come_at_once(ring: KeyRing) -> None:
    ids = sorted(new_id() for _ in range(5))
    for one in ids:
        ring.create(one)
    found = ring.people(ids[1], ids[4])
    assert sorted(found) == ids[1:4]
    assert found[ids[2]].open("place", ring.person(ids[2]).seal("place", "text")) == "text"


def test_a_file_has_a_key_of_its_own_that_outlives_it_by_some_time(ring: KeyRing) -> None:
    sealed, other = ring.seal_file("00001-1-a", b"content"), ring.seal_file("00002-1-b", b"content")
    assert ring.open_file("00001-1-a", sealed) == b"content"
    with pytest.raises(SealBrokenError):
        ring.open_file("00002-1-b", sealed)
    assert ring.files("00001-") == {"00001-1-a"}
    now = datetime(2026, 11, 22, tzinfo=UTC)
    for _ in range(2):
        ring.retire_file("00001-1-a", now)
    assert ring.files() == {"00002-1-b"}
    assert ring.open_file("00001-1-a", sealed) == b"content"
    assert [ring.expire_files(now), ring.expire_files(now + timedelta(seconds=1))] == [0, 1]
    with pytest.raises(KeyGoneError):
        ring.open_file("00001-1-a", sealed)
    assert ring.open_file("00002-1-b", other) == b"content"


def test_a_token_is_stored_as_its_hash() -> None:
    assert token_hash("abc") == "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"


def test_errors_of_the_ring_name_nobody(ring: KeyRing) -> None:
    subject = new_id()
    with pytest.raises(KeyGoneError) as caught:
        ring.person(subject)
    assert subject not in str(caught.value)
