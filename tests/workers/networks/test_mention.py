"""Tests the verification of webmentions with the cases of the recommendation (W3C Webmention, 3.2.2 to 3.2.4)."""

import json

import pytest

from tests.workers.networks.clock import VirtualClock
from tests.workers.networks.conftest import MakeClient
from tests.workers.networks.loopback import Asked, LoopbackServer, Reply
from workers.networks.failure import Failure, Reason
from workers.networks.mention import Mention, read_mention

TARGET = "https://mira.example/2026/tomaten"
HTML = {"Content-Type": "text/html; charset=utf-8"}


def entry(inside: str, more: str = "") -> str:
    return f'<div class="h-entry">{inside}<div class="e-content">{more}</div></div>'


def looked_at(make_client: MakeClient, reply: Reply, target: str = TARGET) -> Mention | None:
    with LoopbackServer(lambda _: reply) as server:
        return read_mention(make_client(server.origin), f"{server.origin}/post", target)


def page(body: str, head: str = "") -> Reply:
    text = f"<!doctype html><html><head>{head}</head><body>{body}</body></html>"
    return Reply(text.encode(), 200, HTML)


@pytest.mark.parametrize(
    "reply",
    [
        page(f'<p>Schau: <a href="{TARGET}">hier</a></p>'),
        page(f'<img src="{TARGET}" alt="">'),
        page(f'<video src="{TARGET}"></video>'),
        page(f"<blockquote cite='{TARGET}'>x</blockquote>"),
        page(f"<a href={TARGET}>ohne Anführung</a>"),
        page('<a href="/2026/tomaten">verwandt</a>', '<base href="https://mira.example/x">'),
        page('<a href="//mira.example/2026/tomaten">ohne Schema</a>', '<base href="https://a.example/">'),
        page(f'<a href="{TARGET}#kommentar">mit Stelle</a>'),
        page(f'<p><b><a href="{TARGET}">kaputt'),
        page(f'<link rel="canonical" href="{TARGET}">'),
        Reply({"text": "x", "links": [{"url": TARGET}]}),
        Reply(f"Gefunden: {TARGET} \n".encode(), 200, {"Content-Type": "text/plain"}),
    ],
)
def test_a_page_that_leads_to_the_target_is_a_mention(make_client: MakeClient, reply: Reply) -> None:
    found = looked_at(make_client, reply)
    assert found is not None
    assert (found.kind, found.moment) == ("link", None)
    assert found.host.startswith("127.0.0.1:")


@pytest.mark.parametrize(
    "reply",
    [
        page("<p>Nichts hier</p>"),
        page(f"<p>{TARGET}</p>"),
        page(f'<!-- <a href="{TARGET}">nur ein Kommentar</a> -->'),
        page(f'<a href="{TARGET}/anders">länger</a>'),
        page('<a href="https://mira.example/2026/">kürzer</a>'),
        page(f'<a href="https://evil.example/?u={TARGET}">umgeleitet</a>'),
        page(f'<a title="{TARGET}" href="/">nur ein Titel</a>'),
        page(f'<textarea>&lt;a href="{TARGET}"&gt;</textarea>'),
        page(f"<script>var a = '<a href=\"{TARGET}\">'</script>"),
        Reply({"text": f"x {TARGET} y"}),
        Reply(b"{", 200, {"Content-Type": "application/json"}),
        Reply(f"{TARGET}x".encode(), 200, {"Content-Type": "text/plain"}),
        Reply(TARGET.encode(), 200, {"Content-Type": "image/png"}),
        Reply(b"", 200, HTML),
        Reply(b"\x00\xff<" * 50, 200, HTML),
    ],
)
def test_a_page_without_a_link_to_the_target_is_none(make_client: MakeClient, reply: Reply) -> None:
    assert looked_at(make_client, reply) is None


@pytest.mark.parametrize("status", [401, 403, 404, 410, 451])
def test_what_is_gone_or_closed_is_no_mention(make_client: MakeClient, status: int) -> None:
    reply = page(f'<a href="{TARGET}">x</a>')
    assert looked_at(make_client, Reply(reply.body, status, HTML)) is None


