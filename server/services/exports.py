"""The export of one person: everything that every place holds about them, with their receipts, as one file."""

import json

from privacy import consent
from privacy.archive import Words, archive
from privacy.holdings import Holdings
from server.services import stored
from server.services.bundles import Reader, bundle
from server.services.consents import receipt_json
from server.services.words import catalogue
from workers.logbook import openings_of
from workers.results import newest
from workers.runtime.process import Process

#: The signed explanation of the newest score, inside the ZIP.
EXPLANATION = "explanation.json"
#: What opens the person's own entries in the transparency log, with the proofs.
LOG = "log.json"


def export(process: Process, holdings: Holdings, subject_id: str, language: str, controller: str) -> bytes:
    """The ZIP. Raises `UndeclaredHoldingError` rather than leave something out."""
    proofs = _explanation(process, subject_id, controller)
    proofs[LOG] = json.dumps(openings_of(process, subject_id), indent=1).encode()
    with process.reading() as session:
        held = holdings.export(session, subject_id)
        receipts = {
            f"receipts/{record.id}.jsonld": receipt_json(session, subject_id, record.id, controller).encode()
            for record, _ in consent.history(session, subject_id)
        }
    return archive(held, words(language), process.clock(), receipts | proofs)


def _explanation(process: Process, subject_id: str, controller: str) -> dict[str, bytes]:
    """The signed file of the newest score; nothing before the first."""
    with process.reading() as session:
        if newest(session, subject_id) is None:
            return {}
    return {EXPLANATION: bundle(process, subject_id, controller, Reader.PERSON).text.encode()}


def words(language: str) -> Words:
    """The texts of the page to read in an export."""
    _ = catalogue(language).gettext
    return Words(
        language=language,
        title=_("Everything that this Klarwert has stored about you"),
        made=_("As of %(time)s"),
        contents=_("What is in it"),
        files=_(
            "The same lies beside this page for other programs: data.json, the folder csv, your receipts in the folder "
            "receipts. explanation.json is the signed explanation of your newest score, if you have one: anybody can "
            "check it. log.json proves what the public log of this Klarwert has about you. manifest.json counts every "
            "row and has the checksum (SHA-256) of every file."
        ),
        nothing=_("Nothing is stored."),
        more=_("Here are the first %(shown)s of %(all)s. All of them are in %(file)s."),
        yes=_("yes"),
        no=_("no"),
        kinds=stored.kinds(language),
        columns=stored.columns(language),
    )
