from collections import Counter
from hashlib import sha256
from importlib.resources import files
from string import Template

import pytest

from privacy.notices import LANGUAGES, VERSIONS, Notice, notice
from privacy.vocabulary import PER_NETWORK, SPECIAL, Purpose
from tests.factories.people import NAMES

#: SHA-256 of every text that was ever shown. Nobody who agreed to a text agreed to another one.
DIGESTS = {
    "archives-1.de.txt": "df8c9cda58962ae8c74fe85f547dc07f117eafb4c1b6315aefe4dba3bfd2cc0d",
    "archives-1.en.txt": "e13ff4350ff66e090ab2dc03926317d5fa807097bd384d9de6ad0fe92d8435ec",
    "comparison-1.de.txt": "369cd45554fa2fd32d5dd6c35ddd21d1a5d3e0ad40da1a75dfeec0776a59a6d8",
    "comparison-1.en.txt": "58820a736d43cea3cb22ff78360da94365fc94a8bc463e24d9de9c2a1646c3ed",
    "comparison-2.de.txt": "75d05c1bde94e305ef4314270b6e9ee27197cd4b5a3d11955afcb7394f677fb0",
    "comparison-2.en.txt": "00bc7be4751491d640ccf6cfda4021b6356c161220edd384deb2919494119e6f",
    "digest-1.de.txt": "350e2bd222e1cf33e1c7f515c1c701df74e1c22c5957abe9720094e8c19ddbc5",
    "digest-1.en.txt": "cd966ac10e7da5403907ffb958e1ce96125587f2ca024184ca6abb80b34137af",
    "lookup-1.de.txt": "b913807f8e449710cf60959593629fbbae6083620d00e0d39b233ba80b42b9c3",
    "lookup-1.en.txt": "bbe4a24c16055323b50ced1af7be42911d0f88fea726f9692d058504b177defc",
    "named-1.de.txt": "7025b788b97799b0323fe61f8b82dd3f45ce3c7771d6e4c7faedfb883de44a69",
    "named-1.en.txt": "b3a8f4b7cb58621ed1e2c00b1418785733c29f2b10235b78298676f6799b2acb",
    "perks-1.de.txt": "cf7918e7100aa10275e951ee65d55e985dc67bfd5d344042d450c675b966a33c",
    "perks-1.en.txt": "c88c1e228e9b38170cb9417600752dfa1c62054773c07ed930f12f9565d46d50",
    "profile-1.de.txt": "f769071e38fecf9be1d2c26889812497060a25efd9f45a206fca7ff8b1c42bb4",
    "profile-1.en.txt": "007966b6c9606ff1b1b8da302932fa6c2023b75733f5b7ecb9d87c38c026f352",
    "recognition-1.de.txt": "0aaac76a80a949461f762dc3f10a8f1b5ce11a902d7deca9d6fd52041319e862",
    "recognition-1.en.txt": "fadeda9ddffae209ff9434da7b4a3c4fe52a468af03feffb6906e97bcecccb0a",
    "scoring-1.de.txt": "31c227e82d261634d2d50af46d20157f25be36e0cfb0ceda9e7ac83b68c2162e",
    "scoring-1.en.txt": "85f88d99634a7ad0c04e8b9b1aa5c1b58f81278a8ee670db29358673a4a06427",
    "topics-1.de.txt": "3cac0d1884bf8a84ba89f44eeb70439f3a64d03df8c3b8c525cc4e7fafccbd13",
    "topics-1.en.txt": "56b861399ff50312ee6c683f358614b64b8d79a6f6dc68c8fac54c55d8442a0f",
}
BOTH = [(purpose, language) for purpose in Purpose for language in LANGUAGES]
#: What Art. 7(3) and 13 DSGVO want to be said, in a word of each language.
SAID = {
    "de": ("jederzeit", "bleibt rechtmäßig", "keine Nachteile", "Artikel 6 Absatz 1 Buchstabe a"),
    "en": ("at any time", "stays lawful", "no disadvantages", "Article 6(1)(a)"),
}

#: And where the data may touch special categories.
EXPLICIT = {"de": "Artikel 9 Absatz 2 Buchstabe a", "en": "Article 9(2)(a)"}


def texts() -> dict[str, str]:
    """Every notice that is in the package."""
    folder = files("privacy.notices")
    return {file.name: file.read_text(encoding="utf-8") for file in folder.iterdir() if file.name.endswith(".txt")}


