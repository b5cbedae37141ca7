"""Erasures from the wish to the certificate: killed at every step, two at once, taken back, with own reactions."""

import json
import os
import signal
import subprocess
import sys
from base64 import b64encode
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import func, select

from privacy import certificate
from privacy.base import Subject
from privacy.consent import Consent, NoticeText
from privacy.keyring import KeyGoneError
from privacy.ledger import LogEntry
from privacy.receipt import receipt_text
from privacy.vocabulary import Purpose
from server.models import Account, Role
from server.services import accounts, erasures
from server.services.erasures import Stage
from server.services.passwords import hash_password
from tests.conftest import Clock
from tests.factories.people import agree, make_connection, make_subject
from tests.factories.readings import like, reading
from tests.factories.scores import make_scored
from tests.privacy.scan import hits
from workers import jobs
from workers.jobs import certifying, erasing
from workers.models import Certificate, ConsentProof, Erasure, Mail, StandingLink
from workers.places import holdings
from workers.runtime.process import Process
from workers.signals.standing import account_index, link
from workers.signals.store import put

PASSWORD = "ein Satz nur für Tests"
EMAIL = "mira@garten.test"


def participant(process: Process, email: str = EMAIL) -> Account:
    with process.working() as work:
        made = accounts.create(work, email, hash_password(PASSWORD), "en", Role.PARTICIPANT, confirmed=True)
        make_scored(work, made.subject_id)
    return made


def leave(process: Process, account: Account, **wish: bool) -> str:
    token = erasures.ask(process, account.id, PASSWORD, **wish)
    assert token is not None
    return token


def stage(process: Process, token: str) -> erasures.Standing:
    with process.reading() as session:
        there = erasures.standing(session, token, process.clock())
    assert there is not None
    return there


def test_an_erasure_ends_with_a_certificate_that_holds(each_process: Process) -> None:
    account = participant(each_process)
    token = leave(each_process, account)
    assert stage(each_process, token).stage is Stage.RUNS
    jobs.erase(account.subject_id)
    there = stage(each_process, token)
    assert there.stage is Stage.DONE
    found = erasures.verify(each_process, there.file, EMAIL.upper(), f"http://klarwert.test/erasure/{token}")
    assert (found.ours, found.fits) == (True, True)
    assert found.said["counts"]["signals"] == 12
    assert found.said["counts"]["account"] == found.said["counts"]["key"] == 1
    assert found.said["controller"] == "Verein Beispiel e. V."
    assert found.said["kept"] == [{"kind": "proofs of consent", "things": 2, "why": "17(3)(e)", "until": "2030-01-01"}]
    assert erasures.verify(each_process, there.file, "jona@garten.test", token).fits is False
    with each_process.reading() as session:
        assert holdings(each_process).traces(session, account.subject_id) == {}


def _files(path: Path) -> list[Path]:
    return [path] if path.is_file() else [file for file in path.rglob("*") if file.is_file()]


def test_nothing_that_stays_names_the_person(process: Process) -> None:
    account = participant(process)
    token = leave(process, account)
    jobs.erase(account.subject_id)
    process.close()
    assert hits(process.settings.data, [EMAIL, token]) == []
    ids = [account.subject_id, account.id]
    keys = process.settings.data / "keys"
    for folder in (path for path in process.settings.data.iterdir() if path != keys):
        assert not any(each.encode() in file.read_bytes() for file in _files(folder) for each in ids)
    # The journal knows the ids, and nothing else of theirs, until no backup may have their data any more.
    assert process.journal.expire(process.clock() + timedelta(days=31), 30)
    process.close()
    assert hits(keys, ids) == []
    with process.reading() as session:
        made = session.scalars(select(Certificate)).one()
    assert (made.running, made.payload is None) == (None, False)


def test_the_proof_of_a_consent_can_be_shown_with_receipt_handle_and_secret(process: Process) -> None:
    account = participant(process)
    with process.reading() as session:
        row = session.scalars(select(Consent).where(Consent.network == "bluesky")).one()
        receipt = receipt_text(row, session.get_one(NoticeText, row.notice_digest))
    shown = holdings(process)
    with process.reading() as session:
        [handle] = [
            one["handle"]
            for one in shown.rows(session, account.subject_id, "connections")
            if one["network"] == "bluesky"
        ]
    token = leave(process, account)
    jobs.erase(account.subject_id)
    with process.reading() as session:
        assert erasures.proven(session, receipt, handle, token) == datetime(2030, 1, 1, tzinfo=UTC)
        assert erasures.proven(session, receipt, "another", token) is None
        assert erasures.proven(session, receipt, handle, "another") is None
        assert session.scalar(select(func.count()).select_from(ConsentProof)) == 2


