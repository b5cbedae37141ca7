"""Disputes end to end: out at once, decided by somebody else with reasons, told to both, in log and export."""

import io
import json
import threading
import zipfile
from collections.abc import Callable
from datetime import timedelta

import pytest
from sqlalchemy import select

from privacy.ledger import LogEntry
from privacy.sealed import seal, unseal
from privacy.vocabulary import Purpose
from server.jobs import build_export
from server.models import Account, Role
from server.services import accounts, bundles, disputes, exports
from server.services.bundles import Reader
from server.services.explanations import explain_day
from server.services.missing import MissingError
from tests.factories.days import keep_basis
from tests.factories.people import agree
from tests.factories.scores import make_scored
from workers import jobs, results
from workers.models import Connection, Dispute, Dropped, Mail, Score
from workers.models.dispute import Outcome, Target
from workers.runtime.process import Process
from workers.scoring.standalone_verifier import verify
from workers.signals.store import drop_posts, found
from workers.signals.take import take
from workers.withdrawal import withdraw

SONG = "https://mastodon.example/mira/song"
REASON = "Diese Reaktionen kamen von gekauften Konten"


def account(process: Process, email: str, role: Role = Role.PARTICIPANT) -> Account:
    with process.working() as work:
        return accounts.create(work, email, "x", "en", role, confirmed=True)


@pytest.fixture
def ann(each_process: Process) -> Account:
    """A participant with a score."""
    made = account(each_process, "ann@garten.example")
    with each_process.working() as work:
        make_scored(work, made.subject_id)
    return made


@pytest.fixture
def staff(each_process: Process) -> Account:
    return account(each_process, "sam@verein.example", Role.STAFF)


def told(process: Process, who: Account) -> float:
    with process.reading() as session:
        row = results.newest(session, who.subject_id)
        assert row is not None
        return explain_day(session, who.subject_id, row.day).total.score


def best_post(process: Process, who: Account) -> str:
    with process.working() as work:
        return explain_day(work.session, who.subject_id, work.today).posts[0].label


def dispute(process: Process, who: Account, **target: str) -> str:
    with process.working() as work:
        return disputes.dispute(work, who.subject_id, REASON, **target)


def decide(process: Process, who: Account, dispute_id: str, *, upheld: bool) -> None:
    with process.working() as work:
        decider = work.session.get_one(Account, who.id)
        disputes.decide(work, decider, dispute_id, "Das haben wir geprüft", upheld=upheld)


def waiting(process: Process) -> list[tuple[str, str, str]]:
    """Whom mails go to, their titles and texts."""
    with process.reading() as session:
        rows = session.scalars(select(Mail)).all()
        keys = {row.id: process.ring.person(row.subject_id) for row in rows}
        return sorted(
            (row.subject_id, unseal(row, keys[row.id], "title"), unseal(row, keys[row.id], "body")) for row in rows
        )


def noted(process: Process, subject_id: str) -> list[str]:
    with process.reading() as session:
        rows = session.scalars(select(LogEntry).where(LogEntry.subject_id == subject_id).order_by(LogEntry.noted_at))
        return [json.loads(row.entry)["type"] for row in rows]


def test_a_disputed_post_leaves_the_score_at_once_and_a_job_makes_it_anew(each_process: Process, ann: Account) -> None:
    post, before = best_post(each_process, ann), told(each_process, ann)
    with each_process.working() as work:
        expected = next(part.without for part in explain_day(work.session, ann.subject_id, work.today).posts)
    keep_basis(each_process, each_process.clock().date() - timedelta(days=1))
    each_process.queue.rq.empty()
    dispute(each_process, ann, post=post)
    assert told(each_process, ann) == pytest.approx(expected, abs=1e-9)
    assert [job.func_name for job in each_process.queue.rq.jobs][-1] == "workers.jobs.score"
    jobs.score(ann.subject_id)
    with each_process.reading() as session:
        row = results.newest(session, ann.subject_id)
        assert row is not None
        assert row.score == pytest.approx(expected, abs=1e-9)
        assert row.changes is not None
        assert row.changes["disputed"] < 0
        assert row.score < before


def test_the_file_says_that_it_is_disputed_and_still_holds(each_process: Process, ann: Account) -> None:
    dispute(each_process, ann, post=best_post(each_process, ann))
    jobs.score(ann.subject_id)
    made = bundles.bundle(each_process, ann.subject_id, "Verein", Reader.AUDITOR)
    assert verify(made.text.encode(), each_process.ring.public_key())
    excluded = json.loads(json.loads(made.text)["payload"])["excluded"]
    assert {one["reason"] for one in excluded} == {"newer_count", "disputed"} or {
        one["reason"] for one in excluded
    } == {"disputed"}


def test_who_was_right_keeps_it_out_for_good(each_process: Process, ann: Account, staff: Account) -> None:
    dispute_id = dispute(each_process, ann, post=best_post(each_process, ann))
    out = told(each_process, ann)
    decide(each_process, staff, dispute_id, upheld=True)
    assert told(each_process, ann) == out
    with each_process.reading() as session:
        [shown] = disputes.mine(session, each_process.ring, ann.subject_id)
    assert (shown.outcome, shown.answer, shown.decided_by) == (Outcome.UPHELD, "Das haben wir geprüft", Role.STAFF)


