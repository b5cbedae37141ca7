"""The HTML twin of a mail: the same words, links that work, nothing that a hostile text could slip in."""

from html.parser import HTMLParser

from workers.letter import as_html


class _Read(HTMLParser):
    def __init__(self, html: str) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.links: list[str | None] = []
        self.words: list[str] = []
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self.links += [value for name, value in attrs if name in ("href", "src")]

    def handle_data(self, data: str) -> None:
        self.words += data.split()


def test_the_words_are_the_same_and_addresses_are_links() -> None:
    body = "Hallo,\n\nfolge diesem Link:\n\nhttps://hier.test/x?a=1&b=2\n\nGruß\n-- \nVerein, https://hier.test\n"
    read = _Read(as_html("Bestätige", body))
    assert read.links == ["https://hier.test/x?a=1&b=2", "https://hier.test"]
    assert read.words == ["Bestätige", "Bestätige", *body.replace("\n-- \n", "\n").split()]


def test_a_full_stop_after_an_address_is_not_part_of_it() -> None:
    assert _Read(as_html("T", "Schau auf https://hier.test/x. Danach nicht.")).links == ["https://hier.test/x"]


def test_text_that_looks_like_html_stays_text() -> None:
    read = _Read(as_html("<b>T</b>", '<script>x</script> https://hier.test/"onclick=1 <img src=x>'))
    assert "script" not in read.tags
    assert "img" not in read.tags
    assert "b" not in read.tags
    assert read.links == ['https://hier.test/"onclick=1']
