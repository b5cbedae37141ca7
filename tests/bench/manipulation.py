"""Prints what attacks on a score bring: for each attacking account, how many genuine people give as much.

`bin/bench manipulation`: every reaction of an attack goes through the door of the networks (accounts younger than 30
days are refused) and through the scoring of the product. The genuine-reactor equivalent of a score is the number of
different people, each giving one like once, spread evenly over the 13 weeks, that give the same score or more.
"""

import sys
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from functools import cache

from workers.networks.door import Actor, admitted, joined
from workers.networks.shape import Reaction
from workers.scoring.model import KLARWERT_1
from workers.scoring.score import score
from workers.scoring.signals import Signals

TODAY = date(2026, 11, 22)
WINDOW = KLARWERT_1.window_days
OLD, YOUNG = 400, 10
"""Age of an attacking account today, in days."""
Given = tuple[str, int, int, int]
"""Kind, number of who reacts, days ago, number of the post."""


@dataclass(frozen=True)
class Attack:
    """What attackers do to one participant."""

    name: str
    accounts: int
    given: tuple[Given, ...]
    age: int = OLD
    followers: int = 0
    lends: bool = False
    """Do the attackers take part and lend their standing, each with the score that the attack gives?"""


@dataclass(frozen=True)
class Found:
    """What it brought."""

    attack: Attack
    refused: int
    score: float
    equivalents: int
    """Genuine people who give as much."""

    @property
    def each(self) -> float:
        """Genuine people that one attacking account is worth."""
        return self.equivalents / self.attack.accounts


def attacks() -> Iterator[Attack]:
    """All attacks that are measured."""
    yield Attack("silent bot: posts, nobody reacts, 10,000 bought followers", 1, (), followers=10_000)
    for age, how_old in ((YOUNG, "10 days old"), (OLD, "400 days old")):
        for number in (1, 10, 100, 1000):
            yield Attack(f"sock puppets × 30 likes on one day, {how_old}", number, puppets(number, [0]), age)
    for number in (1, 10, 100, 1000):
        yield Attack(
            "sock puppets × 30 likes over 13 weeks, 400 days old", number, puppets(number, range(0, WINDOW, 3))
        )
    for number in (5, 10, 30):
        yield Attack("pod: all like all, every day", number - 1, pod(number), lends=False)
        yield Attack("pod: the same, and all lend their standing", number - 1, pod(number), lends=True)
    yield Attack("one admirer: 1,000 likes over 13 weeks", 1, tuple(("like", 0, n % WINDOW, n) for n in range(1000)))
    yield Attack(
        "reply spam: 50 replies a day for 13 weeks", 1, tuple(("reply", 0, n // 50, n % 7) for n in range(4550))
    )


def puppets(number: int, days: Iterable[int]) -> tuple[Given, ...]:
    """So many accounts like thirty posts each, on these days in turn."""
    ages = list(days)
    return tuple(("like", who, ages[post % len(ages)], post) for who in range(number) for post in range(30))


def pod(members: int) -> tuple[Given, ...]:
    """Everybody in it likes one post of everybody else every day."""
    return tuple(("like", who, age, age) for who in range(members - 1) for age in range(WINDOW))


def measure(attack: Attack) -> Found:
    """Sends an attack through the door and scores what came in."""
    signals, refused = through_the_door(attack)
    total = score(signals, TODAY, {}).score
    if attack.lends:
        # Day by day each lends with the score of the day before; it comes to rest after a few steps of standing.
        for _ in range(10):
            total = score(signals, TODAY, dict.fromkeys(signals.actors, total)).score
    return Found(attack, refused, total, equivalents(total))


def through_the_door(attack: Attack) -> tuple[Signals, int]:
    """The signals of an attack, and how many reactions were refused."""
    by_post: Mapping[int, list[Reaction]] = defaultdict(list)
    refused = 0
    for kind, who, age, post in attack.given:
        created = (TODAY - timedelta(days=attack.age)).isoformat() + "T00:00:00Z"
        day = TODAY - timedelta(days=age)
        entered = admitted(kind, Actor(f"account{who}", own=False, closed=False, created=created), day, day)
        if entered is None:
            refused += 1
        else:
            by_post[post].append(entered)
    rows = [(post, one) for post, reactions in by_post.items() for one in joined(reactions)]
    return columns(rows, attack.followers), refused


def columns(rows: list[tuple[int, Reaction]], followers: int = 0) -> Signals:
    """Reactions to posts, and a number of followers, as the store would hand them over."""
    kinds = [one.kind for _, one in rows] + ["audience"] * bool(followers)
    return Signals.from_columns(
        network=["example"] * len(kinds),
        kind=kinds,
        day=[one.day or TODAY for _, one in rows] + [TODAY] * bool(followers),
        actor=[one.actor_id for _, one in rows] + [None] * bool(followers),
        count=[one.count for _, one in rows] + [followers] * bool(followers),
        post=[str(post) for post, _ in rows] + [None] * bool(followers),
    )


@cache
def genuine(people: int) -> float:
    """The score that so many different people give who like once each, spread evenly over the window."""
    days = [TODAY - timedelta(days=person * WINDOW // people) for person in range(people)]
    rows = [(person, Reaction("like", f"person{person}", day)) for person, day in enumerate(days)]
    return score(columns(rows), TODAY, {}).score


def equivalents(wanted: float) -> int:
    """The fewest genuine people who give this score; 0 for a score of 1."""
    if wanted <= KLARWERT_1.lowest:
        return 0
    high = 1
    while genuine(high) < wanted:
        high *= 2
    low = high // 2
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (middle, high) if genuine(middle) < wanted else (low, middle)
    return high


def main() -> None:
    """Prints a table."""
    head = f"{'attack':<58}{'accounts':>9}{'reactions':>10}{'refused':>9}{'score':>7}{'genuine':>9}{'each':>7}\n"
    sys.stdout.write(head)
    for attack in attacks():
        found = measure(attack)
        sys.stdout.write(
            f"{attack.name:<58}{attack.accounts:>9,}{len(attack.given):>10,}{found.refused:>9,}{found.score:>7.1f}"
            f"{found.equivalents:>9,}{found.each:>7.2f}\n"
        )
    sys.stdout.write(
        "genuine: different people who give as much with one like each; each: for every attacking account\n"
    )


if __name__ == "__main__":
    main()
