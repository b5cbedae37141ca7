"""The drop list at work: what a participant disputes is left out by every reader, at once and when read again (R19)."""

import json
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

import numpy as np
from sqlalchemy import ColumnElement, delete, select
from sqlalchemy.orm import Session

from privacy import journal
from privacy.base import Subject, new_id
from privacy.keyring import PersonKey
from privacy.sealed import seal, unseal
from workers.models import Dispute, Dropped
from workers.models.dispute import Outcome, Target
from workers.runtime.work import Work
from workers.scoring.model import AUDIENCE
from workers.scoring.signals import EPOCH, KINDS, BoolArray, IntArray, Signals

#: An act in the journal.
DISPUTE = "dispute"
#: Kinds that somebody does to a post once: a later reading may date them anew, they stay the same signal.
_ONCE = frozenset({"like", "repost", "endorsement"})
#: Disputes whose signals are left out.
_HOLDING = (Outcome.OPEN.value, Outcome.UPHELD.value)


@dataclass(frozen=True)
class Which:
    """What makes a signal this one, whenever it is read: parts that are None belong to its identity as absent.

    Without a `kind` it stands for every signal of the post.
    """

    network: str
    post: str | None
    kind: str | None = None
    day: date | None = None
    actor: str | None = None
    account: str | None = None


def which(signals: Signals, row: int) -> Which:
    """The identity of one signal."""
    kind, actor = KINDS[signals.kind[row]], _label(signals.actor, signals.actors, row)
    once = actor is not None and kind in _ONCE
    return Which(
        network=signals.networks[signals.network[row]],
        post=_label(signals.post, signals.posts, row),
        kind=kind,
        day=None if once else date.fromordinal(int(signals.day[row]) + EPOCH),
        actor=actor,
        account=_label(signals.account, signals.accounts, row) if kind == AUDIENCE else None,
    )


def dropped(session: Session, subject_id: str, signals: Signals) -> BoolArray:
    """Marks the signals of a person that are left out; one mark a signal."""
    rows = session.scalars(select(Dropped).where(Dropped.subject_id == subject_id)).all()
    return left_out(
        signals, [Which(row.network, row.post_id, row.kind, row.day, row.actor, row.account) for row in rows]
    )


def left_out(signals: Signals, drops: Collection[Which]) -> BoolArray:
    """Marks the signals that are on a drop list."""
    marked = np.zeros(len(signals), dtype=np.bool_)
    whole = [drop for drop in drops if drop.kind is None]
    for network in {drop.network for drop in whole}:
        posts = [_code(signals.posts, drop.post) for drop in whole if drop.network == network]
        marked |= (signals.network == _code(signals.networks, network)) & np.isin(signals.post, posts)
    for drop in drops:
        if drop.kind is not None:
            marked |= _matches(signals, drop)
    return marked


def leave_out(work: Work, dispute: Dispute, signals: Sequence[Which]) -> None:
    """Puts signals on the drop list of a dispute."""
    for one in signals:
        work.session.add(
            Dropped(
                id=new_id(), subject_id=dispute.subject_id, dispute_id=dispute.id, network=one.network,
                post_id=one.post, kind=one.kind, day=one.day, actor=one.actor, account=one.account, made_at=work.now,
            )
        )  # fmt: skip
    work.session.flush()


def remember(work: Work, dispute: Dispute) -> None:
    """Has the journal know how a dispute stands and what it leaves out: ids, and texts as they are sealed (R36)."""
    work.session.flush()
    drops = work.session.scalars(select(Dropped).where(Dropped.dispute_id == dispute.id).order_by(Dropped.id))
    facts = {"dispute": journal.columns(dispute), "dropped": [journal.columns(drop) for drop in drops]}
    journal.note(work.session, work.now, DISPUTE, **facts)


