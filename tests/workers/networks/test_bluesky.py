"""Tests what the real Bluesky servers cannot be brought to answer: errors, opt-outs at the wrong moment, nonsense."""

from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta

import pytest

from tests.workers.networks.bluesky_server import DAY, HIDDEN, OWN, AppView, Json, author, did, person
from tests.workers.networks.conftest import MakeClient
from tests.workers.networks.loopback import Reply
from tests.workers.networks.pages import with_gaps
from workers.networks.bluesky import Bluesky
from workers.networks.client import Client
from workers.networks.failure import Failure, Reason
from workers.networks.shape import Page, Reaction, Reading

KINDS = frozenset({"like", "repost", "quote", "reply"})
SINCE = date(2026, 8, 24)


@pytest.fixture
def appview() -> Iterator[AppView]:
    with AppView() as server:
        yield server


@pytest.fixture
def client(appview: AppView, make_client: MakeClient) -> Client:
    return make_client(appview.origin)


@pytest.fixture
def bluesky(appview: AppView) -> Bluesky:
    return Bluesky(appview.origin)


def error(name: str, message: str = "") -> Reply:
    return Reply({"error": name, "message": message}, 400)


def fails(appview: AppView, client: Client, address: str = "mira.test") -> Reason:
    with pytest.raises(Failure) as failure:
        Bluesky(appview.origin).find(client, address)
    return failure.value.reason


def read(appview: AppView, client: Client, resume: str | None = None) -> list[Page]:
    return list(collecting(appview, client, resume))


def collecting(appview: AppView, client: Client, resume: str | None = None) -> Iterator[Page]:
    return Bluesky(appview.origin).collect(client, OWN, SINCE, resume)


def only(appview: AppView, client: Client) -> Reading:
    (reading,) = [reading for page in read(appview, client) for reading in page.readings]
    return reading


def actors(reading: Reading, kind: str) -> set[str | None]:
    return {reaction.actor_id for reaction in reading.reactions if reaction.kind == kind}


