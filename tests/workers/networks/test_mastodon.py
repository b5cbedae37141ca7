"""Tests reading accounts of servers that speak Mastodon's API."""

from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta

import pytest

from tests.workers.networks.clock import VirtualClock
from tests.workers.networks.loopback import Reply
from tests.workers.networks.mastodon_people import FRIENDS, LOCALS, TALKATIVE, Garden
from tests.workers.networks.mastodon_server import Habits, MastodonServer, days_before
from tests.workers.networks.pages import with_gaps
from workers.networks.client import Client
from workers.networks.failure import Failure, Reason
from workers.networks.mastodon import Mastodon
from workers.networks.shape import Page, Reaction, Reading

pytestmark = pytest.mark.usefixtures("garden")
KINDS = frozenset({"like", "repost", "reply"})


def read(server: MastodonServer, client: Client, resume: str | None = None) -> list[Page]:
    return list(collecting(server, client, resume))


def collecting(server: MastodonServer, client: Client, resume: str | None = None) -> Iterator[Page]:
    since = client.now().date() - timedelta(days=90)
    return Mastodon().collect(client, server.remote_id(), since, resume)


def readings(pages: list[Page]) -> dict[str, Reading]:
    return {reading.post.address: reading for page in pages for reading in page.readings}


def acct(server: MastodonServer, name: str) -> str:
    return name if "@" in name else f"{name}@{server.host}"


def reason_of(failure: pytest.ExceptionInfo[Failure]) -> Reason:
    return failure.value.reason


