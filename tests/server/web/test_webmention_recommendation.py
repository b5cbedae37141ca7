"""The W3C Recommendation Webmention (12 January 2017), what it asks of a receiver, case by case and end to end.

Each test is named after the section and the sentence that it tries; everything goes through the endpoint, the queue's
job and the status page. What only senders do (section 3.1) is none of ours.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace

import pytest
from flask.testing import FlaskClient

from tests.conftest import Clock
from tests.factories.days import signals
from tests.factories.websites import HTML, Websites
from tests.workers.networks.loopback import LoopbackServer, Reply
from workers import jobs
from workers.models import Webmention
from workers.runtime.process import Process
from workers.runtime.settings import Settings

JSON = {"Content-Type": "application/json"}
TEXT = {"Content-Type": "text/plain"}


@dataclass
class Receiver:
    """Mira's blog with an endpoint here, and another website whose pages are `pages`."""

    process: Process
    client: FlaskClient
    sites: Websites
    connection_id: str

    @property
    def blog(self) -> LoopbackServer:
        return self.sites.blog

    @property
    def other(self) -> LoopbackServer:
        return self.sites.other

    @property
    def pages(self) -> dict[str, Reply]:
        return self.sites.pages

    @property
    def target(self) -> str:
        return self.sites.target

    @property
    def source(self) -> str:
        return f"{self.other.origin}/post"

    def shows(self, body: str, headers: dict[str, str] = HTML, status: int = 200, path: str = "/post") -> None:
        """What stands at the source from now on; `TARGET` is the target."""
        self.pages[path] = Reply(body.replace("TARGET", self.target).encode(), status, headers)

    def told(self, source: str | None = None, target: str | None = None, **more: str) -> tuple[int, str]:
        """Sends a webmention: the status and the address of the status page."""
        said = {"source": self.source if source is None else source, "target": target or self.target, **more}
        answer = self.client.post(f"/webmention/{self.connection_id}", data=said)
        return answer.status_code, answer.headers.get("Location", "")

    def outcome(self, **said: str) -> str:
        """Sends a webmention, has it verified, and asks the status page."""
        status, location = self.told(**said)
        assert status == 201
        id_ = location.rpartition("/")[2]
        jobs.verify_webmention(id_)
        answer = self.client.get(location.removeprefix(self.process.settings.public_url)).json
        assert answer is not None
        return str(answer["status"])

    def kinds(self) -> list[str]:
        return sorted(row["kind"] for row in signals(self.process))

    def kept(self) -> int:
        with self.process.reading() as session:
            return session.query(Webmention).count()


@pytest.fixture
def settings(settings: Settings, websites: Websites) -> Settings:
    return replace(settings, allowed_origins=websites.origins)


@pytest.fixture
def receiver(process: Process, client: FlaskClient, websites: Websites) -> Receiver:
    made = Receiver(process, client, websites, websites.join(process))
    made.shows('<a href="TARGET">a post</a>')
    return made


def test_3_2_a_request_is_queued_and_answered_with_201_and_a_status_page(receiver: Receiver) -> None:
    status, location = receiver.told()
    assert status == 201
    assert location.startswith(receiver.process.settings.public_url)
    assert receiver.client.get(location.removeprefix(receiver.process.settings.public_url)).json == {
        "status": "waiting"
    }
    assert receiver.kinds() == []


def test_3_2_further_parameters_of_extensions_are_no_trouble(receiver: Receiver) -> None:
    assert receiver.outcome(vouch="https://lena.example/") == "accepted"


def test_3_2_1_source_and_target_have_to_be_urls(receiver: Receiver) -> None:
    for wrong in ("", "no address", "/post", "https://", "https://[paul/"):
        assert receiver.told(source=wrong)[0] == 400, wrong
    assert receiver.told(target="no address")[0] == 400
    assert receiver.kept() == 0


def test_3_2_1_only_schemes_that_the_receiver_supports(receiver: Receiver) -> None:
    for scheme in ("ftp", "mailto", "file", "javascript", "data", "gopher", "ws"):
        assert receiver.told(source=f"{scheme}://paul.example/post")[0] == 400, scheme
        assert receiver.told(target=f"{scheme}://{receiver.blog.host}/tomaten")[0] == 400, scheme


def test_3_2_1_source_and_target_must_not_be_the_same(receiver: Receiver) -> None:
    for end in ("", "#comments"):
        assert receiver.told(source=receiver.target + end)[0] == 400, end


def test_3_2_1_the_target_has_to_be_a_resource_that_receives_here(receiver: Receiver) -> None:
    assert receiver.told(target="https://lena.example/post")[0] == 400
    assert receiver.client.post("/webmention/" + "0" * 32, data={"source": "x", "target": "y"}).status_code == 404
    assert receiver.kept() == 0


def test_3_2_1_a_fragment_of_the_target_names_the_same_resource(receiver: Receiver) -> None:
    receiver.shows('<a href="TARGET#wurzeln">a place in a post</a>')
    assert receiver.outcome(target=f"{receiver.target}#wurzeln") in ("accepted", "waiting")


def test_3_2_2_the_source_is_fetched_by_get_with_the_content_types_that_are_preferred(receiver: Receiver) -> None:
    assert receiver.outcome() == "accepted"
    [asked] = receiver.other.asked
    assert (asked.method, asked.path) == ("GET", "/post")
    assert asked.headers["accept"].startswith("text/html")


def test_3_2_2_redirects_of_the_source_are_followed(receiver: Receiver) -> None:
    receiver.pages.update({"/moved": receiver.pages["/post"], "/post": Reply(b"", 301, {"Location": "/moved"})})
    assert receiver.outcome() == "accepted"