def test_proofs_of_consent_go_at_the_end_of_the_third_year(process: Process, clock: Clock) -> None:
    account = participant(process)
    leave(process, account)
    jobs.erase(account.subject_id)
    clock.now = datetime(2029, 12, 31, 23, tzinfo=UTC)
    jobs.expire("2029-12-31")
    with process.reading() as session:
        assert session.scalar(select(func.count()).select_from(ConsentProof)) == 2
    clock.go(hours=2)
    jobs.expire("2030-01-01")
    with process.reading() as session:
        assert session.scalar(select(func.count()).select_from(ConsentProof)) == 0
        assert session.scalar(select(func.count()).select_from(Certificate)) == 0


def test_in_seven_days_means_that_it_can_be_taken_back(process: Process, clock: Clock) -> None:
    account = participant(process)
    token = leave(process, account, at_once=False)
    assert stage(process, token).stage is Stage.WAITS
    assert accounts.sign_in(process, EMAIL, PASSWORD, "").entry is accounts.Entry.LEAVING
    assert accounts.sign_in(process, EMAIL, "another", "").entry is accounts.Entry.WRONG
    clock.go(days=6)
    with process.working() as work:
        assert erasures.take_back(work, account.subject_id)
        assert not erasures.take_back(work, account.subject_id)
    assert accounts.sign_in(process, EMAIL, PASSWORD, "").entry is accounts.Entry.IN
    with process.reading() as session:
        assert erasures.standing(session, token, clock.now) is None
        assert session.get_one(Subject, account.subject_id).erasing_at is None


def test_after_seven_days_it_is_too_late(process: Process, clock: Clock) -> None:
    account = participant(process)
    token = leave(process, account, at_once=False)
    clock.go(days=7)
    assert stage(process, token).stage is Stage.RUNS
    assert accounts.sign_in(process, EMAIL, PASSWORD, "").entry is accounts.Entry.WRONG
    with process.working() as work:
        assert not erasures.take_back(work, account.subject_id)
    jobs.erase(account.subject_id)
    assert stage(process, token).stage is Stage.DONE


def test_while_it_waits_nothing_is_scored(process: Process, clock: Clock) -> None:
    account = participant(process)
    leave(process, account, at_once=False)
    clock.go(days=1)
    jobs.score(account.subject_id)
    with process.reading() as session:
        scores = list(holdings(process).rows(session, account.subject_id, "scores"))
    assert max(row["day"] for row in scores) < clock.now.date()


def test_the_last_mail_is_out_before_the_data_goes(process: Process, monkeypatch: pytest.MonkeyPatch) -> None:
    account = participant(process)
    token = leave(process, account)
    sent: list[str] = []
    monkeypatch.setattr("workers.mail.Outbox.lay", lambda _self, _who, _id, made: sent.append(made.as_string()))
    jobs.erase(account.subject_id)
    assert [token in text for text in sent] == [True]
    with process.reading() as session:
        assert session.scalar(select(func.count()).select_from(Mail)) == 0


def test_a_mail_server_that_is_away_does_not_hold_up_an_erasure(
    process: Process, monkeypatch: pytest.MonkeyPatch
) -> None:
    account = participant(process)
    token = leave(process, account)

    def away(*_args: object) -> None:
        raise OSError

    monkeypatch.setattr("workers.jobs.mailing.deliver", away)
    object.__setattr__(process.settings, "smtp", "smtp://127.0.0.1:9")
    jobs.erase(account.subject_id)
    assert stage(process, token).stage is Stage.DONE


def neighbour(process: Process, account: Account) -> str:
    """Somebody to whose post Mira reacted, and to whom she lends her standing."""
    with process.working() as work:
        agree_id = make_subject(work).id
        agree(work, agree_id)
        connection = make_connection(work, agree_id)
        key = work.ring.person(agree_id)
        put(work, key, connection, reading(like("did:plc:mira", 2), like("did:plc:jona", 2)))
        mine = make_connection(work, account.subject_id, actor_id="did:plc:mira")
        assert mine.remote_index == account_index(work.ring, "bluesky", "did:plc:mira")
        agree(work, account.subject_id, Purpose.RECOGNITION)
        link(work, key, connection, ["did:plc:mira"])
    return agree_id


@pytest.mark.parametrize("reactions_too", [True, False])
def test_own_reactions_under_the_posts_of_others_go_if_wanted(each_process: Process, reactions_too: bool) -> None:
    account = participant(each_process)
    other = neighbour(each_process, account)
    leave(each_process, account, reactions_too=reactions_too)
    each_process.queue.rq.empty()
    jobs.erase(account.subject_id)
    with each_process.reading() as session:
        left = len(list(holdings(each_process).rows(session, other, "signals")))
        assert session.scalar(select(func.count()).select_from(StandingLink)) == 0
    assert left == (1 if reactions_too else 2)
    # Their score rested on a standing that is gone: it is made anew.
    assert ("workers.jobs.score", [other]) in [(job.func_name, job.args) for job in each_process.queue.rq.jobs]


