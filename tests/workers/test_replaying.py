"""After a restore: nothing starts before the journal was replayed, and what was erased is in no byte afterwards."""

import shutil
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import func, select

import migrations
from privacy import consent, journal
from privacy.base import Subject, new_id
from privacy.consent import Consent
from privacy.journal import NotReplayedError
from privacy.keyring import KeyGoneError
from privacy.vocabulary import Purpose
from server.models import Account, Login
from server.services import accounts, logins
from server.services.passwords import fits, hash_password
from server.services.replaying import ACTS
from tests.conftest import Clock
from tests.factories import days
from tests.factories.people import agree, make_connection, make_subject
from tests.factories.readings import TODAY, like, reading
from tests.privacy.scan import hits
from tests.workers.folding import damage
from tests.workers.signals.test_disputes import Somebody, kinds_out, make_dispute
from workers import backups, buckets, fold, jobs, losses, parts, restriction
from workers.models import Bucket, Connection, Dispute, Objection, Post
from workers.models.dispute import Outcome, Target
from workers.places import holdings
from workers.replaying import UnknownActError, VaultLacksError, replay, require_vault
from workers.runtime.process import Process
from workers.signals import objections
from workers.signals.disputes import leave_out, let_in, matter, remember, which
from workers.signals.store import put
from workers.signals.take import take
from workers.signals.vault import BrokenFileError
from workers.withdrawal import withdraw

PASSWORD = "eine ruhige Wiese am Bach"


def somebody(process: Process, *actors: str) -> str:
    """A person whose likes of some accounts were read."""
    with process.working() as work:
        subject = make_subject(work)
        agree(work, subject.id)
        connection = make_connection(work, subject.id)
        put(work, work.ring.person(subject.id), connection, reading(*(like(actor, 2) for actor in actors)))
    return subject.id


def fold_first(process: Process) -> None:
    """Has everything in files, as after the first night."""
    with process.working() as work:
        buckets.settle(work)
    days.fold_all(process)


def count(process: Process, table: type, *where: object) -> int:
    with process.reading() as session:
        return session.scalar(select(func.count()).select_from(table).where(*where)) or 0  # type: ignore[arg-type]


def signals(process: Process, subject_id: str) -> int:
    """How many signals of a person are known; none of who has no key."""
    with process.reading() as session:
        if session.get(Subject, subject_id) is None:
            return 0
    return len(days.signals(process, subject_id))


def erase(process: Process, subject_id: str) -> None:
    jobs.erase(subject_id)


def act(process: Process, erased: str, withdrawn: str, hearing: str) -> None:
    """One is erased, one withdraws, an account objects to being counted for the third."""
    erase(process, erased)
    with process.working() as work:
        withdraw(work, withdrawn, Purpose.SCORING, "bluesky")
    with process.working() as work:
        objections.note(work, "bluesky", "did:a")
    with process.working() as work:
        consent.take_turn(work.session, hearing)
        objections.drop_actor(work, hearing, "bluesky", "did:a")


def test_what_was_done_since_the_backup_is_done_again_and_nothing_else(each_process: Process) -> None:
    process = each_process
    erased, withdrawn, hearing, other = (somebody(process, "did:a", "did:b") for _ in range(4))
    fold_first(process)
    place, _ = backups.create(process, migrations, process.settings.backups)
    act(process, erased, withdrawn, hearing)
    process.make_sure()
    backups.restore(process, migrations, place)
    # As it was on the day of the backup: nothing starts on it.
    assert count(process, Connection, Connection.subject_id == erased) == 1
    assert signals(process, withdrawn) == signals(process, hearing) == 2
    with pytest.raises(NotReplayedError, match="1 × erasure, 1 × objection, 1 × objection to signals, 1 × withdrawal"):
        process.make_sure()
    counts = replay(process, ACTS)
    assert counts == {"erasure": 1, "withdrawal": 1, "objection": 1, "objection to signals": 1}
    process.make_sure()
    assert [signals(process, each) for each in (erased, withdrawn, hearing, other)] == [0, 0, 1, 2]
    with process.reading() as session:
        assert holdings(process).traces(session, erased) == {}
        assert consent.networks(session, withdrawn) == []
        assert consent.networks(session, other) == ["bluesky"]
    assert count(process, Objection) == 1
    assert count(process, Connection, Connection.subject_id == withdrawn) == 0
    # Again is no error, and there is nothing left to do.
    assert replay(process, ACTS) == {}