@pytest.mark.parametrize(
    ("body", "kind"),
    [
        (entry(f'<a class="u-like-of" href="{TARGET}">mag ich</a>'), "like"),
        (entry(f'<a class="u-repost-of" href="{TARGET}">weiter</a>'), "repost"),
        (entry(f'<a class="u-in-reply-to" href="{TARGET}">Antwort auf</a>'), "reply"),
        (entry(f'<a class="u-quotation-of" href="{TARGET}">Zitat</a>'), "quote"),
        (entry(f'<div class="u-in-reply-to h-cite"><a class="u-url" href="{TARGET}">x</a></div>'), "reply"),
        (entry('<a class="u-like-of" href="https://other.example/">x</a>', f'<a href="{TARGET}">y</a>'), "link"),
        (entry("<p>Text</p>", f'<a href="{TARGET}">y</a>'), "link"),
        (f'<div class="h-feed">{entry(f"""<a class="u-like-of" href="{TARGET}">x</a>""")}</div>', "like"),
    ],
)
def test_microformats_say_what_a_mention_is(make_client: MakeClient, body: str, kind: str) -> None:
    found = looked_at(make_client, page(body))
    assert found is not None
    assert found.kind == kind


def test_the_day_is_the_one_that_the_entry_tells(make_client: MakeClient) -> None:
    when = '<time class="dt-published" datetime="2026-11-19T22:00:00+02:00">gestern</time>'
    found = looked_at(make_client, page(entry(f'{when}<a class="u-like-of" href="{TARGET}">x</a>')))
    assert found is not None
    assert found.moment is not None
    assert found.moment.isoformat() == "2026-11-19T20:00:00+00:00"


@pytest.mark.parametrize(
    "reply",
    [
        page(f'<a href="{TARGET}">x</a>', '<meta name="robots" content="noindex, follow">'),
        page(f'<a href="{TARGET}">x</a>', '<META NAME="Robots" CONTENT="NOINDEX">'),
        Reply(page(f'<a href="{TARGET}">x</a>').body, 200, {**HTML, "X-Robots-Tag": "noindex"}),
        Reply(json.dumps({"u": TARGET}).encode(), 200, {"X-Robots-Tag": "none"}),
    ],
)
def test_a_page_that_wants_no_reader_is_left_out(make_client: MakeClient, reply: Reply) -> None:
    assert looked_at(make_client, reply) is None


def test_other_wishes_to_search_engines_are_no_such_wish(make_client: MakeClient) -> None:
    head = '<meta name="robots" content="index, follow, max-image-preview:none">'
    assert looked_at(make_client, page(f'<a href="{TARGET}">x</a>', head)) is not None


def test_redirects_are_followed_and_who_answers_is_who_says_it(make_client: MakeClient) -> None:
    with LoopbackServer(lambda _: page(f'<a href="{TARGET}">x</a>')) as second:
        onward = Reply(b"", 302, {"Location": f"{second.origin}/post"})
        with LoopbackServer(lambda _: onward) as first:
            found = read_mention(make_client(first.origin, second.origin), f"{first.origin}/p", TARGET)
    assert found is not None
    assert found.host == second.host


def test_redirects_do_not_go_on_for_ever(make_client: MakeClient) -> None:
    def again(asked: Asked) -> Reply:
        return Reply(b"", 302, {"Location": f"{asked.path}x"})

    with LoopbackServer(again) as server, pytest.raises(Failure) as failure:
        read_mention(make_client(server.origin), f"{server.origin}/p", TARGET)
    assert failure.value.reason == Reason.NOT_UNDERSTOOD
    assert len(server.asked) == 4


@pytest.mark.parametrize(
    "source", ["http://10.0.0.1/", "https://localhost/", "https://169.254.169.254/latest/", "file:///etc/passwd"]
)
def test_no_source_leads_inside(make_client: MakeClient, source: str) -> None:
    with pytest.raises(Failure) as failure:
        read_mention(make_client(), source, TARGET)
    assert failure.value.reason == Reason.REFUSED_ADDRESS


def test_a_source_without_end_is_not_read_to_its_end(make_client: MakeClient, clock: VirtualClock) -> None:
    huge = Reply(b"<p>" + b"x" * 200_000 + f'<a href="{TARGET}">'.encode(), 200, HTML)
    with LoopbackServer(lambda _: huge) as server, pytest.raises(Failure) as failure:
        read_mention(make_client(server.origin, body_bytes=100_000), f"{server.origin}/p", TARGET)
    assert failure.value.reason == Reason.NOT_UNDERSTOOD
    assert clock.sleeps == []


def test_microformats_nested_without_end_are_no_crash(make_client: MakeClient) -> None:
    deep = '<div class="h-entry p-comment">' * 3000 + f'<a href="{TARGET}">x</a>'
    found = looked_at(make_client, page(deep))
    assert found is not None
    assert found.kind == "link"
