"""Checks an export offline: every file that the manifest names is there, whole and unchanged, with all of its rows."""

import csv
import io
import json
import zipfile
import zlib
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from typing import Any

from privacy.archive import FORMAT, MANIFEST, slug
from privacy.keyring import signed_by
from privacy.merkle import included, leaf_hash

#: What opens and proves the person's own entries in the public log.
LOG = "log.json"
_CHUNK = 1 << 20
#: What the libraries, and looking for what is not there, raise for bytes that somebody made up.
_TROUBLES = (
    ValueError, LookupError, TypeError, AttributeError, OSError, EOFError, RuntimeError, OverflowError, zlib.error,
    zipfile.BadZipFile, csv.Error,
)  # fmt: skip


class NotWholeError(ValueError):
    """The export is not what its manifest says; the first thing that is wrong."""


@dataclass(frozen=True)
class Checked:
    """What an export was found to be."""

    made_at: str
    files: int
    rows: dict[str, int]
    """By data kind."""
    leaves: int
    """Entries of the log that were proven to be in it."""
    short: dict[str, bytes]
    """Files that say more than lists do (the explanation), for whoever can check them."""


def check_export(paths: Sequence[Path]) -> Checked:
    """Checks all ZIPs of one export together. Raises `NotWholeError`."""
    found: dict[str, tuple[Path, int]] = {}
    manifests = set()
    for path in paths:
        with _zip(path) as packed:
            manifests.add(_content(packed, MANIFEST))
            for entry in packed.infolist():
                if entry.filename != MANIFEST and entry.filename in found:
                    raise NotWholeError(f"{entry.filename} is there twice")
                found[entry.filename] = (path, entry.file_size)
    if len(manifests) != 1:
        raise NotWholeError("these files are not parts of one export")
    said = _said(manifests.pop())
    del found[MANIFEST]
    _same_names(found.keys(), said)
    return _check_files(found, said)


def _same_names(found: Any, said: dict[str, Any]) -> None:
    wanted = said["files"]
    if missing := [name for name in wanted if name not in found]:
        part = wanted[missing[0]]["part"]
        raise NotWholeError(f"{missing[0]} is missing; it belongs into part {part} of {said['parts']}")
    if strange := sorted(set(found) - set(wanted)):
        raise NotWholeError(f"{strange[0]} does not belong to this export")


def _check_files(found: dict[str, tuple[Path, int]], said: dict[str, Any]) -> Checked:
    rows: Counter[str] = Counter()
    kinds = {slug(kind): kind for kind in said["rows"]}
    short, leaves = {}, 0
    for name, facts in said["files"].items():
        with _zip(found[name][0]) as packed, _understood(name):
            count = _check_file(packed, name, facts)
            if name.startswith("json/"):
                rows[_kind(name, kinds)] += count
            if "/" not in name and name.endswith(".json"):
                short[name] = _content(packed, name)
    counted = {kind: rows[kind] for kind in said["rows"]}
    for kind, number in said["rows"].items():
        if counted[kind] != number:
            raise NotWholeError(f"{kind}: {counted[kind]} rows are there, {number} should be")
    if LOG in short:
        with _understood(LOG):
            leaves = _check_log(json.loads(short[LOG]))
    return Checked(str(said["made_at"]), len(said["files"]), counted, leaves, short)


def _check_file(packed: zipfile.ZipFile, name: str, facts: dict[str, Any]) -> int:
    """Checksum, length and rows of one file; its number of rows."""
    digest, size = sha256(), 0
    with packed.open(name) as file:
        while chunk := file.read(_CHUNK):
            digest.update(chunk)
            size += len(chunk)
            if size > facts["size"]:
                raise NotWholeError(f"{name} is longer than it should be")
    if (digest.hexdigest(), size) != (facts["sha256"], facts["size"]):
        raise NotWholeError(f"{name} was changed: its checksum is another one")
    if facts["rows"] is None:
        return 0
    count = _rows(name, _content(packed, name))
    if count != facts["rows"]:
        raise NotWholeError(f"{name}: {count} rows are there, {facts['rows']} should be")
    return count


def _rows(name: str, content: bytes) -> int:
    text = content.decode()
    if name.endswith(".csv"):
        # One cell may have a thousand rows that are on hold; by itself the library takes 131,072 characters. The limit
        # is one for the whole process, and whoever else reads tables needs it as it was.
        before = csv.field_size_limit(len(text))
        try:
            return sum(1 for _ in csv.reader(io.StringIO(text, newline=""))) - 1
        finally:
            csv.field_size_limit(before)
    return len(json.loads(text))


def _kind(name: str, kinds: dict[str, str]) -> str:
    stem = Path(name).stem
    return kinds.get(stem) or kinds[stem.rpartition("-")[0]]


def _check_log(log: dict[str, Any]) -> int:
    """Every opening of the log fits its place under the checkpoint's root; how many."""
    head = json.loads(log["checkpoint"]["payload"])
    if not signed_by(head["public_key"], log["checkpoint"]["payload"], log["checkpoint"]["signature"]):
        raise NotWholeError(f"{LOG}: the signature of the checkpoint does not fit")
    for leaf in log["leaves"]:
        committed = sha256(bytes.fromhex(leaf["salt"]) + leaf["entry"].encode()).digest()
        proof = [bytes.fromhex(part) for part in leaf["proof"]]
        if included(leaf_hash(committed), leaf["index"], head["size"], proof) != bytes.fromhex(head["root"]):
            raise NotWholeError(f"{LOG}: entry {leaf['index']} is not in the log")
    return len(log["leaves"])


def _said(text: bytes) -> dict[str, Any]:
    try:
        said = dict(json.loads(text))
        rows, files = said["rows"], said["files"]
        known = said["format"] == FORMAT
        whole = all({"part", "sha256", "size", "rows"} <= set(facts) for facts in files.values()) and dict(rows) == rows
    except _TROUBLES:
        raise NotWholeError("the manifest cannot be understood") from None
    if not (known and whole):
        raise NotWholeError("the manifest is not one that this version knows")
    return said


@contextmanager
def _understood(name: str) -> Iterator[None]:
    """A file that no library understands does not hold: its checksum may fit a manifest that is made up as well."""
    try:
        yield
    except NotWholeError:
        raise
    except _TROUBLES:
        raise NotWholeError(f"{name} is damaged, or cannot be understood") from None


def _content(packed: zipfile.ZipFile, name: str) -> bytes:
    try:
        return packed.read(name)
    except _TROUBLES:
        raise NotWholeError(f"{name} is missing or damaged") from None


def _zip(path: Path) -> zipfile.ZipFile:
    try:
        return zipfile.ZipFile(path)
    except _TROUBLES:
        raise NotWholeError(f"{path.name} is not a ZIP file") from None
