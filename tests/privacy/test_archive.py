"""The archive: complete, counted, with right checksums, readable in a person's language, and harmless to open."""

import csv
import io
import json
import zipfile
from datetime import UTC, date, datetime
from hashlib import sha256
from html.parser import HTMLParser

from privacy.archive import ROWS_TO_READ, KindWords, Words, archive

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
)


def unpacked(packed: bytes) -> dict[str, bytes]:
    with zipfile.ZipFile(io.BytesIO(packed)) as file:
        return {name: file.read(name) for name in file.namelist()}


def of(**rows: list[dict[str, object]]) -> dict[str, bytes]:
    return unpacked(archive(rows, WORDS, NOW, {}))


class Reader(HTMLParser):
    """Tags and texts of a page."""

    def __init__(self, page: bytes) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.texts: list[str] = []
        self.feed(page.decode())

    def handle_starttag(self, tag: str, _attributes: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)

    def handle_data(self, data: str) -> None:
        self.texts.append(data)


def test_the_manifest_counts_rows_and_names_the_checksum_of_every_file() -> None:
    held = {"posts": [{"day": date(2026, 11, 1)}] * 3, "points by post": [{"n": 1}], "mails": []}
    files = unpacked(archive(held, WORDS, NOW, {"receipts/a.jsonld": b"{}"}))
    manifest = json.loads(files["manifest.json"])
    assert set(files) == {
        "index.html", "data.json", "csv/posts.csv", "csv/points-by-post.csv", "receipts/a.jsonld", "manifest.json",
    }  # fmt: skip
    assert manifest["rows"] == {"posts": 3, "points by post": 1, "mails": 0}
    assert manifest["sha256"] == {n: sha256(c).hexdigest() for n, c in files.items() if n != "manifest.json"}
    assert manifest["made_at"] == "2026-11-22T12:00:00+00:00"


def test_the_same_data_gives_the_same_bytes() -> None:
    held = {"posts": [{"day": date(2026, 11, 1)}]}
    assert archive(held, WORDS, NOW, {}) == archive(held, WORDS, NOW, {})


def test_json_keeps_every_value() -> None:
    rows: list[dict[str, object]] = [
        {"text": "=1+1", "day": date(2026, 11, 1), "none": None, "split": {"a": 0.1}, "yes": True, "at": NOW}
    ]
    kept = json.loads(of(posts=rows)["data.json"])["kinds"]["posts"][0]
    assert kept == {
        "text": "=1+1", "day": "2026-11-01", "none": None, "split": {"a": 0.1}, "yes": True,
        "at": "2026-11-22T12:00:00+00:00",
    }  # fmt: skip


def test_no_text_becomes_a_formula_in_a_spreadsheet() -> None:
    texts = ["=HYPERLINK(1)", "+1", "-1", "@ann", "\tx", "fine, with comma", 'and "quotes"']
    rows = list(csv.DictReader(io.StringIO(of(posts=[{"text": text} for text in texts])["csv/posts.csv"].decode())))
    assert [row["text"] for row in rows] == ["'=HYPERLINK(1)", "'+1", "'-1", "'@ann", "'\tx", *texts[5:]]


def test_csv_writes_what_is_nested_as_json() -> None:
    [row] = csv.DictReader(io.StringIO(of(posts=[{"a": {"x": 1}, "b": [1, 2]}])["csv/posts.csv"].decode()))
    assert (json.loads(row["a"]), json.loads(row["b"])) == ({"x": 1}, [1, 2])


def test_the_page_is_in_the_words_of_the_person() -> None:
    page = of(posts=[{"day": date(2026, 11, 1), "text": None, "ok": True, "no": False, "split": {"a": 1}}], mails=[])
    reader = Reader(page["index.html"])
    for text in (
        "Alles über dich",
        "Stand: 2026-11-22 12:00 UTC",
        "Beiträge (1)",
        "Deine Beiträge.",
        "Tag",
        "Nichts da.",
    ):
        assert text in reader.texts
    assert [text for text in reader.texts if text in ("–", "ja", "nein", "a: 1")] == ["–", "ja", "nein", "a: 1"]
    assert 'lang="de"' in page["index.html"].decode()


def test_kinds_stand_in_the_order_of_the_words_and_unknown_ones_last() -> None:
    rows: list[dict[str, object]] = [{"x": 1}]
    titles = [
        text for text in Reader(of(zebra=rows, mails=rows, ape=rows, posts=rows)["index.html"]).texts if " (1)" in text
    ]
    assert [title for title in titles if title != " (1)"] == ["Beiträge (1)", "E-Mails (1)", "ape (1)", "zebra (1)"]


def test_what_somebody_wrote_cannot_become_markup() -> None:
    page = of(posts=[{"<b>": "<script>alert(1)</script>", "text": "</table>"}])["index.html"]
    assert "script" not in Reader(page).tags
    assert Reader(page).tags.count("table") == 1


def test_a_long_list_is_cut_on_the_page_and_says_where_the_rest_is() -> None:
    files = of(posts=[{"n": n} for n in range(ROWS_TO_READ + 1)])
    reader = Reader(files["index.html"])
    assert "1000 von 1001, alle in csv/posts.csv." in reader.texts
    assert reader.tags.count("tr") == ROWS_TO_READ + 1
    assert files["csv/posts.csv"].count(b"\n") == ROWS_TO_READ + 2


def test_only_the_owner_may_read_what_is_unpacked() -> None:
    with zipfile.ZipFile(io.BytesIO(archive({"posts": []}, WORDS, NOW, {}))) as packed:
        assert {entry.external_attr >> 16 for entry in packed.infolist()} == {0o600}