class TestFinding:
    @pytest.mark.parametrize(
        "form",
        [
            "mira.test", "@Mira.test", " @mira.test ", OWN, f"at://{OWN}", "https://bsky.app/profile/mira.test",
            f"https://bsky.app/profile/{OWN}/",
        ],
    )  # fmt: skip
    def test_every_way_to_name_an_account_finds_it(self, form: str, appview: AppView, client: Client) -> None:
        profile = Bluesky(appview.origin + "/").find(client, form)
        assert (profile.remote_id, profile.actor_id, profile.handle) == (OWN, OWN, "mira.test")
        assert profile.address == f"https://bsky.app/profile/{OWN}"
        assert profile.host == "bsky.app"
        assert profile.followers == 31

    @pytest.mark.parametrize(
        "typed",
        [
            "", "mira", "mira.test/x", "did:plc:short", "did:key:z6Mk", "https://bsky.app/",
            "https://evil.test/profile/mira.test", "https://bsky.app/profile/mira.test/post/1",
            "@mira@garten.test", "a b.test", "möhre.test", "1.2.3.4", "x" * 300,
        ],
    )  # fmt: skip
    def test_what_names_no_account_is_a_bad_address_and_asks_nobody(
        self, typed: str, appview: AppView, client: Client
    ) -> None:
        assert fails(appview, client, typed) == Reason.BAD_ADDRESS
        assert appview.asked == []

    def test_an_unknown_handle_is_unknown(self, appview: AppView, client: Client) -> None:
        assert fails(appview, client, "nobody.test") == Reason.UNKNOWN_ACCOUNT

    @pytest.mark.parametrize(
        ("reply", "reason"),
        [
            (error("AccountDeactivated", "Account is deactivated"), Reason.GONE),
            (error("AccountTakedown", "Account has been suspended"), Reason.GONE),
            (error("InvalidRequest", "Profile not found"), Reason.UNKNOWN_ACCOUNT),
            (error("InvalidRequest", "Something else"), Reason.NOT_UNDERSTOOD),
            (error("AuthMissing", "Authentication Required"), Reason.LOGIN_REQUIRED),
            (Reply(b"<html>", 401), Reason.LOGIN_REQUIRED),
            (Reply(b"<html>", 404), Reason.NOT_UNDERSTOOD),
            (Reply(b"<html>", 200), Reason.NOT_UNDERSTOOD),
            (Reply([], 200), Reason.NOT_UNDERSTOOD),
            (Reply({"did": "did:plc:" + "b" * 24}), Reason.NOT_UNDERSTOOD),
            (Reply({"did": 3}), Reason.NOT_UNDERSTOOD),
            (Reply(b"oops", 500), Reason.UNREACHABLE),
            (Reply({"did": OWN, "labels": HIDDEN}), Reason.OPTED_OUT),
            (Reply({"did": OWN, "labels": "damaged"}), Reason.OPTED_OUT),
            (Reply({"did": OWN, "labels": [{"val": 3}]}), Reason.OPTED_OUT),
        ],
    )
    def test_each_answer_to_a_profile_has_its_reason(
        self, reply: Reply, reason: Reason, appview: AppView, client: Client
    ) -> None:
        appview.spoil = lambda nsid, answer: reply if nsid.endswith("getProfile") else answer
        assert fails(appview, client) == reason

    def test_an_account_that_was_known_and_is_not_any_more_is_gone(
        self, appview: AppView, client: Client, bluesky: Bluesky
    ) -> None:
        appview.spoil = lambda _nsid, _reply: error("InvalidRequest", "Profile not found")
        with pytest.raises(Failure) as failure:
            bluesky.profile(client, OWN)
        assert failure.value.reason == Reason.GONE

    def test_a_label_that_was_taken_back_hides_nobody(self, appview: AppView, client: Client, bluesky: Bluesky) -> None:
        appview.profile["labels"] = [{**HIDDEN[0], "neg": True}, {"val": "nudity"}]
        assert bluesky.profile(client, OWN).remote_id == OWN

    def test_links_are_the_web_site_and_those_in_the_description(
        self, appview: AppView, client: Client, bluesky: Bluesky
    ) -> None:
        appview.profile |= {
            "website": "https://a.test",
            "description": "x https://b.test/p, (https://c.test) klarwert-1",
        }
        profile = bluesky.profile(client, OWN)
        assert profile.links == ("https://a.test", "https://b.test/p", "https://c.test")
        assert "klarwert-1" in profile.bio

    @pytest.mark.parametrize("damaged", [None, 3, "handle.invalid ", ""])
    def test_without_a_usable_handle_the_stable_id_stands_for_it(
        self, damaged: object, appview: AppView, client: Client, bluesky: Bluesky
    ) -> None:
        appview.profile |= {"handle": damaged, "followersCount": -3}
        profile = bluesky.profile(client, OWN)
        assert (profile.handle, profile.followers) == (OWN, None)


