"""Tests the client against real servers on loopback: limits, politeness, silence."""

import gzip
import logging
import threading
import traceback
import zlib
from collections.abc import Iterator
from datetime import timedelta

import pytest

from tests.workers.networks.clock import VirtualClock
from tests.workers.networks.conftest import AGENT, MakeClient
from tests.workers.networks.loopback import Asked, LoopbackServer, Reply
from workers.networks.client import Client, utc_now
from workers.networks.failure import Failure, Reason


class Scripted(LoopbackServer):
    """Gives the prepared answers one after the other, the last one for ever."""

    def __init__(self) -> None:
        self.replies: list[Reply] = [Reply({"ok": True})]
        super().__init__(lambda _asked: self.replies.pop(0) if len(self.replies) > 1 else self.replies[0])


@pytest.fixture
def server() -> Iterator[Scripted]:
    with Scripted() as running:
        yield running


@pytest.fixture
def client(make_client: MakeClient, server: Scripted) -> Client:
    return make_client(server.origin, body_bytes=2000, depth=8)


def fails(client: Client, url: str) -> Failure:
    with pytest.raises(Failure) as failure:
        client.get_json(url)
    return failure.value


class TestAsking:
    def test_a_request_names_the_instance_and_what_it_asks_for(self, server: Scripted, client: Client) -> None:
        answer = client.get_json(f"{server.origin}/a/ü?x=1", {"q": "ö&", "n": 3, "many": ["1", "2"]})
        assert (answer.status, answer.data) == (200, {"ok": True})
        asked = server.asked[0]
        assert asked.path == "/a/%C3%BC"
        assert asked.values == {"x": ["1"], "q": ["ö&"], "n": ["3"], "many": ["1", "2"]}
        assert asked.headers == {
            "host": server.host, "user-agent": AGENT, "accept": "application/json", "accept-encoding": "gzip",
        }  # fmt: skip

    def test_headers_are_found_whatever_their_case(self, server: Scripted, client: Client) -> None:
        server.replies = [Reply([], headers={"LINK": "<x>"})]
        assert client.get_json(server.origin).headers["link"] == "<x>"

    def test_cookies_are_not_kept(self, server: Scripted, client: Client) -> None:
        server.replies = [Reply([], headers={"Set-Cookie": "id=1"})]
        client.get_json(server.origin)
        client.get_json(server.origin)
        assert "cookie" not in server.asked[1].headers

    def test_proxies_of_the_environment_are_not_used(
        self, server: Scripted, client: Client, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        for name in ("http_proxy", "HTTP_PROXY", "all_proxy", "ALL_PROXY"):
            monkeypatch.setenv(name, "http://127.0.0.1:9")
        assert client.get_json(server.origin).status == 200

    def test_the_time_is_utc(self) -> None:
        assert utc_now().utcoffset() == timedelta(0)


class TestRedirects:
    def test_three_redirects_are_followed_and_not_a_fourth(self, server: Scripted, client: Client) -> None:
        steps = [Reply(b"", 301 + number, {"Location": f"/{number}"}) for number in range(3)]
        server.replies = [*steps, Reply({"ok": 1})]
        assert client.get_json(f"{server.origin}/start").data == {"ok": 1}
        assert server.paths == ["/start", "/0", "/1", "/2"]
        server.replies = [*steps, Reply(b"", 308, {"Location": "/3"}), Reply({"ok": 1})]
        assert fails(client, server.origin).reason == Reason.NOT_UNDERSTOOD

    def test_who_answered_is_told(self, server: Scripted, make_client: MakeClient) -> None:
        with Scripted() as other:
            client = make_client(server.origin, other.origin)
            server.replies = [Reply({}), Reply(b"", 301, {"Location": f"{other.origin}/x"})]
            assert client.get_json(server.origin).host == server.host
            assert client.get_json(server.origin).host == other.host

    def test_a_redirect_to_an_address_inside_is_refused(self, server: Scripted, client: Client) -> None:
        with Scripted() as inside:
            for location in (
                inside.origin,
                f"//{inside.host}/x",
                "http://127.0.0.1:5432/",
                "",
                "http://[",
                "x" * 13_000,
            ):
                server.replies = [Reply(b"", 302, {"Location": location})]
                assert fails(client, server.origin).reason == Reason.REFUSED_ADDRESS
            assert inside.asked == []


class TestBodies:
    @pytest.mark.parametrize(
        "body",
        [
            b"", b"<html></html>", b"{", b"NaN", b'{"a": Infinity}', b"\xff\xfe", b'"' + b"x" * 3000 + b'"',
            b"[" * 9 + b"]" * 9, b"[" * 900, b"\x00", b"undefined", b'{"a":1}}',
        ],
    )  # fmt: skip
    def test_what_is_no_modest_json_is_not_understood(self, body: bytes, server: Scripted, client: Client) -> None:
        server.replies = [Reply(body)]
        assert fails(client, server.origin).reason == Reason.NOT_UNDERSTOOD

    def test_numbers_too_long_to_read_are_not_understood(self, server: Scripted, make_client: MakeClient) -> None:
        server.replies = [Reply(b"9" * 5000)]
        assert fails(make_client(server.origin), server.origin).reason == Reason.NOT_UNDERSTOOD

    def test_json_may_be_as_deep_as_the_limit(self, server: Scripted, client: Client) -> None:
        server.replies = [Reply(b"[" * 7 + b"1" + b"]" * 7)]
        assert client.get_json(server.origin).status == 200

    def test_gzip_is_unpacked(self, server: Scripted, client: Client) -> None:
        server.replies = [Reply(gzip.compress(b'{"a": 1}') + b"trailing", headers={"Content-Encoding": "gzip"})]
        assert client.get_json(server.origin).data == {"a": 1}

    @pytest.mark.parametrize(
        ("body", "encoding"),
        [
            (gzip.compress(b" " * 50_000_000, mtime=0), "gzip"),
            (gzip.compress(gzip.compress(b" " * 50_000_000, mtime=0), mtime=0), "gzip, gzip"),
            (zlib.compress(b"{}"), "deflate"),
            (b"{}", "br"),
            (b"{}", "gzip"),
            (gzip.compress(b'{"a": 1}', mtime=0)[:-12], "gzip"),
        ],
    )
    def test_bombs_and_odd_packings_are_not_understood(
        self, body: bytes, encoding: str, server: Scripted, make_client: MakeClient
    ) -> None:
        server.replies = [Reply(body, headers={"Content-Encoding": encoding})]
        assert fails(make_client(server.origin, body_bytes=200_000), server.origin).reason == Reason.NOT_UNDERSTOOD

    @pytest.mark.parametrize("body", [b"<html>", b"", b"x" * 5000, b'{"error": "no"}'])
    def test_an_error_is_an_answer_whatever_its_body(self, body: bytes, server: Scripted, client: Client) -> None:
        server.replies = [Reply(body, 404)]
        answer = client.get_json(server.origin)
        assert answer.status == 404
        assert answer.data == ({"error": "no"} if body.startswith(b"{") else None)

    def test_a_status_that_means_nothing_here_is_not_understood(self, server: Scripted, client: Client) -> None:
        server.replies = [Reply(b"", 204)]
        assert fails(client, server.origin).reason == Reason.NOT_UNDERSTOOD


class TestPoliteness:
    def test_a_short_wait_is_waited(self, server: Scripted, client: Client, clock: VirtualClock) -> None:
        server.replies = [Reply({}, 429, {"Retry-After": "7"}), Reply({"ok": 1})]
        assert client.get_json(server.origin).data == {"ok": 1}
        assert clock.sleeps == [7.0]

    def test_a_long_wait_ends_the_run_with_the_time_to_come_again(
        self, server: Scripted, client: Client, clock: VirtualClock
    ) -> None:
        server.replies = [Reply({}, 429, {"Retry-After": "600"})]
        failure = fails(client, server.origin)
        assert failure.reason == Reason.RATE_LIMITED
        assert failure.retry_at == clock.now() + timedelta(minutes=10)
        assert clock.sleeps == []
        assert fails(client, server.origin).retry_at == failure.retry_at
        assert len(server.asked) == 1

    def test_a_refusal_without_any_time_means_five_minutes(
        self, server: Scripted, client: Client, clock: VirtualClock
    ) -> None:
        server.replies = [Reply(b"<html>", 429)]
        assert fails(client, server.origin).retry_at == clock.now() + timedelta(minutes=5)

    def test_a_server_that_refuses_again_and_again_is_left(self, server: Scripted, client: Client) -> None:
        server.replies = [Reply({}, 429, {"Retry-After": "0"})]
        assert fails(client, server.origin).reason == Reason.RATE_LIMITED
        assert len(server.asked) == 3

    def test_the_last_of_an_allowance_is_respected_before_the_server_has_to_refuse(
        self, server: Scripted, client: Client, clock: VirtualClock
    ) -> None:
        reset = clock.now() + timedelta(seconds=12)
        headers = {"X-RateLimit-Remaining": "0", "X-RateLimit-Reset": reset.isoformat()}
        server.replies = [Reply([1], headers=headers), Reply([2])]
        assert client.get_json(server.origin).data == [1]
        assert client.get_json(server.origin).data == [2]
        assert clock.sleeps == [12.0]

    def test_what_ends_the_run_is_asked_before_each_request(self, server: Scripted) -> None:
        looks: list[int] = []

        def alive() -> None:
            looks.append(len(server.asked))
            if len(looks) == 3:
                raise InterruptedError

        with Client(AGENT, {server.origin}, alive=alive) as client:
            client.get_json(server.origin)
            client.get_json(server.origin)
            with pytest.raises(InterruptedError):
                client.get_json(server.origin)
        assert looks == [0, 1, 2]

    def test_waiting_has_an_end_in_all(self, server: Scripted, make_client: MakeClient, clock: VirtualClock) -> None:
        client = make_client(server.origin, patience_in_all_seconds=60)
        server.replies = [Reply([1], headers={"ratelimit-remaining": "0", "ratelimit-reset": "29"})]
        for _ in range(3):
            client.get_json(server.origin)
        assert fails(client, server.origin).reason == Reason.RATE_LIMITED
        assert sum(clock.sleeps) == 58

    def test_a_run_has_a_ceiling(self, server: Scripted, make_client: MakeClient, clock: VirtualClock) -> None:
        client = make_client(server.origin, requests=2)
        client.get_json(server.origin)
        client.get_json(server.origin)
        failure = fails(client, server.origin)
        assert (failure.reason, failure.retry_at) == (Reason.RATE_LIMITED, clock.now() + timedelta(minutes=15))
        assert client.requests == len(server.asked) == 2

    def test_failing_servers_are_asked_thrice_with_growing_pauses(
        self, server: Scripted, client: Client, clock: VirtualClock
    ) -> None:
        server.replies = [Reply(b"<html>", 502), Reply(b"", 500), Reply({"ok": 1})]
        assert client.get_json(server.origin).data == {"ok": 1}
        assert clock.sleeps == [1.0, 2.0]
        server.replies = [Reply(b"", 503)]
        assert fails(client, server.origin).reason == Reason.UNREACHABLE
        assert len(server.asked) == 6

    def test_an_overloaded_server_that_names_a_time_is_believed(
        self, server: Scripted, client: Client, clock: VirtualClock
    ) -> None:
        server.replies = [Reply(b"", 503, {"Retry-After": "5"}), Reply({"ok": 1})]
        assert client.get_json(server.origin).data == {"ok": 1}
        assert clock.sleeps == [5.0]
        server.replies = [Reply(b"", 503, {"Retry-After": "3600"})]
        assert fails(client, server.origin).retry_at == clock.now() + timedelta(hours=1)

    def test_nobody_there_is_unreachable(self, make_client: MakeClient) -> None:
        with Scripted() as gone:
            origin = gone.origin
        assert fails(make_client(origin), origin).reason == Reason.UNREACHABLE

    def test_one_host_gets_one_request_at_a_time_from_the_whole_process(self, make_client: MakeClient) -> None:
        inside, most = [0], [0]
        count = threading.Lock()

        def answer(asked: Asked) -> Reply:
            with count:
                inside[0] += 1
                most[0] = max(most[0], inside[0])
            started.wait(0.02)
            with count:
                inside[0] -= 1
            return Reply([])

        started = threading.Event()
        with LoopbackServer(answer) as server:
            clients = [make_client(server.origin) for _ in range(4)]
            threads = [threading.Thread(target=client.get_json, args=(server.origin,)) for client in clients]
            for thread in threads:
                thread.start()
            for thread in threads:
                thread.join()
        assert most == [1]
        assert len(server.asked) == 4


def told(client: Client, url: str) -> str:
    """All that a traceback of the failure would print, if there is one."""
    try:
        client.get_json(url, {"acct": "canary"})
    except Failure as failure:
        return "".join(traceback.format_exception(failure, limit=0))
    return ""


class TestSilence:
    @pytest.mark.parametrize("reply", [Reply({}), Reply(b"x"), Reply(b"", 500), Reply({}, 429), Reply(b"", 302)])
    def test_no_log_and_no_failure_says_whom_we_asked_about(
        self, reply: Reply, server: Scripted, client: Client, caplog: pytest.LogCaptureFixture
    ) -> None:
        server.replies = [
            Reply(reply.body, reply.status, {"Link": "<canary>", "Location": "http://127.0.0.1:1/canary"})
        ]
        with caplog.at_level(logging.DEBUG):
            logging.getLogger("httpcore.connection").debug("does this canary show?")
            assert not logging.getLogger("httpcore").propagate
            said = told(client, f"{server.origin}/canary")
        assert "canary" not in said
        assert "canary" not in caplog.text
        assert "127.0.0.1" not in caplog.text


def test_a_client_closes_what_it_opened(server: Scripted) -> None:
    with Client(AGENT, {server.origin}) as client:
        assert client.get_json(server.origin).status == 200
