"""Documents: whole in both languages, made from the declarations alone, and readable by people and programs."""

import json
import re
from dataclasses import replace
from datetime import date
from html.parser import HTMLParser

import pytest
from pyld import jsonld

from privacy.base import models
from privacy.documents import dpv, law
from privacy.documents.entries import STARTS, Facts
from privacy.documents.page import Document, Grid, Heading, Points, Text, parts, titled
from privacy.documents.render import as_html, as_json, as_markdown
from privacy.documents.tables import TABLES, classes
from privacy.documents.write import DOCUMENTS, PUBLIC, filled_in, write
from privacy.vocabulary import About, Basis, Erased, Medium, Purpose, Use
from server.services import documents
from server.services.meanings import meanings
from server.services.purposes import purpose_words
from tests.conftest import ORGANISATION
from workers import keys
from workers.runtime.process import Process
from workers.runtime.settings import Organisation

LANGUAGES = ("de", "en")
EACH = [(name, language) for name in DOCUMENTS for language in LANGUAGES]


@pytest.fixture(params=LANGUAGES)
def facts(request: pytest.FixtureRequest, process: Process) -> Facts:
    return documents.facts(process, ORGANISATION, request.param, date(2026, 11, 22))


@pytest.fixture
def english(process: Process) -> Facts:
    return documents.facts(process, ORGANISATION, "en", date(2026, 11, 22))


@pytest.mark.parametrize(("name", "language"), EACH)
def test_every_document_is_whole_in_both_languages(process: Process, name: str, language: str) -> None:
    made = documents.document(process, ORGANISATION, name, language)
    text = as_markdown(made)
    assert made.title
    assert "$" not in text
    assert "@" not in re.sub(r"\S+@\S+", "", text)
    assert ORGANISATION.name in text
    advice = "keine Rechtsberatung" if language == "de" else "(no|not) legal advice"
    assert re.search(advice, text)


@pytest.mark.parametrize("name", DOCUMENTS)
def test_both_languages_have_the_same_parts_and_name_the_same_laws(process: Process, name: str) -> None:
    german, english = (documents.document(process, ORGANISATION, name, language) for language in LANGUAGES)
    assert [type(part) for part in german.parts] == [type(part) for part in english.parts]
    laws = [re.findall(r"\((https://[^)]+)\)", as_markdown(one)) for one in (german, english)]
    assert sorted(set(laws[0])) == sorted(set(laws[1]))
    placeholders = [set(re.findall(r"\$(\w+)", filled_in(name, language, _Echo()))) for language in LANGUAGES]
    assert placeholders[0] == placeholders[1]


class _Echo(dict[str, str]):
    """Gives every name as it is written."""

    def items(self) -> list[tuple[str, str]]:  # type: ignore[override]
        names = ("organisation", "address", "contact", "dpo", "authority", "imprint", "url", "live")
        return [(name, f"${name}") for name in names]


@pytest.mark.parametrize("name", DOCUMENTS)
def test_no_law_is_named_without_a_link(process: Process, name: str) -> None:
    for language in LANGUAGES:
        made = documents.document(process, ORGANISATION, name, language)
        for text in _texts(made):
            plain = "".join(words for words, address in law.pieces(text) if not address)
            assert not re.search(r"(Art\.|Artikel|Article) \d+[^;]{0,20}(DSGVO|GDPR|KI-VO|AI Act)|C-\d+/\d+", plain), (
                text
            )


def _texts(made: Document) -> list[str]:
    found: list[str] = []
    for part in made.parts:
        if isinstance(part, Grid):
            found += [cell for row in part.rows for cell in row]
        else:
            found += list(part.items) if isinstance(part, Points) else [part.text]
    return found


@pytest.mark.parametrize(
    ("text", "address"),
    [
        ("Art. 12 Abs. 3 DSGVO", "https://eur-lex.europa.eu/eli/reg/2016/679/oj#art_12"),
        ("Art. 15(1)(c) GDPR", "https://eur-lex.europa.eu/eli/reg/2016/679/oj#art_15"),
        ("Art. 5(1) AI Act", "https://eur-lex.europa.eu/eli/reg/2024/1689/oj#art_5"),
        ("Anhang III KI-VO", "https://eur-lex.europa.eu/eli/reg/2024/1689/oj#anx_III"),
        ("C-634/21", "https://curia.europa.eu/juris/liste.jsf?num=C-634/21"),
    ],
)
def test_a_law_links_to_its_own_text(text: str, address: str) -> None:
    assert law.pieces(f"So sagt es {text}, glaube ich.") == [
        ("So sagt es ", ""),
        (text, address),
        (", glaube ich.", ""),
    ]


def test_a_law_that_is_named_once_for_two_articles_is_linked_twice() -> None:
    found = [address[-5:] for _, address in law.pieces("consent, Art. 6(1)(a) and Art. 9(2)(a) GDPR") if address]
    assert found == ["art_6", "art_9"]


def test_the_words_are_complete(facts: Facts) -> None:
    words = meanings(facts.language)
    assert set(words.uses) == set(Use)
    assert set(words.bases) == set(Basis)
    assert set(words.abouts) == set(About)
    assert set(words.mediums) == set(Medium)
    assert set(words.erased) == set(Erased)
    assert set(words.starts) == {*STARTS.values(), "relation"}
    assert set(purpose_words(facts.language)) == set(Purpose)
    assert {one.kind for one in facts.entries} == set(words.kinds)
    assert all(title.title for title in words.kinds.values())
    assert {one.rule.since for one in facts.entries if one.rule} <= set(STARTS)


