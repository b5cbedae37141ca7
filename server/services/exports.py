"""The export of one person: everything that every place holds about them, with their receipts, as one file.

Links in mails are cut: an archive that lies about somewhere opens no account.
"""

import json
import re
from collections.abc import Mapping, Sequence
from datetime import date, timedelta
from email import message_from_bytes
from email.policy import default
from typing import Any

from sqlalchemy.orm import Session

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
from workers.scoring.signals import KINDS, IntArray, Signals
from workers.signals.take import take

Rows = Sequence[Mapping[str, Any]]

#: The signed explanation of the newest score, inside the ZIP.
EXPLANATION = "explanation.json"
#: What opens the person's own entries in the transparency log, with the proofs.
LOG = "log.json"


_SECRET = re.compile(r"(/(?:confirm|reset|email|invitation)/)[\w-]+")
_EPOCH = date(1970, 1, 1)
_HEADS = ("From", "To", "Date", "Subject", "Message-ID")


def export(process: Process, holdings: Holdings, subject_id: str, language: str, controller: str) -> bytes:
    """The ZIP. Raises `UndeclaredHoldingError` rather than leave something out."""
    proofs = _explanation(process, subject_id, controller)
    proofs[LOG] = json.dumps(openings_of(process, subject_id), indent=1).encode()
    with process.reading() as session:
        held = holdings.export(session, subject_id)
        receipts = {
            f"receipts/{record.id}.jsonld": receipt_json(session, subject_id, record.id).encode()
            for record, _ in consent.history(session, subject_id)
        }
        proofs |= _score(session, subject_id)
    return archive(without_secrets(held), words(language), process.clock(), receipts | proofs)


def _explanation(process: Process, subject_id: str, controller: str) -> dict[str, bytes]:
    """The signed file of the newest score; nothing before the first."""
    with process.reading() as session:
        if newest(session, subject_id) is None:
            return {}
    return {EXPLANATION: bundle(process, subject_id, controller, Reader.PERSON).text.encode()}


def without_secrets(held: Mapping[str, Rows]) -> dict[str, Rows]:
    """What is held, with the mails as readable text and no link in them that works."""
    waiting = [{**row, "body": _cut(row["body"])} for row in held.get("mails waiting", [])]
    laid = [{**row, "mail": _cut(_readable(row["mail"]))} for row in held.get("outbox", [])]
    return {**held, "mails waiting": waiting, "outbox": laid}


def _cut(text: str) -> str:
    return _SECRET.sub(r"\1…", text)


def _readable(mail: str) -> str:
    """A mail as its receiver reads it, however it was encoded on its way."""
    parsed = message_from_bytes(mail.encode(), policy=default)
    heads = "".join(f"{name}: {parsed[name]}\n" for name in _HEADS if parsed[name])
    text = parsed.get_body(("plain",))
    return f"{heads}\n{text.get_content() if text else ''}"


def _score(session: Session, subject_id: str) -> dict[str, bytes]:
    """The case of the newest score, as `klarwert score --signals` takes it, with what it has to give beside it."""
    score = newest(session, subject_id)
    if score is None:
        return {}
    taken = take(session, subject_id, score.day)
    case = {
        "model": score.model,
        "score": score.score,
        "day": score.day.isoformat(),
        "signals": [row for row, out in zip(_rows(taken.signals), taken.disputed, strict=True) if not out],
        "yesterday": taken.yesterday,
    }
    return {"score.json": json.dumps(case, ensure_ascii=False, indent=1).encode()}


def _rows(signals: Signals) -> list[dict[str, Any]]:
    """Signals as objects; what is absent is left out."""
    columns = {
        "network": _labels(signals.network, signals.networks),
        "kind": _labels(signals.kind, KINDS),
        "day": [(_EPOCH + timedelta(days=day)).isoformat() for day in signals.day.tolist()],
        "actor": _labels(signals.actor, signals.actors),
        "count": signals.count.tolist(),
        "account": _labels(signals.account, signals.accounts),
        "post": _labels(signals.post, signals.posts),
    }
    rows = (dict(zip(columns, values, strict=True)) for values in zip(*columns.values(), strict=True))
    return [{name: value for name, value in row.items() if value is not None} for row in rows]


def _labels(codes: IntArray, labels: Sequence[str]) -> list[str | None]:
    return [labels[code] if code >= 0 else None for code in codes.tolist()]


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
            "receipts. score.json has your newest score with all that it is made of: the command klarwert score "
            "--signals score.json works it out again. explanation.json is the same signed, if you have a score: "
            "anybody can check it. log.json proves what the public log of this Klarwert has about you. manifest.json "
            "counts every row and has the checksum (SHA-256) of every file."
        ),
        nothing=_("Nothing is stored."),
        more=_("Here are the first %(shown)s of %(all)s. All of them are in %(file)s."),
        yes=_("yes"),
        no=_("no"),
        kinds=stored.kinds(language),
        columns=stored.columns(language),
    )