def test_what_is_rejected_counts_again(each_process: Process, ann: Account, staff: Account) -> None:
    before = told(each_process, ann)
    dispute_id = dispute(each_process, ann, post=best_post(each_process, ann))
    decide(each_process, staff, dispute_id, upheld=False)
    assert told(each_process, ann) == pytest.approx(before, abs=1e-9)
    with pytest.raises(MissingError):
        decide(each_process, staff, dispute_id, upheld=True)


def test_a_dispute_can_be_taken_back_by_its_person_only(each_process: Process, ann: Account, staff: Account) -> None:
    before = told(each_process, ann)
    dispute_id = dispute(each_process, ann, post=best_post(each_process, ann))
    with pytest.raises(MissingError), each_process.working() as work:
        disputes.take_back(work, staff.subject_id, dispute_id)
    with each_process.working() as work:
        disputes.take_back(work, ann.subject_id, dispute_id)
    assert told(each_process, ann) == pytest.approx(before, abs=1e-9)


def test_a_single_signal_is_disputed_by_its_reference(each_process: Process, ann: Account) -> None:
    with each_process.working() as work:
        explained = explain_day(work.session, ann.subject_id, work.today)
        taken = take(work.session, ann.subject_id, work.today)
        key = work.ring.person(ann.subject_id)
        row = int(explained.total.points.argmax())
        expected = float(explained.without_each()[row])
        reference = disputes.reference(key, taken.signals, row)
        post = taken.signals.posts[taken.signals.post[row]]
    dispute(each_process, ann, post=post, signal=reference)
    assert told(each_process, ann) == pytest.approx(expected, abs=1e-9)
    with pytest.raises(MissingError):
        dispute(each_process, ann, post=post, signal=reference)


def test_nothing_of_anybody_else_can_be_disputed(each_process: Process, ann: Account) -> None:
    ben = account(each_process, "ben@garten.example")
    with each_process.working() as work:
        make_scored(work, ben.subject_id)
    theirs = best_post(each_process, ben)
    for target in ({"post": theirs}, {"topic": "bread"}, {"signal": "00" * 8}, {}):
        with pytest.raises(MissingError):
            dispute(each_process, ann, **target)


def test_nobody_decides_on_their_own_dispute(each_process: Process, ann: Account) -> None:
    with each_process.working() as work:
        work.session.get_one(Account, ann.id).role = Role.ADMIN.value
    dispute_id = dispute(each_process, ann, post=best_post(each_process, ann))
    with pytest.raises(disputes.OwnDisputeError):
        decide(each_process, ann, dispute_id, upheld=True)


def test_both_are_told_by_mail_without_a_word_of_what_it_is_about(
    each_process: Process, ann: Account, staff: Account
) -> None:
    dispute_id = dispute(each_process, ann, post=best_post(each_process, ann))
    decide(each_process, staff, dispute_id, upheld=False)
    mails = waiting(each_process)
    assert [mail[:2] for mail in mails] == sorted(
        [
            (ann.subject_id, "Your dispute has arrived"),
            (staff.subject_id, "A dispute waits for a decision"),
            (ann.subject_id, "Your dispute was decided"),
            (staff.subject_id, "A dispute was decided"),
        ]
    )
    assert not any(REASON in body or "mira" in body for _, _, body in mails)


def test_all_of_it_is_in_the_log_and_a_look_is_too(each_process: Process, ann: Account, staff: Account) -> None:
    dispute_id = dispute(each_process, ann, post=best_post(each_process, ann))
    with each_process.working() as work:
        seen = disputes.look(work, work.session.get_one(Account, staff.id), dispute_id)
    assert seen.reason == REASON
    decide(each_process, staff, dispute_id, upheld=True)
    assert {"dispute", "disclosure", "dispute decided"} <= set(noted(each_process, ann.subject_id))
    assert noted(each_process, staff.subject_id)[-1] == "decision"
    with each_process.reading() as session:
        entries = " ".join(session.scalars(select(LogEntry.entry)))
        assert REASON not in entries
        assert all(not one.reason and not one.matter for one in disputes.to_decide(session, staff.subject_id))


def test_the_export_has_the_dispute_with_its_words(each_process: Process, ann: Account, staff: Account) -> None:
    decide(each_process, staff, dispute(each_process, ann, post=best_post(each_process, ann)), upheld=True)
    with each_process.working() as work:
        export_id = exports.order(work, ann.subject_id, "en")
    build_export(export_id)
    _, packed = exports.download(each_process, ann.subject_id, export_id, 1)
    with zipfile.ZipFile(io.BytesIO(b"".join(packed))) as archive:
        names = ("disputes", "left-out-signals", "signals")
        held = {name: json.loads(archive.read(f"json/{name}.json")) for name in names}
        case = json.loads(archive.read("score.json"))
    [row] = held["disputes"]
    assert (row["reason"], row["answer"], row["outcome"]) == (REASON, "Das haben wir geprüft", "upheld")
    assert "example" in row["subject_matter"]
    assert len(held["left-out-signals"]) == 1
    assert len(case["signals"]) < len(held["signals"])


