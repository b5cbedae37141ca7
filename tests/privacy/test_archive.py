"""The export as files: complete, counted, with right checksums, in a person's language, in parts, harmless to open."""

import csv
import io
import json
import tracemalloc
import zipfile
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, date, datetime
from hashlib import sha256
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pytest

from privacy import archive
from privacy.archive import KindWords, Member, Words, Written
from privacy.check import NotWholeError, check_export

NOW = datetime(2026, 11, 22, 12, 0, tzinfo=UTC)
WORDS = Words(
    language="de",
    title="Alles über dich",
    made="Stand: %(time)s",
    contents="Inhalt",
    files="Daneben liegt mehr.",
    nothing="Nichts da.",
    more="%(shown)s von %(all)s, alle in %(file)s.",
    yes="ja",
    no="nein",
    kinds={
        "posts": KindWords("Beiträge", "Deine Beiträge."),
        "points by post": KindWords("Punkte", ""),
        "mails": KindWords("E-Mails", ""),
    },
    columns={"day": "Tag", "text": "Text"},
    values={"state": {"proven": "verbunden"}, "split": {"like": "Gefällt mir"}},
)
Rows = Iterable[Mapping[str, Any]]


class Shelf:
    """Files in memory, as the archive writes and reads them."""

    def __init__(self) -> None:
        self.files: dict[str, bytes] = {}
        self.written: list[Written] = []
        self.members: list[Member] = []

    @contextmanager
    def create(self, name: str) -> Iterator[io.BytesIO]:
        target = io.BytesIO()
        yield target
        self.files[name] = target.getvalue()

    def read(self, name: str) -> list[bytes]:
        return [self.files[name]]

    def add(self, **kinds: Rows) -> "Shelf":
        for kind, rows in kinds.items():
            made = archive.write_kind(self.create, kind.replace("_", " "), rows, WORDS)
            self.written.append(made)
            self.members += made.members
        self.members.append(archive.write_page(self.create, self.read, self.written, WORDS, NOW))
        return self

    def pack(self, folder: Path, limit: int = archive.BYTES_A_PART) -> list[Path]:
        parts = archive.parts(self.members, limit)
        about = archive.manifest(self.written, parts, NOW)
        paths = []
        for number, part in enumerate(parts, 1):
            paths.append(folder / f"{number}.zip")
            with paths[-1].open("wb") as target:
                archive.pack(target, self.read, part, about, NOW)
        return paths


def page(**kinds: Rows) -> str:
    return Shelf().add(**kinds).files["index.html"].decode()


