"""Prints how well and how fast posts are given topics: precision, recall, excluded hits, posts a second."""

import sys
import time

from tests.workers.topics.labelled import LABELLED, Figures, measure
from workers.topics.taxonomy import own_giver, own_topics

#: The labelled posts are given topics so many times, to have a second to measure.
ROUNDS = 20


def main() -> None:
    """Prints a table; ends with 1 if a goal is missed."""
    started = time.perf_counter()
    giver = own_giver()
    ready = time.perf_counter() - started
    _say(f"{len(own_topics())} topics, ready in {ready:.2f} s")
    _say("part         posts  excluded  precision  recall  excluded hits")
    parts = {part: measure(giver, part) for part in ("development", "held-out", "second-look", "")}
    for part, found in parts.items():
        _say(
            f"{part or 'all':<12}{found.posts:>6}{found.excluded:>10}{found.precision:>11.3f}{found.recall:>8.3f}"
            f"{found.excluded_hits:>15}"
        )
    started = time.perf_counter()
    for _ in range(ROUNDS):
        for post in LABELLED:
            giver.give(post.text)
    speed = ROUNDS * len(LABELLED) / (time.perf_counter() - started)
    _say(f"{speed:,.0f} posts/s (goal 5,000)")
    hits = parts[""].excluded_hits
    sys.exit(not (_good(parts["held-out"]) and hits == 0 and speed >= 5_000))


def _say(line: str) -> None:
    sys.stdout.write(line + "\n")


def _good(found: Figures) -> bool:
    return found.precision >= 0.9 and found.recall >= 0.7 and found.excluded_hits == 0


if __name__ == "__main__":
    main()
