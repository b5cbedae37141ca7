"""Hostile archives: bombs, tricks, lies and damage end in one word, in little memory, and nothing reaches the disk."""

import io
import random
import struct
import subprocess
import sys
import textwrap
import zipfile
from contextlib import suppress
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.workers.archives.making import (
    TODAY,
    insight,
    instagram_archive,
    linkedin_table,
    packed,
    tweet,
    tweets,
    x_archive,
)
from tests.workers.archives.test_reading import DAY, WINDOW, found, noon, why
from workers.archives.found import RefusedError, Why
from workers.archives.packed import Limits, Packed
from workers.archives.reading import READERS

POST = "https://www.linkedin.com/feed/update/urn:li:activity:71"
SOUND = {
    "x": x_archive(tweet(1, DAY), tweet(2, TODAY, "5", "6")),
    "instagram": instagram_archive(insight(noon(1), Likes="4"), insight(noon(2), Comments="2")),
    "linkedin": linkedin_table([POST, "11/17/2026", "42"]),
    "google_plus": packed({"Takeout/Google+ Stream/Posts/1.json": "{}"}),
}


@pytest.mark.parametrize("data", [b"", b"PK", b"%PDF-1.7", b"PK\x05\x06" + bytes(18), b"x" * 100_000, bytes(100)])
@pytest.mark.parametrize("network", READERS)
def test_what_is_no_archive_is_called_so(data: bytes, network: str) -> None:
    assert why(data, network) in (Why.NO_ARCHIVE, Why.OTHER)


def test_a_bomb_is_refused_by_what_it_says_and_by_what_comes_out() -> None:
    bomb = packed({"data/tweets.js": tweets() + " " * 300_000_000})
    assert len(bomb) < 400_000
    assert why(bomb, "x") == Why.TOO_LARGE
    assert why(packed({"data/tweets.js": "[" + " " * 5_000_000}), "x", Limits(ratio=10**6, total_bytes=10**6)) == (
        Why.TOO_LARGE
    )


def test_a_bomb_that_lies_about_its_size_gives_no_more_than_it_said() -> None:
    bomb = bytearray(packed({"data/tweets.js": tweets(tweet(1, DAY)) + " " * 50_000_000}))
    for place in (bomb.find(b"PK\x03\x04") + 22, bomb.find(b"PK\x01\x02") + 24):
        bomb[place : place + 4] = struct.pack("<I", 900)
    assert why(bytes(bomb), "x") == Why.DAMAGED


def test_a_million_entries_are_not_even_listed() -> None:
    head = struct.pack("<4s6H3I5H2I", b"PK\x01\x02", 20, 20, 0, 0, 0, 0, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0) + b"a"
    listed = head * 1_000_000
    end = struct.pack("<4s4H2IH", b"PK\x05\x06", 0, 0, 0xFFFF, 0xFFFF, len(listed), 0, 0)
    assert why(listed + end, "x") == Why.TOO_LARGE
    # As many as the list may have bytes for: refused by their number.
    fewer = head * 150_000
    end = struct.pack("<4s4H2IH", b"PK\x05\x06", 0, 0, 0xFFFF, 0xFFFF, len(fewer), 0, 0)
    assert why(fewer + end, "x") == Why.TOO_LARGE


