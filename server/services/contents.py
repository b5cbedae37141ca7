"""What an export has beside the lists of data: receipts, the explained score, activities, proofs; and all its words.

Links in mails are cut: an export that lies about somewhere opens no account.
"""

import json
import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from datetime import date, timedelta
from email import message_from_bytes
from email.policy import default
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from privacy import consent
from privacy.archive import Words
from privacy.check import LOG
from server.services import stored
from server.services.activities import activities
from server.services.bundles import Reader, bundle
from server.services.columns import titles
from server.services.consents import receipt_json
from server.services.organisations import organisation
from server.services.words import catalogue
from workers.logbook import openings_of
from workers.models import Post
from workers.results import newest
from workers.runtime.process import Process
from workers.scoring.signals import KINDS, IntArray, Signals
from workers.signals.store import address_of
from workers.signals.take import take

Row = Mapping[str, Any]
Extra = Callable[[Process, str, str], dict[str, bytes]]
"""Makes files by their names, of an installation, a subject and a language."""

#: The signed explanation of the newest score, inside the ZIP.
EXPLANATION = "explanation.json"

_SECRET = re.compile(r"(/(?:confirm|reset|email|invitation|erasure)/)[\w-]+")
_EPOCH = date(1970, 1, 1)
_HEADS = ("From", "To", "Date", "Subject", "Message-ID")


def readable_rows(kind: str, rows: Iterable[Row]) -> Iterator[Row]:
    """Rows of a data kind, mails as readable text and no link in them that works."""
    for row in rows:
        if kind == "mails waiting":
            yield {**row, "body": _cut(row["body"])}
        elif kind == "outbox":
            yield {**row, "mail": _cut(_readable(row["mail"]))}
        else:
            yield row


def _cut(text: str) -> str:
    return _SECRET.sub(r"\1…", text)


def _readable(mail: str) -> str:
    """A mail as its receiver reads it, however it was encoded on its way."""
    parsed = message_from_bytes(mail.encode(), policy=default)
    heads = "".join(f"{name}: {parsed[name]}\n" for name in _HEADS if parsed[name])
    text = parsed.get_body(("plain", "html"))
    return f"{heads}\n{text.get_content() if text is not None else ''}"


def _receipts(process: Process, subject_id: str, _language: str) -> dict[str, bytes]:
    with process.reading() as session:
        return {
            f"receipts/{record.id}.jsonld": receipt_json(session, subject_id, record.id).encode()
            for record, _ in consent.history(session, subject_id)
        }


def _explanation(process: Process, subject_id: str, _language: str) -> dict[str, bytes]:
    """The signed file of the newest score; nothing before the first."""
    with process.reading() as session:
        if newest(session, subject_id) is None:
            return {}
        name = organisation(session, process.settings).name
    return {EXPLANATION: bundle(process, subject_id, name, Reader.PERSON).text.encode()}


def _log(process: Process, subject_id: str, _language: str) -> dict[str, bytes]:
    return {LOG: json.dumps(openings_of(process, subject_id), indent=1).encode()}


def _score(process: Process, subject_id: str, _language: str) -> dict[str, bytes]:
    """The case of the newest score, as `klarwert score --signals` takes it, with what it has to give beside it."""
    with process.reading() as session:
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
    return {"score.json": json.dumps(case, ensure_ascii=False).encode()}


def _activities(process: Process, subject_id: str, _language: str) -> dict[str, bytes]:
    with process.reading() as session:
        posts = _posts(process, session, subject_id)
        signals = _rows(take(session, subject_id, process.clock().date()).signals)
    made = activities(posts, signals)
    return {name: json.dumps(value, ensure_ascii=False).encode() for name, value in made.items()}


def _posts(process: Process, session: Session, subject_id: str) -> dict[str, tuple[str, date]]:
    key = process.ring.person(subject_id)
    rows = session.scalars(select(Post).where(Post.subject_id == subject_id).order_by(Post.day, Post.id))
    return {post.id: (address_of(post, key), post.day) for post in rows}


#: The files beside the lists, in the order in which they are made: the log last, for it has what the others noted.
EXTRAS: Mapping[str, Extra] = {
    "receipts": _receipts,
    "score file": _score,
    "activities": _activities,
    "explanation": _explanation,
    "log": _log,
}


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
            "The same lies beside this page for other programs: in the folders json and csv, your receipts in the "
            "folder receipts, your posts and the reactions to them in the folder activitystreams. score.json has your "
            "newest score with all that it is made of: the command klarwert score --signals score.json works it out "
            "again. explanation.json is the same signed, if you have a score: anybody can check it. log.json proves "
            "what the public log of this Klarwert has about you. manifest.json counts every row and has the checksum "
            "(SHA-256) of every file: the command klarwert privacy check-export checks them."
        ),
        nothing=_("Nothing is stored."),
        more=_("Here are the first %(shown)s of %(all)s. All of them are in %(file)s."),
        yes=_("yes"),
        no=_("no"),
        kinds=stored.kinds(language),
        columns=titles(language),
        values=stored.values(language),
    )