def test_every_table_of_the_documents_is_used_and_every_one_exists(process: Process) -> None:
    used = {
        table for name in DOCUMENTS for table in re.findall(r"^@(\w+)", filled_in(name, "de", _Echo()), re.MULTILINE)
    }  # fmt: skip
    assert used == set(TABLES)


def test_the_inventory_has_every_column_of_every_table(english: Facts) -> None:
    made = write("inventory", english)
    places, table = [part for part in made.parts if isinstance(part, Grid)]
    assert len(places.rows) == len(english.entries)
    rows = {row[0]: re.findall(r"\w+", f"{row[1]}, {row[2]}") for row in table.rows}
    for model in models():
        if model.__module__.startswith(("privacy", "workers", "server")):
            for column in model.__table__.columns:
                assert column.name in rows[f"Table: {model.__tablename__}"], column


def test_every_rule_has_one_class_of_period_and_start(english: Facts) -> None:
    made = write("retention", english)
    found, rules, _ = [part for part in made.parts if isinstance(part, Grid)]
    assert len({row[0] for row in found.rows}) == len(found.rows) == len(classes(english))
    known = {row[0]: row[1:3] for row in found.rows}
    assert all(known[row[1]] == row[2:4] for row in rules.rows)
    [signals] = [row for row in rules.rows if row[4] == "post"]
    assert signals[2:4] == ("91 days", "from collection")


def test_the_notice_for_others_speaks_of_each_network_that_is_on_in_its_own_words(
    facts: Facts, process: Process
) -> None:
    text = as_markdown(write("notice14", facts))
    with process.reading() as session:
        on = keys.switched_on(session)
    assert len(on) > 2
    assert [one.title for one in facts.sources] == [one.title for one in on]
    for network in on:
        assert network.takes[facts.language] in text
        assert network.leaves[facts.language] in text
        assert network.about_operator[facts.language] in text


def test_what_the_organisation_has_not_said_is_marked(process: Process) -> None:
    made = as_markdown(documents.document(process, Organisation(), "ropa", "de"))
    assert made.count("[noch nicht angegeben]") == 5


def test_a_document_that_there_is_not_is_an_error(english: Facts) -> None:
    with pytest.raises(KeyError):
        write("../../privacy/notices/topics-1", english)
    assert set(PUBLIC) <= set(DOCUMENTS)


class _Tags(HTMLParser):
    def __init__(self, text: str) -> None:
        super().__init__()
        self.open: list[str] = []
        self.feed(text)
        self.close()

    def handle_starttag(self, tag: str, _attrs: list[tuple[str, str | None]]) -> None:
        if tag != "meta":
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag


@pytest.mark.parametrize("name", DOCUMENTS)
def test_html_is_well_formed_and_escapes_what_people_typed(process: Process, name: str) -> None:
    hostile = replace(ORGANISATION, name='<script>alert(1)</script> & "Söhne"')
    page = as_html(documents.document(process, hostile, name, "de"))
    assert _Tags(page).open == []
    assert "<script>" not in page
    assert "&lt;script&gt;" in page


def test_json_has_the_same_parts_for_programs(english: Facts) -> None:
    said = json.loads(as_json(write("retention", english)))
    assert (said["document"], said["language"], said["made_on"]) == ("retention", "en", "2026-11-22")
    tables = {part["table"]: part["rows"] for part in said["parts"] if "table" in part}
    assert {"What": "Posts", "Period": "91 days"}.items() <= next(
        row for row in tables["Deletion rules"] if row["Where"] == "post"
    ).items()  # fmt: skip


def test_the_record_of_processing_is_json_ld_that_others_can_expand(facts: Facts) -> None:
    said = json.loads(dpv.as_jsonld(facts))
    [expanded] = jsonld.expand(said)
    processes = expanded["https://w3id.org/dpv#hasProcess"]
    uses = {one["http://purl.org/dc/terms/identifier"][0]["@value"] for one in processes}
    assert uses == {one.use.value for one in facts.entries if one.personal}
    handled = [one for each in processes for one in each["https://w3id.org/dpv#hasProcess"]]
    assert len(handled) == sum(one.personal for one in facts.entries)
    assert all(one["https://w3id.org/dpv#hasLegalBasis"] for one in handled)


def test_a_text_is_read_into_headings_paragraphs_lists_and_tables() -> None:
    table = Grid("T", ("a",), (("1",),))
    title, text = titled("# Titel\n\nEin\nSatz.\n\n## Teil\n\n- eins\n  weiter\n- zwei\n\n@t\n")
    found = list(parts(text, {"t": [table]}.__getitem__))
    assert title == "Titel"
    assert found == [Text("Ein Satz."), Heading(2, "Teil"), Points(("eins weiter", "zwei")), table]
    with pytest.raises(ValueError, match="title"):
        titled("Ohne Titel")


@pytest.mark.parametrize("name", ["notice14", "dpia"])
def test_a_live_stream_is_named_exactly_where_one_is_read(process: Process, name: str) -> None:
    assert "No live stream of a network is read here." in as_markdown(
        documents.document(process, ORGANISATION, name, "en")
    )
    process.settings = replace(process.settings, firehose="wss://strom.example")
    text = as_markdown(documents.document(process, ORGANISATION, name, "en"))
    assert "A live stream of Bluesky is read here" in text
    assert "No live stream" not in text
