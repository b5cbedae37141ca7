"""The door of every network: which public reactions come in, decided by rules that look at the reacting account once.

Own reactions, closed or young accounts and impossible dates stay outside (score-model 1, R7, R8). Nothing is kept.
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from itertools import groupby

from workers.networks import untrusted
from workers.networks.shape import Reaction

YOUNG_DAYS = 30
# No network that we read is older; an earlier date is a damaged one.
_EARLIEST = date(2006, 1, 1)
_CLOCK_SKEW = timedelta(days=1)
_MARK = re.compile(r"#(?:nobot|noindex|noarchive)(?![\w-])", re.IGNORECASE)
_ONCE = frozenset({"like", "repost"})


@dataclass(frozen=True)
class Actor:
    """Somebody who reacted, as far as the door looks; `created` is the network's own date of the account, unread."""

    id: str = field(repr=False)
    own: bool
    closed: bool
    created: object = field(default=None, repr=False)


def carries_mark(text: str) -> bool:
    """Whether a description asks not to be collected: #nobot, #noindex or #noarchive."""
    return bool(_MARK.search(text))


def plausible_day(moment: datetime | None, today: date) -> date | None:
    """The UTC day of a moment. A day ahead is a wrong clock and becomes today; more, or before 2006, is None."""
    if moment is None or not _EARLIEST <= moment.date() <= today + _CLOCK_SKEW:
        return None
    return min(moment.date(), today)


def reaction_day(moment: datetime | None, posted: date, today: date) -> date | None:
    """The UTC day of a reaction: plausible, and not before the post that it is about; None if it cannot be."""
    day = plausible_day(moment, today)
    return day and max(day, posted)


def admitted(kind: str, actor: Actor, posted: date, day: date | None = None) -> Reaction | None:
    """The reaction, if it may come in. `day` is None where the network tells none: then the post's day decides."""
    if not actor.id or actor.own or actor.closed or _is_young(actor.created, day or posted):
        return None
    return Reaction(kind, actor.id, day)


def _is_young(created: object, reacted: date) -> bool:
    if created is None:
        # The network does not tell the age of this account.
        return False
    moment = untrusted.moment(created)
    return moment is None or (reacted - moment.date()).days < YOUNG_DAYS


def joined(reactions: Iterable[Reaction]) -> tuple[Reaction, ...]:
    """One reaction for each actor and kind, on its earliest day; replies and quotes: one a day, with their number.

    Of public counts one a kind stays.
    """
    groups = groupby(sorted(reactions, key=_order), key=_order)
    return tuple(_one(kind, list(group)) for (kind, *_), group in groups)


def _order(reaction: Reaction) -> tuple[str, str, date]:
    once = reaction.kind in _ONCE or reaction.actor_id is None or reaction.day is None
    return reaction.kind, reaction.actor_id or "", date.max if once or reaction.day is None else reaction.day


def _one(kind: str, group: list[Reaction]) -> Reaction:
    if group[0].actor_id is None:
        # A public count is the whole of it, however often it is told.
        return max(group, key=lambda reaction: reaction.count)
    day = min((reaction.day for reaction in group if reaction.day), default=None)
    return Reaction(kind, group[0].actor_id, day, 1 if kind in _ONCE else len(group))
