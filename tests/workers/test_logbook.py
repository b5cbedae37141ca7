"""What happens is noted with its transaction, reaches the log once, and its opening goes with its person."""

import json
from contextlib import suppress
from dataclasses import replace

import pytest
from sqlalchemy import select, update

from privacy import consent
from privacy.ledger import LogBrokenError, LogEntry, LogLeaf, note
from privacy.vocabulary import Purpose
from tests.factories.people import agree, make_subject
from tests.factories.scores import make_scored
from workers import logbook
from workers.jobs import erase
from workers.runtime.process import Process
from workers.schedule import send_due
from workers.scoring.model import KLARWERT_1
from workers.scoring.standalone_verifier import leaf_hash, root_of


def entries(process: Process) -> list[dict]:
    """Everything that was noted, with whom it is about, in the order of noting."""
    with process.reading() as session:
        rows = session.scalars(select(LogEntry).order_by(LogEntry.noted_at))
        return [{**json.loads(row.entry), "about": row.subject_id} for row in rows]


def waiting(process: Process) -> int:
    with process.reading() as session:
        return len(session.scalars(select(LogLeaf.id).where(LogLeaf.place.is_(None))).all())


def test_a_yes_and_its_withdrawal_are_noted(each_process: Process) -> None:
    with each_process.working() as work:
        subject = make_subject(work).id
        yes = agree(work, subject)
        agree(work, subject)  # again: nothing new
    with each_process.working() as work:
        work.now = work.now.replace(hour=13)
        assert consent.withdraw(work.session, subject, Purpose.SCORING, work.now, "bluesky")
        assert not consent.withdraw(work.session, subject, Purpose.SCORING, work.now, "bluesky")
    same = {
        "about": subject, "day": "2026-11-22", "consent": yes.id, "purpose": "scoring", "network": "bluesky",
        "granted": True, "notice": yes.notice_digest,
    }  # fmt: skip
    assert entries(each_process) == [{**same, "type": "consent"}, {**same, "type": "withdrawal"}]


def test_what_is_rolled_back_is_not_noted(process: Process) -> None:
    with suppress(KeyError), process.working() as work:
        note(work.session, work.now, "test", None)
        raise KeyError
    logbook.append(process)
    assert process.ledger.size() == 0


def test_the_schedule_brings_it_into_the_log_and_publishes_one_checkpoint_a_day(each_process: Process) -> None:
    with each_process.working() as work:
        for number in range(3):
            note(work.session, work.now, "test", None, number=number)
    send_due(each_process)
    send_due(each_process)
    assert waiting(each_process) == 0
    assert logbook.verify(each_process) == (3, 0)
    published = each_process.ledger.published()
    assert published is not None
    assert published.size == 3


def test_killed_between_the_two_stores_nothing_is_lost_or_doubled(
    process: Process, monkeypatch: pytest.MonkeyPatch
) -> None:
    with process.working() as work:
        for number in range(5):
            note(work.session, work.now, "test", None, number=number)
    append = process.ledger.append

    def die(*args: object) -> None:
        append(*args)
        raise KeyboardInterrupt

    monkeypatch.setattr(process.ledger, "append", die)
    with pytest.raises(KeyboardInterrupt):
        logbook.append(process)
    assert (process.ledger.size(), waiting(process)) == (5, 5)
    assert logbook.verify(process) == (5, 5)
    monkeypatch.undo()
    logbook.append(process)
    assert logbook.verify(process) == (5, 0)


def test_a_database_from_yesterday_does_not_roll_the_log_back(process: Process) -> None:
    with process.working() as work:
        note(work.session, work.now, "test", None)
    logbook.append(process)
    with process.working() as work:
        work.session.execute(update(LogLeaf).values(place=None))  # as a restored backup has it
        note(work.session, work.now, "test", None, number=2)
    logbook.append(process)
    assert logbook.verify(process) == (2, 0)


def test_openings_prove_the_entries_of_one_person(process: Process) -> None:
    with process.working() as work:
        subject, other = make_subject(work).id, make_subject(work).id
        for person in (subject, other, subject):
            note(work.session, work.now, "test", person, of=person)
    proofs = logbook.openings_of(process, subject)
    head = json.loads(proofs["checkpoint"]["payload"])
    assert [json.loads(leaf["entry"])["of"] for leaf in proofs["leaves"]] == [subject, subject]
    for leaf in proofs["leaves"]:
        start = leaf_hash(bytes.fromhex(leaf["salt"]), leaf["entry"].encode())
        proof = [bytes.fromhex(part) for part in leaf["proof"]]
        root = root_of(start, leaf["index"], head["size"], proof)
        assert root is not None
        assert root.hex() == head["root"]