class TestCollecting:
    def test_every_kind_of_reaction_comes_in_once(self, appview: AppView, client: Client) -> None:
        uri = appview.post("p1", "Tomaten")
        paul, lena = appview.known("paul"), appview.known("lena")
        for name in ("a", "b", "c", "d", "e"):
            appview.like(person(name), DAY + timedelta(days=1))
        appview.reposts += [paul, paul, lena]
        for key in ("r1", "r2"):
            appview.answer(paul, uri, key)
        appview.answer(lena, uri, "r3", DAY + timedelta(days=2))
        appview.quote(lena, "q1")
        reading = only(appview, client)
        day = DAY.date()
        assert reading.post.address == f"https://bsky.app/profile/{OWN}/post/p1"
        assert (reading.post.day, reading.post.text) == (day, "Tomaten")
        assert set(reading.reactions) == {
            *(Reaction("like", did(name), day + timedelta(days=1)) for name in ("a", "b", "c", "d", "e")),
            Reaction("repost", did("paul"), None), Reaction("repost", did("lena"), None),
            Reaction("reply", did("paul"), day, 2), Reaction("reply", did("lena"), day + timedelta(days=2)),
            Reaction("quote", did("lena"), day),
        }  # fmt: skip
        assert reading.complete == KINDS

    def test_lists_whose_count_is_zero_are_not_asked_for(self, appview: AppView, client: Client) -> None:
        appview.post("p1", likeCount=0, repostCount=0, quoteCount=0, replyCount=0)
        assert only(appview, client).complete == KINDS
        assert [path.rpartition(".")[2] for path in appview.paths] == ["getProfile", "getAuthorFeed"]

    @pytest.mark.parametrize("damaged", [-1, "3", None, True, 1.5])
    def test_lists_whose_count_is_damaged_are_asked_for(
        self, damaged: object, appview: AppView, client: Client
    ) -> None:
        appview.post("p1", likeCount=damaged)
        appview.like(person("a"))
        assert actors(only(appview, client), "like") == {did("a")}

    def test_who_asked_not_to_be_shown_or_collected_is_left_out(self, appview: AppView, client: Client) -> None:
        uri = appview.post("p1")
        hidden, marked = appview.known("hid", labels=HIDDEN), appview.known("mark", "Ich: #nobot")
        young = appview.known("young", createdAt="2026-11-01T00:00:00Z")
        appview.known("shown")
        stranger = person("gone")
        for who in (hidden, marked, young, person("shown"), appview.profile):
            appview.like(who)
            appview.reposts.append(who)
        for number, who in enumerate((hidden, marked, young, stranger, person("shown"), appview.profile)):
            appview.answer(who, uri, f"r{number}")
            appview.quote(who, f"q{number}")
        reading = only(appview, client)
        for kind in KINDS:
            assert actors(reading, kind) == {did("shown")}

    def test_descriptions_of_authors_are_asked_for_once_each(self, appview: AppView, client: Client) -> None:
        uri = appview.post("p1")
        appview.post("p2")
        for number in range(30):
            appview.answer(appview.known(f"a{number}"), uri, f"r{number}")
            appview.quote(appview.known(f"a{number}"), f"q{number}")
        read(appview, client)
        asked = [each.values["actors"] for each in appview.asked if each.path.endswith("getProfiles")]
        assert [len(actors) for actors in asked] == [25, 5]

    def test_where_descriptions_cannot_be_had_the_list_is_incomplete(self, appview: AppView, client: Client) -> None:
        uri = appview.post("p1")
        appview.answer(appview.known("paul"), uri, "r1")
        appview.spoil = lambda nsid, reply: Reply({}) if nsid.endswith("getProfiles") else reply
        (reading,) = with_gaps(collecting(appview, client))[0].readings
        assert reading.reactions == ()
        assert reading.complete == KINDS - {"reply"}

    def test_likes_that_the_server_loses_between_two_pages_are_found_by_pages_of_another_size(
        self, appview: AppView, client: Client
    ) -> None:
        appview.loses_twins = True
        appview.post("p1", likeCount=5)
        for name, day in (("a", 5), ("b", 4), ("c", 3), ("d", 3), ("e", 2)):
            appview.like(person(name), DAY + timedelta(days=day))
        reading = only(appview, client)
        assert actors(reading, "like") == {did(name) for name in "abcde"}
        assert "like" in reading.complete
        sizes = [asked.params["limit"] for asked in appview.asked if asked.path.endswith("getLikes")]
        assert sizes == ["100", "100", "71", "71", "71"]

    def test_what_the_server_counts_and_never_lists_is_said(self, appview: AppView, client: Client) -> None:
        appview.post("p1", likeCount=7, quoteCount=3)
        for name in "abcde":
            appview.like(person(name))
        reading = only(appview, client)
        assert (reading.unlisted, "like" in reading.complete) == (7 - 5 + 3 + 2, True)

    def test_only_direct_replies_count(self, appview: AppView, client: Client) -> None:
        uri = appview.post("p1")
        appview.answer(appview.known("paul"), uri, "r1")
        appview.answer(appview.known("lena"), f"at://{did('paul')}/app.bsky.feed.post/r1", "r2")
        appview.replies += [{"$type": "app.bsky.feed.defs#notFoundPost", "uri": "at://x"}, {"post": 3}]
        assert actors(only(appview, client), "reply") == {did("paul")}

    @pytest.mark.parametrize(
        ("thread", "outcome"),
        [
            ({"$type": "app.bsky.feed.defs#notFoundPost", "notFound": True}, "gone"),
            ({"post": {}}, "complete"),
            ({"post": {}, "replies": 3}, "broken"),
            (None, "gone"),
        ],
    )
    def test_threads_without_replies_are_told_from_threads_that_are_none(
        self, thread: object, outcome: str, appview: AppView, client: Client
    ) -> None:
        appview.post("p1")
        appview.spoil = lambda nsid, reply: Reply({"thread": thread}) if nsid.endswith("getPostThread") else reply
        pages = with_gaps(collecting(appview, client)) if outcome == "broken" else read(appview, client)
        assert ("reply" in pages[0].readings[0].complete) == (outcome == "complete")

    def test_reposts_and_posts_of_others_are_not_the_participant_s(self, appview: AppView, client: Client) -> None:
        appview.post("p1")
        view = appview.feed[0]["post"]
        assert isinstance(view, dict)
        appview.feed += [
            {"post": {**view, "uri": f"at://{OWN}/app.bsky.feed.post/p2"}, "reason": {"$type": "…#reasonRepost"}},
            {"post": {**view, "uri": f"at://{did('paul')}/app.bsky.feed.post/p3"}},
            {"post": {**view, "uri": f"at://{did('paul')}/app.bsky.feed.post/p4", "author": author(person("paul"))}},
            {"post": {**view, "uri": f"at://{OWN}/app.bsky.feed.post/../x y"}},
            {"post": "damaged"},
        ]
        assert only(appview, client).post.address.endswith("/post/p1")

    def test_who_opts_out_between_two_requests_is_not_read(self, appview: AppView, client: Client) -> None:
        appview.post("p1", author={**author(appview.profile), "labels": HIDDEN})
        with pytest.raises(Failure) as failure:
            read(appview, client)
        assert failure.value.reason == Reason.OPTED_OUT

    def test_posts_before_the_window_are_left_out_and_end_the_run(self, appview: AppView, client: Client) -> None:
        for days in range(200, 0, -10):
            appview.post(f"p{days}", at=DAY - timedelta(days=days))
        found = [reading.post.day for page in read(appview, client) for reading in page.readings]
        assert found == [DAY.date() - timedelta(days=number) for number in range(10, 80, 10)]
        assert len([path for path in appview.paths if path.endswith("getAuthorFeed")]) < 5

    @pytest.mark.parametrize("moment", [datetime(1970, 1, 1, tzinfo=UTC), datetime(2035, 1, 1, tzinfo=UTC)])
    def test_impossible_dates_are_left_out(self, moment: datetime, appview: AppView, client: Client) -> None:
        appview.post("p0", at=moment)
        appview.post("p1")
        appview.like(person("a"), moment)
        appview.like(person("b"))
        assert actors(only(appview, client), "like") == {did("b")}

    def test_the_earlier_of_two_dates_counts_and_an_unreadable_one_does_not(
        self, appview: AppView, client: Client
    ) -> None:
        appview.post("p1")
        appview.like(person("late"), indexedAt="2026-11-15T00:00:00Z")
        appview.like(person("ahead"), createdAt="2034-01-01T00:00:00Z")
        appview.like(person("unreadable"), createdAt="soon")
        appview.like(person("undated"), indexedAt=None)
        found = {reaction.actor_id: reaction.day for reaction in only(appview, client).reactions}
        assert found == dict.fromkeys((did("late"), did("ahead"), did("unreadable")), DAY.date())

    def test_a_run_goes_on_after_each_post_as_if_it_had_not_stopped(self, appview: AppView, client: Client) -> None:
        for number in range(8):
            appview.post(f"p{number}")
        whole = read(appview, client)
        assert whole[-1] == Page((), None)
        for number, page in enumerate(whole[:-1], start=1):
            assert read(appview, client, page.resume)[:-1] == whole[number:-1]

    def test_one_list_with_an_error_is_incomplete_and_the_others_are_not(
        self, appview: AppView, client: Client
    ) -> None:
        appview.post("p1")
        appview.like(person("a"))
        appview.spoil = lambda nsid, reply: error("NotFound") if nsid.endswith("getQuotes") else reply
        reading = only(appview, client)
        assert reading.complete == KINDS - {"quote"}
        assert actors(reading, "like") == {did("a")}

    def test_empty_pages_in_between_do_not_end_a_list(self, appview: AppView, client: Client) -> None:
        appview.post("p1")
        appview.likes = [{"actor": None}] * 3
        appview.like(person("a"))
        assert actors(only(appview, client), "like") == {did("a")}

    def test_a_feed_that_never_ends_ends(self, appview: AppView, client: Client) -> None:
        numbers = iter(range(1000))

        def endless(nsid: str, reply: Reply) -> Reply:
            return Reply({"feed": [], "cursor": str(next(numbers))}) if nsid.endswith("getAuthorFeed") else reply

        appview.spoil = endless
        assert read(appview, client) == [Page((), None)]

    @pytest.mark.parametrize("body", [{}, {"feed": 3}, [], {"feed": None}])
    def test_a_feed_that_is_none_is_not_understood(self, body: object, appview: AppView, client: Client) -> None:
        appview.spoil = lambda nsid, reply: Reply(body) if nsid.endswith("getAuthorFeed") else reply
        with pytest.raises(Failure) as failure:
            read(appview, client)
        assert failure.value.reason == Reason.NOT_UNDERSTOOD