class TestCollecting:
    def test_public_posts_come_with_the_public_reactions_of_others(
        self, mastodon_server: MastodonServer, garden: Garden, client: Client
    ) -> None:
        found = readings(read(mastodon_server, client))
        tomatoes = found[mastodon_server.page_of(garden.tomatoes)]
        today = client.now().date()
        wanted = [Reaction("like", acct(mastodon_server, name), None) for name in (*FRIENDS, *LOCALS)]
        wanted += [Reaction("repost", acct(mastodon_server, name), None) for name in LOCALS]
        wanted += [Reaction("reply", TALKATIVE, today - timedelta(days=9), 2)]
        wanted += [Reaction("reply", TALKATIVE, today - timedelta(days=8), 1)]
        assert len(tomatoes.reactions) == len(wanted)
        assert set(tomatoes.reactions) == set(wanted)
        assert tomatoes.post.day == today - timedelta(days=10)
        assert tomatoes.post.text == "Erste Tomaten & viel Sonne"
        assert tomatoes.complete == KINDS

    def test_only_public_posts_of_the_window_pass(
        self, mastodon_server: MastodonServer, garden: Garden, client: Client
    ) -> None:
        found = readings(read(mastodon_server, client))
        assert set(found) == {
            mastodon_server.page_of(status) for status in (garden.tomatoes, garden.bees, garden.own_reply)
        }
        asked = {path.split("/")[4] for path in mastodon_server.paths if path.startswith("/api/v1/statuses/")}
        assert not asked & {status.id for status in (*garden.hidden, garden.old)}

    def test_the_last_page_is_empty_and_has_nothing_to_go_on_with(
        self, mastodon_server: MastodonServer, client: Client
    ) -> None:
        pages = read(mastodon_server, client)
        assert pages[-1] == Page((), None)
        assert all(page.resume for page in pages[:-1])

    def test_a_run_goes_on_after_each_post_as_if_it_had_not_stopped(
        self, mastodon_server: MastodonServer, client: Client
    ) -> None:
        mastodon_server.habits.page_size = 2
        whole = read(mastodon_server, client)
        for number, page in enumerate(whole[:-1], start=1):
            assert readings(read(mastodon_server, client, page.resume)) == readings(whole[number:])

    def test_a_resume_that_makes_no_sense_starts_again(self, mastodon_server: MastodonServer, client: Client) -> None:
        whole = readings(read(mastodon_server, client))
        for resume in ("", "nonsense", "[]", "[1, 2]", '["?&=%", "x"]', "null"):
            assert readings(read(mastodon_server, client, resume)) == whole

    def test_long_lists_are_read_page_by_page(
        self, mastodon_server: MastodonServer, garden: Garden, client: Client
    ) -> None:
        mastodon_server.habits.page_size = 3
        tomatoes = readings(read(mastodon_server, client))[mastodon_server.page_of(garden.tomatoes)]
        assert len([each for each in tomatoes.reactions if each.kind == "like"]) == len(FRIENDS) + len(LOCALS)
        assert tomatoes.complete == KINDS

    def test_broken_paging_ends_and_is_remembered_as_incomplete(
        self, mastodon_server: MastodonServer, garden: Garden, client: Client
    ) -> None:
        mastodon_server.habits = Habits(broken_paging=True, page_size=10)
        tomatoes = readings(read(mastodon_server, client))[mastodon_server.page_of(garden.tomatoes)]
        # Eight reposts fit on the first page, the likes do not.
        assert tomatoes.complete == {"repost", "reply"}
        assert [each for each in tomatoes.reactions if each.kind == "like"]

    def test_a_page_that_leads_to_itself_ends(self, mastodon_server: MastodonServer, client: Client) -> None:
        mastodon_server.habits = Habits(next_forever=True, page_size=4)
        assert read(mastodon_server, client)[-1] == Page((), None)
        assert len(mastodon_server.asked) < 20

    def test_the_next_page_is_asked_from_the_home_server_even_if_it_names_another(
        self, mastodon_server: MastodonServer, client: Client
    ) -> None:
        whole = readings(read(mastodon_server, client))
        mastodon_server.habits = Habits(next_host="evil.test", page_size=3)
        assert readings(read(mastodon_server, client)) == whole

    @pytest.mark.parametrize("link", ["<", "<:://>; rel=next", '<http://[::>; rel="next"', '<?>; rel="next"', ";;,"])
    def test_a_link_that_is_none_ends_the_list(
        self, link: str, mastodon_server: MastodonServer, client: Client
    ) -> None:
        whole = readings(read(mastodon_server, client))
        mastodon_server.spoil = lambda _kind, reply: Reply(reply.body, reply.status, {"Link": link})
        assert readings(read(mastodon_server, client)) == whole

    def test_a_server_that_never_counts_is_asked_for_its_lists(
        self, mastodon_server: MastodonServer, client: Client
    ) -> None:
        whole = readings(read(mastodon_server, client))
        mastodon_server.habits.never_counts = True
        assert readings(read(mastodon_server, client)) == whole

    def test_lists_with_a_count_of_zero_are_not_asked_for_where_counts_are_kept(
        self, mastodon_server: MastodonServer, garden: Garden, client: Client
    ) -> None:
        reading = readings(read(mastodon_server, client))[mastodon_server.page_of(garden.bees)]
        assert reading.complete == KINDS
        assert f"/api/v1/statuses/{garden.bees.id}/reblogged_by" not in mastodon_server.paths

    def test_a_list_that_needs_a_login_is_incomplete_and_asked_for_once(
        self, mastodon_server: MastodonServer, garden: Garden, client: Client
    ) -> None:
        mastodon_server.habits.closed = frozenset({"favourited_by"})
        found = readings(read(mastodon_server, client))
        assert found[mastodon_server.page_of(garden.tomatoes)].complete == {"repost", "reply"}
        assert len([path for path in mastodon_server.paths if path.endswith("favourited_by")]) == 1

    def test_posts_that_need_a_login_end_the_run_with_that_reason(
        self, mastodon_server: MastodonServer, client: Client
    ) -> None:
        mastodon_server.habits.closed = frozenset({"statuses"})
        with pytest.raises(Failure) as failure:
            read(mastodon_server, client)
        assert reason_of(failure) == Reason.LOGIN_REQUIRED

    def test_one_broken_list_does_not_hide_the_older_posts(
        self, mastodon_server: MastodonServer, garden: Garden, client: Client
    ) -> None:
        def spoil(kind: str, reply: Reply) -> Reply:
            return Reply(b"oops", 500) if kind == "context" else reply

        mastodon_server.spoil = spoil
        found = readings(with_gaps(collecting(mastodon_server, client)))
        assert found[mastodon_server.page_of(garden.tomatoes)].complete == {"like", "repost"}
        assert mastodon_server.page_of(garden.bees) in found

    @pytest.mark.parametrize("body", [{"ancestors": []}, {"descendants": 3}, [], "x"])
    def test_a_thread_that_is_none_is_incomplete(
        self, body: object, mastodon_server: MastodonServer, garden: Garden, client: Client
    ) -> None:
        mastodon_server.spoil = lambda kind, reply: Reply(body) if kind == "context" else reply
        found = readings(with_gaps(collecting(mastodon_server, client)))
        assert found[mastodon_server.page_of(garden.tomatoes)].complete == {"like", "repost"}

    def test_everything_broken_ends_the_run(self, mastodon_server: MastodonServer, client: Client) -> None:
        kinds = ("context", "favourited_by", "reblogged_by")
        mastodon_server.spoil = lambda kind, reply: Reply(b"oops", 500) if kind in kinds else reply
        with pytest.raises(Failure) as failure:
            read(mastodon_server, client)
        assert reason_of(failure) == Reason.UNREACHABLE

    def test_a_long_thread_is_cut_by_the_server_and_therefore_incomplete(
        self, mastodon_server: MastodonServer, garden: Garden, client: Client
    ) -> None:
        for number in range(70):
            server_time = days_before(client.now(), 7) + timedelta(minutes=number)
            mastodon_server.post(f"gast{number}@wiese.test", "Ja", server_time, to=garden.bees)
        bees = readings(read(mastodon_server, client))[mastodon_server.page_of(garden.bees)]
        assert bees.complete == {"like", "repost"}
        assert len([each for each in bees.reactions if each.kind == "reply"]) == 60

    def test_a_feed_that_is_no_list_is_not_understood(self, mastodon_server: MastodonServer, client: Client) -> None:
        mastodon_server.spoil = lambda _kind, _reply: Reply({"statuses": []})
        with pytest.raises(Failure) as failure:
            read(mastodon_server, client)
        assert reason_of(failure) == Reason.NOT_UNDERSTOOD

    @pytest.mark.parametrize(
        "moment", ["1970-01-01T00:00:00Z", "2035-01-01T00:00:00Z", "", None, 17, "soon", "2026-99"]
    )
    def test_posts_with_impossible_dates_are_left_out(
        self, moment: object, mastodon_server: MastodonServer, garden: Garden, client: Client
    ) -> None:
        garden.tomatoes.more["created_at"] = moment
        assert mastodon_server.page_of(garden.tomatoes) not in readings(read(mastodon_server, client))

    def test_replies_with_impossible_dates_are_left_out_and_wrong_clocks_put_right(
        self, mastodon_server: MastodonServer, clock: VirtualClock, client: Client
    ) -> None:
        post = mastodon_server.post("mira", "Frage", days_before(clock.now(), 3))
        dates = {
            "a@wiese.test": datetime(1970, 1, 1, tzinfo=UTC),
            "b@wiese.test": datetime(2035, 1, 1, tzinfo=UTC),
            "c@wiese.test": clock.now() + timedelta(hours=20),
            "d@wiese.test": days_before(clock.now(), 4),
        }
        for name, at in dates.items():
            mastodon_server.post(name, "Antwort", at, to=post)
            mastodon_server.person(name).created = datetime(2020, 1, 1, tzinfo=UTC)
        reading = readings(read(mastodon_server, client))[mastodon_server.page_of(post)]
        assert {(each.actor_id, each.day) for each in reading.reactions} == {
            ("c@wiese.test", date(2026, 11, 22)),
            ("d@wiese.test", date(2026, 11, 19)),
        }

    def test_a_rate_limit_ends_the_run_with_the_time_to_come_again_and_loses_nothing(
        self, mastodon_server: MastodonServer, clock: VirtualClock, client: Client
    ) -> None:
        whole = readings(read(mastodon_server, client))
        reset = clock.now().replace(microsecond=0) + timedelta(minutes=4)
        mastodon_server.habits = Habits(allowance=len(mastodon_server.asked) + 4, reset=reset)
        pages: list[Page] = []
        since = clock.now().date() - timedelta(days=90)
        with pytest.raises(Failure) as failure:
            pages.extend(Mastodon().collect(client, mastodon_server.remote_id(), since))
        assert reason_of(failure) == Reason.RATE_LIMITED
        assert failure.value.retry_at == reset
        mastodon_server.habits = Habits()
        clock.sleep(240)
        pages += read(mastodon_server, client, pages[-1].resume if pages else None)
        assert readings(pages) == whole