def test_a_restriction_holds_after_a_restore_and_so_does_its_end(each_process: Process) -> None:
    process = each_process
    pauses, goes_on = somebody(process, "did:a"), somebody(process, "did:a")
    with process.working() as work:
        restriction.freeze(work, goes_on)
    place, _ = backups.create(process, migrations, process.settings.backups)
    with process.working() as work:
        restriction.freeze(work, pauses)
    with process.working() as work:
        restriction.thaw(work, goes_on)
    backups.restore(process, migrations, place)
    with process.reading() as session:
        assert restriction.frozen_at(session, pauses) is None
        assert restriction.frozen_at(session, goes_on) is not None
    assert replay(process, ACTS) == {"restriction": 2}
    with process.reading() as session:
        assert restriction.frozen_at(session, pauses) == process.clock()
        assert restriction.frozen_at(session, goes_on) is None
        assert not consent.agreed(session, pauses, Purpose.SCORING, "bluesky")
    assert signals(process, pauses) == 1


def test_an_erased_post_and_an_erased_day_stay_erased_after_a_restore(each_process: Process) -> None:
    process = each_process
    one, other = somebody(process, "did:a", "did:b"), somebody(process, "did:a")
    fold_first(process)
    place, _ = backups.create(process, migrations, process.settings.backups)
    with process.reading() as session:
        post = session.scalars(select(Post.id).where(Post.subject_id == one)).one()
    with process.working() as work:
        parts.erase_part(work, one, post, None)
    with process.working() as work:
        parts.erase_part(work, other, None, TODAY - timedelta(days=2))
    backups.restore(process, migrations, place)
    assert [signals(process, one), signals(process, other)] == [2, 1]
    assert replay(process, ACTS) == {"part erased": 2}
    assert [signals(process, one), signals(process, other)] == [0, 0]
    for subject_id in (one, other):
        with process.working() as work:
            connection = work.session.scalars(select(Connection).where(Connection.subject_id == subject_id)).one()
            put(work, work.ring.person(subject_id), connection, reading(like("did:a", 2)))
        assert signals(process, subject_id) == 0
    assert replay(process, ACTS) == {}


def test_after_the_replay_no_byte_of_the_erased_is_left(process: Process, tmp_path: Path) -> None:
    """The open values: what was sealed is unreadable since the key went."""
    gone, other = somebody(process, "did:a"), somebody(process, "did:b")
    days.fold_all(process)
    with process.reading() as session:
        rows = session.execute(select(Post.subject_id, Post.id, Post.connection_id))
        marks = {subject_id: [post_id, connection_id, subject_id] for subject_id, post_id, connection_id in rows}
    place, _ = backups.create(process, migrations, process.settings.backups)
    erase(process, gone)
    backups.restore(process, migrations, place)
    replay(process, ACTS)
    assert process.forget()
    keys = process.settings.data / "keys"
    everywhere = [
        path.read_bytes() for path in process.settings.data.rglob("*") if path.is_file() and keys not in path.parents
    ]
    assert not any(mark.encode() in content for content in everywhere for mark in marks[gone])
    for mark in marks[other]:
        assert any(mark.encode() in content for content in everywhere)
    with process.reading() as session:
        assert holdings(process).traces(session, gone) == {}
    assert hits(keys, marks[gone][:2]) == []
    # The journal alone knows that somebody of this id was erased, until the last backup is gone.
    assert hits(keys, [gone]) == [gone.encode()]


def test_a_copy_of_the_database_that_is_put_back_by_hand_is_found_out(process: Process, tmp_path: Path) -> None:
    gone = somebody(process, "did:a")
    process.forget()
    process.close()
    database = process.settings.data / "klarwert.sqlite"
    shutil.copy(database, tmp_path / "copy")
    erase(process, gone)
    process.close()
    for path in database.parent.glob("klarwert.sqlite*"):
        path.unlink()
    shutil.copy(tmp_path / "copy", database)
    with pytest.raises(NotReplayedError, match="1 × erasure"):
        process.make_sure()
    replay(process, ACTS)
    process.make_sure()
    assert count(process, Subject) == 0


def test_without_the_vault_of_the_copy_all_that_needs_none_is_done_and_the_rest_waits_for_it(
    each_process: Process, tmp_path: Path
) -> None:
    """The copy of the database alone came back: its files are not there."""
    process = each_process
    erased, withdrawn, hearing, other = (somebody(process, "did:a", "did:b") for _ in range(4))
    fold_first(process)
    place, _ = backups.create(process, migrations, process.settings.backups)
    act(process, erased, withdrawn, hearing)
    with process.working() as work:
        parts.erase_part(work, other, None, TODAY - timedelta(days=2))
    backups.restore(process, migrations, place)
    vault, kept = Path(process.settings.vault), tmp_path / "kept"
    vault.rename(kept)
    done = {"erasure": 1, "withdrawal": 1, "objection": 1, "objection to signals": 1}
    assert replay(process, ACTS) == done
    with pytest.raises(VaultLacksError, match="nothing starts, since 1 × part erased"):
        require_vault(process)
    with pytest.raises(NotReplayedError, match="lacks 1 × part erased"):
        process.make_sure()
    # Who was erased is, file or no file; run again, the rest still waits.
    with process.reading() as session:
        assert holdings(process).traces(session, erased) == {}
        assert consent.networks(session, withdrawn) == []
    assert replay(process, ACTS) == {}
    kept.rename(vault)
    assert replay(process, ACTS) == {"part erased": 1}
    require_vault(process)
    process.make_sure()
    assert [signals(process, each) for each in (erased, withdrawn, hearing, other)] == [0, 0, 1, 0]


