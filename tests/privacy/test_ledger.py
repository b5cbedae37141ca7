"""The transparency log: append-only, once each, and whatever was changed is found."""

import json
import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from pymerkle import InmemoryTree
from sqlalchemy import delete, update

from privacy import ledger as module
from privacy.base import new_id
from privacy.keyring import KeyRing
from privacy.ledger import Ledger, LogBrokenError
from privacy.merkle import consistent
from privacy.store import writing

NOON = datetime(2026, 11, 22, 12, tzinfo=UTC)
MASTER = bytes(range(32))


@pytest.fixture
def ring(tmp_path: Path) -> Iterator[KeyRing]:
    ring = KeyRing(f"sqlite:///{tmp_path}/ring.sqlite", MASTER)
    yield ring
    ring.close()


@pytest.fixture(params=["sqlite", "postgresql"])
def open_ledger(request: pytest.FixtureRequest, tmp_path: Path, ring: KeyRing) -> Iterator[Callable[[], Ledger]]:
    """Opens the same log again and again."""
    sqlite = request.param == "sqlite"
    url = f"sqlite:///{tmp_path}/ledger.sqlite" if sqlite else request.getfixturevalue("postgres_database")
    opened: list[Ledger] = []

    def make() -> Ledger:
        opened.append(Ledger(url, ring))
        return opened[-1]

    yield make
    for one in opened:
        one.close()


@pytest.fixture
def log(open_ledger: Callable[[], Ledger]) -> Ledger:
    return open_ledger()


def leaves(*numbers: int) -> list[tuple[str, str]]:
    return [(f"id{number}", sha256(bytes([number])).hexdigest()) for number in numbers]


def root_of(log: Ledger) -> str:
    found: str = json.loads(log.checkpoint(NOON).payload)["root"]
    return found


def test_the_root_is_that_of_an_independent_program(log: Ledger) -> None:
    tree = InmemoryTree(algorithm="sha256")
    for number in range(20):
        assert log.append(leaves(number)) == {f"id{number}": number}
        tree.append_entry(bytes.fromhex(leaves(number)[0][1]))
        assert root_of(log) == tree.get_root(number + 1).hex()
    assert log.verify() == log.size() == 20


def test_appending_again_gives_the_same_place_and_changes_nothing(open_ledger: Callable[[], Ledger]) -> None:
    first, other = open_ledger(), open_ledger()
    first.append(leaves(1, 2, 3))
    before = root_of(first)
    assert other.append(leaves(3, 1)) == {"id3": 2, "id1": 0}
    assert root_of(other) == before
    assert other.append(leaves(2, 4)) == {"id2": 1, "id4": 3}


def test_a_checkpoint_is_signed_and_published_once_a_day(log: Ledger, ring: KeyRing) -> None:
    assert log.published() is None
    log.append(leaves(1))
    log.publish(NOON)
    log.append(leaves(2))
    log.publish(NOON + timedelta(hours=5))
    first = log.published()
    assert first is not None
    assert first.size == 1
    key = Ed25519PublicKey.from_public_bytes(bytes.fromhex(ring.public_key()))
    key.verify(bytes.fromhex(first.signature), first.payload.encode())
    log.publish(NOON + timedelta(days=1))
    second = log.published()
    assert second is not None
    assert json.loads(second.payload) == {
        "format": "klarwert-checkpoint/1", "public_key": ring.public_key(), "size": 2, "root": root_of(log),
        "time": "2026-11-23T12:00:00Z",
    }  # fmt: skip
    proof = [bytes.fromhex(part) for part in log.consistency(first.size, second.size)]
    roots = [bytes.fromhex(json.loads(one.payload)["root"]) for one in (first, second)]
    assert consistent(1, roots[0], 2, roots[1], proof)
    assert log.verify() == 2


def spoiled(log: Ledger, statement: object) -> None:
    with writing(log._engine).begin() as connection:
        connection.execute(statement)


@pytest.mark.parametrize(
    "statement",
    [
        update(module._nodes).where(module._nodes.c.level == 0, module._nodes.c.place == 3).values(hash=bytes(32)),
        update(module._nodes).where(module._nodes.c.level == 1, module._nodes.c.place == 1).values(hash=bytes(32)),
        delete(module._nodes).where(module._nodes.c.level == 0, module._nodes.c.place == 6),
        delete(module._nodes).where(module._nodes.c.level == 2),
        delete(module._leaves).where(module._leaves.c.place == 6),
        update(module._checkpoints).values(payload=module._checkpoints.c.payload + " "),
        update(module._checkpoints).values(size=9),
        update(module._checkpoints).values(size=2),
    ],
)
def test_whatever_is_changed_is_found(log: Ledger, statement: object) -> None:
    log.append(leaves(*range(7)))
    log.publish(NOON)
    spoiled(log, statement)
    with pytest.raises(LogBrokenError):
        log.verify()


def test_a_log_that_was_made_anew_does_not_go_on_from_its_checkpoints(log: Ledger) -> None:
    log.append(leaves(1, 2, 3))
    log.publish(NOON)
    for table in (module._nodes, module._leaves):
        spoiled(log, delete(table))
    log.append(leaves(1, 3, 2, 4))
    with pytest.raises(LogBrokenError, match="does not begin with"):
        log.verify()


def test_several_processes_append_each_leaf_once(tmp_path: Path, ring: KeyRing) -> None:
    """They are killed at random moments and started again, until everything is in."""
    ids = [new_id() for _ in range(60)]
    (tmp_path / "ids").write_text("\n".join(ids), encoding="utf-8")
    code = (
        "import sys; from pathlib import Path; from privacy.keyring import KeyRing; from privacy.ledger import Ledger\n"
        "folder = sys.argv[1]; ring = KeyRing(f'sqlite:///{folder}/ring.sqlite', bytes(range(32)))\n"
        "log = Ledger(f'sqlite:///{folder}/ledger.sqlite', ring); print('ready', flush=True)\n"
        "for id_ in Path(folder, 'ids').read_text().split():\n"
        "    log.append([(id_, id_ * 2)]); print(id_, flush=True)\n"
    )
    for number in range(3):
        two = [
            subprocess.Popen([sys.executable, "-c", code, str(tmp_path)], stdout=subprocess.PIPE, text=True)
            for _ in range(2)
        ]
        for child in two:
            assert child.stdout is not None
            for _ in range(1 + 7 * number):
                child.stdout.readline()
            os.kill(child.pid, signal.SIGKILL)
            child.wait()
            child.stdout.close()
    log = Ledger(f"sqlite:///{tmp_path}/ledger.sqlite", ring)
    places = log.append([(id_, id_ * 2) for id_ in ids])
    assert sorted(places.values()) == list(range(60))
    assert log.verify() == 60
    assert all(log.holds(places[id_], id_ * 2) for id_ in ids)
    log.close()