def test_3_2_2_the_number_of_redirects_is_limited(receiver: Receiver) -> None:
    receiver.pages["/post"] = Reply(b"", 302, {"Location": "/post"})
    assert receiver.outcome() == "waiting"
    assert len(receiver.other.asked) == 4


MENTIONS = {
    "a href": ('<p>Lies <a href="TARGET">das</a></p>', HTML),
    "img src": ('<img src="TARGET">', HTML),
    "video src": ('<video src="TARGET"></video>', HTML),
    "audio src": ('<audio src="TARGET"></audio>', HTML),
    "blockquote cite": ('<blockquote cite="TARGET">x</blockquote>', HTML),
    "JSON value": ('{"items": [{"properties": {"in-reply-to": ["TARGET"]}}]}', JSON),
    "plain text": ("Lies das: TARGET ist gut", TEXT),
}
NONE = {
    "longer": ('<a href="TARGET/more">x</a>', HTML),
    "shorter": ('<a href="http://127.0.0.1/tomate">x</a>', HTML),
    "another query": ('<a href="TARGET?utm=1">x</a>', HTML),
    "only text in HTML": ("<p>TARGET</p>", HTML),
    "in a comment": ('<!-- <a href="TARGET">x</a> -->', HTML),
    "inside a JSON text": ('{"text": "see TARGET"}', JSON),
    "longer text": ("TARGETmore", TEXT),
    "a type that has no links": ("TARGET", {"Content-Type": "image/png"}),
    "empty": ("", HTML),
}


def test_3_2_2_what_counts_as_a_mention_goes_by_the_media_type(receiver: Receiver) -> None:
    for number, (name, (body, headers)) in enumerate(MENTIONS.items()):
        receiver.shows(body, headers, path=f"/{number}")
        assert receiver.outcome(source=f"{receiver.other.origin}/{number}") == "accepted", name
    assert receiver.kinds() == ["link"]


def test_3_2_2_only_an_exact_match_of_the_target_counts(receiver: Receiver) -> None:
    for number, (name, (body, headers)) in enumerate(NONE.items()):
        receiver.shows(body, headers, path=f"/{number}")
        assert receiver.outcome(source=f"{receiver.other.origin}/{number}") == "refused", name
    assert receiver.kinds() == []


def test_3_2_3_a_refusal_says_why_in_a_plain_sentence(receiver: Receiver) -> None:
    answer = receiver.client.post(f"/webmention/{receiver.connection_id}", data={"source": "x", "target": "y"})
    assert (answer.status_code, answer.mimetype) == (400, "text/plain")
    assert answer.text == "Not accepted: source is not the address of a page.\n"


def test_3_2_3_a_source_that_is_not_found_is_refused(receiver: Receiver) -> None:
    for status in (404, 410, 403):
        receiver.shows('<a href="TARGET">x</a>', status=status, path=f"/{status}")
        assert receiver.outcome(source=f"{receiver.other.origin}/{status}") == "refused", status


def test_3_2_3_a_source_that_cannot_be_asked_now_is_asked_again(receiver: Receiver, clock: Clock) -> None:
    receiver.shows("", {"Retry-After": "1200"}, 429)
    assert receiver.outcome() == "waiting"
    receiver.shows('<a href="TARGET">x</a>')
    clock.go(hours=1)
    assert receiver.outcome() == "accepted"


def test_3_2_4_the_same_source_and_target_again_is_an_update(receiver: Receiver) -> None:
    receiver.shows('<div class="h-entry"><a class="u-like-of" href="TARGET">x</a></div>')
    assert receiver.outcome() == "accepted"
    assert receiver.kinds() == ["like"]
    receiver.shows('<div class="h-entry"><a class="u-in-reply-to" href="TARGET">x</a></div>')
    assert receiver.outcome() == "accepted"
    assert receiver.kinds() == ["reply"]
    assert receiver.kept() == 1


@pytest.mark.parametrize(
    ("body", "status"), [("gone", 410), ("<p>I took the link out</p>", 200)], ids=["410 Gone", "link gone"]
)
def test_3_2_4_a_source_that_is_deleted_or_links_no_more_is_deleted(receiver: Receiver, body: str, status: int) -> None:
    assert receiver.outcome() == "accepted"
    receiver.shows(body, status=status)
    assert receiver.outcome() == "gone"
    assert receiver.kinds() == []


def test_4_1_who_sends_without_end_is_stopped(receiver: Receiver) -> None:
    assert {receiver.told(source=f"{receiver.source}/{number}")[0] for number in range(31)} == {201, 429}


@pytest.mark.parametrize(
    "body",
    [lambda: "x" * 6_000_000 + '<a href="TARGET">', lambda: "<div>" * 50_000 + '<a class="u-x" href="TARGET">'],
    ids=["too long", "too deep"],
)
def test_4_2_a_source_without_end_costs_little(receiver: Receiver, body: Callable[[], str]) -> None:
    receiver.shows(body())
    assert receiver.outcome() in ("waiting", "accepted", "refused")
    assert len(receiver.other.asked) <= 3


def test_4_3_no_source_leads_to_the_receivers_own_network(receiver: Receiver) -> None:
    inside = (
        "http://localhost/",
        "http://127.0.0.1/",
        "https://[::1]/",
        "http://10.0.0.1/",
        "http://169.254.169.254/x",
    )
    for source in inside:
        assert receiver.outcome(source=source) == "refused", source


def test_4_4_nothing_of_the_source_is_shown_or_kept(receiver: Receiver) -> None:
    receiver.shows('<script>alert("xss-canary")</script><a href="TARGET">x</a>')
    assert receiver.outcome() == "accepted"
    receiver.process.close()
    data = b"".join(path.read_bytes() for path in receiver.process.settings.data.rglob("*") if path.is_file())
    assert b"xss-canary" not in data
    assert receiver.other.host.encode() not in data