def test_an_erasure_takes_the_openings_leaves_the_log_whole_and_is_noted_with_counts(each_process: Process) -> None:
    with each_process.working() as work:
        subject, other = make_subject(work).id, make_subject(work).id
        make_scored(work, subject)
        make_scored(work, other)
    logbook.append(each_process)
    before = each_process.ledger.checkpoint(each_process.clock())
    erase(subject)
    erase(subject)
    logbook.append(each_process)
    said = entries(each_process)
    assert [one["about"] for one in said if one["type"] == "consent"] == [other, other]
    [erasure] = [one for one in said if one["type"] == "erasure"]
    assert (erasure["about"], erasure["counts"]["scores"], erasure["counts"]["log entries"]) == (None, 2, 2)
    assert subject not in json.dumps(said)
    assert logbook.verify(each_process) == (5, 0)
    assert before.size == 4
    assert each_process.ledger.consistency(4, 5)


def test_what_an_erasure_overtakes_is_in_the_log_all_the_same(process: Process) -> None:
    with process.working() as work:
        subject = make_subject(work).id
        agree(work, subject)
    erase(subject)
    logbook.append(process)
    assert logbook.verify(process) == (2, 0)


def test_what_an_installation_works_with_is_noted_once_and_again_when_it_changes(process: Process) -> None:
    for _ in range(2):
        with process.working() as work:
            logbook.note_start(work, "1")
    said = {one["type"]: one for one in entries(process)}
    assert len(entries(process)) == len(said) == 5
    assert said["model"] == {
        "about": None, "day": "2026-11-22", "type": "model", "model": "klarwert-1", "digest": KLARWERT_1.digest(),
        "starts": "2026-11-01",
    }  # fmt: skip
    assert said["key"]["public_key"] == process.ring.public_key()
    assert {"port", "public_url"} <= said["settings"]["settings"].keys()
    assert not {"master_key", "smtp", "database", "keyring", "redis"} & said["settings"]["settings"].keys()
    process.settings = replace(process.settings, threads=9)
    process.settings.topics_table.write_text("another table")
    with process.working() as work:
        logbook.note_start(work, "2")
    assert sorted(one["type"] for one in entries(process)[5:]) == ["collector", "settings", "taxonomy"]


def test_a_process_does_not_start_on_an_older_log(each_process: Process) -> None:
    each_process.make_sure()
    for _ in range(3):
        with each_process.working() as work:
            note(work.session, work.now, "test", None)
    logbook.append(each_process)
    each_process.make_sure()
    with each_process.ledger._engine.begin() as connection:
        connection.exec_driver_sql("DELETE FROM leaf WHERE place = 2")
    with pytest.raises(LogBrokenError, match="does not begin with what the checkpoint"):
        each_process.make_sure()
    with each_process.ledger._engine.begin() as connection:
        connection.exec_driver_sql("DELETE FROM checkpoint")
    with pytest.raises(LogBrokenError, match="2 leaves, but the database knows 3"):
        each_process.make_sure()


def test_a_process_does_not_start_on_a_log_whose_head_was_changed(process: Process) -> None:
    for _ in range(4):
        with process.working() as work:
            note(work.session, work.now, "test", None)
    logbook.append(process)
    with process.ledger._engine.begin() as connection:
        connection.exec_driver_sql("UPDATE node SET hash = zeroblob(32) WHERE level = 2")
    with pytest.raises(LogBrokenError, match="does not begin"):
        process.make_sure()


@pytest.mark.parametrize(
    ("statement", "sentence"),
    [
        (update(LogEntry).values(entry='{"type":"other"}'), "what was noted or its salt"),
        (update(LogEntry).values(salt="00" * 32), "what was noted or its salt"),
        (update(LogLeaf).values(leaf="00" * 32), "another hash at place"),
        (update(LogLeaf).where(LogLeaf.place == 0).values(place=1), "another hash at place"),
    ],
)
def test_a_changed_row_is_found(process: Process, statement: object, sentence: str) -> None:
    with process.working() as work:
        for number in range(2):
            note(work.session, work.now, "test", None, number=number)
    logbook.append(process)
    with process.working() as work:
        work.session.execute(statement)
    with pytest.raises(LogBrokenError, match=sentence):
        logbook.verify(process)
