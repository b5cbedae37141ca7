"""Damages the answers of all networks by the thousand: nothing may crash, and no wrong signal may come out.

`bin/test --fuzz` runs it for 50,000 damaged answers and prints the figures as its last line; the ordinary suite runs a
short one. The same seed damages the same answers in the same way.
"""

import random
import re
import sys
import time
from collections import Counter
from dataclasses import dataclass, field

from tests.workers.networks.clock import VirtualClock
from tests.workers.networks.contract.case import Case, read
from tests.workers.networks.contract.stage import Stage
from tests.workers.networks.contract.test_trouble import JUNK_TEXTS, parsed_and_damaged
from tests.workers.networks.loopback import Asked, Reply
from workers.networks.registry import NAMES
from workers.networks.shape import Failure, Reading
from workers.scoring.signals import KINDS, LARGEST_COUNT

FULL = 50_000
_DATES = (b"1970-01-01", b"2035-01-01", b"9999-12-31", b"0001-01-01", b"2026-13-45", b"2026-02-30")
_NUMBERS = (b"-1", b"99999999999999999999999", b"1e400", b"0.5", b"NaN", b"0x10", b"9" * 5000, b"2147483648")
_HEADERS = (
    {"Content-Type": "text/html"}, {"Content-Type": ""}, {"Content-Encoding": "gzip"}, {"Content-Encoding": "br"},
    {"X-RateLimit-Remaining": "0"}, {"X-RateLimit-Remaining": "0", "X-RateLimit-Reset": "9" * 400},
    {"Retry-After": "-5"}, {"Link": "<https://127.0.0.1/>; rel=next"}, {"Location": "//127.0.0.1"},
)  # fmt: skip
_STATUSES = (201, 204, 206, 300, 301, 302, 400, 401, 402, 403, 404, 405, 406, 409, 410, 418, 422, 451, 500, 503, 599)


@dataclass
class Figures:
    """What came of a run."""

    damaged: int = 0
    by_network: Counter[str] = field(default_factory=Counter)
    reasons: Counter[str] = field(default_factory=Counter)
    readings: int = 0
    reactions: int = 0
    crashes: list[str] = field(default_factory=list)
    wrong: list[str] = field(default_factory=list)
    seconds: float = 0.0

    def line(self) -> str:
        """One line for people."""
        reasons = ", ".join(f"{name} {number:,}" for name, number in self.reasons.most_common())
        return (
            f"{self.damaged:,} damaged answers over {len(self.by_network)} networks in {self.seconds:.0f} s: "
            f"{len(self.crashes)} crashes, {len(self.wrong)} wrong signals; {self.readings:,} posts with "
            f"{self.reactions:,} reactions came out; failures: {reasons}"
        )


class Damage:
    """Damages some answers. `fine` is over once a wound was not one of structure: then nobody could know better."""

    def __init__(self, case: Case, dice: random.Random) -> None:
        self.given = 0
        self.fine = True
        self._case = case
        self._dice = dice
        self._chance = dice.choice((0.05, 0.3, 1.0))

    def __call__(self, _asked: Asked, reply: Reply) -> Reply:
        if self._dice.random() >= self._chance:
            return reply
        self.given += 1
        way = self._dice.random()
        if way < 0.5:
            return parsed_and_damaged(reply, self._dice, self._case.spared)
        if way < 0.6:
            return Reply(reply.body, self._dice.choice(_STATUSES), reply.headers)
        if way < 0.7:
            return Reply(reply.body, reply.status, reply.headers | self._dice.choice(_HEADERS))
        self.fine = False
        return Reply(self._wounded(reply.encoded()), reply.status, reply.headers)

    def _wounded(self, body: bytes) -> bytes:
        """Bytes changed, cut, moved; dates and numbers of another world; brackets without end."""
        dice = self._dice
        match dice.randrange(6):
            case 0:
                made = bytearray(body)
                for _ in range(dice.randrange(1, 9) if made else 0):
                    made[dice.randrange(len(made))] = dice.randrange(256)
                return bytes(made)
            case 1:
                return body[: dice.randrange(len(body) + 1)]
            case 2:
                return re.sub(rb"\d{4}-\d\d-\d\d", lambda _: dice.choice(_DATES), body)
            case 3:
                return re.sub(rb"(?<=[ :\[])\d+", lambda found: dice.choice((found[0], *_NUMBERS)), body)
            case 4:
                return b"[" * dice.choice((70, 5000, 200_000)) + body
            case _:
                middle = dice.randrange(len(body) + 1)
                return body[middle:] + body[:middle]


