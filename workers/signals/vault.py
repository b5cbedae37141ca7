"""The form of a vault's file: numbers only, narrow and compressed, and a sealed dictionary a person for what they mean.

A file is an Arrow stream (zstd) of one row, each column a list of numbers, so that any Arrow reader can take it apart;
it is encrypted as a whole under a key of its own (`KeyRing.seal_file`). The pseudonyms of who reacted and the topics of
posts lie in it once more sealed, under the key of the person whose posts they are: with that key they are gone.
"""

import os
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
from pyarrow import ipc

from privacy.holdings import NotThereError
from privacy.keyring import KeyGoneError, PersonKey, SealBrokenError
from workers.scoring.signals import KINDS
from workers.signals.columns import NONE, Columns, Ints, starts

FORMAT = "klarwert-vault/2"
#: The format before, which the next fold still reads: its dictionaries have no topics.
BEFORE = "klarwert-vault/1"
_ID_BYTES = 16
_SALT_BYTES = 32
_TAG_BYTES = 16
_VOICE = np.dtype("<u8")
_TOPIC = np.dtype([("target", "<u4"), ("topic", "<u2")])
#: From this count on the column has this mark, and the count stands apart: hardly any reaction counts more than once.
_MANY = 255


class BrokenFileError(NotThereError):
    """The file of a bucket is damaged, of a form that is not known, or lost with its key or without it."""