def test_an_erasure_takes_the_dispute_and_the_drop_list(each_process: Process, ann: Account, staff: Account) -> None:
    decide(each_process, staff, dispute(each_process, ann, post=best_post(each_process, ann)), upheld=True)
    with each_process.working() as work:
        work.session.query(Mail).delete()
    jobs.erase(ann.subject_id)
    with each_process.reading() as session:
        assert session.scalars(select(Dispute)).all() == []
        assert session.scalars(select(Dropped)).all() == []


def test_a_withdrawal_ends_an_open_dispute_on_that_network(each_process: Process, ann: Account) -> None:
    dispute_id = dispute(each_process, ann, post=best_post(each_process, ann))
    with each_process.working() as work:
        network = work.session.get_one(Dispute, dispute_id).network
        withdraw(work, ann.subject_id, Purpose.SCORING, network)
    with each_process.reading() as session:
        [shown] = disputes.mine(session, each_process.ring, ann.subject_id)
    assert (shown.outcome, shown.matter, shown.reason) == (Outcome.OVER, {}, REASON)


def test_a_topic_is_disputed_with_all_its_posts(process: Process) -> None:
    ann = account(process, "ann@garten.example")
    with process.working() as work:
        connections = make_scored(work, ann.subject_id)
        agree(work, ann.subject_id, Purpose.TOPICS)
        for name in ("garden", "bread"):
            [post] = found(work, connections["bluesky"], [f"https://bluesky.example/mira/{name}"])
            seal(post, work.ring.person(ann.subject_id), topics='["bread"]')
    dispute(process, ann, topic="bread")
    with process.working() as work:
        [shown] = disputes.mine(work.session, work.ring, ann.subject_id)
        left = explain_day(work.session, ann.subject_id, work.today).posts
    assert (shown.target, shown.matter) == (Target.TOPIC, {"topic": "bread", "posts": 2})
    assert len(left) == 1
    with pytest.raises(disputes.TwiceError):
        dispute(process, ann, topic="bread")


def test_a_post_that_goes_at_its_source_leaves_the_dispute_to_be_decided(
    each_process: Process, ann: Account, staff: Account
) -> None:
    dispute_id = dispute(each_process, ann, post=best_post(each_process, ann))
    with each_process.working() as work:
        mastodon = Connection.subject_id == ann.subject_id, Connection.network == "mastodon"
        posts = found(work, work.session.scalars(select(Connection).where(*mastodon)).one(), [SONG])
        drop_posts(work.session, posts)
    decide(each_process, staff, dispute_id, upheld=False)


def test_a_dispute_while_scores_are_made_is_in_the_last_one(postgres_process: Process) -> None:
    """Whichever comes first, the score that is made after the dispute leaves it out."""
    process = postgres_process
    ann = account(process, "ann@garten.example")
    with process.working() as work:
        make_scored(work, ann.subject_id)
    post = best_post(process, ann)
    with process.working() as work:
        expected = explain_day(work.session, ann.subject_id, work.today).posts[0].without
    start, failures = threading.Barrier(4), []

    def run(action: Callable[[], object]) -> None:
        start.wait()
        try:
            action()
        except BaseException as error:  # whatever it is, the test shows it
            failures.append(error)

    actions = [lambda: jobs.score(ann.subject_id)] * 3 + [lambda: dispute(process, ann, post=post)]
    threads = [threading.Thread(target=run, args=(action,)) for action in actions]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failures == []
    jobs.score(ann.subject_id)
    with process.reading() as session:
        stored = session.scalars(select(Score).where(Score.preliminary)).one()
        assert stored.score == pytest.approx(expected, abs=1e-9)


def test_of_two_decisions_at_once_one_wins(postgres_process: Process) -> None:
    process = postgres_process
    ann = account(process, "ann@garten.example")
    deciders = [account(process, f"{name}@verein.example", Role.STAFF) for name in ("sam", "kim")]
    with process.working() as work:
        make_scored(work, ann.subject_id)
    dispute_id = dispute(process, ann, post=best_post(process, ann))
    start, ends = threading.Barrier(2), []

    def run(decider: Account, upheld: bool) -> None:
        start.wait()
        try:
            decide(process, decider, dispute_id, upheld=upheld)
            ends.append(upheld)
        except MissingError:
            ends.append(None)

    threads = [threading.Thread(target=run, args=(one, n == 0)) for n, one in enumerate(deciders)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert ends.count(None) == 1
    [won] = [end for end in ends if end is not None]
    with process.reading() as session:
        row = session.get_one(Dispute, dispute_id)
        assert row.outcome == (Outcome.UPHELD if won else Outcome.REJECTED)
        assert bool(session.scalars(select(Dropped)).all()) is won