def run(answers: int, seed: int = 1) -> Figures:
    """Damages at least so many answers, network by network in turn."""
    figures = Figures()
    begun = time.monotonic()
    stages = [Stage(read(name)) for name in sorted(NAMES)]
    for stage in stages:
        stage.start()
    try:
        turn = 0
        while figures.damaged < answers:
            for stage in stages:
                turn += 1
                _once(stage, random.Random(f"{seed}/{turn}"), figures, f"{stage.case.name} {seed}/{turn}")
    finally:
        for stage in stages:
            stage.stop()
    figures.seconds = time.monotonic() - begun
    return figures


def _once(stage: Stage, dice: random.Random, figures: Figures, name: str) -> None:
    """Everything that a network can be asked, once, with damage."""
    case, damage = stage.case, Damage(stage.case, dice)
    stage.clock, stage.trouble = VirtualClock(), damage
    found: list[Reading] = []
    network = case.network()
    asks = (
        lambda client: network.find(client, case.typed[0]),
        lambda client: network.profile(client, case.remote_id),
        lambda client: list(network.recent_texts(client, case.remote_id)),
        lambda client: network.check(client, case.remote_id, [*case.check["public"], *case.check["gone"]]),
        lambda client: [found.extend(page.readings) for page in network.collect(client, case.remote_id, case.since)],
    )
    with stage.client() as client:
        for ask in asks:
            try:
                ask(client)
            except Failure as failure:
                figures.reasons[failure.reason.value] += 1
            except Exception as error:
                figures.crashes.append(f"{name}: {type(error).__name__}")
    figures.damaged += damage.given
    figures.by_network[case.name] += damage.given
    figures.readings += len(found)
    figures.reactions += sum(len(reading.reactions) for reading in found)
    figures.wrong += [f"{name}: {fault}" for reading in found for fault in faults(reading, case, stage, damage.fine)]
    stage.asked.clear()
    stage.served.clear()
    stage.unknown.clear()


def faults(reading: Reading, case: Case, stage: Stage, fine: bool) -> list[str]:
    """What is wrong with a post and its reactions. With `fine` damage nobody new and nobody unwanted may come in."""
    today = stage.clock.now().date()
    # Of some networks a post is older than what happens to it, such as a repository.
    first = min([case.since, *(post.day for post in case.posts)])
    found = [] if first <= reading.post.day <= today else ["a post outside the window"]
    for reaction in reading.reactions:
        if not 1 <= reaction.count <= LARGEST_COUNT:
            found.append("a count that cannot be")
        if reaction.kind not in KINDS:
            found.append("an unknown kind")
        if reaction.day is not None and not reading.post.day <= reaction.day <= today:
            found.append("a reaction before its post or in the future")
        if reaction.actor_id == case.profile.get("actor_id"):
            found.append("a reaction of their own")
        if fine and reaction.actor_id is not None and not _may_be(reaction.actor_id, case):
            found.append("a reaction of somebody who must not come in")
    if fine:
        traps = {trap.get("address") for trap in case.traps.values()}
        found += ["a post that is not public"] if reading.post.address in traps else []
    return found


def _may_be(actor: str, case: Case) -> bool:
    return actor in case.actors or any(part in JUNK_TEXTS for part in re.split(r"[@ /:]", actor))


def main() -> None:
    """Prints what went wrong, and the figures as the last line; ends with 1 if anything did."""
    figures = run(int(sys.argv[1]) if len(sys.argv) > 1 else FULL)
    for fault in (*figures.crashes, *figures.wrong):
        sys.stdout.write(f"{fault}\n")
    sys.stdout.write(f"{figures.line()}\n")
    sys.exit(bool(figures.crashes or figures.wrong))


if __name__ == "__main__":
    main()
