"""The documents of this installation: what they are made of, and each of them, in a person's language."""

from datetime import date

from babel.lists import format_list

from privacy.documents.entries import Asked, Facts, Source, entries
from privacy.documents.page import Document, titled
from privacy.documents.write import DOCUMENTS, PUBLIC, filled_in, write
from privacy.vocabulary import Purpose
from server.services import consents
from server.services.meanings import meanings
from server.services.words import catalogue
from workers import keys
from workers.catalogue import ALL
from workers.places import SPOTS, holdings
from workers.runtime.process import Process
from workers.runtime.settings import Organisation


def document(process: Process, who: Organisation, name: str, language: str) -> Document:
    """The document of this name as of today. Raises `KeyError`."""
    return write(name, facts(process, who, language, process.clock().date()))


def facts(process: Process, who: Organisation, language: str, day: date) -> Facts:
    """Everything that documents are made of."""
    with process.reading() as session:
        asked_of = keys.switched_on(session)
    on = {one.name for one in asked_of}
    return Facts(
        language=language,
        made_on=day,
        names=names(process, who, language),
        entries=entries(holdings(process), SPOTS),
        words=meanings(language),
        asked=_asked(on, language),
        sources=[
            Source(one.title, one.about_operator[language], one.takes[language], one.leaves[language])
            for one in asked_of
        ],
    )


def _asked(on: set[str], language: str) -> list[Asked]:
    """What can be agreed to; a purpose that is asked for each network stands once, with all their names."""
    networks: dict[Purpose, list[str]] = {}
    for purpose, network in consents.offered():
        if purpose is not Purpose.SCORING or network in on:
            networks.setdefault(purpose, []).append(ALL[network].title if network else "")
    return [
        Asked(*consents.said(purpose, format_list(some, "or", language), language))
        for purpose, some in networks.items()
    ]


def names(process: Process, who: Organisation, language: str) -> dict[str, str]:
    """What texts may name: what the organisation said of itself, and where the pages are."""
    said = {name: " ".join(getattr(who, name).split()) for name in ("contact", "dpo", "authority", "imprint")}
    return {
        **said,
        "organisation": " ".join(who.name.split()),
        "address": who.address_in_a_line,
        "url": process.settings.public_url,
        "live": _live(process, language),
    }


def titles(process: Process, who: Organisation, language: str) -> list[tuple[str, str, bool]]:
    """Name and title of every document, and whether everybody may read it."""
    known = names(process, who, language)
    return [(name, titled(filled_in(name, language, known))[0], name in PUBLIC) for name in DOCUMENTS]


def _live(process: Process, language: str) -> str:
    """Whether a live stream is read, and what that means."""
    _ = catalogue(language).gettext
    if not process.settings.firehose:
        return _("No live stream of a network is read here.")
    return _(
        "A live stream of Bluesky is read here: what everybody publishes there passes through the memory of this "
        "machine, is filtered in it and forgotten at once. The network does not learn from it who takes part here."
    )
