"""Disputes (R19): a participant says what is wrong, it counts nothing at once, a human of the organisation decides."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

import numpy as np
from sqlalchemy import select
from sqlalchemy.orm import Session

from privacy import consent
from privacy.base import Subject, new_id
from privacy.disclosure import Reason, record
from privacy.keyring import KeyGoneError, KeyRing, PersonKey
from privacy.ledger import note
from privacy.recipient import Act
from privacy.sealed import seal, unseal
from server.models import Account, Role
from server.services import accounts, letters
from server.services.explanations import ShownSignal
from server.services.missing import MissingError
from server.services.organisations import organisation
from workers.models import Dispute, Post
from workers.models.dispute import Outcome, Target
from workers.results import newest
from workers.runtime.work import Work
from workers.scoring.explain import Explanation
from workers.scoring.signals import Signals
from workers.signals.disputes import Which, leave_out, let_in, matter, remember, which
from workers.signals.store import address_of
from workers.signals.take import Taken, take
from workers.signals.topics import topics_by_post
from workers.telling import tell

#: Who may decide.
DECIDERS = (Role.ADMIN, Role.STAFF)
Matter = dict[str, str | int]


class TwiceError(MissingError):
    """It is disputed already: a second click, or a page that was open before."""


class OwnDisputeError(PermissionError):
    """Nobody decides on their own dispute."""


@dataclass(frozen=True)
class Item:
    """What somebody is about to dispute."""

    target: Target
    network: str
    matter: Matter
    """For words: `address` and `day` of the post, `kind`, `count` and `signal_day` of the signal, `topic`."""
    signals: tuple[Which, ...]


@dataclass(frozen=True)
class Shown:
    """A dispute; `reason` and `answer` only for who may read them."""

    id: str
    target: Target
    network: str
    matter: Matter
    outcome: Outcome
    made_at: datetime
    decided_at: datetime | None
    decided_by: str | None
    reason: str
    answer: str
    own: bool
    """Is it of the one who looks?"""


def reference(key: PersonKey, signals: Signals, row: int) -> str:
    """A word for one signal in addresses of pages: says nothing without the person's key."""
    one = which(signals, row)
    parts = (one.post, one.kind, one.day and one.day.isoformat(), one.actor, one.account)
    return key.pseudonym(f"dispute/{one.network}", json.dumps(parts))


def references(ring: KeyRing, subject_id: str, told: Explanation, shown: Sequence[ShownSignal]) -> list[str]:
    """The reference of each signal on a page."""
    key = ring.person(subject_id)
    return [reference(key, told.frame.signals, one.row) for one in shown]


def find(session: Session, ring: KeyRing, subject_id: str, post: str, signal: str, topic: str) -> Item:
    """What a person can dispute: a topic, a signal (by its `reference`) or a post, as long as it counts.

    Raises `TwiceError` for what is disputed already, `MissingError` for what is not there.
    """
    key, score = ring.person(subject_id), newest(session, subject_id)
    if score is None:
        raise MissingError("there is no score")
    taken = take(session, subject_id, score.day)
    if topic:
        return _topic(session, key, subject_id, topic, taken)
    rows = np.flatnonzero(taken.signals.post == _place(taken.signals, post)).tolist()
    if signal:
        rows = [row for row in rows if reference(key, taken.signals, row) == signal]
    if not rows or not (post or signal):
        raise MissingError("there is nothing of this kind")
    if taken.disputed[rows].all():
        raise TwiceError("it is disputed already")
    row = rows[0]
    about = which(taken.signals, row)
    said: Matter = _post_words(session, key, subject_id, post) if post else {}
    if not signal:
        return Item(Target.POST, about.network, said, (Which(about.network, post),))
    said |= {"kind": str(about.kind), "count": int(taken.signals.count[row]), "signal_day": _day(taken.signals, row)}
    return Item(Target.SIGNAL, about.network, said, (about,))


