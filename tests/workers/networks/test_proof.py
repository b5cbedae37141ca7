"""Tests finding the proof that an account is a person's."""

import pytest

from tests.workers.networks.loopback import Reply
from tests.workers.networks.mastodon_people import Garden
from tests.workers.networks.mastodon_server import MastodonServer
from workers.networks.client import Client
from workers.networks.failure import Failure, Reason
from workers.networks.mastodon import Mastodon
from workers.networks.proof import find_proof

CODE = "klarwert-7Q4M2X"
PAGE = "https://klarwert.test/p/abc"


def proof(server: MastodonServer, client: Client, code: str = CODE, page: str = PAGE) -> str | None:
    return find_proof(Mastodon(), client, server.remote_id(), code, page)


@pytest.mark.parametrize("note", [f"<p>{CODE}</p>", f"<p>Garten, {CODE}.</p>", f"<p>Garten<br>{CODE}</p>"])
def test_a_code_in_the_bio_proves(note: str, mastodon_server: MastodonServer, garden: Garden, client: Client) -> None:
    mastodon_server.person("mira").note = note
    assert proof(mastodon_server, client) == "bio"


@pytest.mark.parametrize("note", ["", CODE.lower(), f"{CODE}9", f"x{CODE}", f"{CODE}-1", CODE[:-1]])
def test_part_of_a_code_proves_nothing(
    note: str, mastodon_server: MastodonServer, garden: Garden, client: Client
) -> None:
    mastodon_server.person("mira").note = note
    assert proof(mastodon_server, client) is None


def test_no_code_and_no_page_prove_nothing(mastodon_server: MastodonServer, garden: Garden, client: Client) -> None:
    mastodon_server.person("mira").fields = [{"name": "", "value": '<a href="">x</a>'}]
    assert proof(mastodon_server, client, code="", page="") is None


@pytest.mark.parametrize("href", [PAGE, f"{PAGE}/", "HTTPS://KLARWERT.test:443/p/abc", f"{PAGE}#top"])
def test_a_link_to_the_page_here_proves(
    href: str, mastodon_server: MastodonServer, garden: Garden, client: Client
) -> None:
    mastodon_server.person("mira").fields = [{"name": "Wert", "value": f'<a href="{href}" rel="me">x</a>'}]
    assert proof(mastodon_server, client) == "rel_me"


@pytest.mark.parametrize(
    "href",
    [
        f"{PAGE}d",
        "https://klarwert.test/p/",
        "http://klarwert.test/p/abc",
        f"{PAGE}?x",
        "https://evil.test/p/abc",
        "https://[",
        "https://[::",
        "mailto:mira@klarwert.test",
    ],
)
def test_a_link_elsewhere_proves_nothing(
    href: str, mastodon_server: MastodonServer, garden: Garden, client: Client
) -> None:
    mastodon_server.person("mira").fields = [{"name": "Wert", "value": f'<a href="{href}" rel="me">x</a>'}]
    assert proof(mastodon_server, client) is None


def test_a_code_in_a_public_post_proves(mastodon_server: MastodonServer, garden: Garden, client: Client) -> None:
    mastodon_server.post("mira", f"Mein Code: {CODE}", client.now())
    assert proof(mastodon_server, client) == "post"


def test_a_code_in_a_post_that_is_not_public_or_not_own_proves_nothing(
    mastodon_server: MastodonServer, garden: Garden, client: Client
) -> None:
    mastodon_server.post("mira", CODE, client.now(), "private")
    mastodon_server.post("emil", CODE, client.now())
    shared = mastodon_server.post("mira", CODE, client.now())
    shared.more["reblog"] = {"id": "1"}
    assert proof(mastodon_server, client) is None


def test_a_profile_that_cannot_be_read_fails_with_its_reason(
    mastodon_server: MastodonServer, garden: Garden, client: Client
) -> None:
    mastodon_server.spoil = lambda _kind, _reply: Reply({"error": "no"}, 401)
    with pytest.raises(Failure) as failure:
        proof(mastodon_server, client)
    assert failure.value.reason == Reason.LOGIN_REQUIRED
