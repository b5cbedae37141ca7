"""Recipients at the officer's desk: registered, given something under a reference, told, and seen by the person."""

import json
from collections.abc import Callable

import pytest
from sqlalchemy import select

import migrations
from privacy.base import Subject
from privacy.ledger import LogEntry
from privacy.recipient import Recipient, reference
from server import jobs as server_jobs
from server.models import Token
from server.services import lookups, removal
from server.services.replaying import ACTS
from tests.server.browser import Browser
from tests.server.web.test_desk import dpo, make_officer
from tests.server.web.test_pages import check
from workers import backups
from workers.jobs import expire
from workers.jobs.telling import send_due
from workers.models import Told
from workers.replaying import replay
from workers.runtime.process import Process

__all__ = ["dpo", "make_officer"]
MAIL = {"name": "Verlag Beispiel", "channel": "mail", "address": "post@verlag.example", "language": "de"}


def person_of(process: Process, not_of: str) -> str:
    with process.reading() as session:
        return session.scalars(select(Subject.id).where(Subject.id != not_of)).one()


@pytest.fixture
def registered(dpo: Browser, process: Process) -> Recipient:
    dpo.post("/desk/recipients", **MAIL)
    assert dpo.says("Registered.")
    with process.reading() as session:
        return session.scalars(select(Recipient)).one()


def test_what_is_handed_over_is_seen_told_and_answered(
    dpo: Browser, registered: Recipient, sign_up: Callable[..., Browser], process: Process
) -> None:
    with process.reading() as session:
        officer = session.scalars(select(Subject.id)).one()
    ann = sign_up("ann@garten.test", "en")
    ann_id, page = person_of(process, officer), f"/desk/recipients/{registered.id}"
    dpo.post(f"{page}/give", email="ann@garten.test", reason="support", what="score")
    assert dpo.says(reference(process.ring, registered.id, ann_id))
    ann.get("/data")
    assert ann.says("Recipient Verlag Beispiel answering a question of yours The score")
    assert ann.says("1 time something of yours went to a recipient outside")
    assert not ann.says("by people with a role")
    ann.post("/data/pause", what="pause")
    assert ann.says("What recipients were told since")
    assert ann.says("restriction on its way")
    dpo.get("/desk")
    assert dpo.says("1 piece of news not taken")
    with process.working() as work:
        send_due(work)
        [told_id] = work.session.scalars(select(Told.id))
    server_jobs.tell(told_id)
    dpo.get(page)
    assert dpo.says("restriction " + reference(process.ring, registered.id, ann_id))
    assert dpo.says("the mail went out; 1 try")
    check(dpo)
    ann.get("/data")
    assert ann.says("restriction taken")
    check(ann)


def test_who_is_removed_is_told_to_delete_everything_gets_nothing_more_and_the_record_stays(
    dpo: Browser, registered: Recipient, sign_up: Callable[..., Browser], process: Process
) -> None:
    page = f"/desk/recipients/{registered.id}"
    ann = sign_up("ann@garten.test", "en")
    dpo.post(f"{page}/give", email="ann@garten.test", reason="support", what="score")
    with process.working() as work:
        lookups.open_token(work, registered.id, "lookup", "Rabatte")
    assert dpo.post(f"{page}/remove").says("Removed.")
    assert dpo.says("Verlag Beispiel removed")
    check(dpo)
    with process.reading() as session:
        [news] = session.scalars(select(Told))
        [token] = session.scalars(select(Token))
    assert (news.act, news.recipient_id) == ("erasure", registered.id)
    assert token.revoked_at is not None
    dpo.get(page)
    assert dpo.says("They get nothing more")
    assert "Hand something over" not in dpo.page
    check(dpo)
    assert dpo.post(f"{page}/give", email="ann@garten.test", reason="support", what="score").status == 404
    assert dpo.post(page, **MAIL).status == 404
    ann.get("/data")
    assert ann.says("deletion on its way")
    ann.post("/data/pause", what="pause")
    dpo.post(f"{page}/remove")  # again
    with process.reading() as session:
        assert len(session.scalars(select(Told)).all()) == 1
    for days, left in ((360, 1), (8, 0)):
        process.clock.go(days=days)  # type: ignore[attr-defined]
        expire(process.clock().date().isoformat())
        with process.reading() as session:
            assert len(session.scalars(select(Recipient)).all()) == left