def dispute(work: Work, subject_id: str, reason: str, *, post: str = "", signal: str = "", topic: str = "") -> str:
    """Disputes an item; the id of the dispute. It counts nothing from the end of this transaction on.

    Raises `TwiceError` for what is disputed already, `MissingError` for what is not there.
    """
    # A score that is being made of it ends before; the next one leaves it out.
    consent.take_turn(work.session, subject_id)
    _make_sure(work.session, subject_id)
    item = find(work.session, work.ring, subject_id, post, signal, topic)
    row = Dispute(
        id=new_id(), subject_id=subject_id, target=item.target.value, network=item.network,
        outcome=Outcome.OPEN.value, made_at=work.now,
    )  # fmt: skip
    seal(row, work.ring.person(subject_id), reason=reason, subject_matter=json.dumps(item.matter))
    work.session.add(row)
    work.session.flush()
    leave_out(work, row, item.signals)
    remember(work, row)
    note(work.session, work.now, "dispute", subject_id, dispute=row.id, target=row.target)
    _tell(work, row, letters.dispute_made, letters.dispute_waits)
    work.later("score", subject_id)
    return row.id


def take_back(work: Work, subject_id: str, dispute_id: str) -> None:
    """Ends an open dispute at the wish of its person: everything counts again. Raises `MissingError`."""
    consent.take_turn(work.session, subject_id)
    row = _open(work.session, dispute_id)
    if row.subject_id != subject_id:
        raise MissingError("no such dispute")
    _end(work, row, Outcome.TAKEN_BACK)
    note(work.session, work.now, "dispute taken back", subject_id, dispute=row.id)


def decide(work: Work, decider: Account, dispute_id: str, answer: str, *, upheld: bool) -> None:
    """A human decides, with reasons. Raises `MissingError` for what is not open, `OwnDisputeError`."""
    known = work.session.get(Dispute, dispute_id)
    if known is None:
        raise MissingError("no such dispute")
    if known.subject_id == decider.subject_id:
        raise OwnDisputeError("nobody decides on their own dispute")
    consent.take_turn(work.session, known.subject_id)
    row = _open(work.session, dispute_id)
    seal(row, work.ring.person(row.subject_id), answer=answer)
    row.decided_by = decider.role
    _end(work, row, Outcome.UPHELD if upheld else Outcome.REJECTED)
    facts = {"dispute": row.id, "upheld": upheld}
    note(work.session, work.now, "dispute decided", row.subject_id, by=decider.role, **facts)
    note(work.session, work.now, "decision", decider.subject_id, **facts)
    _tell(work, row, letters.dispute_decided, letters.dispute_done)


def mine(session: Session, ring: KeyRing, subject_id: str) -> list[Shown]:
    """A person's own disputes, newest first."""
    query = select(Dispute).where(Dispute.subject_id == subject_id).order_by(Dispute.made_at.desc(), Dispute.id)
    return [_show(row, ring.person(subject_id), subject_id) for row in session.scalars(query)]


def to_decide(session: Session, viewer: str) -> list[Shown]:
    """All disputes for who decides, open ones first, the longest waiting first; without a word of their persons."""
    rows = session.scalars(select(Dispute).order_by(Dispute.made_at, Dispute.id)).all()
    return [_show(row, None, viewer) for row in sorted(rows, key=lambda row: row.outcome != Outcome.OPEN)]


def look(work: Work, decider: Account, dispute_id: str) -> Shown:
    """One dispute with its reason, for who decides. The look is a disclosure, which its person sees (R20).

    Raises `MissingError`, also where its person is being erased.
    """
    row = work.session.get(Dispute, dispute_id)
    if row is None:
        raise MissingError("no such dispute")
    _make_sure(work.session, row.subject_id)
    try:
        shown = _show(row, work.ring.person(row.subject_id), decider.subject_id)
    except KeyGoneError:
        raise MissingError("no such dispute") from None
    if not shown.own:
        house = organisation(work.session, work.settings)
        record(
            work.session, work.ring, row.subject_id, work.now, recipient=house.name, role=decider.role,
            viewer_id=decider.id, purpose=Reason.DISPUTE, what="dispute",
        )  # fmt: skip
    return shown


