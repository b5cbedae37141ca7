"""Invented readings: posts with reactions, as a network hands them over."""

from datetime import date, timedelta

from workers.networks.shape import Post, Reaction, Reading

TODAY = date(2026, 11, 22)
"""The day of the clock of the tests."""


def ago(days: int) -> date:
    """So many days before the day of the tests."""
    return TODAY - timedelta(days=days)


def reading(*reactions: Reaction, posted: int = 10, number: int = 1, complete: str = "") -> Reading:
    """A reading of a post of so many days ago; `complete` names kinds, with spaces between."""
    post = Post(f"https://netz.test/p/{number}", ago(posted), "Text, der nie bleibt")
    return Reading(post, reactions, frozenset(complete.split()))


def like(actor: str, days: int | None = None) -> Reaction:
    """A like of so many days ago, or without a day."""
    return Reaction("like", actor, None if days is None else ago(days))


def reply(actor: str, days: int | None, count: int = 1) -> Reaction:
    """So many replies on one day."""
    return Reaction("reply", actor, None if days is None else ago(days), count)


def count(number: int, kind: str = "like") -> Reaction:
    """A public count without names."""
    return Reaction(kind, None, None, number)