def placeholders(text: str) -> Counter[str]:
    return Counter(Template(text).get_identifiers())


def test_a_text_that_was_shown_is_never_changed() -> None:
    found = {name: sha256(text.encode()).hexdigest() for name, text in texts().items()}
    assert found == DIGESTS, (
        "A notice was changed, added or removed. People agreed to the exact old text: make a new version instead "
        "(a new file and its number in VERSIONS), keep the old file, and add the digest of the new one here."
    )


def test_every_purpose_has_its_notice_in_both_languages() -> None:
    assert set(VERSIONS) == set(Purpose)
    for purpose, version in VERSIONS.items():
        for number in range(1, version + 1):
            for language in LANGUAGES:
                assert texts()[f"{purpose}-{number}.{language}.txt"]


def test_both_languages_name_the_same() -> None:
    for name, text in texts().items():
        twin = name.replace(".de.", ".en.")
        assert placeholders(text) == placeholders(texts()[twin])
        assert text.count("\n\n") == texts()[twin].count("\n\n")


@pytest.mark.parametrize(("purpose", "language"), BOTH)
def test_every_notice_says_who_is_responsible_and_how_to_say_no(purpose: Purpose, language: str) -> None:
    text = " ".join(notice(purpose, language, NAMES).text.split())
    for needed in (*SAID[language], NAMES["organisation"], NAMES["address"], NAMES["dpo"], NAMES["authority"]):
        assert needed in text
    assert (EXPLICIT[language] in text) == (purpose in SPECIAL)


@pytest.mark.parametrize(("purpose", "language"), BOTH)
def test_a_notice_about_one_network_names_it_and_who_is_asked(purpose: Purpose, language: str) -> None:
    text = notice(purpose, language, NAMES).text
    named = [name for name in ("network", "operator", "country") if NAMES[name] in text]
    # An archive is brought by its person: no network is asked.
    asked = [] if purpose is Purpose.ARCHIVES else ["operator", "country"]
    assert named == (["network", *asked] if purpose in PER_NETWORK else [])


@pytest.mark.parametrize(("purpose", "language"), BOTH)
def test_no_placeholder_is_left_open(purpose: Purpose, language: str) -> None:
    made = notice(purpose, language, NAMES)
    assert "$" not in made.text
    assert (made.purpose, made.version, made.language) == (purpose, VERSIONS[purpose], language)


@pytest.mark.parametrize("missing", ["organisation", "address", "dpo", "authority", "network", "operator", "country"])
def test_a_name_that_is_missing_stops_the_notice(missing: str) -> None:
    names = {name: value for name, value in NAMES.items() if name != missing}
    with pytest.raises(KeyError, match=missing):
        notice(Purpose.SCORING, "de", names)


def test_a_notice_in_a_language_that_has_none_is_the_english_one_and_says_so() -> None:
    assert notice(Purpose.SCORING, "fr", NAMES) == notice(Purpose.SCORING, "en", NAMES)
    assert notice(Purpose.SCORING, "fr", NAMES).language == "en"


@pytest.mark.parametrize(("purpose", "language"), BOTH)
def test_paragraphs_are_the_whole_text_and_begin_with_the_question(purpose: Purpose, language: str) -> None:
    made = notice(purpose, language, NAMES)
    assert made.paragraphs[0].endswith("?")
    assert " ".join(made.paragraphs) == " ".join(made.text.split())
    assert all("\n" not in paragraph for paragraph in made.paragraphs)


def test_a_name_is_taken_as_it_is() -> None:
    made = notice(Purpose.SCORING, "de", {**NAMES, "organisation": "$5 & <b>Söhne</b> $dpo"})
    assert "Darf $5 & <b>Söhne</b> $dpo aus deinem Konto" in made.text


def test_the_digest_is_that_of_the_text_as_it_was_shown() -> None:
    made = Notice(Purpose.SCORING, 1, "de", "Darf das?", "Verein")
    assert made.digest == "909a74fab9c565322d99086f8b8ab1ef4c819c849d055263d7bb01353922fed9"
    assert made.digest != Notice(Purpose.SCORING, 1, "de", "Darf das ?", "Verein").digest


def test_notices_differ_by_what_they_name() -> None:
    mastodon = {**NAMES, "network": "Mastodon"}
    digests = {notice(Purpose.SCORING, language, names).digest for language in LANGUAGES for names in (NAMES, mastodon)}
    assert len(digests) == 4
