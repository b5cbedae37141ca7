"""What archives give: counts of reactions to own public posts of the window, or an honest word for why not."""

import io
import json
import time
from datetime import UTC, datetime, timedelta

import pytest

from tests.workers.archives.making import (
    TODAY,
    insight,
    instagram_archive,
    linkedin_table,
    packed,
    table,
    tweet,
    tweets,
    x_archive,
)
from workers.archives.found import Counted, RefusedError, Why, Window
from workers.archives.packed import Limits
from workers.archives.reading import read

WINDOW = Window(TODAY - timedelta(days=90), TODAY)
DAY = TODAY - timedelta(days=5)


def found(data: bytes, network: str, limits: Limits | None = None) -> list[Counted]:
    return read(io.BytesIO(data), network, WINDOW, limits)  # type: ignore[arg-type]  # any file will do


def why(data: bytes, network: str, limits: Limits | None = None) -> Why:
    with pytest.raises(RefusedError) as refused:
        found(data, network, limits)
    return refused.value.why


def noon(days: int) -> int:
    return int(datetime(TODAY.year, TODAY.month, TODAY.day, 12, tzinfo=UTC).timestamp()) - days * 86_400


def test_the_archive_of_x_gives_likes_and_reposts_of_own_posts_in_the_window() -> None:
    data = x_archive(
        tweet(11, DAY, "1,204", 2),
        tweet(12, TODAY, "0", "0"),
        tweet(13, TODAY - timedelta(days=91)),
        tweet(14, DAY, "9", "9", text="RT @lena_x: Honig"),
        tweet(15, TODAY + timedelta(days=1)),
    )
    assert found(data, "x") == [
        Counted("https://x.com/i/status/11", DAY, "repost", 2),
        Counted("https://x.com/i/status/11", DAY, "like", 1204),
    ]


def test_parts_of_one_archive_are_one_and_a_post_in_both_counts_once() -> None:
    data = packed(
        {
            "twitter-2026/data/tweets.js": tweets(tweet(1, DAY, "3", "0")),
            "twitter-2026/data/tweets-part1.js": tweets(tweet(1, DAY, "5", "0"), tweet(2, DAY, "1", "0"), part=1),
        }
    )
    assert [(one.address[-1], one.count) for one in found(data, "x")] == [("2", 1), ("1", 5)]


@pytest.mark.parametrize(("last", "public"), [("Protect", False), ("Unprotect", True)])
def test_of_a_protected_account_nothing_counts(last: str, public: bool) -> None:
    changes = [
        {"protectedHistory": {"protectedAt": "2026-09-02T08:00:00.000Z", "action": last}},
        {"protectedHistory": {"protectedAt": "2025-01-01T08:00:00.000Z", "action": "Protect"}},
    ]
    text = f"window.YTD.protected_history.part0 = {json.dumps(changes)}"
    data = x_archive(tweet(1, DAY), **{"data__protected-history_js": text})
    if public:
        assert found(data, "x")
    else:
        assert why(data, "x") == Why.NOT_PUBLIC


def test_a_professional_account_of_instagram_has_likes_and_comments_and_shares_do_not_count() -> None:
    data = instagram_archive(
        insight(noon(3), Likes="1,020", Comments="7", Shares="55", Impressions="9999"),
        insight(noon(4), Likes="--", Comments=""),
        insight(noon(120), Likes="5"),
    )
    counts = found(data, "instagram")
    assert [(one.day, one.kind, one.count) for one in counts] == [
        (TODAY - timedelta(days=3), "reply", 7),
        (TODAY - timedelta(days=3), "like", 1020),
    ]
    assert len({one.address for one in counts}) == 1


def test_the_labels_of_instagram_are_read_in_german_too() -> None:
    data = instagram_archive(insight(noon(3), **{"„Gefällt_mir“-Angaben": "1.020", "Kommentare": "2"}))
    assert sorted((one.kind, one.count) for one in found(data, "instagram")) == [("like", 1020), ("reply", 2)]


@pytest.mark.parametrize(
    ("files", "word"),
    [
        ({"your_instagram_activity/media/posts_1.json": "[]"}, Why.NO_COUNTS),
        ({"your_instagram_activity/threads/threads_and_replies.json": "[]"}, Why.NO_COUNTS),
        ({"your_instagram_activity/media/posts_1.html": "<p>"}, Why.HTML),
        ({"data/tweets.js": tweets()}, Why.OTHER),
    ],
)
def test_an_instagram_archive_without_numbers_is_told_so(files: dict[str, str], word: Why) -> None:
    assert why(packed(files), "instagram") == word


@pytest.mark.parametrize("shared", [True, False])
def test_the_analytics_table_of_linkedin_gives_engagements_and_never_impressions(shared: bool) -> None:
    post = "https://www.linkedin.com/feed/update/urn:li:activity:7123456789012345678"
    data = linkedin_table(
        [post, "11/17/2026", "1,042"],
        ["https://www.linkedin.com/posts/mira-beispiel_garten-activity-71-abcd", "46330", "3"],
        ["https://www.linkedin.com/feed/update/urn:li:share:1", "1.2.2026", "8"],
        ["https://evil.example/feed/update/1", "11/17/2026", "8"],
        ["", "", ""],
        shared=shared,
    )
    counts = found(data, "linkedin")
    assert [(one.kind, one.count) for one in counts] == [("like", 1042), ("like", 3)]
    assert (counts[0].address, counts[0].day) == (post, DAY)


def test_the_table_of_one_linkedin_post_tells_kinds_apart() -> None:
    rows = [
        ["Post URL", "https://www.linkedin.com/feed/update/urn:li:activity:71"], ["Post Date", "Nov 17, 2026"],
        ["Impressions", "5,537"], ["Reactions", "49"], ["Comments", "5"], ["Reposts", "2"], ["Saves", "3"],
    ]  # fmt: skip
    assert sorted((one.kind, one.count) for one in found(table(rows), "linkedin")) == [
        ("like", 49), ("reply", 5), ("repost", 2),
    ]  # fmt: skip


def test_the_ordinary_archive_of_linkedin_has_only_what_was_given() -> None:
    data = packed({"Reactions.csv": "Date,Type,Link\n", "Shares.csv": "", "Connections.csv": "", "messages.csv": ""})
    assert why(data, "linkedin") == Why.ONLY_GIVEN


def test_a_table_of_something_else_is_none_of_linkedin() -> None:
    assert why(table([["Januar", "12"], ["Februar", "13"]]), "linkedin") == Why.OTHER


@pytest.mark.parametrize(
    "folder", ["Takeout/Google+ Stream/Posts/1.html", "Takeout/Google+-Stream/Beiträge/20140101.json"]
)
def test_google_plus_is_recognised_and_older_than_the_window(folder: str) -> None:
    assert why(packed({folder: "{}"}), "google_plus") == Why.TOO_OLD
    assert why(packed({"Takeout/Drive/a.txt": ""}), "google_plus") == Why.OTHER


def test_an_archive_without_reactions_in_the_window_says_so() -> None:
    assert why(x_archive(tweet(1, DAY, "0", "0")), "x") == Why.NOTHING_NEW
    assert why(x_archive(), "x") == Why.NOTHING_NEW


def test_a_long_archive_is_read_in_little_memory_and_time() -> None:
    text = "x" * 2000
    data = x_archive(*(tweet(number, TODAY - timedelta(days=number % 300), text=text) for number in range(15_000)))
    begin = time.monotonic()
    assert len(found(data, "x")) == 2 * 15_000 * 91 // 300
    assert time.monotonic() - begin < 20
