"""Tests remembering which reaction a record was."""

import pickle
from datetime import date, timedelta

from workers.networks.records import Reacted, Records

DAY = date(2026, 11, 22)
RECORD = "did:plc:paulbeispiel/app.bsky.feed.like/3kabc"


def reacted(day: date = DAY) -> Reacted:
    return Reacted("like", "did:plc:mira", "3kpost", day)


def test_a_record_is_found_again_and_another_is_not() -> None:
    records = Records()
    records.keep(RECORD, reacted())
    assert RECORD in records
    assert records.find(RECORD) == reacted()
    assert f"{RECORD}x" not in records
    assert records.find("") is None


def test_who_reacted_is_not_in_it() -> None:
    records = Records()
    records.keep(RECORD, reacted())
    kept = pickle.dumps(vars(records))
    assert b"did:plc:mira" in kept
    assert b"paulbeispiel" not in kept
    assert b"3kabc" not in kept
    assert "plc" not in repr(reacted())


def test_two_processes_have_nothing_in_common() -> None:
    one, other = Records(), Records()
    one.keep(RECORD, reacted())
    other.keep(RECORD, reacted())
    assert not set(vars(one)["_kept"]) & set(vars(other)["_kept"])


def test_after_thirty_days_it_is_forgotten() -> None:
    records = Records()
    records.keep(RECORD, reacted())
    records.keep("on the thirtieth day", reacted(DAY + timedelta(days=30)))
    assert RECORD in records
    records.keep("on the day after", reacted(DAY + timedelta(days=31)))
    assert RECORD not in records
    assert "on the thirtieth day" in records


def test_only_the_newest_fifty_thousand_are_remembered() -> None:
    records = Records()
    for number in range(50_010):
        records.keep(str(number), reacted())
    assert "9" not in records
    assert "10" in records
    assert "50009" in records
