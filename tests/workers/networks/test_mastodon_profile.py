"""Tests finding accounts on servers that speak Mastodon's API, and reading their profiles."""

from urllib.parse import urlencode

import pytest

from tests.workers.networks.conftest import MakeClient
from tests.workers.networks.loopback import Asked, LoopbackServer, Reply
from tests.workers.networks.mastodon_server import Habits, MastodonServer
from workers.networks.client import Client
from workers.networks.failure import Failure, Reason
from workers.networks.mastodon import Mastodon

pytestmark = pytest.mark.usefixtures("garden")


def reason_of(failure: pytest.ExceptionInfo[Failure]) -> Reason:
    return failure.value.reason


def moved_to(server: MastodonServer, asked: Asked) -> Reply:
    """The same address at another server."""
    return Reply(b"", 301, {"Location": f"{server.origin}{asked.path}?{urlencode(asked.params)}"})


class TestFinding:
    @pytest.mark.parametrize("form", ["@mira@{}", "mira@{}", " Mira@{} ", "http://{}/@mira", "http://{}/users/mira/"])
    def test_every_way_to_name_an_account_finds_it(
        self, form: str, mastodon_server: MastodonServer, client: Client
    ) -> None:
        profile = Mastodon().find(client, form.format(mastodon_server.host))
        assert profile.remote_id == mastodon_server.remote_id()
        assert profile.handle == f"@mira@{mastodon_server.host}"
        assert profile.actor_id == f"mira@{mastodon_server.host}"
        assert profile.address == f"{mastodon_server.origin}/@mira"
        assert profile.followers == 57
        assert profile.bio == "Garten, Fahrrad. Erfunden."

    def test_a_server_that_shows_local_accounts_with_their_host_is_understood(
        self, mastodon_server: MastodonServer, client: Client
    ) -> None:
        mastodon_server.habits.full_acct = True
        assert Mastodon().find(client, f"mira@{mastodon_server.host}").actor_id == f"mira@{mastodon_server.host}"

    @pytest.mark.parametrize("html", [False, True])
    def test_an_unknown_name_is_unknown_whatever_the_error_looks_like(
        self, html: bool, mastodon_server: MastodonServer, client: Client
    ) -> None:
        mastodon_server.habits.html_errors = html
        with pytest.raises(Failure) as failure:
            Mastodon().find(client, f"nobody@{mastodon_server.host}")
        assert reason_of(failure) == Reason.UNKNOWN_ACCOUNT

    @pytest.mark.parametrize("status", [401, 403, 422])
    def test_a_server_that_wants_a_login_says_so(
        self, status: int, mastodon_server: MastodonServer, client: Client
    ) -> None:
        mastodon_server.habits = Habits(closed=Habits.all_closed(), closed_status=status)
        with pytest.raises(Failure) as failure:
            Mastodon().find(client, f"mira@{mastodon_server.host}")
        assert reason_of(failure) == Reason.LOGIN_REQUIRED

    @pytest.mark.parametrize(
        ("more", "reason"), [({"suspended": True}, Reason.GONE), ({"moved": {"id": "2", "acct": "x"}}, Reason.MOVED)]
    )
    def test_suspended_and_moved_accounts_are_told_apart(
        self, more: dict[str, object], reason: Reason, mastodon_server: MastodonServer, client: Client
    ) -> None:
        mastodon_server.person("mira").more = more
        with pytest.raises(Failure) as failure:
            Mastodon().find(client, f"mira@{mastodon_server.host}")
        assert reason_of(failure) == reason

    def test_an_account_whose_server_has_another_name_is_found_by_webfinger(
        self, mastodon_server: MastodonServer, make_client: MakeClient
    ) -> None:
        with MastodonServer() as domain:
            domain.habits = Habits(webfinger=mastodon_server.host, html_errors=True)
            client = make_client(domain.origin, mastodon_server.origin)
            profile = Mastodon().find(client, f"mira@{domain.host}")
        assert profile.remote_id == mastodon_server.remote_id()
        assert mastodon_server.asked[0].params["acct"] == f"mira@{domain.host}"

    def test_a_server_with_two_names_has_each_account_once(
        self, mastodon_server: MastodonServer, make_client: MakeClient
    ) -> None:
        with LoopbackServer(lambda asked: moved_to(mastodon_server, asked)) as alias:
            client = make_client(alias.origin, mastodon_server.origin)
            profile = Mastodon().find(client, f"mira@{alias.host}")
            assert profile == Mastodon().find(client, f"mira@{mastodon_server.host}")
            assert profile.remote_id == mastodon_server.remote_id()
            assert profile.actor_id == f"mira@{mastodon_server.host}"
            number = profile.remote_id.partition(" ")[2]
            for ask in (Mastodon().profile, Mastodon().recent_texts):
                with pytest.raises(Failure) as failure:
                    ask(client, f"{alias.host} {number}")
                assert reason_of(failure) == Reason.MOVED

    def test_webfinger_that_names_only_the_same_server_does_not_go_round_in_circles(
        self, mastodon_server: MastodonServer, client: Client
    ) -> None:
        mastodon_server.habits = Habits(no_lookup=True, webfinger=mastodon_server.host)
        with pytest.raises(Failure) as failure:
            Mastodon().find(client, f"mira@{mastodon_server.host}")
        assert reason_of(failure) == Reason.UNKNOWN_ACCOUNT
        assert len(mastodon_server.asked) == 2

    @pytest.mark.parametrize("claimed", ["victim", "mira@famous.test", "", None, 7])
    def test_a_server_cannot_answer_with_somebody_else(
        self, claimed: object, mastodon_server: MastodonServer, client: Client
    ) -> None:
        mastodon_server.person("mira").more = {"acct": claimed}
        with pytest.raises(Failure) as failure:
            Mastodon().find(client, f"mira@{mastodon_server.host}")
        assert reason_of(failure) == Reason.NOT_UNDERSTOOD

    def test_a_web_site_that_is_no_such_server_has_no_such_account(
        self, mastodon_server: MastodonServer, client: Client
    ) -> None:
        mastodon_server.spoil = lambda _kind, _reply: Reply(b"<html>Hello</html>")
        with pytest.raises(Failure) as failure:
            Mastodon().find(client, f"mira@{mastodon_server.host}")
        assert reason_of(failure) == Reason.UNKNOWN_ACCOUNT

    def test_an_unreachable_server_is_told_as_that(self, make_client: MakeClient) -> None:
        with MastodonServer() as server:
            host = server.host
        with pytest.raises(Failure) as failure:
            Mastodon().find(make_client(f"http://{host}"), f"mira@{host}")
        assert reason_of(failure) == Reason.UNREACHABLE

    def test_a_failing_webfinger_is_told_as_that(self, mastodon_server: MastodonServer, client: Client) -> None:
        mastodon_server.habits.no_lookup = True
        mastodon_server.spoil = lambda kind, reply: Reply(b"", 500) if kind == "webfinger" else reply
        with pytest.raises(Failure) as failure:
            Mastodon().find(client, f"mira@{mastodon_server.host}")
        assert reason_of(failure) == Reason.UNREACHABLE


