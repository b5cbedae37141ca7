"""The weekly mail: once a week to whoever agreed, the score and what changed it, ended with one click."""

import re
from collections.abc import Callable
from contextlib import AbstractContextManager, suppress
from datetime import date, timedelta
from email import message_from_bytes, policy
from email.message import EmailMessage

import pytest
from flask.testing import FlaskClient
from sqlalchemy import select

from privacy.base import Subject
from privacy.consent import NoConsentError
from privacy.vocabulary import Purpose
from server.jobs import write_digest
from server.models import Account
from server.services import digests
from tests.conftest import Clock
from tests.factories.days import make_score
from tests.factories.people import agree, make_subject
from tests.server.browser import Browser
from workers.mail import Outbox
from workers.models import Digest, Mail, Score
from workers.runtime.process import Process
from workers.runtime.work import Work

SUNDAY = date(2026, 11, 22)
PARTS = {"new": 1.5, "aged": -0.5, "gone": 0.01, "standing": 0.0, "steadiness": 0.0, "disputed": 0.0}


def scored(process: Process, subject_id: str, days: int = 8, step: float = 1.01) -> None:
    """Scores of so many days until Sunday; on each something came and something aged."""
    with process.working() as work:
        for back in reversed(range(days)):
            row = make_score(work, subject_id, SUNDAY - timedelta(days=back), 40.0 + step * (days - 1 - back))
            if back < days - 1:
                row.changed_since, row.changes = row.day - timedelta(days=1), PARTS


@pytest.fixture
def monday(process: Process, ann: Browser, ann_id: str, clock: Clock) -> Browser:
    """Ann agreed last week and has scores; it is Monday."""
    ann.agree("digest")
    scored(process, ann_id)
    clock.go(days=1)
    return ann


def look(process: Process) -> list[str]:
    """What a look of the schedule has written, done at once; whom it was about."""
    with process.working() as work:
        digests.send_due(work)
    sent = [job for job in process.queue.rq.jobs if job.func_name == digests.JOB]
    for job in sent:
        write_digest(*job.args)
        job.delete()
    return [job.args[0] for job in sent]


def weekly(ann: Browser) -> list[str]:
    return [mail.text for mail in ann.mails("ann@garten.test") if mail.title in ("Your week at Klarwert", WEEK_DE)]


WEEK_DE = "Deine Woche bei Klarwert"


def made(process: Process, subject_id: str) -> EmailMessage:
    """The newest mail as it went out."""
    return message_from_bytes(Outbox(process.settings.outbox).mails(subject_id)[0].read_bytes(), policy=policy.default)  # type: ignore[return-value]


def test_the_mail_says_the_score_what_changed_it_and_how_to_end_it(process: Process, monday: Browser) -> None:
    look(process)
    [text] = weekly(monday)
    assert "your score on 22 November 2026: 47.1 points of 100." in text
    assert "That is 7.07 points more than on 15 November 2026." in text
    assert "New: +10.50. Reactions and followers that came." in text
    assert "Aged: −3.50. " in text
    assert "Steadiness" not in text
    assert f"{process.settings.public_url}/digest/" in text.split("This link ends it:")[1]


def test_it_is_written_in_the_language_of_the_person(process: Process, monday: Browser, ann_id: str) -> None:
    with process.working() as work:
        work.session.scalars(select(Account).where(Account.subject_id == ann_id)).one().language = "de"
    look(process)
    [text] = weekly(monday)
    assert "dein Punktestand am 22. November 2026: 47,1 von 100 Punkten." in text
    assert "Das sind 7,07 Punkte mehr als am 15. November 2026." in text


