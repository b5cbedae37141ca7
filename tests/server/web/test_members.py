"""Members and roles: invited by a link that works once, changed by others only, and never without an administrator."""

import json
import threading
from collections.abc import Callable

import pytest
from sqlalchemy import select

from privacy.base import Subject
from privacy.ledger import LogEntry
from server.models import Account, Link, Role
from server.services import accounts, members
from server.services.passwords import hash_password
from server.services.roles import LastAdministratorError
from tests.conftest import Clock
from tests.server.browser import PASSWORD, Browser
from workers.jobs import erase
from workers.places import holdings
from workers.runtime.process import Process

NEW = "gutachten@pruefung.test"


@pytest.fixture
def admin(process: Process, ann: Browser) -> Browser:
    """Ann administrates."""
    with process.working() as work:
        assert accounts.set_role(work, "ann@garten.test", Role.ADMIN)
    return ann


def invited(admin: Browser, email: str = NEW, role: str = "auditor") -> str:
    """Invites somebody; the path of the link."""
    admin.get("/organisation/members").post("/organisation/members", email=email, role=role)
    assert admin.says("The invitation is on its way")
    return admin.link(email)


def roles_noted(process: Process) -> list[tuple[str, str]]:
    with process.reading() as session:
        said = [json.loads(one) for one in session.scalars(select(LogEntry.entry).order_by(LogEntry.noted_at))]
    return [(one["old"], one["new"]) for one in said if one["type"] == "role"]


def test_somebody_new_accepts_an_invitation(
    process: Process, admin: Browser, browser: Browser, account_of: Callable[[str], Account]
) -> None:
    link = invited(admin)
    assert admin.get("/organisation/members").says(NEW)
    browser.get(link)
    assert browser.says("Auditor")
    browser.post(link, year="1980", password="ein anderer langer Satz")
    assert browser.says("Welcome. Your role begins now.")
    assert account_of(NEW).role == Role.AUDITOR
    assert roles_noted(process)[-1] == ("participant", "auditor")
    assert not admin.get("/organisation/members").says("Invitations that wait")
    assert browser.post("/sign-out").sign_in(NEW, "ein anderer langer Satz").path != "/sign-in"


def test_the_mail_is_in_both_languages(admin: Browser) -> None:
    invited(admin, role="dpo")
    [mail] = admin.mails(NEW)
    assert "Data protection officer" in mail.text
    assert "Datenschutz" in mail.text
    assert "seven days" in mail.text
    assert "sieben Tage" in mail.text


def test_an_invitation_works_once_and_for_seven_days(
    admin: Browser, new_browser: Callable[..., Browser], clock: Clock
) -> None:
    link = invited(admin)
    new_browser().get(link).post(link, year="1980", password="ein anderer langer Satz")
    assert new_browser().get(link).status == 404
    other = invited(admin, "zweite@pruefung.test")
    clock.go(days=7, seconds=1)
    assert new_browser().get(other).status == 404


def test_an_invitation_that_was_taken_back_works_no_more(
    admin: Browser, browser: Browser, account_of: Callable[[str], Account]
) -> None:
    link = invited(admin)
    admin.post(f"/organisation/invitations/{account_of(NEW).id}/revoke")
    assert browser.get(link).status == 404
    assert browser.says("If not, ask who invited you for a new one.")


def test_nobody_can_sign_in_to_an_account_that_was_only_invited(admin: Browser, browser: Browser) -> None:
    invited(admin)
    for password in ("", "nobody has this password", PASSWORD):
        assert browser.sign_in(NEW, password).path == "/sign-in"


def test_whoever_never_accepts_leaves_nothing(
    process: Process, admin: Browser, account_of: Callable[[str], Account], clock: Clock
) -> None:
    invited(admin)
    subject_id = account_of(NEW).subject_id
    clock.go(days=6)
    with process.working() as work:
        accounts.expire_unconfirmed(work)
        assert work.session.get_one(Subject, subject_id).erasing_at is None
    clock.go(days=2)
    with process.working() as work:
        accounts.expire_unconfirmed(work)
    erase(subject_id)
    with process.reading() as session:
        assert holdings(process).traces(session, subject_id) == {}


def test_whoever_is_too_young_is_refused_and_leaves_nothing(
    process: Process, admin: Browser, browser: Browser, account_of: Callable[[str], Account]
) -> None:
    link = invited(admin)
    subject_id = account_of(NEW).subject_id
    browser.get(link).post(link, year="2015", password="ein anderer langer Satz")
    assert browser.status == 403
    assert browser.get(link).status == 404
    with process.reading() as session:
        assert session.get_one(Subject, subject_id).erasing_at is not None
    assert roles_noted(process) == [("participant", "admin")]


@pytest.mark.parametrize(
    ("year", "password", "sentence"),
    [("", "lang genug ist es", "four digits"), ("1980", "kurz", "at least 10"), ("wer weiss", "", "four digits")],
)
def test_what_is_typed_wrongly_keeps_the_invitation(
    admin: Browser, browser: Browser, year: str, password: str, sentence: str
) -> None:
    link = invited(admin)
    browser.get(link).post(link, year=year, password=password)
    assert browser.status == 422
    assert browser.says(sentence)
    assert browser.get(link).status == 200