@dataclass(frozen=True, eq=False)
class Stored:
    """A file as it is read: everything but what is sealed."""

    closed: Columns
    """The columns, without pseudonyms (all 0) and topics."""
    salt: bytes
    sealed: bytes
    """The dictionaries, one after the other."""
    ends: Ints
    """Where each person's dictionary ends."""

    def open(self, keys: Mapping[str, PersonKey]) -> Columns:
        """The columns with what was sealed, of everybody who has a key. Raises `BrokenFileError`."""
        known = [(place, keys[name]) for place, name in enumerate(self.closed.subjects) if name in keys]
        return self._filled({place: self._dictionary(place, key) for place, key in known})

    def _dictionary(self, place: int, key: PersonKey) -> bytes:
        start = int(self.ends[place - 1]) if place else 0
        try:
            return key.open_once(self.salt, self.sealed[start : int(self.ends[place])])
        except SealBrokenError:
            raise BrokenFileError("a dictionary does not open") from None

    def _filled(self, plain: Mapping[int, bytes]) -> Columns:
        """The columns with pseudonyms and topics from the opened dictionaries, by the place of their person."""
        closed = self.closed
        nobody = closed.nobody
        voices = np.diff(np.append(nobody, len(closed.pseudonym))) - 1
        size = (voices * _VOICE.itemsize).tolist()
        places = list(plain)
        if any(len(plain[place]) < size[place] for place in places):
            raise BrokenFileError("a dictionary is too short")
        pseudonym = np.zeros(len(closed.pseudonym), dtype=np.uint64)
        heard = np.zeros(closed.people, dtype=np.bool_)
        heard[places] = True
        mine = heard[closed.speaker_person]
        mine[nobody] = False
        pseudonym[mine] = np.frombuffer(b"".join(plain[place][: size[place]] for place in places), dtype=_VOICE)
        rests = [plain[place][size[place] :] for place in places]
        topics = np.frombuffer(b"".join(rests), dtype=_TOPIC)
        people = np.repeat(np.array(places, dtype=np.int64), [len(rest) // _TOPIC.itemsize for rest in rests])
        first = starts(closed.target_person, closed.people)
        return replace(
            closed,
            pseudonym=pseudonym,
            topic_target=topics["target"] + first[people],
            topic=topics["topic"].astype(np.int64),
        )


def write(columns: Columns, keys: Mapping[str, PersonKey]) -> bytes:
    """The content of a file with these columns. Raises `KeyGoneError` for somebody without a key."""
    salt = os.urandom(_SALT_BYTES)
    nobody = columns.nobody
    target = columns.target - starts(columns.target_person, columns.people)[columns.speaker_person[columns.speaker]]
    base = int(columns.day.min()) if len(columns) else 0
    sealed = _sealed(columns, nobody, keys, salt)
    arrays = {
        "subject": _ids(columns.subjects),
        "connections": _sizes(columns.connection_person, columns.people),
        "connection": _ids(columns.connections),
        "targets": _sizes(columns.target_connection, len(columns.connections)),
        "post": _narrow(columns.target_post),
        "speakers": _sizes(columns.speaker_person, columns.people),
        "rows": _sizes(columns.speaker, len(columns.pseudonym)),
        "target": _narrow(target),
        "kind": _narrow(columns.kind),
        "day": _narrow(columns.day - base),
        "count": np.minimum(columns.count, _MANY).astype(np.uint8),
        "many": columns.count[columns.count >= _MANY],
        "based": columns.based.astype(np.uint8),
        "flags": _narrow(columns.flags),
        "sizes": _narrow(np.fromiter(map(len, sealed), np.int64, len(sealed))),
        "sealed": np.frombuffer(b"".join(sealed), dtype=np.uint8),
    }
    if _moved(columns):
        arrays |= {"before": _narrow(columns.before), "before_day": _narrow(columns.before_day)}
    said = {"format": FORMAT, "day": str(base), "scored": str(columns.scored)}
    return _pack(arrays, {**said, "salt": salt.hex(), "kinds": ",".join(KINDS)})


def _moved(columns: Columns) -> bool:
    """Has anything changed since the last score? Right after it the file has its columns once only."""
    same = np.array_equal(columns.before, columns.count) and np.array_equal(columns.before_day, columns.day)
    return not same


def read(content: bytes, only: str | None = None) -> Stored:
    """A file as it was written, by this version of the format or the one before; with `only` one person's part of it.

    Who is not in it has an empty part. Raises `BrokenFileError`.
    """
    try:
        arrays, said = _unpack(content)
        known = said["format"] in {FORMAT, BEFORE}
        if known and only is not None:
            arrays = _part(arrays, only)
        stored = _stored(arrays, said) if known else None
    except (pa.ArrowException, OSError, KeyError, IndexError, TypeError, ValueError) as error:
        raise BrokenFileError(f"not a file of the vault ({type(error).__name__})") from None
    if stored is None:
        raise BrokenFileError("a file of an unknown format")
    return stored


def _part(arrays: Mapping[str, Ints], subject_id: str) -> dict[str, Ints]:
    """One person's part of all arrays, cut while the numbers are still narrow: a page is made for one of thousands."""
    wanted = np.frombuffer(bytes.fromhex(subject_id), dtype=np.uint8)
    place = np.flatnonzero((arrays["subject"].reshape(-1, _ID_BYTES) == wanted).all(axis=1))
    person = slice(int(place[0]), int(place[0]) + 1) if len(place) else slice(0, 0)
    connections = _children(arrays["connections"], person)
    targets = _children(arrays["targets"], connections)
    speakers = _children(arrays["speakers"], person)
    rows = _children(arrays["rows"], speakers)
    many = arrays["count"] == _MANY
    spans = {
        "subject": slice(person.start * _ID_BYTES, person.stop * _ID_BYTES),
        "connections": person,
        "connection": slice(connections.start * _ID_BYTES, connections.stop * _ID_BYTES),
        "targets": connections,
        "post": targets,
        "speakers": person,
        "rows": speakers,
        "many": _children(many, rows),
        "based": person,
        "sizes": person,
        "sealed": _children(arrays["sizes"], person),
    }
    return {name: array[spans.get(name, rows)] for name, array in arrays.items()}


def _children(sizes: Ints, parents: slice) -> slice:
    """Where the children of these parents are, by how many each parent has."""
    first = int(sizes[: parents.start].sum())
    return slice(first, first + int(sizes[parents].sum()))


def _stored(arrays: Mapping[str, Ints], said: Mapping[str, str]) -> Stored:
    subjects = _hex(arrays["subject"])
    connection_person = _parents(arrays["connections"])
    target_connection = _parents(arrays["targets"])
    speaker_person = _parents(arrays["speakers"])
    speaker = _parents(arrays["rows"])
    first = starts(connection_person[target_connection], len(subjects))
    count = arrays["count"].astype(np.int64)
    count[count == _MANY] = arrays["many"]
    day = arrays["day"].astype(np.int64) + int(said["day"])
    kinds = np.array([KINDS.index(kind) for kind in said["kinds"].split(",")])
    columns = Columns(
        subjects=subjects,
        connections=_hex(arrays["connection"]),
        connection_person=connection_person,
        target_connection=target_connection,
        target_post=arrays["post"].astype(np.int64),
        speaker_person=speaker_person,
        pseudonym=np.zeros(len(speaker_person), dtype=np.uint64),
        speaker=speaker,
        target=arrays["target"] + first[speaker_person[speaker]],
        kind=kinds[arrays["kind"]],
        day=day,
        count=count,
        topic_target=NONE,
        topic=NONE,
        **_before(arrays, said, len(subjects), day, count),
    )
    ends = np.cumsum(arrays["sizes"], dtype=np.int64)
    return Stored(columns, bytes.fromhex(said["salt"]), arrays["sealed"].tobytes(), ends)


def _before(arrays: Mapping[str, Ints], said: Mapping[str, str], people: int, day: Ints, count: Ints) -> dict[str, Any]:
    """What is known of the last score: columns of their own, or the same as now; nothing in the format of before."""
    if said["format"] == BEFORE:
        nothing = np.zeros(len(count), dtype=np.int64)
        return {
            "scored": 0, "based": np.zeros(people, dtype=np.bool_), "before": nothing, "before_day": nothing,
            "flags": nothing,
        }  # fmt: skip
    moved = "before" in arrays
    return {
        "scored": int(said["scored"]),
        "based": arrays["based"].astype(np.bool_),
        "before": arrays["before"].astype(np.int64) if moved else count,
        "before_day": arrays["before_day"].astype(np.int64) if moved else day,
        "flags": arrays["flags"].astype(np.int64),
    }


def _sealed(columns: Columns, nobody: Ints, keys: Mapping[str, PersonKey], salt: bytes) -> list[bytes]:
    """The sealed dictionary of each person: the pseudonyms of who reacted, then the topics of posts."""
    voices = memoryview(columns.pseudonym.astype(_VOICE, copy=False).tobytes())
    target_person = columns.target_person
    topics = np.empty(len(columns.topic), dtype=_TOPIC)
    owner = target_person[columns.topic_target]
    topics["target"] = columns.topic_target - starts(target_person, columns.people)[owner]
    topics["topic"] = columns.topic
    given = memoryview(topics.tobytes())
    voice = (np.append(nobody, len(columns.pseudonym)) * _VOICE.itemsize).tolist()
    topic = (np.append(starts(owner, columns.people), len(topics)) * _TOPIC.itemsize).tolist()
    sealed = []
    for place, name in enumerate(columns.subjects):
        if name not in keys:
            raise KeyGoneError("somebody in this bucket has no key")
        plain = b"".join(
            (voices[voice[place] + _VOICE.itemsize : voice[place + 1]], given[topic[place] : topic[place + 1]])
        )
        sealed.append(keys[name].seal_once(salt, plain))
    return sealed


def _ids(names: list[str]) -> npt.NDArray[np.uint8]:
    return np.frombuffer(bytes.fromhex("".join(names)), dtype=np.uint8)


def _hex(column: Ints) -> list[str]:
    text = column.tobytes().hex()
    return [text[start : start + 2 * _ID_BYTES] for start in range(0, len(text), 2 * _ID_BYTES)]


def _sizes(parents: Ints, size: int) -> npt.NDArray[np.unsignedinteger]:
    return _narrow(np.bincount(parents, minlength=size))


def _parents(sizes: Ints) -> Ints:
    return np.repeat(np.arange(len(sizes)), sizes)


def _narrow(column: Ints) -> npt.NDArray[np.unsignedinteger]:
    """The same numbers in as few bytes as the largest takes."""
    return column.astype(np.min_scalar_type(int(column.max(initial=0))))


def _pack(arrays: Mapping[str, npt.NDArray[np.generic]], said: Mapping[str, str]) -> bytes:
    columns = [
        pa.LargeListArray.from_arrays(pa.array([0, len(each)], pa.int64()), pa.array(each)) for each in arrays.values()
    ]
    batch = pa.RecordBatch.from_arrays(columns, names=list(arrays)).replace_schema_metadata(dict(said))
    sink = pa.BufferOutputStream()
    # On one thread: beside each other run as many folds as there are workers.
    options = ipc.IpcWriteOptions(compression="zstd", use_threads=False)
    with ipc.new_stream(sink, batch.schema, options=options) as writer:
        writer.write_batch(batch)
    content: bytes = sink.getvalue().to_pybytes()
    return content


def _unpack(content: bytes) -> tuple[dict[str, Ints], dict[str, str]]:
    with ipc.open_stream(content, options=ipc.IpcReadOptions(use_threads=False)) as reader:
        batch = reader.read_next_batch()
    arrays = {name: batch.column(name)[0].values.to_numpy() for name in batch.schema.names}
    said = {key.decode(): value.decode() for key, value in (batch.schema.metadata or {}).items()}
    return arrays, said