def test_a_vault_that_comes_back_later_brings_nobody_back(process: Process, tmp_path: Path) -> None:
    gone, other = somebody(process, "did:a"), somebody(process, "did:b")
    fold_first(process)
    place, _ = backups.create(process, migrations, process.settings.backups)
    erase(process, gone)
    backups.restore(process, migrations, place)
    vault, kept = Path(process.settings.vault), tmp_path / "kept"
    vault.rename(kept)
    assert replay(process, ACTS) == {"erasure": 1}
    lacking = losses.lost(process)
    with pytest.raises(VaultLacksError, match=r"lacks the files of buckets \d.* their people keep their last score"):
        require_vault(process)
    # It may start: the fold reports what it cannot read.
    process.make_sure()
    days.fold_all(process)
    with process.reading() as session:
        failed = session.scalars(select(Bucket.number).where(Bucket.failure == fold.Fault.UNREADABLE))
        assert sorted(failed) == lacking
    kept.rename(vault)
    # What came back of them is closed for ever, and goes with the next fold.
    with pytest.raises(KeyGoneError):
        process.ring.person(gone)
    days.fold_all(process)
    with process.reading() as session:
        assert holdings(process).traces(session, gone) == {}
    assert signals(process, other) == 1
    assert losses.lost(process) == []


def break_files(process: Process) -> None:
    """A disk that gives other bytes than it was given."""
    for path in Path(process.settings.vault).iterdir():
        damage(path)


@pytest.mark.parametrize("damaged", [False, True])
def test_who_has_a_bucket_without_a_file_that_opens_is_erased_all_the_same(
    process: Process, tmp_path: Path, *, damaged: bool
) -> None:
    gone, other = somebody(process, "did:a"), somebody(process, "did:b")
    fold_first(process)
    shutil.copytree(process.settings.vault, tmp_path / "kept")
    break_files(process) if damaged else shutil.rmtree(process.settings.vault)
    with process.reading() as session, pytest.raises(BrokenFileError):
        holdings(process).export(session, gone)  # a copy of everything never leaves out a part
    erase(process, gone)
    with process.reading() as session:
        assert holdings(process).traces(session, gone) == {}
    assert process.ring.going() == set()
    shutil.copytree(tmp_path / "kept", process.settings.vault, dirs_exist_ok=True)
    days.fold_all(process)
    with process.reading() as session:
        assert holdings(process).traces(session, gone) == {}
    assert signals(process, other) == 1


@pytest.mark.parametrize("damaged", [False, True])
def test_a_vault_without_copy_is_given_up_and_the_rest_is_done_again(process: Process, *, damaged: bool) -> None:
    erased, hearing, other = (somebody(process, "did:a", "did:b") for _ in range(3))
    fold_first(process)
    place, _ = backups.create(process, migrations, process.settings.backups)
    act(process, erased, somebody(process, "did:a"), hearing)
    with process.working() as work:
        parts.erase_part(work, other, None, TODAY - timedelta(days=2))
    backups.restore(process, migrations, place)
    break_files(process) if damaged else shutil.rmtree(process.settings.vault)
    replay(process, ACTS)
    what = "has damaged files" if damaged else r"lacks the files of buckets \d"
    with pytest.raises(VaultLacksError, match=f"{what}.*replay --vault-lost.* nothing starts, since"):
        require_vault(process)
    assert losses.give_up(process) != []
    assert replay(process, ACTS) == {"part erased": 1}
    require_vault(process)
    process.make_sure()
    days.fold_all(process)
    assert [signals(process, each) for each in (erased, hearing, other)] == [0, 0, 0]


def test_a_replay_killed_anywhere_goes_on(each_process: Process) -> None:
    process = each_process
    people = [somebody(process, "did:a") for _ in range(3)]
    place, _ = backups.create(process, migrations, process.settings.backups)
    act(process, *people)
    backups.restore(process, migrations, place)
    for step in ("workers.replaying._erase", "privacy.journal.done", "privacy.journal.Journal.confirm"):
        with pytest.MonkeyPatch.context() as patch:

            def boom(*_: object) -> None:
                raise KeyboardInterrupt

            patch.setattr(step, boom)
            with pytest.raises(KeyboardInterrupt):
                replay(process, ACTS)
    replay(process, ACTS)
    process.make_sure()
    assert [signals(process, each) for each in people] == [0, 0, 0]