class TestAddresses:
    def test_the_server_s_own_form_of_an_address_is_kept(
        self, mastodon_server: MastodonServer, garden: Garden, client: Client
    ) -> None:
        garden.bees.more["url"] = said = f"{mastodon_server.origin}/p/mira/{garden.bees.id}/"
        assert said in readings(read(mastodon_server, client))

    @pytest.mark.parametrize(
        "said", ["javascript:alert(1)", "https://evil.test/{id}", "{origin}/@mira/1", None, "{origin}/ü/{id}"]
    )
    def test_any_other_address_is_replaced_by_the_usual_one(
        self, said: str | None, mastodon_server: MastodonServer, garden: Garden, client: Client
    ) -> None:
        usual = mastodon_server.page_of(garden.bees)
        filled = said and said.format(origin=mastodon_server.origin, id=garden.bees.id)
        garden.bees.more["url"] = filled
        assert usual in readings(read(mastodon_server, client))

    def test_unusual_hosts_of_remote_people_become_ascii(
        self, mastodon_server: MastodonServer, garden: Garden, client: Client
    ) -> None:
        mastodon_server.favourite("Änne@wiese.test", garden.bees)
        mastodon_server.favourite("Ute@Gärten.test", garden.bees)
        mastodon_server.favourite("bad@exa mple.test", garden.bees)
        bees = readings(read(mastodon_server, client))[mastodon_server.page_of(garden.bees)]
        assert {each.actor_id for each in bees.reactions} == {*FRIENDS[:2], "ute@xn--grten-gra.test"}


