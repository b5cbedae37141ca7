"""Files of the vault: what goes in comes out, in few bytes, and nothing of who reacted stands in them readably."""

import os
from collections.abc import Mapping
from dataclasses import fields, replace

import numpy as np
import pyarrow as pa
import pytest

from privacy.keyring import KeyGoneError, PersonKey
from workers.scoring.signals import KINDS
from workers.signals import vault
from workers.signals.block import TOPIC, Statement, pack, unpack
from workers.signals.columns import Columns, empty, part
from workers.signals.merge import News, compact, merge
from workers.signals.vault import BrokenFileError

DAY = 20_700


def people(number: int) -> tuple[dict[str, list[str]], dict[str, PersonKey]]:
    ids = sorted(os.urandom(16).hex() for _ in range(number))
    return {one: [os.urandom(16).hex()] for one in ids}, {one: PersonKey(os.urandom(32)) for one in ids}


def draw(mine: Mapping[str, list[str]], signals: int, seed: int = 1) -> Columns:
    """Columns of so many signals a person, with topics and a count that is too big for a byte."""
    chance = np.random.default_rng(seed)
    said = [
        Statement(int(chance.integers(0, 7)), int(chance.integers(1, 21)), f"{int(actor):016x}", DAY + int(day), 1)
        for actor in chance.integers(0, 2**63, max(len(mine) * signals * 2 // 5, 1))
        for day in chance.integers(0, 90, 3)
    ][: len(mine) * signals]
    said += [Statement(KINDS.index("audience"), 0, None, DAY + 1, 70_000), Statement(TOPIC, 1, count=3)]
    statements, _ = unpack([pack(said)])
    owner = np.sort(np.arange(len(said)) % len(mine))
    return compact(merge(empty([]), mine, News(statements, owner, owner), 0))


def same(one: Columns, other: Columns) -> bool:
    def plain(columns: Columns, name: str) -> object:
        value = getattr(columns, name)
        return value.tolist() if isinstance(value, np.ndarray) else value

    return all(plain(one, each.name) == plain(other, each.name) for each in fields(Columns))


def test_what_is_written_is_read_for_everybody_and_for_one() -> None:
    mine, keys = people(5)
    columns = draw(mine, 40)
    content = vault.write(columns, keys)
    assert same(vault.read(content).open(keys), columns)
    for one in mine:
        assert same(vault.read(content, one).open(keys), part(columns, one))
    assert len(vault.read(content, "f" * 32).open(keys)) == 0


def test_what_was_known_from_the_last_score_is_read_again() -> None:
    mine, keys = people(2)
    columns = draw(mine, 10)
    ones = np.ones(2, dtype=np.bool_)
    scored = replace(columns, scored=DAY, based=ones, before=columns.count, before_day=columns.day)
    assert same(vault.read(vault.write(scored, keys)).open(keys), scored)
    moved = replace(scored, count=np.where(np.arange(len(columns)) % 3, columns.count, 0), flags=columns.day % 7)
    assert same(vault.read(vault.write(moved, keys)).open(keys), moved)


def test_one_persons_part_is_read_alone_whatever_the_others_have() -> None:
    mine, keys = people(4)
    columns = draw(mine, 25)
    row = np.arange(len(columns))
    count = np.where(row % 3, columns.count, 1000 + row)  # too big for a byte, with everybody
    before, based = np.where(row % 5, count, 0), np.arange(4) % 2 == 0
    columns = replace(columns, count=count, before=before, before_day=columns.day, flags=row % 7, based=based)
    content = vault.write(columns, keys)
    for one in mine:
        assert same(vault.read(content, one).open(keys), part(columns, one))


def test_an_empty_bucket_is_a_file_like_any_other() -> None:
    stored = vault.read(vault.write(empty([]), {}))
    assert (stored.closed.people, len(stored.open({}))) == (0, 0)
    assert len(vault.read(vault.write(empty([]), {}), "f" * 32).open({})) == 0


def test_a_signal_takes_five_bytes_and_a_voice_nine() -> None:
    mine, keys = people(50)
    columns = draw(mine, 1000)
    voices = len(columns.pseudonym) - columns.people
    sealed = 8 * voices + 16 * columns.people
    assert sealed / voices < 9
    assert (len(vault.write(columns, keys)) - sealed) / len(columns) < 5


def test_two_files_of_the_same_columns_have_not_one_sealed_byte_in_common() -> None:
    mine, keys = people(1)
    columns = draw(mine, 30)
    first, second = (vault.read(vault.write(columns, keys)) for _ in range(2))
    assert first.salt != second.salt
    assert first.sealed != second.sealed


def test_no_pseudonym_stands_readably_in_a_file() -> None:
    mine, keys = people(3)
    columns = draw(mine, 30)
    content = vault.write(columns, keys)
    stored = vault.read(content)
    haystack = content + stored.sealed
    for pseudonym in columns.pseudonym[columns.pseudonym > 0].tolist():
        assert pseudonym.to_bytes(8, "little") not in haystack
        assert pseudonym.to_bytes(8, "big") not in haystack


def test_without_a_persons_key_only_their_numbers_are_left() -> None:
    mine, keys = people(3)
    columns = draw(mine, 30)
    stored = vault.read(vault.write(columns, keys))
    gone, *others = mine
    opened = stored.open({name: keys[name] for name in others})
    assert part(opened, gone).pseudonym.any() == np.False_
    for one in others:
        assert same(part(opened, one), part(columns, one))
    with pytest.raises(KeyGoneError):
        vault.write(columns, {name: keys[name] for name in others})


def test_a_dictionary_opens_neither_with_another_key_nor_when_it_was_changed() -> None:
    mine, keys = people(2)
    stored = vault.read(vault.write(draw(mine, 30), keys))
    one, other = mine
    with pytest.raises(BrokenFileError):
        stored.open({one: keys[other]})
    for place in (0, len(stored.sealed) // 2, len(stored.sealed) - 1):
        changed = bytearray(stored.sealed)
        changed[place] ^= 1
        with pytest.raises(BrokenFileError):
            replace(stored, sealed=bytes(changed)).open(keys)


@pytest.mark.parametrize("content", [b"", b"nothing of the kind", b"\xff" * 500])
def test_what_is_no_file_of_the_vault_is_refused(content: bytes) -> None:
    with pytest.raises(BrokenFileError):
        vault.read(content)


def test_a_file_of_a_form_to_come_is_refused() -> None:
    mine, keys = people(1)
    content = vault.write(draw(mine, 3), keys)
    assert content.count(vault.FORMAT.encode()) == 1
    with pytest.raises(BrokenFileError, match="unknown format"):
        vault.read(content.replace(vault.FORMAT.encode(), b"klarwert-vault/9"))


def test_a_file_of_the_form_before_is_read() -> None:
    mine, keys = people(4)
    columns = draw(mine, 25)
    opened = vault.read(write_before(columns, keys)).open(keys)
    bare = replace(columns, topic_target=columns.topic_target[:0], topic=columns.topic[:0])
    assert same(opened, bare)


def write_before(columns: Columns, keys: Mapping[str, PersonKey]) -> bytes:
    """The writer of `klarwert-vault/1`, kept as it was: dictionaries without topics, nothing of the last score."""
    salt = os.urandom(32)
    first = np.searchsorted(columns.target_person, np.arange(columns.people))
    target = columns.target - first[columns.speaker_person[columns.speaker]]
    edges = np.append(columns.nobody, len(columns.pseudonym))
    sealed = [
        keys[name].seal_once(salt, columns.pseudonym[edges[place] + 1 : edges[place + 1]].tobytes())
        for place, name in enumerate(columns.subjects)
    ]
    arrays = {
        "subject": np.frombuffer(bytes.fromhex("".join(columns.subjects)), dtype=np.uint8),
        "connections": np.bincount(columns.connection_person, minlength=columns.people),
        "connection": np.frombuffer(bytes.fromhex("".join(columns.connections)), dtype=np.uint8),
        "targets": np.bincount(columns.target_connection, minlength=len(columns.connections)),
        "post": columns.target_post,
        "speakers": np.bincount(columns.speaker_person, minlength=columns.people),
        "rows": np.bincount(columns.speaker, minlength=len(columns.pseudonym)),
        "target": target,
        "kind": columns.kind.astype(np.uint8),
        "day": (columns.day - columns.day.min()).astype(np.uint8),
        "count": np.minimum(columns.count, 255).astype(np.uint8),
        "many": columns.count[columns.count >= 255],
        "sizes": np.array([len(one) for one in sealed]),
        "sealed": np.frombuffer(b"".join(sealed), dtype=np.uint8),
    }
    said = {
        "format": "klarwert-vault/1", "day": str(columns.day.min()), "salt": salt.hex(), "kinds": ",".join(KINDS),
    }  # fmt: skip
    lists = [pa.LargeListArray.from_arrays(pa.array([0, len(a)], pa.int64()), pa.array(a)) for a in arrays.values()]
    batch = pa.RecordBatch.from_arrays(lists, names=list(arrays)).replace_schema_metadata(said)
    sink = pa.BufferOutputStream()
    with pa.ipc.new_stream(sink, batch.schema) as writer:
        writer.write_batch(batch)
    return sink.getvalue().to_pybytes()