class Reader(HTMLParser):
    """Tags and texts of a page."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.texts: list[str] = []
        self.feed(page)

    def handle_starttag(self, tag: str, _attributes: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)

    def handle_data(self, data: str) -> None:
        self.texts.append(data)


def test_the_manifest_counts_rows_and_names_the_checksum_of_every_file(tmp_path: Path) -> None:
    shelf = Shelf().add(posts=[{"day": date(2026, 11, 1)}] * 3, points_by_post=[{"n": 1}], mails=[])
    [path] = shelf.pack(tmp_path)
    with zipfile.ZipFile(path) as packed:
        files = {name: packed.read(name) for name in packed.namelist()}
    manifest = json.loads(files.pop("manifest.json"))
    assert set(files) == {
        "index.html", "json/posts.json", "csv/posts.csv", "json/points-by-post.json", "csv/points-by-post.csv",
        "json/mails.json",
    }  # fmt: skip
    assert manifest["rows"] == {"posts": 3, "points by post": 1, "mails": 0}
    assert {n: f["sha256"] for n, f in manifest["files"].items()} == {
        n: sha256(c).hexdigest() for n, c in files.items()
    }
    assert manifest["files"]["csv/posts.csv"]["rows"] == 3
    assert (manifest["parts"], manifest["made_at"]) == (1, "2026-11-22T12:00:00+00:00")
    assert check_export([path]).rows == {"posts": 3, "points by post": 1, "mails": 0}


def test_the_same_data_gives_the_same_bytes(tmp_path: Path) -> None:
    made = []
    for name in ("a", "b"):
        (tmp_path / name).mkdir()
        made.append(Shelf().add(posts=[{"day": date(2026, 11, 1)}]).pack(tmp_path / name)[0].read_bytes())
    assert made[0] == made[1]


def test_json_keeps_every_value() -> None:
    rows = [{"text": "=1+1", "day": date(2026, 11, 1), "none": None, "split": {"a": 0.1}, "yes": True, "at": NOW}]
    [kept] = json.loads(Shelf().add(posts=rows).files["json/posts.json"])
    assert kept == {
        "text": "=1+1", "day": "2026-11-01", "none": None, "split": {"a": 0.1}, "yes": True,
        "at": "2026-11-22T12:00:00+00:00",
    }  # fmt: skip


@pytest.mark.parametrize("number", [0, 1, 499, 500, 501, 1000, 1234])
def test_every_row_is_in_both_lists_however_many(number: int) -> None:
    files = Shelf().add(posts=({"n": n} for n in range(number))).files
    assert [row["n"] for row in json.loads(files["json/posts.json"])] == list(range(number))
    lines = files.get("csv/posts.csv", b"n\n").decode().split()
    assert lines == ["n", *map(str, range(number))]


def test_very_long_lists_go_on_in_another_file(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(archive, "ROWS_A_FILE", 10)
    shelf = Shelf().add(posts=({"n": n} for n in range(20)), mails=({"n": n} for n in range(21)))
    assert [name for name in shelf.files if name.startswith("json/posts")] == ["json/posts.json", "json/posts-2.json"]
    assert json.loads(shelf.files["json/mails-3.json"]) == [{"n": 20}]
    assert shelf.files["csv/mails-3.csv"] == b"n\r\n20\r\n"
    assert [one.rows for one in shelf.written] == [20, 21]
    assert check_export(shelf.pack(tmp_path)).rows == {"posts": 20, "mails": 21}


def test_no_text_becomes_a_formula_in_a_spreadsheet() -> None:
    texts = ["=HYPERLINK(1)", "+1", "-1", "@ann", "\tx", "fine, with comma", 'and "quotes"']
    files = Shelf().add(posts=[{"text": text} for text in texts]).files
    rows = list(csv.DictReader(io.StringIO(files["csv/posts.csv"].decode())))
    assert [row["text"] for row in rows] == ["'=HYPERLINK(1)", "'+1", "'-1", "'@ann", "'\tx", *texts[5:]]


def test_csv_writes_what_is_nested_as_json() -> None:
    files = Shelf().add(posts=[{"a": {"x": 1}, "b": [1, 2]}]).files
    [row] = csv.DictReader(io.StringIO(files["csv/posts.csv"].decode()))
    assert (json.loads(row["a"]), json.loads(row["b"])) == ({"x": 1}, [1, 2])


def test_rows_of_one_kind_with_other_columns_are_an_error_and_not_cut() -> None:
    with pytest.raises(ValueError, match="fields not in"):
        Shelf().add(posts=[{"a": 1}, {"a": 1, "b": 2}])


def test_the_page_is_in_the_words_of_the_person() -> None:
    row = {"day": date(2026, 11, 1), "text": None, "ok": True, "no": False, "split": {"like": 1}, "state": "proven"}
    made = page(posts=[row], mails=[])
    reader = Reader(made)
    for text in (
        "Alles über dich", "Stand: 2026-11-22 12:00 UTC", "Beiträge (1)", "Deine Beiträge.", "Tag", "Nichts da.",
    ):  # fmt: skip
        assert text in reader.texts
    told = [text for text in reader.texts if text in ("–", "ja", "nein", "Gefällt mir: 1", "verbunden")]
    assert told == ["–", "ja", "nein", "Gefällt mir: 1", "verbunden"]
    assert 'lang="de"' in made


def test_kinds_stand_in_the_order_of_the_words_and_unknown_ones_last() -> None:
    rows = [{"x": 1}]
    titles = [text for text in Reader(page(zebra=rows, mails=rows, ape=rows, posts=rows)).texts if " (1)" in text]
    assert [title for title in titles if title != " (1)"] == ["Beiträge (1)", "E-Mails (1)", "ape (1)", "zebra (1)"]


def test_what_somebody_wrote_cannot_become_markup() -> None:
    made = page(posts=[{"<b>": "<script>alert(1)</script>", "text": "</table>"}])
    assert "script" not in Reader(made).tags
    assert Reader(made).tags.count("table") == 1


def test_a_long_list_is_cut_on_the_page_and_says_where_the_rest_is() -> None:
    reader = Reader(page(posts=({"n": n} for n in range(archive.ROWS_TO_READ + 1))))
    assert "1000 von 1001, alle in csv/posts.csv." in reader.texts
    assert reader.tags.count("tr") == archive.ROWS_TO_READ + 1


def test_only_the_owner_may_read_what_is_unpacked(tmp_path: Path) -> None:
    with zipfile.ZipFile(Shelf().add(posts=[]).pack(tmp_path)[0]) as packed:
        assert {entry.external_attr >> 16 for entry in packed.infolist()} == {0o600}


def test_a_large_export_comes_in_parts_with_one_manifest(tmp_path: Path) -> None:
    shelf = Shelf().add(posts=({"n": n} for n in range(400)), mails=({"n": n} for n in range(400)))
    paths = shelf.pack(tmp_path, 5000)
    assert len(paths) == 5
    with zipfile.ZipFile(paths[0]) as one, zipfile.ZipFile(paths[-1]) as other:
        assert one.read("manifest.json") == other.read("manifest.json")
    assert check_export(paths).files == len(shelf.members)
    with pytest.raises(NotWholeError, match=r"json/mails.json is missing; it belongs into part \d of 5"):
        check_export([path for path in paths if "json/mails.json" not in zipfile.ZipFile(path).namelist()])


def damaged(paths: list[Path], change: dict[str, bytes | None]) -> list[Path]:
    """The same ZIP with files changed, added, or (None) left out."""
    with zipfile.ZipFile(paths[0]) as packed:
        files: dict[str, bytes | None] = {name: packed.read(name) for name in packed.namelist()}
    with zipfile.ZipFile(paths[0], "w") as packed:
        for name, content in (files | change).items():
            if content is not None:
                packed.writestr(name, content)
    return paths


@pytest.mark.parametrize(
    ("change", "word"),
    [
        ({"csv/posts.csv": None}, "csv/posts.csv is missing"),
        ({"strange.txt": b"x"}, "strange.txt does not belong"),
        ({"json/posts.json": b'[\n{"n": 2}\n]\n'}, "json/posts.json was changed"),
        ({"json/posts.json": b"x" * 9999}, "json/posts.json is longer"),
        ({"manifest.json": b"{}"}, "manifest cannot be understood"),
        ({"manifest.json": b'{"format": "another", "rows": {}, "files": {}}'}, "not one that this version knows"),
        ({"manifest.json": None}, "manifest.json is missing"),
    ],
)
def test_an_export_that_was_changed_does_not_hold(tmp_path: Path, change: dict[str, bytes | None], word: str) -> None:
    with pytest.raises(NotWholeError, match=word):
        check_export(damaged(Shelf().add(posts=[{"n": 1}]).pack(tmp_path), change))


def test_a_manifest_that_promises_more_rows_does_not_hold(tmp_path: Path) -> None:
    paths = Shelf().add(posts=[{"n": 1}]).pack(tmp_path)
    manifest = json.loads(zipfile.ZipFile(paths[0]).read("manifest.json"))
    manifest["rows"]["posts"] = 2
    with pytest.raises(NotWholeError, match="posts: 1 rows are there, 2 should be"):
        check_export(damaged(paths, {"manifest.json": json.dumps(manifest).encode()}))


def test_a_cell_may_be_as_long_as_all_that_is_on_hold(tmp_path: Path) -> None:
    paths = Shelf().add(posts=[{"rows": "x" * 200_000}]).pack(tmp_path)
    before = csv.field_size_limit()
    assert check_export(paths).rows == {"posts": 1}
    assert csv.field_size_limit() == before, "whoever reads other tables in this process needs the limit as it was"


@pytest.mark.parametrize(
    "made_up",
    [
        {"log.json": b"[]"}, {"log.json": b"{}"}, {"log.json": b"\xff"}, {"log.json": b"[" * 100_000},
        {"json/posts.json": b"5"}, {"json/posts.json": b"\xff"}, {"json/posts.json": b"[" * 100_000},
        {"json/strange.json": b"[]"}, {"csv/posts.csv": b"\xff"}, {"manifest.json": b"[" * 100_000},
    ],
)  # fmt: skip
def test_whatever_a_made_up_export_has_ends_in_a_sentence(tmp_path: Path, made_up: dict[str, bytes]) -> None:
    paths = Shelf().add(posts=[{"n": 1}]).pack(tmp_path)
    manifest = json.loads(zipfile.ZipFile(paths[0]).read("manifest.json"))
    for name, content in made_up.items():
        rows = 1 if "posts" in name else None
        said = {"part": 1, "sha256": sha256(content).hexdigest(), "size": len(content), "rows": rows}
        manifest["files"][name] = said
    changed = {"manifest.json": json.dumps(manifest).encode(), **made_up}
    with pytest.raises(NotWholeError):
        check_export(damaged(paths, dict(changed)))


def test_what_is_no_zip_does_not_hold(tmp_path: Path) -> None:
    (tmp_path / "a").write_text("no")
    for path in (tmp_path / "a", tmp_path / "gone"):
        with pytest.raises(NotWholeError, match="not a ZIP file"):
            check_export([path])


def test_writing_needs_no_room_for_all_rows(tmp_path: Path) -> None:
    @contextmanager
    def create(name: str) -> Iterator[Any]:
        with (tmp_path / name.replace("/", "-")).open("wb") as target:
            yield target

    rows = ({"n": n, "text": "x" * 200} for n in range(60_000))
    tracemalloc.start()
    archive.write_kind(create, "posts", rows, WORDS)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert (tmp_path / "json-posts.json").stat().st_size > 12_000_000
    assert peak < 3_000_000