class TestProfile:
    def test_links_are_those_of_the_fields_and_what_the_note_calls_me(
        self, mastodon_server: MastodonServer, client: Client
    ) -> None:
        mira = mastodon_server.person("mira")
        mira.note = '<p>Garten <a rel="ME nofollow" href="https://a.test">a</a> <a href="https://b.test">b</a></p>'
        mira.fields = [
            {"name": "Web", "value": '<a href="https://c.test/me" rel="me nofollow">c.test</a>', "verified_at": None},
            {"name": "Plain", "value": "https://d.test/mira", "verified_at": None},
            {"name": "Code", "value": "klarwert-1", "verified_at": None},
        ]
        profile = Mastodon().profile(client, mastodon_server.remote_id())
        assert profile.links == ("https://a.test", "https://c.test/me", "https://d.test/mira")
        assert profile.bio == "Garten a b\nWeb: c.test\nPlain: https://d.test/mira\nCode: klarwert-1"

    @pytest.mark.parametrize("status", [404, 410])
    def test_a_deleted_account_is_gone(self, status: int, mastodon_server: MastodonServer, client: Client) -> None:
        mastodon_server.spoil = lambda _kind, _reply: Reply(b"<html>", status)
        with pytest.raises(Failure) as failure:
            Mastodon().profile(client, mastodon_server.remote_id())
        assert reason_of(failure) == Reason.GONE

    @pytest.mark.parametrize("answer", [Reply([]), Reply({"id": "1"}), Reply({}, 400), Reply(b"{", 200)])
    def test_an_answer_about_somebody_else_or_nobody_is_not_understood(
        self, answer: Reply, mastodon_server: MastodonServer, client: Client
    ) -> None:
        mastodon_server.spoil = lambda _kind, _reply: answer
        with pytest.raises(Failure) as failure:
            Mastodon().profile(client, mastodon_server.remote_id())
        assert reason_of(failure) == Reason.NOT_UNDERSTOOD

    @pytest.mark.parametrize("remote", ["", "wiese.test", "wiese.test ../..", "wiese.test 1 2"])
    def test_an_id_that_is_none_of_ours_is_refused(self, remote: str, make_client: MakeClient) -> None:
        with pytest.raises(Failure) as failure:
            Mastodon().profile(make_client(), remote)
        assert reason_of(failure) == Reason.BAD_ADDRESS

    def test_a_negative_number_of_followers_is_no_number(self, mastodon_server: MastodonServer, client: Client) -> None:
        mastodon_server.person("mira").followers = -4
        assert Mastodon().profile(client, mastodon_server.remote_id()).followers is None

    def test_the_page_of_a_profile_is_never_an_address_elsewhere(
        self, mastodon_server: MastodonServer, client: Client
    ) -> None:
        for said in ("javascript:alert(1)/@mira", "https://evil.test/@mira", 3):
            mastodon_server.person("mira").more = {"url": said}
            page = Mastodon().profile(client, mastodon_server.remote_id()).address
            assert page == f"{mastodon_server.origin}/@mira"