@pytest.mark.parametrize(
    "name",
    [
        "../data/tweets.js",
        "/data/tweets.js",
        "a/b/data/tweets.js",
        "data/../tweets.js",
        "C:\\data\\tweets.js",
        "data/tweets.js/",
    ],
)
def test_names_that_lead_elsewhere_lead_nowhere(name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    with suppress(RefusedError):
        # One folder in front is usual; whatever its name is, nothing is written.
        assert len(found(packed({name: tweets(tweet(1, DAY))}), "x")) == 2
    assert list(tmp_path.rglob("*")) == []


def test_an_archive_inside_an_archive_stays_closed() -> None:
    inner = x_archive(tweet(1, DAY))
    assert why(packed({"data.zip": inner, "data/tweets.zip": inner}), "x") == Why.OTHER
    assert why(packed({"data/tweets.js": inner}), "x") == Why.DAMAGED


def test_two_entries_of_one_name_are_refused() -> None:
    target = io.BytesIO()
    with zipfile.ZipFile(target, "w") as made:
        made.writestr("data/tweets.js", tweets())
        with pytest.warns(UserWarning, match="Duplicate"):
            made.writestr("data/tweets.js", tweets(tweet(1, DAY)))
    assert why(target.getvalue(), "x") == Why.DAMAGED


def test_encrypted_entries_and_odd_packings_are_refused() -> None:
    locked = bytearray(packed({"data/tweets.js": tweets(tweet(1, DAY))}))
    for place in (locked.find(b"PK\x03\x04") + 6, locked.find(b"PK\x01\x02") + 8):
        locked[place] |= 1
    assert why(bytes(locked), "x") == Why.ENCRYPTED
    for packing in (zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA):
        assert why(packed({"data/tweets.js": tweets(tweet(1, DAY))}, packing), "x") == Why.DAMAGED


@pytest.mark.parametrize(
    "text",
    [
        "", "window.YTD.tweets.part0 = ", "[", "[{", "x" * 1000 + "[]", "[" * 100_000, "[{" + '"a":[' * 50_000, "[NaN]",
        "[" + "9" * 5000 + "]", '["' + "x" * 400_000, "[{}} ]", "[{},{}",
        '[{"tweet": "\ud800"}'.encode("utf-8", "surrogatepass"),
    ],
)  # fmt: skip
def test_lists_that_are_none_are_damaged(text: str | bytes) -> None:
    assert why(packed({"data/tweets.js": text}), "x") == Why.DAMAGED


@pytest.mark.parametrize(
    "post",
    [
        tweet(1, DAY, -5, "-3"), tweet(1, DAY, 10**30, "9" * 40), tweet(1, DAY, [1], {"a": 1}),
        tweet(1, DAY, True, None), {}, [], None, 7,
        tweet(1, DAY, "1e9", "1.5x"), {"tweet": []}, {"tweet": {"id_str": "../../x", "created_at": "Wed"}},
        {"tweet": {"id_str": "1", "created_at": "Wed Nov 11 10:00:00 +9999 99999", "favorite_count": "3"}},
    ],
)  # fmt: skip
def test_counts_and_days_that_cannot_be_count_for_nothing(post: object) -> None:
    assert why(x_archive(post), "x") == Why.NOTHING_NEW


@pytest.mark.parametrize(
    "document",
    [
        '<!DOCTYPE lolz [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;&a;">]><sst><si><t>&b;</t></si></sst>',
        '<!DOCTYPE x SYSTEM "file:///etc/passwd"><sst/>', "<sst><si>", "", "<a/><b/>", "\x00", "<sst>" * 100_000,
    ],
)  # fmt: skip
def test_tables_with_a_document_type_or_damage_are_refused(document: str) -> None:
    files = {"xl/workbook.xml": "<workbook/>", "xl/sharedStrings.xml": document, "xl/worksheets/sheet1.xml": "<a/>"}
    assert why(packed(files), "linkedin") == Why.DAMAGED


def test_a_table_with_too_much_in_it_is_refused() -> None:
    files = {"xl/workbook.xml": "<workbook/>", "xl/worksheets/sheet1.xml": "<w>" + "<row/>" * 20_000 + "</w>"}
    assert why(packed(files), "linkedin") == Why.TOO_LARGE
    files = {"xl/workbook.xml": "<w/>", "xl/sharedStrings.xml": "<sst>" + "<si/>" * 300_000 + "</sst>"}
    assert why(packed(files), "linkedin") == Why.TOO_LARGE


def test_a_cell_far_to_the_right_or_with_a_number_of_no_text_is_left_out() -> None:
    cells = (
        '<c r="ZZZ1" t="s"><v>0</v></c><c r="A1" t="s"><v>99999999</v></c><c r="B1" t="s"><v>-1</v></c><c><v>7</v></c>'
    )
    files = {"xl/workbook.xml": "<w/>", "xl/worksheets/sheet1.xml": f"<w><row>{cells}</row></w>"}
    assert why(packed(files), "linkedin") == Why.OTHER


def test_more_posts_than_anybody_writes_are_refused() -> None:
    assert why(x_archive(*(tweet(number, DAY) for number in range(5_001))), "x") == Why.TOO_LARGE


def test_time_is_limited() -> None:
    assert why(x_archive(tweet(1, DAY)), "x", Limits(seconds=0)) == Why.TOO_LARGE


def test_a_reader_opens_only_what_it_needs() -> None:
    opened: list[str] = []

    class Watched(Packed):
        def pieces(self, name: str) -> object:  # type: ignore[override]  # the same, watched
            opened.append(name)
            return super().pieces(name)

    data = io.BytesIO(SOUND["x"])
    list(READERS["x"].read(Watched(data), WINDOW))  # type: ignore[arg-type]
    assert opened == ["data/tweets.js"]


@settings(max_examples=400, deadline=None)
@given(st.sampled_from(sorted(SOUND)), st.integers(0, 2**32), st.integers(1, 30))
def test_damaged_archives_give_a_word_or_sound_counts(network: str, seed: int, wounds: int) -> None:
    dice = random.Random(seed)
    data = bytearray(SOUND[network])
    for _ in range(wounds):
        place = dice.randrange(len(data))
        match dice.randrange(4):
            case 0:
                data[place] = dice.randrange(256)
            case 1:
                del data[place : place + dice.randrange(1, 50)]
            case 2:
                data[place:place] = dice.randbytes(dice.randrange(1, 50))
            case _:
                data[place : place + 4] = dice.choice([b"\xff" * 4, bytes(4), b"PK\x05\x06", b"PK\x01\x02"])
        if not data:
            break
    with suppress(RefusedError):
        assert_sound(found(bytes(data), network))


@settings(max_examples=300, deadline=None)
@given(st.integers(0, 2**32))
def test_damaged_texts_in_a_sound_archive_give_a_word_or_sound_counts(seed: int) -> None:
    dice = random.Random(seed)
    network = dice.choice(["x", "instagram", "linkedin"])
    with zipfile.ZipFile(io.BytesIO(SOUND[network])) as sound:
        files = {name: bytearray(sound.read(name)) for name in sound.namelist()}
    for content in files.values():
        for _ in range(dice.randrange(4)):
            place = dice.randrange(len(content) + 1)
            content[place : place + dice.randrange(9)] = dice.choice(
                [b"", b"[", b"}", b'"', b"\xff", b"<", b"9" * 30, b"-1"]
            )
    with suppress(RefusedError):
        assert_sound(found(packed({name: bytes(content) for name, content in files.items()}), network))


def assert_sound(counts: object) -> None:
    assert isinstance(counts, list)
    for one in counts:
        assert WINDOW.has(one.day)
        assert one.kind in ("like", "reply", "repost")
        assert 1 <= one.count <= 10**12
        assert one.address.startswith(
            ("https://x.com/i/status/", "https://www.linkedin.com/", "https://linkedin.com/", "instagram:")
        )


@pytest.mark.slow
def test_a_bomb_of_gigabytes_takes_little_memory(tmp_path: Path) -> None:
    """In a process of its own whose memory is limited to 300 MB beyond the start."""
    path = tmp_path / "bomb.zip"
    with (
        zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as made,
        made.open("data/tweets.js", "w", force_zip64=True) as file,
    ):
        file.write(b"window.YTD.tweets.part0 = [")
        packer = b" " * 10_000_000
        for _ in range(200):
            file.write(packer)
    program = textwrap.dedent(f"""
        import resource, sys
        from datetime import date
        from workers.archives.found import RefusedError, Window
        from workers.archives.packed import Limits
        from workers.archives.reading import read
        begun = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
        for limits in (Limits(), Limits(ratio=10**6, entry_bytes=10**10)):
            try:
                read(open({str(path)!r}, "rb", buffering=0), "x", Window(date(2026, 8, 1), date(2026, 11, 1)), limits)
            except RefusedError as refused:
                print(refused.why)
        print((resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - begun) // 1024)
    """)
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    first, second, grown = done.stdout.split()
    assert (first, second) == ("too_large", "too_large")
    assert int(grown) < 100
