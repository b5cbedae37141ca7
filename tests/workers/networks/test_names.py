"""Tests asking the DNS for texts, with a real server on loopback, and proving a domain by them."""

from collections.abc import Iterator

import dns.resolver
import pytest

from tests.workers.networks.contract.case import read
from tests.workers.networks.contract.stage import Stage
from tests.workers.networks.dns import NameServer
from workers.networks.blog import Blog
from workers.networks.client import Client
from workers.networks.failure import Failure, Reason
from workers.networks.names import system_texts, texts_by
from workers.networks.proof import find_proof
from workers.networks.shape import Profile

CODE = "klarwert-abcdefgh23456789"
PAGE = f"https://klarwert.example/me/{CODE}"
NAME = "_klarwert.mira.example"
LONG = (b"v=klarwert1; " + b"x" * 200, b"y" * 200, CODE.encode())


@pytest.fixture
def told(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Iterator[NameServer]:
    """A name server that has the TXT records of the test's parameter, as this machine's only one."""
    texts = {"empty.example": [], "odd.example": [(b"\xff\xfe", b"\x00")], "broken.example": None}
    names = {"known.example": [["93.184.216.34"]]}
    with NameServer(names, texts | getattr(request, "param", {NAME: [(CODE.encode(),)]})) as server:
        resolver = dns.resolver.Resolver(configure=False)
        resolver.nameservers, resolver.port = [server.place[0]], server.place[1]
        monkeypatch.setattr(dns.resolver, "default_resolver", resolver)
        yield server


@pytest.mark.parametrize("told", [{NAME: [(b"v=spf1 -all",), LONG, (CODE.encode(),)]}], indirect=True)
def test_all_texts_of_a_name_are_told_and_several_strings_are_one(told: NameServer) -> None:
    assert system_texts(NAME) == ["v=spf1 -all", b"".join(LONG).decode(), CODE]


@pytest.mark.parametrize(
    "name", ["empty.example", "known.example", "nobody.example", "a" * 64 + ".example", "a..example"]
)
def test_a_name_without_texts_tells_none(name: str, told: NameServer) -> None:
    assert system_texts(name) == []


def test_texts_in_no_encoding_are_no_trouble(told: NameServer) -> None:
    assert system_texts("odd.example") == ["��\x00"]


def test_a_server_that_breaks_or_is_not_there_is_unreachable(told: NameServer) -> None:
    nowhere = dns.resolver.Resolver(configure=False)
    for ask in (lambda: system_texts("broken.example"), lambda: texts_by(nowhere, NAME)):
        with pytest.raises(Failure) as failure:
            ask()
        assert failure.value.reason == Reason.UNREACHABLE


def test_the_name_is_asked_as_it_is_and_nothing_is_hung_behind_it(told: NameServer) -> None:
    dns.resolver.get_default_resolver().search = [dns.name.from_text("inside.example")]
    assert system_texts("nobody.example") == []
    assert set(told.asked) == {"nobody.example"}


def proof(stage: Stage, before: str | None = None) -> str | None:
    """How the account of a stage proves itself, its names asked by the system's resolver."""
    with stage.client() as client:
        client.texts_of = system_texts
        return find_proof(stage.case.network(), client, stage.case.remote_id, CODE, PAGE, before)


@pytest.fixture
def stage() -> Iterator[Stage]:
    with Stage(read("blog")) as server:
        yield server


def test_a_code_in_the_dns_of_a_blog_proves_it(stage: Stage, told: NameServer) -> None:
    assert proof(stage) == "dns"
    assert told.asked == [NAME]


def test_a_code_in_the_dns_of_a_handle_proves_an_account_on_bluesky() -> None:
    with Stage(read("bluesky")) as stage, stage.client() as client:
        asked: list[str] = []
        client.texts_of = lambda name: asked.append(name) or [CODE]  # type: ignore[func-returns-value]
        assert find_proof(stage.case.network(), client, stage.case.remote_id, CODE, PAGE) == "dns"
    assert asked == ["_klarwert.mira.example.com"]


@pytest.mark.parametrize(
    "told",
    [
        {NAME: [(CODE.upper().encode(),)]},
        {NAME: [(CODE.encode() + b"9",)]},
        {"mira.example": [(CODE.encode(),)]},
        {"www.mira.example": [(CODE.encode(),)]},
        {f"_klarwert.{NAME}": [(CODE.encode(),)]},
        {NAME: []},
        {NAME: None},
    ],
    indirect=True,
)
def test_another_text_or_the_text_of_another_name_proves_nothing(stage: Stage, told: NameServer) -> None:
    assert proof(stage) is None


@pytest.mark.parametrize("told", [{NAME: None}], indirect=True)
def test_what_the_dns_proved_does_not_lapse_while_it_cannot_be_asked(stage: Stage, told: NameServer) -> None:
    with pytest.raises(Failure) as failure:
        proof(stage, before="dns")
    assert failure.value.reason == Reason.UNREACHABLE
    stage.said = {"post": CODE}
    assert proof(stage, before="dns") == "post"


@pytest.mark.parametrize("told", [{NAME: []}], indirect=True)
def test_a_file_that_cannot_be_asked_is_a_failure_only_where_it_was_the_proof(stage: Stage, told: NameServer) -> None:
    stage.trouble = lambda asked, reply: (
        reply if not asked.path.startswith("/.well-known/") else type(reply)("later", 503, {})
    )
    assert proof(stage) is None
    with pytest.raises(Failure) as failure:
        proof(stage, before="file")
    assert failure.value.reason == Reason.UNREACHABLE


class AtAnAddress(Blog):
    """A blog on a host without a name, as operators may allow it."""

    def profile(self, client: Client, remote_id: str) -> Profile:  # noqa: ARG002 - the form of a network
        return Profile(remote_id, "", "", remote_id, "", domain="127.0.0.1:4000")

    def recent_texts(self, client: Client, remote_id: str) -> Iterator[str]:  # noqa: ARG002 - the form of a network
        return iter(())


def test_the_dns_is_not_asked_about_a_host_without_a_name() -> None:
    asked: list[str] = []
    with Client("x", texts=lambda name: asked.append(name) or [CODE]) as client:  # type: ignore[func-returns-value]
        assert find_proof(AtAnAddress(), client, "http://127.0.0.1:4000/", CODE, PAGE) is None
    assert asked == []