class TestLookingAgain:
    def test_posts_that_went_away_or_became_private_are_told(
        self, mastodon_server: MastodonServer, garden: Garden, client: Client
    ) -> None:
        known = [mastodon_server.page_of(each) for each in (garden.tomatoes, garden.bees, garden.own_reply)]
        mastodon_server.delete(garden.bees)
        garden.own_reply.visibility = "unlisted"
        gone = Mastodon().check(client, mastodon_server.remote_id(), [*known, "https://x.test/@mira/", "???"])
        assert gone == {*known[1:], "https://x.test/@mira/", "???"}

    def test_a_login_that_is_wanted_now_is_no_deletion(
        self, mastodon_server: MastodonServer, garden: Garden, client: Client
    ) -> None:
        mastodon_server.habits.closed = frozenset({"status"})
        with pytest.raises(Failure) as failure:
            Mastodon().check(client, mastodon_server.remote_id(), [mastodon_server.page_of(garden.bees)])
        assert reason_of(failure) == Reason.LOGIN_REQUIRED

    def test_recent_texts_are_public_ones_only(self, mastodon_server: MastodonServer, client: Client) -> None:
        texts = list(Mastodon().recent_texts(client, mastodon_server.remote_id()))
        assert texts == ["Nachtrag", "Erste Tomaten & viel Sonne", "Die Bienen sind da", "Voriges Jahr"]