def test_no_restore_brings_a_removed_recipient_back(
    dpo: Browser, registered: Recipient, sign_up: Callable[..., Browser], process: Process
) -> None:
    page = f"/desk/recipients/{registered.id}"
    sign_up("ann@garten.test", "en")
    dpo.post(f"{page}/give", email="ann@garten.test", reason="support", what="score")
    with process.working() as work:
        lookups.open_token(work, registered.id, "lookup", "Rabatte")
    place, _ = backups.create(process, migrations, process.settings.backups)
    dpo.post(f"{page}/remove")
    with process.reading() as session:
        entries = [json.loads(entry) for entry in session.scalars(select(LogEntry.entry))]
    assert [one["recipient"] for one in entries if one["type"] == removal.REMOVED] == [registered.id]
    backups.restore(process, migrations, place)
    with process.reading() as session:
        assert session.scalars(select(Recipient)).one().removed_at is None
    assert replay(process, ACTS)[removal.REMOVED] == 1
    with process.reading() as session:
        assert session.scalars(select(Recipient)).one().removed_at is not None
        assert session.scalars(select(Token)).one().revoked_at is not None
        assert [news.act for news in session.scalars(select(Told))] == ["erasure"]
    assert replay(process, ACTS) == {}
    process.make_sure()


def test_a_removed_recipient_whom_a_restored_database_never_knew_is_no_trouble(dpo: Browser, process: Process) -> None:
    place, _ = backups.create(process, migrations, process.settings.backups)
    dpo.post("/desk/recipients", **MAIL)
    with process.reading() as session:
        recipient_id = session.scalars(select(Recipient.id)).one()
    dpo.post(f"/desk/recipients/{recipient_id}/remove")
    backups.restore(process, migrations, place)
    assert replay(process, ACTS)[removal.REMOVED] == 1
    with process.reading() as session:
        assert session.scalars(select(Recipient)).all() == []


def test_who_never_got_anything_is_gone_at_once(dpo: Browser, registered: Recipient, process: Process) -> None:
    dpo.post(f"/desk/recipients/{registered.id}/remove")
    with process.reading() as session:
        assert session.scalars(select(Recipient)).all() == []


def test_nothing_is_handed_over_without_the_consent_it_needs_nor_while_it_is_restricted(
    dpo: Browser, registered: Recipient, sign_up: Callable[..., Browser]
) -> None:
    ann, page = sign_up("ann@garten.test", "en"), f"/desk/recipients/{registered.id}"
    no = "This person has not agreed to that, or has restricted the use of their data."
    for reason in ("lookup", "campaign"):
        dpo.post(f"{page}/give", email="ann@garten.test", reason=reason, what="score")
        assert dpo.status == 422
        assert dpo.says(no)
    ann.get("/data")
    ann.post("/data/pause", what="pause")
    dpo.post(f"{page}/give", email="ann@garten.test", reason="support", what="score")
    assert dpo.says(no)
    dpo.post(f"{page}/give", email="nobody@garten.test", reason="support", what="score")
    assert dpo.says("Nobody has an account with this address.")
    dpo.post(f"{page}/give", email="ann@garten.test", reason="employment", what="score")
    assert dpo.status == 422


@pytest.mark.parametrize(
    ("channel", "address"),
    [("mail", "x"), ("webhook", "http://verlag.example/x"), ("webhook", "https://"), ("webhook", "https://[")],
)
def test_an_address_that_cannot_be_told_is_refused(dpo: Browser, channel: str, address: str) -> None:
    dpo.post("/desk/recipients", **{**MAIL, "channel": channel, "address": address})
    assert dpo.status == 422
    check(dpo)


def test_an_address_can_be_changed(dpo: Browser, registered: Recipient, process: Process) -> None:
    page = f"/desk/recipients/{registered.id}"
    dpo.post(page, **{**MAIL, "channel": "webhook", "address": "https://verlag.example/hook"})
    assert dpo.says("Saved.")
    assert dpo.says(process.ring.public_key())
    check(dpo)
    assert dpo.get("/desk/recipients/none").status == 404