class TestLookingAgain:
    def test_posts_that_are_not_shown_any_more_are_told(
        self, appview: AppView, client: Client, bluesky: Bluesky
    ) -> None:
        for number in range(30):
            appview.post(f"p{number}")
        known = [f"https://bsky.app/profile/{OWN}/post/p{number}" for number in range(30)]
        odd = ["https://bsky.app/profile/did:plc:other/post/p1", f"https://bsky.app/profile/{OWN}/post/a b", "x"]
        gone: Json = appview.feed.pop()
        assert gone
        assert bluesky.check(client, OWN, [*known, *odd]) == {known[0], *odd}
        assert [len(each.values["uris"]) for each in appview.asked] == [25, 5]

    def test_an_author_who_opted_out_meanwhile_shows_nothing(
        self, appview: AppView, client: Client, bluesky: Bluesky
    ) -> None:
        appview.post("p1", author={**author(appview.profile), "labels": HIDDEN})
        address = f"https://bsky.app/profile/{OWN}/post/p1"
        assert bluesky.check(client, OWN, [address]) == {address}

    def test_nothing_to_look_for_asks_nobody(self, appview: AppView, client: Client, bluesky: Bluesky) -> None:
        assert bluesky.check(client, OWN, []) == frozenset()
        assert appview.asked == []

    def test_recent_texts_are_those_of_own_posts(self, appview: AppView, client: Client, bluesky: Bluesky) -> None:
        for number in range(2):
            appview.post(f"p{number}", f"Text {number}")
        view = appview.feed[0]["post"]
        appview.feed.insert(0, {"post": view, "reason": {}})
        assert list(bluesky.recent_texts(client, OWN)) == ["Text 1", "Text 0"]