def test_a_yes_that_is_newer_than_the_withdrawal_stays(process: Process, clock: Clock) -> None:
    subject_id = somebody(process, "did:a")
    with process.working() as work:
        withdraw(work, subject_id, Purpose.SCORING, "bluesky")
    clock.go(days=1)
    with process.working() as work:
        agree(work, subject_id)
        rows = work.session.query(journal.Journaled)
        assert rows.delete() == 1  # as if the withdrawal had been killed before its commit, and done again
    replay(process, ACTS)
    with process.reading() as session:
        assert consent.networks(session, subject_id) == ["bluesky"]


def test_a_no_in_place_of_a_yes_is_not_undone(process: Process) -> None:
    from tests.factories.people import make_notice

    subject_id = somebody(process)
    place, _ = backups.create(process, migrations, process.settings.backups)
    with process.working() as work:
        notice = make_notice()
        consent.decide(work.session, subject_id, notice, granted=False, now=work.now, network="bluesky")
    backups.restore(process, migrations, place)
    replay(process, ACTS)
    with process.reading() as session:
        assert consent.networks(session, subject_id) == []
        assert session.scalar(select(func.count()).select_from(Consent).where(Consent.ended_at.is_(None))) == 0


def test_a_dispute_and_its_decision_survive(each_process: Process) -> None:
    """R19: the mark survives backup and restore."""
    process = each_process
    with process.working() as work:
        somebody_, other = Somebody(work), Somebody(work)
    place, _ = backups.create(process, migrations, process.settings.backups)
    with process.working() as work:
        row = make_dispute(work, somebody_.id, Target.SIGNAL)
        taken = take(work.session, somebody_.id, TODAY)
        leave_out(work, row, [which(taken.signals, 0), which(taken.signals, 1)])
        remember(work, row)
        out = kinds_out(work, somebody_.id)
        assert len(out) == 2
    backups.restore(process, migrations, place)
    with process.reading() as session:
        assert session.get(Dispute, row.id) is None
    assert replay(process, ACTS) == {"dispute": 1}
    with process.working() as work:
        again = work.session.get_one(Dispute, row.id)
        assert kinds_out(work, somebody_.id) == out
        assert kinds_out(work, other.id) == []
        assert matter(again, work.ring.person(somebody_.id)) == {"topic": "bread"}
    later, _ = backups.create(process, migrations, process.settings.backups)
    with process.working() as work:
        again = work.session.get_one(Dispute, row.id)
        again.outcome, again.decided_at = Outcome.REJECTED.value, work.now
        let_in(work.session, row.id)
        remember(work, again)
    backups.restore(process, migrations, later)
    replay(process, ACTS)
    with process.working() as work:
        assert work.session.get_one(Dispute, row.id).outcome == Outcome.REJECTED
        assert kinds_out(work, somebody_.id) == []


def test_old_passwords_and_logins_that_were_ended_open_nothing(process: Process) -> None:
    hashed = hash_password(PASSWORD)
    with process.working() as work:
        ann, bea, carl = (accounts.create(work, f"{name}@garten.test", hashed, "de", confirmed=True) for name in "abc")
        tokens = {account.id: logins.log_in(work, account) for account in (ann, bea, carl)}
    place, _ = backups.create(process, migrations, process.settings.backups)
    assert accounts.change_password(process, ann.id, PASSWORD, "ein anderes Passwort")
    with process.working() as work:
        logins.sign_out(work, tokens[bea.id])
    backups.restore(process, migrations, place)
    assert count(process, Login) == 3
    replay(process, ACTS)
    with process.reading() as session:
        assert session.scalars(select(Login.account_id)).all() == [carl.id]
        stored = {each: session.get_one(Account, each).password for each in (ann.id, bea.id)}
    assert not fits(stored[ann.id], PASSWORD)
    assert fits(stored[bea.id], PASSWORD)


def test_an_act_that_nobody_knows_stops_the_replay_before_it_began(process: Process) -> None:
    subject_id = somebody(process)
    place, _ = backups.create(process, migrations, process.settings.backups)
    erase(process, subject_id)
    with process.working() as work:
        journal.note(work.session, work.now, "of tomorrow", subject=new_id())
    backups.restore(process, migrations, place)
    with pytest.raises(UnknownActError, match="of tomorrow"):
        replay(process, ACTS)
    assert count(process, Subject) == 1


def test_every_act_that_is_noted_can_be_done_again() -> None:
    """Whoever notes an act has to say here how it is done again."""
    from workers.replaying import _ACTS

    known = {*_ACTS, *ACTS, journal.ERASURE}
    assert known >= {"withdrawal", "objection", "objection to signals", "password", "sign-out", "sign-out everywhere"}