def test_no_job_names_the_person_afterwards(process: Process) -> None:
    account = participant(process)
    process.queue.send("score", account.subject_id)
    leave(process, account)
    jobs.erase(account.subject_id)
    assert [job.args for job in process.queue.rq.jobs if account.subject_id in job.args] == []


def test_two_erasures_at_once_make_one(each_process: Process) -> None:
    account = participant(each_process)
    token = leave(each_process, account)
    with ThreadPoolExecutor(2) as pool:
        for done in [pool.submit(jobs.erase, account.subject_id) for _ in range(2)]:
            done.result(60)
    assert stage(each_process, token).stage is Stage.DONE
    with each_process.reading() as session:
        noted = [json.loads(text)["type"] for text in session.scalars(select(LogEntry.entry))]
    assert noted.count("erasure") == 1


def test_somebody_elses_data_stays(process: Process) -> None:
    gone, stays = participant(process), participant(process, "jona@garten.test")
    with process.reading() as session:
        before = holdings(process).traces(session, stays.subject_id)
    leave(process, gone)
    jobs.erase(gone.subject_id)
    with process.reading() as session:
        assert holdings(process).traces(session, stays.subject_id) == before


Environment = dict[str, str]


@pytest.fixture
def environment(process: Process) -> Environment:
    settings = process.settings
    return {
        **os.environ,
        "KLARWERT_DATA": str(settings.data),
        "KLARWERT_REDIS": settings.redis,
        "KLARWERT_MASTER_KEY": b64encode(settings.master_keys[0]).decode(),
    }


def deaths() -> list[tuple[str, int, str]]:
    """Before and after each step, and inside those that do several things."""
    steps = range(len(erasing.STEPS))
    whole = [(f"workers.jobs.erasing:STEPS.{step}", 1, when) for step in steps for when in ("before", "after")]
    inside = [
        ("privacy.holdings:Holdings.erase", 1, "after"),
        ("workers.jobs.leaving:deliver_now", 1, "after"),
        ("workers.mail:Outbox.erase", 1, "after"),
        ("privacy.keyring:KeyRing.destroy", 1, "before"),
        ("privacy.keyring:KeyRing.destroy", 1, "after"),
        ("workers.logbook:append", 1, "before"),
        ("workers.logbook:append", 1, "after"),
        ("workers.jobs.certifying:payload", 1, "after"),
    ]
    return whole + inside


@pytest.mark.slow
@pytest.mark.parametrize(("place", "number", "when"), deaths())
def test_an_erasure_killed_anywhere_ends_clean_the_next_time(
    process: Process, clock: Clock, environment: Environment, place: str, number: int, when: str
) -> None:
    account, other = participant(process), participant(process, "jona@garten.test")
    with process.reading() as session:
        before = holdings(process).traces(session, other.subject_id)
    token = leave(process, account, reactions_too=True)
    process.close()
    words = ["workers.jobs.erase", account.subject_id, clock.now.isoformat(), place, str(number), when]
    done = subprocess.run([sys.executable, "-m", "tests.server.child", *words], env=environment, check=False)
    assert done.returncode == -signal.SIGKILL
    # What the schedule does, on and on, with nothing but what is stored.
    for _ in range(2):
        with process.reading() as session:
            due = {*session.scalars(select(Subject.id).where(Subject.erasing_at <= clock.now)), *process.ring.going()}
        for subject_id in due:
            jobs.erase(subject_id)
        with process.working() as work:
            certifying.send_due(work)
        for job in process.queue.rq.jobs:
            if job.func_name == "workers.jobs.certify":
                jobs.certify(*job.args)
    there = stage(process, token)
    assert there.stage is Stage.DONE
    assert erasures.verify(process, there.file, EMAIL, token).fits
    with pytest.raises(KeyGoneError):
        process.ring.person(account.subject_id)
    with process.reading() as session:
        assert holdings(process).traces(session, account.subject_id) == {}
        assert holdings(process).traces(session, other.subject_id) == before
        assert session.scalar(select(func.count()).select_from(Erasure)) == 0
    process.close()
    assert hits(process.settings.data, [EMAIL, token]) == []


def test_a_certificate_is_not_made_before_the_key_is_gone(process: Process, monkeypatch: pytest.MonkeyPatch) -> None:
    account = participant(process)
    token = leave(process, account)
    broken: Callable[..., Any] = lambda *_: 1 / 0  # noqa: E731
    monkeypatch.setattr(process.ring, "destroy", broken)
    with pytest.raises(RuntimeError):
        jobs.erase(account.subject_id)
    jobs.certify(certificate.certificate_id(token))
    assert stage(process, token).stage is Stage.RUNS
    monkeypatch.undo()
    jobs.erase(account.subject_id)
    assert stage(process, token).stage is Stage.DONE