def remembered(work: Work, facts: dict[str, Any]) -> None:
    """Makes a dispute again what it was when it was remembered, on a database from before that."""
    dispute = Dispute(**journal.values(facts["dispute"]))
    if work.session.get(Subject, dispute.subject_id) is None:
        return
    work.session.merge(dispute)
    work.session.flush()
    let_in(work.session, dispute.id)
    work.session.add_all(Dropped(**journal.values(drop)) for drop in facts["dropped"])
    work.session.flush()
    work.later("score", dispute.subject_id)


def let_in(session: Session, dispute_id: str) -> None:
    """Takes everything of a dispute off the drop list: it counts again."""
    session.execute(delete(Dropped).where(Dropped.dispute_id == dispute_id))


def follow_topics(work: Work, key: PersonKey, subject_id: str, network: str, post_id: str, topics: list[str]) -> None:
    """Leaves out a post that was just given a topic which its person disputes."""
    query = select(Dispute).where(
        Dispute.subject_id == subject_id, Dispute.target == Target.TOPIC.value, Dispute.outcome.in_(_HOLDING)
    )
    for dispute in work.session.scalars(query).all():
        there = select(Dropped.id).where(Dropped.dispute_id == dispute.id, Dropped.post_id == post_id)
        if matter(dispute, key).get("topic") in topics and work.session.scalar(there) is None:
            leave_out(work, dispute, [Which(network, post_id)])


def forget_topics(session: Session, key: PersonKey, subject_id: str) -> None:
    """Forgets which topics were disputed; the posts that were left out for them stay so."""
    mine = Dispute.subject_id == subject_id, Dispute.target == Target.TOPIC.value
    for dispute in session.scalars(select(Dispute).where(*mine)):
        seal(dispute, key, subject_matter=None)


def forget_network(work: Work, subject_id: str, network: str) -> None:
    """Forgets everything of a network that was left out: its signals are erased, and there is nothing to decide."""
    _forget(work, (Dispute.subject_id == subject_id) & (Dispute.network == network))
    work.session.execute(delete(Dropped).where(Dropped.subject_id == subject_id, Dropped.network == network))


def forget_post(work: Work, subject_id: str, post_id: str) -> None:
    """The same of a post, or of signals of one; a dispute about a topic goes on with the other posts."""
    mine = (Dropped.subject_id == subject_id) & (Dropped.post_id == post_id)
    here = select(Dropped.dispute_id).where(mine)
    _forget(work, Dispute.id.in_(here) & (Dispute.target != Target.TOPIC.value))
    work.session.execute(delete(Dropped).where(mine))


def _forget(work: Work, which: ColumnElement[bool]) -> None:
    for dispute in work.session.scalars(select(Dispute).where(which)):
        dispute.subject_matter = None
        if dispute.outcome == Outcome.OPEN:
            dispute.outcome, dispute.decided_at = Outcome.OVER, work.now
    work.session.flush()


def matter(dispute: Dispute, key: PersonKey) -> dict[str, str | int]:
    """What a dispute is about, in parts for words; empty once that is deleted."""
    text = unseal(dispute, key, "subject_matter")
    return dict(json.loads(text)) if text else {}


def _matches(signals: Signals, drop: Which) -> BoolArray:
    found = (
        (signals.network == _code(signals.networks, drop.network))
        & (signals.kind == _code(KINDS, drop.kind))
        & (signals.post == _code(signals.posts, drop.post))
        & (signals.actor == _code(signals.actors, drop.actor))
    )
    if drop.day is not None:
        found &= signals.day == drop.day.toordinal() - EPOCH
    if drop.kind == AUDIENCE:
        found &= signals.account == _code(signals.accounts, drop.account)
    return np.asarray(found)


def _code(labels: Sequence[str], label: str | None) -> int:
    """The code of a label: -1 for what is absent, -2 for what no signal has."""
    if label is None:
        return -1
    return labels.index(label) if label in labels else -2


def _label(codes: IntArray, labels: Sequence[str], row: int) -> str | None:
    code = int(codes[row])
    return labels[code] if code >= 0 else None