def test_who_has_an_account_accepts_with_its_password(
    admin: Browser, sign_up: Callable[..., Browser], new_browser: Callable[..., Browser],
    account_of: Callable[[str], Account],
) -> None:  # fmt: skip
    sign_up("bea@wiese.test")
    link = invited(admin, "bea@wiese.test", "staff")
    stranger = new_browser().get(link).post(link, password="nicht das richtige")
    assert stranger.status == 422
    assert account_of("bea@wiese.test").role == Role.PARTICIPANT
    assert stranger.post(link, password=PASSWORD).says("Welcome. Your role begins now.")
    assert account_of("bea@wiese.test").role == Role.STAFF


def test_a_role_is_changed_and_taken_away_and_its_person_is_told(
    process: Process, admin: Browser, sign_up: Callable[..., Browser], account_of: Callable[[str], Account]
) -> None:
    sign_up("bea@wiese.test")
    with process.working() as work:
        accounts.set_role(work, "bea@wiese.test", Role.STAFF)
    bea = account_of("bea@wiese.test").id
    admin.get("/organisation/members").post(f"/organisation/members/{bea}", role="dpo")
    assert admin.says("Changed, and noted in the log.")
    assert "Data protection officer" in admin.mails("bea@wiese.test")[0].text
    admin.post(f"/organisation/members/{bea}", role="participant")
    assert account_of("bea@wiese.test").role == Role.PARTICIPANT
    assert not admin.says("bea@wiese.test")
    assert roles_noted(process)[-2:] == [("staff", "dpo"), ("dpo", "participant")]
    assert admin.post(f"/organisation/members/{bea}", role="admin").status == 404  # only by invitation


def test_nobody_changes_their_own_role(admin: Browser, account_of: Callable[[str], Account]) -> None:
    own = account_of("ann@garten.test").id
    admin.get("/organisation/members").post(f"/organisation/members/{own}", role="auditor")
    assert admin.says("Nobody changes their own role.")
    admin.post("/organisation/members", email="ann@garten.test", role="auditor")
    assert admin.says("This is your own account.")
    assert account_of("ann@garten.test").role == Role.ADMIN


def test_the_last_administrator_cannot_delete_their_account(process: Process, admin: Browser, ann_id: str) -> None:
    admin.get("/data/delete").post("/data/delete", password=PASSWORD)
    assert admin.status == 422
    assert admin.says("You are the last administrator.")
    with process.working() as work:
        assert work.session.get_one(Subject, ann_id).erasing_at is None
        accounts.create(work, "bea@wiese.test", hash_password(PASSWORD), "en", Role.ADMIN, confirmed=True)
    assert admin.post("/data/delete", password=PASSWORD).path.startswith("/erasure/")


def test_an_administrator_who_never_confirmed_does_not_count(process: Process, admin: Browser) -> None:
    with process.working() as work:
        accounts.create(work, "bea@wiese.test", hash_password(PASSWORD), "en", Role.ADMIN)
    assert admin.get("/data/delete").post("/data/delete", password=PASSWORD).status == 422


def test_two_administrators_who_dismiss_one_another_at_once_leave_one(each_process: Process) -> None:
    with each_process.working() as work:
        both = [
            accounts.create(work, f"{name}@haus.test", "x", "de", Role.ADMIN, confirmed=True).id for name in ("a", "b")
        ]
    start, ends = threading.Barrier(2), []

    def dismiss(by: str, whom: str) -> None:
        start.wait()
        try:
            with each_process.working() as work:
                ends.append(members.change(work, by, whom, Role.PARTICIPANT))
        except LastAdministratorError:
            ends.append(False)

    threads = [threading.Thread(target=dismiss, args=pair) for pair in (both, both[::-1])]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(ends) == [False, True]
    with each_process.reading() as session:
        left = session.scalars(select(Account.id).where(Account.role == Role.ADMIN.value)).all()
    assert len(left) == 1


def test_the_page_is_for_administrators_only(
    process: Process, ann: Browser, browser: Browser, account_of: Callable[[str], Account]
) -> None:
    for role in (Role.PARTICIPANT, Role.STAFF, Role.DPO, Role.AUDITOR):
        with process.working() as work:
            accounts.set_role(work, "ann@garten.test", role)
        assert ann.get("/organisation/members").status == 404
        assert ann.post("/organisation/members", email=NEW, role="admin").status == 404
    assert browser.get("/organisation/members").path == "/sign-in"
    with process.reading() as session:
        assert session.scalars(select(Link)).all() == []


def test_a_role_that_there_is_not_cannot_be_given(admin: Browser, account_of: Callable[[str], Account]) -> None:
    for role in ("participant", "emperor", ""):
        admin.get("/organisation/members").post("/organisation/members", email=NEW, role=role)
        assert admin.status == 422
    own = account_of("ann@garten.test").id
    assert admin.post(f"/organisation/members/{own}", role="emperor").says("There is no such role.")
