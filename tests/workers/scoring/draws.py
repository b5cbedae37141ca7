"""Random participants for Hypothesis: rows in the JSON form of signals, and yesterday's scores of who lends theirs."""

from datetime import date, timedelta

from hypothesis import strategies as st

DAY = date(2026, 11, 1)
ACTORS = [f"{number:016x}" for number in range(6)]
POSTS = [f"https://garten.example/{number}" for number in range(4)]
REACTIONS = ["like", "mention", "reply", "repost", "endorsement", "quote", "link"]
NETWORKS = ["mastodon", "bluesky", "youtube"]

ages = st.one_of(st.sampled_from([-1, 0, 6, 7, 83, 84, 90, 91]), st.integers(-3, 95))
counts = st.one_of(st.integers(1, 20), st.sampled_from([1_000, 10**7, 10**12]))


def day_before(age: int) -> str:
    return (DAY - timedelta(days=age)).isoformat()


def age_of(row: dict[str, object]) -> int:
    return (DAY - date.fromisoformat(row["day"])).days


def rows_of(networks: list[str]) -> st.SearchStrategy[list[dict[str, object]]]:
    """Up to thirty signals of all sorts, some of them twice the same."""
    common = {"network": st.sampled_from(networks), "day": ages.map(day_before)}
    account = {"account": st.sampled_from(["balcony", "kitchen"])}
    reaction = st.fixed_dictionaries(
        common | {"kind": st.sampled_from(REACTIONS)},
        optional=account
        | {
            "actor": st.sampled_from(ACTORS),
            "count": counts,
            "post": st.sampled_from(POSTS),
            "topics": st.lists(st.sampled_from(["birds", "bread", "python"]), max_size=3, unique=True),
        },
    )
    audience = st.fixed_dictionaries(common | {"kind": st.just("audience"), "count": counts}, optional=account)
    # Few rows with ten different answers seldom meet in one voice, so reactions of known people come more often.
    heard = reaction.map(lambda row: {"actor": ACTORS[0], "post": POSTS[0]} | row)
    return st.lists(st.one_of(heard, reaction, audience), max_size=30)


rows = rows_of(NETWORKS)
steps = st.sampled_from([1, 24.9999994, 24.9999996, 25, 49.999999, 50, 74.9999999, 75, 99.9])
yesterdays = st.dictionaries(st.sampled_from(ACTORS), st.one_of(steps, st.floats(1, 100)), max_size=6)
