"""Tests reading what people type for an account."""

import pytest

from tests.workers.networks.conftest import MakeClient
from tests.workers.networks.loopback import LoopbackServer, Reply
from workers.networks.failure import Failure, Reason
from workers.networks.fediverse_address import Named, home_of, named


@pytest.mark.parametrize(
    ("typed", "name", "host"),
    [
        ("@mira@garten.test", "mira", "garten.test"),
        ("mira@garten.test", "mira", "garten.test"),
        ("  @Mira_M.x-1@Garten.Test ", "mira_m.x-1", "garten.test"),
        ("@mira@münchen.test", "mira", "xn--mnchen-3ya.test"),
        ("@mira@127.0.0.1:4000", "mira", "127.0.0.1:4000"),
        ("https://garten.test/@mira", "mira", "garten.test"),
        ("https://garten.test:443/@mira/", "mira", "garten.test"),
        ("https://garten.test/users/mira", "mira", "garten.test"),
        ("https://garten.test/mira", "mira", "garten.test"),
        ("https://garten.test/@mira@wiese.test", "mira", "wiese.test"),
        ("https://garten.test/@mira#posts", "mira", "garten.test"),
    ],
)
def test_accounts_are_named_in_many_ways(typed: str, name: str, host: str) -> None:
    assert named(typed) == Named(name, host)


@pytest.mark.parametrize(
    "typed",
    [
        "", "mira", "@mira", "@@garten.test", "mira@", "a b@garten.test", "mira@gar ten.test", "mira@a@b.test",
        "möhre@garten.test", "mira@garten.test/x", "mira@garten.test?x", "https://garten.test/", "https://garten.test/@mira/123",
        "http://[/@mira", "https://garten.test/@mira?x=1", "https://a@garten.test/@mira", "https://[::/@mira",
        "ftp://garten.test/@mira", "x" * 500,
        "mira@ⓔ.test", "mira@garten\\.test", "mira@" + "a" * 261,
    ],
)  # fmt: skip
def test_what_names_no_account_is_a_bad_address(typed: str) -> None:
    with pytest.raises(Failure) as failure:
        named(typed)
    assert failure.value.reason == Reason.BAD_ADDRESS


@pytest.mark.parametrize(
    "body",
    [
        b"<html>", [], {}, {"links": 3}, {"links": [{"rel": "other", "href": "https://b.test/"}]},
        {"links": [{"rel": "self"}]}, {"links": [{"rel": "self", "href": "https://["}]},
        {"links": [{"rel": "self", "href": ""}]},
    ],
)  # fmt: skip
def test_webfinger_without_a_home_gives_none(body: object, make_client: MakeClient) -> None:
    with LoopbackServer(lambda _asked: Reply(body)) as server:
        assert home_of(make_client(server.origin), Named("mira", server.host)) is None
        assert server.asked[0].params == {"resource": f"acct:mira@{server.host}"}


def test_webfinger_names_the_home() -> None:
    assert named("mira@garten.test") == Named("mira", "garten.test")


def test_webfinger_gives_the_first_other_host(make_client: MakeClient) -> None:
    links = [
        {"rel": "self", "href": "https://Social.Garten.test/users/mira"},
        {"rel": "self", "href": "https://x.test"},
    ]
    with LoopbackServer(lambda _asked: Reply({"links": links})) as server:
        assert home_of(make_client(server.origin), Named("mira", server.host)) == "social.garten.test"