def test_it_comes_as_text_and_as_html_with_one_click_to_end_it(process: Process, monday: Browser, ann_id: str) -> None:
    look(process)
    weekly(monday)
    mail = made(process, ann_id)
    assert "47.1 points of 100" in mail.get_body(("html",)).get_content()  # type: ignore[union-attr]
    link = mail["List-Unsubscribe"].strip("<>")
    assert mail["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
    assert link in mail.get_body(("plain",)).get_content()  # type: ignore[union-attr]


def test_it_comes_once_a_week_however_often_one_looks(
    process: Process, monday: Browser, ann_id: str, clock: Clock
) -> None:
    assert look(process) == [ann_id]
    assert look(process) == []
    write_digest(ann_id)
    clock.go(days=6)
    assert look(process) == []
    assert len(weekly(monday)) == 1
    clock.go(days=1)
    with process.working() as work:
        make_score(work, ann_id, SUNDAY + timedelta(days=7), 40.0)
    assert look(process) == [ann_id]
    newest = weekly(monday)[0]
    assert "That is 7.07 points less than on 22 November 2026." in newest
    assert "What changed it" not in newest  # not known of every day: it would not add up


def test_a_job_that_got_lost_is_sent_again(process: Process, monday: Browser, ann_id: str, clock: Clock) -> None:
    with process.working() as work:
        digests.send_due(work)
    process.queue.rq.empty()
    assert look(process) == []
    clock.go(minutes=11)
    assert look(process) == [ann_id]


def test_it_waits_until_the_scores_of_sunday_are_published(
    process: Process, ann: Browser, ann_id: str, clock: Clock
) -> None:
    ann.agree("digest")
    scored(process, ann_id, days=2)
    clock.go(days=8)
    assert look(process) == []


@pytest.mark.parametrize("answer", [None, "no"])
def test_nobody_gets_it_who_did_not_agree(
    process: Process, ann: Browser, ann_id: str, clock: Clock, answer: str | None
) -> None:
    if answer:
        ann.agree("digest", answer)
    scored(process, ann_id)
    clock.go(days=1)
    assert look(process) == []
    write_digest(ann_id)
    assert weekly(ann) == []


def test_who_agrees_on_monday_waits_for_the_next_week(
    process: Process, ann: Browser, ann_id: str, clock: Clock
) -> None:
    scored(process, ann_id)
    clock.go(days=1)
    ann.sign_in()
    ann.agree("digest")
    assert look(process) == []


def test_without_a_score_there_is_no_mail(
    process: Process, ann_id: str, sign_up: Callable[..., Browser], account_of: Callable[[str], Account], clock: Clock
) -> None:
    ben = sign_up("ben@garten.test")
    ben.agree("digest")
    scored(process, ann_id)
    clock.go(days=1)
    assert look(process) == []
    write_digest(account_of("ben@garten.test").subject_id)
    assert all(mail.title != "Your week at Klarwert" for mail in ben.mails("ben@garten.test"))


def test_the_first_score_of_all_comes_without_a_comparison(
    process: Process, ann: Browser, ann_id: str, clock: Clock
) -> None:
    ann.agree("digest")
    scored(process, ann_id, days=3)
    clock.go(days=1)
    look(process)
    [text] = weekly(ann)
    assert "42.0 points of 100." in text
    assert "than on" not in text


def test_a_score_that_stayed_is_said_to_be_the_same(process: Process, ann: Browser, ann_id: str, clock: Clock) -> None:
    ann.agree("digest")
    scored(process, ann_id, step=0.0)
    clock.go(days=1)
    look(process)
    assert "On 15 November 2026 it was the same." in weekly(ann)[0]


@pytest.mark.parametrize("purpose", [Purpose.DIGEST, Purpose.SCORING])
def test_a_withdrawal_between_look_and_writing_wins(
    each_process: Process, clock: Clock, monkeypatch: pytest.MonkeyPatch, purpose: Purpose
) -> None:
    with each_process.working() as work:
        subject = make_subject(work)
        agree(work, subject.id, Purpose.DIGEST)
        agree(work, subject.id)
    scored(each_process, subject.id)
    clock.go(days=1)

    def withdrawn_just_before() -> AbstractContextManager[Work]:
        monkeypatch.undo()
        with each_process.working() as work:
            digests.withdraw(work, subject.id, purpose, "bluesky" if purpose is Purpose.SCORING else "")
        return each_process.working()

    monkeypatch.setattr(each_process, "working", withdrawn_just_before)
    with suppress(NoConsentError):
        digests.write(each_process, subject.id)
    with each_process.reading() as session:
        assert session.scalars(select(Mail)).all() == []
        assert session.get(Digest, subject.id) is None


def test_a_mail_about_scores_that_go_with_a_withdrawal_does_not_go_out(
    process: Process, monday: Browser, ann_id: str
) -> None:
    with process.working() as work:
        agree(work, ann_id)
    look(process)
    with process.working() as work:
        digests.withdraw(work, ann_id, Purpose.SCORING, "bluesky")
    assert weekly(monday) == []


def test_what_changed_adds_up_to_the_difference(process: Process, monday: Browser, ann_id: str) -> None:
    with process.working() as work:
        rows = work.session.scalars(select(Score).where(Score.subject_id == ann_id, Score.changes.is_not(None)))
        for row in rows.all():
            row.changes = {**PARTS, "new": 1.5092, "gone": 0.0004, "standing": 0.0004}
    look(process)
    [text] = weekly(monday)
    assert "That is 7.07 points more" in text
    assert re.findall(r"(\w+): ([+−]\d+\.\d\d)\.", text) == [
        ("New", "+10.56"),
        ("Aged", "−3.50"),
        ("rounding", "+0.01"),
    ]


def test_the_page_takes_a_mail_along_that_is_not_out_yet(process: Process, monday: Browser, ann_id: str) -> None:
    look(process)
    monday.sign_in()
    monday.get("/consent").post("/consent/digest/withdraw")
    with process.reading() as session:
        assert session.get(Digest, ann_id) is None
    assert weekly(monday) == []


def test_a_mailbox_ends_it_with_one_post_and_looking_ends_nothing(
    process: Process, monday: Browser, ann_id: str, client: FlaskClient, clock: Clock
) -> None:
    look(process)
    weekly(monday)
    path = made(process, ann_id)["List-Unsubscribe"].strip("<>").removeprefix(process.settings.public_url)
    assert "End the weekly mail?" in client.get(path, headers={"Accept-Language": "en"}).text
    for _ in range(2):
        answer = client.post(path, data={"List-Unsubscribe": "One-Click"}, headers={"Accept-Language": "en"})
        assert answer.status_code == 200
        assert "The weekly mail has ended" in answer.text
    clock.go(days=7)
    with process.working() as work:
        make_score(work, ann_id, SUNDAY + timedelta(days=7), 41.0)
    assert look(process) == []


def test_an_old_link_does_not_end_what_was_agreed_anew(
    process: Process, monday: Browser, ann_id: str, client: FlaskClient, clock: Clock
) -> None:
    look(process)
    weekly(monday)
    path = made(process, ann_id)["List-Unsubscribe"].strip("<>").removeprefix(process.settings.public_url)
    client.post(path)
    monday.sign_in()
    monday.agree("digest")
    clock.go(days=7)
    with process.working() as work:
        make_score(work, ann_id, SUNDAY + timedelta(days=7), 41.0)
    client.post(path)
    assert look(process) == [ann_id]


def test_nobody_is_written_to_while_the_use_of_their_data_is_paused(
    process: Process, monday: Browser, ann_id: str
) -> None:
    with process.working() as work:
        work.session.get_one(Subject, ann_id).frozen_at = work.now
    assert look(process) == []
    write_digest(ann_id)
    assert weekly(monday) == []
