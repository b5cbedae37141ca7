"""The documents of this installation: what they are made of, and each of them, in a person's language."""

from datetime import date

from privacy.documents.entries import Asked, Facts, Source, entries
from privacy.documents.page import Document, titled
from privacy.documents.write import DOCUMENTS, PUBLIC, filled_in, write
from privacy.vocabulary import Purpose
from server.services import consents
from server.services.meanings import meanings
from workers import keys
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
        names=names(who, process.settings.public_url),
        entries=entries(holdings(process), SPOTS),
        words=meanings(language),
        asked=[
            Asked(*consents.words(purpose, network, language))
            for purpose, network in consents.offered()
            if purpose is not Purpose.SCORING or network in on
        ],
        sources=[
            Source(one.title, one.about_operator[language], one.takes[language], one.leaves[language])
            for one in asked_of
        ],
    )


def names(who: Organisation, url: str) -> dict[str, str]:
    """What texts may name: what the organisation said of itself, and where the pages are."""
    said = {
        name: " ".join(getattr(who, name).split()) for name in ("address", "contact", "dpo", "authority", "imprint")
    }
    return {**said, "organisation": " ".join(who.name.split()), "url": url}


def titles(process: Process, who: Organisation, language: str) -> list[tuple[str, str, bool]]:
    """Name and title of every document, and whether everybody may read it."""
    known = names(who, process.settings.public_url)
    return [(name, titled(filled_in(name, language, known))[0], name in PUBLIC) for name in DOCUMENTS]
