"""Tests turning people's HTML into text and links."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from workers.networks.markup import read_html


@pytest.mark.parametrize(
    ("html", "text"),
    [
        ("<p>Erste &amp; zweite</p><p>Zeile<br>drei</p>", "Erste & zweite\nZeile\ndrei"),
        ('<a href="x">#<span>nobot</span></a>', "#nobot"),
        ("a<script>b</script>c<style>d</style>e", "ace"),
        ("plain < text", "plain < text"),
        ("<p", "<p"),
        ("  a   b \n c ", "a b\nc"),
        ("", ""),
        (None, ""),
        (3, ""),
        ("<![bad[x]]>", ""),
    ],
)
def test_text_is_what_a_reader_would_see(html: object, text: str) -> None:
    assert read_html(html)[0] == text


def test_links_say_where_they_lead_and_what_they_are() -> None:
    html = '<a href="https://a.test" rel="ME nofollow">a</a><link rel="me" href="https://b.test"><a>c</a><a href>d</a>'
    links = read_html(html)[1]
    assert [(link.href, set(link.rel)) for link in links] == [
        ("https://a.test", {"me", "nofollow"}),
        ("https://b.test", {"me"}),
    ]


@given(st.text(alphabet="<>![]-/ap\"'=& #;x?", max_size=60))
def test_no_markup_is_bad_enough_to_fail(html: str) -> None:
    text, links = read_html(html)
    assert isinstance(text, str)
    assert all(link.href for link in links)
