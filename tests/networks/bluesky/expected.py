"""Says which signals must come of a scenario, from the scenario alone and by the rules of the score model, section 1.

It shares no code with any collector, so that both agreeing means something.
"""

from collections import Counter
from datetime import date
from typing import Any, NamedTuple

WINDOW_DAYS = 90  # the oldest day that counts lies so many days before the day of reading
GROWN_UP_DAYS = 30  # reactions of younger accounts do not count
HIDDEN = "!no-unauthenticated"

Event = dict[str, Any]


class _Reaction(NamedTuple):
    kind: str
    day: date
    actor: str
    post: str


def expected_signals(scenario: dict[str, Any], participant: str, read_on: date) -> list[dict[str, Any]]:
    """The signals of a first complete reading on a UTC day, sorted by kind, post, day and actor.

    Each is {network, kind, day (ISO), actor (account id), post (event id), count}; `audience` has neither actor nor
    post (None) and the day of reading. A participant who opted out of being shown has none at all.
    """
    told = _Told(scenario)
    if told.is_hidden(participant):
        return []
    reactions = [found for event in told.events if (found := _reaction(told, event, participant, read_on))]
    counted = Counter(reactions)
    signals = [
        _signal(one.kind, one.day, one.actor, one.post, number if one.kind in ("reply", "quote") else 1)
        for one, number in sorted(counted.items(), key=lambda item: (item[0].kind, item[0].post, *item[0][1:3]))
    ]
    followers = len({event["by"] for event in told.events if event.get("whom") == participant})
    return [_signal("audience", read_on, None, None, followers)] * bool(followers) + signals


def _signal(kind: str, day: date, actor: str | None, post: str | None, count: int) -> dict[str, Any]:
    return {
        "network": "bluesky", "kind": kind, "day": day.isoformat(), "actor": actor, "post": post, "count": count,
    }  # fmt: skip


class _Told:
    """The scenario as it stands when its last step is done."""

    def __init__(self, scenario: dict[str, Any]) -> None:
        self._accounts = {account["id"]: account for account in scenario["accounts"]}
        steps = scenario.get("after", [])
        deleted = {step["what"] for step in steps if step["do"] == "delete"}
        self._off: set[str] = set()
        for step in steps:
            if step["do"] == "deactivate":
                self._off.add(step["who"])
            elif step["do"] == "activate":
                self._off.discard(step["who"])
        self.events: list[Event] = [event for event in scenario["events"] if event.get("id") not in deleted]
        self._posts = {event["id"]: event for event in self.events if event["type"] in ("post", "reply")}

    def is_hidden(self, account: str) -> bool:
        return HIDDEN in self._accounts[account].get("labels", ()) or account in self._off

    def own_post(self, name: str, participant: str, read_on: date) -> Event | None:
        """The post if it is there, the participant's, and within the window."""
        post = self._posts.get(name)
        if post is None or post["by"] != participant or not 0 <= (read_on - _day(post)).days <= WINDOW_DAYS:
            return None
        return post

    def is_grown_up(self, account: str, day: date) -> bool:
        """True also where the network does not tell the account's age."""
        born = self._accounts[account].get("at")
        return born is None or (day - date.fromisoformat(born[:10])).days >= GROWN_UP_DAYS


def _reaction(told: _Told, event: Event, participant: str, read_on: date) -> _Reaction | None:
    """The reaction that an event is to a post of the participant, if it is one and counts."""
    kind, target = _kind_and_target(event)
    post = told.own_post(target, participant, read_on)
    by = event["by"]
    if post is None or by == participant or told.is_hidden(by):
        return None
    # The list of who reposted bears no dates: in a first reading the day of the post stands for them.
    day = _day(post) if kind == "repost" else _day(event)
    if day > read_on or not told.is_grown_up(by, day):
        return None
    return _Reaction(kind, day, by, target)


def _kind_and_target(event: Event) -> tuple[str, str]:
    """For example ("reply", "p01"); ("", "") for what is no reaction to a post."""
    for kind, key in (("reply", "to"), ("quote", "quote")):
        if key in event:
            return kind, event[key]
    return (event["type"], event["of"]) if "of" in event else ("", "")


def _day(event: Event) -> date:
    return date.fromisoformat(event["at"][:10])