def _topic(session: Session, key: PersonKey, subject_id: str, topic: str, taken: Taken) -> Item:
    posts = {post for post, topics in topics_by_post(session, key, subject_id).items() if topic in topics}
    networks = {one.post: one.network for one in _posts(taken.signals) if one.post in posts}
    if not networks:
        raise MissingError("no post has this topic")
    places = [taken.signals.posts.index(post) for post in networks]
    if taken.disputed[np.isin(taken.signals.post, places)].all():
        raise TwiceError("all its posts are disputed already")
    drops = tuple(Which(network, post) for post, network in sorted(networks.items(), key=str))
    return Item(Target.TOPIC, "", {"topic": topic, "posts": len(drops)}, drops)


def _posts(signals: Signals) -> list[Which]:
    """Every post that has signals, once."""
    pairs = np.unique(np.stack((signals.network, signals.post)), axis=1).T.tolist()
    return [Which(signals.networks[network], signals.posts[post]) for network, post in pairs if post >= 0]


def _place(signals: Signals, post: str) -> int:
    if not post:
        return -1
    if post not in signals.posts:
        raise MissingError("no such post")
    return signals.posts.index(post)


def _post_words(session: Session, key: PersonKey, subject_id: str, post_id: str) -> Matter:
    row = session.scalar(select(Post).where(Post.id == post_id, Post.subject_id == subject_id))
    if row is None:
        raise MissingError("no such post")
    return {"address": address_of(row, key), "day": row.day.isoformat()}


def _day(signals: Signals, row: int) -> str:
    return str(np.datetime64(int(signals.day[row]), "D"))


def _open(session: Session, dispute_id: str) -> Dispute:
    row = session.get(Dispute, dispute_id, with_for_update=True, populate_existing=True)
    if row is None or row.outcome != Outcome.OPEN:
        raise MissingError("no such dispute that is open")
    return row


def _end(work: Work, row: Dispute, outcome: Outcome) -> None:
    row.outcome, row.decided_at = outcome.value, work.now
    if outcome is Outcome.UPHELD:
        tell(work, row.subject_id, Act.RECTIFICATION)
    else:
        let_in(work.session, row.id)
        work.later("score", row.subject_id)
    remember(work, row)


def _show(row: Dispute, key: PersonKey | None, viewer: str) -> Shown:
    return Shown(
        id=row.id,
        target=Target(row.target),
        network=row.network,
        matter=matter(row, key) if key else {},
        outcome=Outcome(row.outcome),
        made_at=row.made_at,
        decided_at=row.decided_at,
        decided_by=row.decided_by,
        reason=unseal(row, key, "reason") if key else "",
        answer=unseal(row, key, "answer") if key else "",
        own=row.subject_id == viewer,
    )


def _make_sure(session: Session, subject_id: str) -> None:
    subject = session.get(Subject, subject_id)
    if subject is None or subject.erasing_at is not None:
        raise MissingError("this person is gone or going")


def _tell(work: Work, row: Dispute, to_person: letters.Linked, to_house: letters.Linked) -> None:
    """Tells the person, and everybody of the organisation who may decide it."""
    url = work.settings.public_url
    staff = select(Account).where(
        Account.confirmed_at.is_not(None), Account.role.in_([role.value for role in DECIDERS])
    )
    for account in work.session.scalars(staff.order_by(Account.id)).all():
        if account.subject_id != row.subject_id and not _going(work.session, account):
            accounts.write(work, account, to_house(account.language, f"{url}/organisation/disputes/{row.id}"))
    own = work.session.scalar(select(Account).where(Account.subject_id == row.subject_id))
    if own is not None:
        accounts.write(work, own, to_person(own.language, f"{url}/disputes"))


def _going(session: Session, account: Account) -> bool:
    return session.get_one(Subject, account.subject_id).erasing_at is not None
