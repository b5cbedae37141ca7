"""Accounts below the pages: addresses, passwords, roles, links and who never came back."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from argon2 import PasswordHasher, Type
from sqlalchemy import func, select

from privacy.base import Subject
from server.models import Account, Link, LinkUse, Role
from server.services import accounts, erasures, letters, links, logins
from server.services.accounts import EmailTakenError, Entry, LinkDeadError
from server.services.passwords import fits, hash_password, outdated
from server.services.words import LANGUAGES, catalogue, known
from tests.conftest import PASSWORD_HASHER, Clock
from workers.models import Mail
from workers.runtime.process import Process
from workers.runtime.work import Work

URL = "http://klarwert.test"
PASSWORD = "ein Satz nur für Tests"


def make(work: Work, email: str = "ann@garten.test", hashed: str | None = None, confirmed: bool = True) -> Account:
    return accounts.create(work, email, hashed or hash_password(PASSWORD), "de", confirmed=confirmed)


@pytest.mark.parametrize(
    ("typed", "kept"),
    [
        (" Ann@Garten.TEST ", "ann@garten.test"),
        ("ann@gärten.test", "ann@xn--grten-gra.test"),
        ("ann@" + "g" * 70 + ".test", "ann@" + "g" * 70 + ".test"),
        ("", "@"),
    ],
)
def test_one_address_is_one_address_however_it_is_typed(typed: str, kept: str) -> None:
    assert accounts.normalised(typed) == kept


@pytest.mark.parametrize(("year", "fine"), [(2009, True), (2010, False), (2011, False), (1950, True)])
def test_only_who_is_surely_16_is_old_enough(year: int, fine: bool) -> None:
    assert accounts.old_enough(year, 2026) is fine


def test_an_accented_password_is_the_same_from_every_keyboard() -> None:
    assert fits(hash_password("K\u00f6nigin der Nacht"), "Ko\u0308nigin der Nacht")


def test_the_product_hashes_as_the_standard_says() -> None:
    """At least the second recommended option of RFC 9106, section 4; tests hash with less."""
    assert PASSWORD_HASHER.type is Type.ID
    assert PASSWORD_HASHER.memory_cost >= 64 * 1024
    assert PASSWORD_HASHER.time_cost >= 3
    assert PASSWORD_HASHER.parallelism >= 4


@pytest.mark.parametrize("stored", [None, "no hash at all"])
def test_no_password_fits_where_there_is_none(stored: str | None) -> None:
    assert not fits(stored, "nobody has this password")


def test_a_hash_with_weaker_parameters_is_made_anew_at_the_next_sign_in(each_process: Process) -> None:
    weak = PasswordHasher(time_cost=1, memory_cost=8, parallelism=1).hash(PASSWORD)
    with each_process.working() as work:
        make(work, hashed=weak)
    signed_in = accounts.sign_in(each_process, "ann@garten.test", PASSWORD, URL)
    assert signed_in.entry is Entry.IN
    with each_process.reading() as session:
        assert not outdated(session.scalars(select(Account)).one().password)


def test_an_address_belongs_to_one_account_and_the_error_does_not_tell_it(each_process: Process) -> None:
    with each_process.working() as work:
        make(work)
    with each_process.working() as work, pytest.raises(EmailTakenError) as error:
        make(work, "ANN@garten.test")
    assert "garten" not in str(error.value)
    with each_process.reading() as session:
        assert session.scalar(select(func.count()).select_from(Account)) == 1


def test_a_changed_address_that_is_taken_changes_nothing(each_process: Process) -> None:
    with each_process.working() as work:
        ann = make(work)
        make(work, "ben@garten.test")
        token = links.make(work, ann, LinkUse.CHANGE_EMAIL, "ben@garten.test")
    with each_process.working() as work, pytest.raises(EmailTakenError):
        accounts.change_email(work, token)
    with each_process.reading() as session:
        found = accounts.by_email(session, each_process.ring, "ann@garten.test")
        assert found is not None
        assert accounts.email_of(each_process.ring, found) == "ann@garten.test"


def test_somebody_who_is_being_erased_cannot_sign_in_or_reset(process: Process) -> None:
    with process.working() as work:
        ann = make(work)
        token = logins.log_in(work, ann)
    assert not erasures.ask(process, ann.id, "not my password")
    assert erasures.ask(process, ann.id, PASSWORD)
    assert accounts.sign_in(process, "ann@garten.test", PASSWORD, URL).entry is Entry.WRONG
    with process.working() as work:
        accounts.ask_reset(work, "ann@garten.test", URL)
        assert logins.signed_in(work.session, token, work.now) is None
        assert work.session.scalar(select(func.count()).select_from(Link)) == 0


def test_who_never_confirms_is_erased_and_everybody_else_stays(process: Process, clock: Clock) -> None:
    with process.working() as work:
        make(work, "never@garten.test", confirmed=False)
        make(work, "ann@garten.test")
    clock.go(days=1)
    with process.working() as work:
        late = make(work, "late@garten.test", confirmed=False)
        accounts.expire_unconfirmed(work)
        assert not _leaving(work)
    clock.go(days=1, minutes=1)
    with process.working() as work:
        accounts.expire_unconfirmed(work)
        assert len(_leaving(work)) == 1
        assert late.subject_id not in _leaving(work)
    assert [job.description for job in process.queue.rq.jobs] == []  # the schedule sends what is due, once
    clock.go(hours=1)
    with process.working() as work:
        accounts.expire_unconfirmed(work)
        [(subject_id, since)] = work.session.execute(select(Subject.id, Subject.erasing_at).where(_asked))
    assert (subject_id, since) != (late.subject_id, work.now)
    assert since == work.now - timedelta(hours=1)


_asked = Subject.erasing_at.is_not(None)


def test_who_still_has_a_link_that_works_is_not_erased(each_process: Process, clock: Clock) -> None:
    with each_process.working() as work:
        ann = make(work, confirmed=False)
    clock.go(days=1, hours=12)
    assert accounts.sign_in(each_process, "ann@garten.test", PASSWORD, URL).entry is Entry.UNCONFIRMED
    clock.go(days=1)
    with each_process.working() as work:
        accounts.expire_unconfirmed(work)
        assert not _leaving(work)
    clock.go(days=1)
    with each_process.working() as work:
        accounts.expire_unconfirmed(work)
        assert _leaving(work) == [ann.subject_id]


def test_a_link_of_somebody_who_is_being_erased_is_dead(each_process: Process) -> None:
    with each_process.working() as work:
        ann = make(work, confirmed=False)
        token = links.make(work, ann, LinkUse.CONFIRM)
        work.session.get_one(Subject, ann.subject_id).erasing_at = work.now
    with pytest.raises(LinkDeadError):
        accounts.confirm(each_process, token, PASSWORD)


@pytest.mark.parametrize("use", LinkUse)
def test_a_new_password_kills_every_link_that_was_mailed_before(each_process: Process, use: LinkUse) -> None:
    with each_process.working() as work:
        ann = make(work)
        links.make(work, ann, use, "thief@garten.test" if use is LinkUse.CHANGE_EMAIL else None)
    assert accounts.change_password(each_process, ann.id, PASSWORD, "ein ganz neuer Satz")
    with each_process.reading() as session:
        assert session.scalar(select(func.count()).select_from(Link)) == 0


def test_a_new_address_kills_the_links_in_the_old_mailbox(each_process: Process) -> None:
    with each_process.working() as work:
        ann = make(work)
        links.make(work, ann, LinkUse.RESET)
        token = links.make(work, ann, LinkUse.CHANGE_EMAIL, "neu@garten.test")
    with each_process.working() as work:
        accounts.change_email(work, token)
        assert work.session.scalar(select(func.count()).select_from(Link)) == 0


def test_nobody_waits_for_a_password_to_be_checked(process: Process, monkeypatch: pytest.MonkeyPatch) -> None:
    with process.working() as work:
        ann = make(work)
        new, old = (
            links.make(work, ann, use, email) for use, email in ((LinkUse.RESET, None), (LinkUse.CONFIRM, None))
        )
    written = []

    def checked(slow: Callable[..., Any]) -> Callable[..., Any]:
        def wrapped(*given: Any) -> Any:
            with process.working() as work:  # on SQLite nobody else may be writing now
                written.append(work.now)
            return slow(*given)

        return wrapped

    for name in ("fits", "hash_password"):
        monkeypatch.setattr(accounts, name, checked(getattr(accounts, name)))
    monkeypatch.setattr(accounts, "outdated", lambda _: True)
    accounts.confirm(process, old, PASSWORD)
    accounts.sign_in(process, "ann@garten.test", PASSWORD, URL)
    accounts.ask_email(process, ann.id, PASSWORD, "neu@garten.test", URL)
    accounts.reset(process, new, PASSWORD)
    accounts.change_password(process, ann.id, PASSWORD, "ein ganz neuer Satz")
    erasures.ask(process, ann.id, "ein ganz neuer Satz")
    assert len(written) == 8


def test_a_password_that_changed_while_it_was_checked_opens_nothing(
    process: Process, monkeypatch: pytest.MonkeyPatch
) -> None:
    with process.working() as work:
        ann = make(work)

    def changes(stored: str | None, password: str) -> bool:
        with process.working() as work:
            work.session.get_one(Account, ann.id).password = "another"
        return fits(stored, password)

    monkeypatch.setattr(accounts, "fits", changes)
    assert accounts.sign_in(process, "ann@garten.test", PASSWORD, URL).entry is Entry.WRONG


def _leaving(work: Work) -> list[str]:
    return list(work.session.scalars(select(Subject.id).where(Subject.erasing_at.is_not(None))))


def test_a_role_is_given_by_address(process: Process) -> None:
    with process.working() as work:
        ann = make(work)
        assert accounts.set_role(work, "ann@garten.test", Role.DPO)
        assert not accounts.set_role(work, "nobody@garten.test", Role.ADMIN)
        assert ann.role == Role.DPO


def test_touching_a_login_that_is_gone_is_no_error(process: Process) -> None:
    with process.working() as work:
        logins.touch(work, "gone")


def test_a_mail_to_a_domain_with_umlauts_can_be_sent(process: Process) -> None:
    with process.working() as work:
        accounts.register(work, "ann@gärten.test", "hashed", "de", URL)
        mail = work.session.scalars(select(Mail)).one()
        made = work.ring.person(mail.subject_id)
        assert made.open(f'["mail", "{mail.id}", "recipient"]', mail.recipient) == "ann@xn--grten-gra.test"


@pytest.mark.parametrize("language", LANGUAGES)
def test_letters_are_whole_in_each_language(language: str) -> None:
    link = f"{URL}/x"
    with_link = [letters.confirm, letters.already_here, letters.reset, letters.change_email]
    for letter in (make(language, link) for make in with_link):
        assert link in letter.body
        assert letter.title
    for letter in (letters.email_changed(language), letters.password_changed(language)):
        assert letter.body.startswith(catalogue(language).gettext("Hello,"))


def test_an_unknown_language_is_german() -> None:
    assert [known("en"), known("fr"), known(None)] == ["en", "de", "de"]
