"""Accounts: sign-up, confirming links, signing in and out, password and e-mail. No answer tells who has an account.

What checks or hashes a password takes the `Process` and does that before its transaction: it takes a third of a
second, and on SQLite a transaction that writes keeps everybody else waiting.
"""

import unicodedata
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from sqlalchemy import exists, select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from privacy import journal
from privacy.base import Subject, new_id
from privacy.keyring import KeyRing, token_hash
from privacy.ledger import note
from privacy.sealed import seal, unseal
from server.models import Account, Link, LinkUse, Role
from server.services import factors, letters, links, logins, organisations
from server.services.links import LIFE
from server.services.passwords import fits, hash_password, outdated
from workers import mail
from workers.runtime.process import Process
from workers.runtime.work import Work

YEARS_OLD = 16
#: An act in the journal: the old password does not come back.
PASSWORD = "password"  # noqa: S105


class LinkDeadError(LookupError):
    """The link was used, has run out, or never was one."""


class EmailTakenError(ValueError):
    """Another account uses this address."""


class Entry(StrEnum):
    """How signing in ended."""

    IN = "in"
    WRONG = "wrong"
    SECOND = "second"
    """The password fits; now a code is wanted."""
    UNCONFIRMED = "unconfirmed"
    LEAVING = "leaving"
    """Asked for erasure, and may take it back."""


@dataclass(frozen=True)
class SignedIn:
    """The outcome of signing in: with `token` for the cookie if it succeeded."""

    entry: Entry
    token: str | None = None
    waits: str | None = None
    """Says who may go on with a code; worth nothing without one, and nothing once the password is another."""
    language: str | None = None
    subject_id: str | None = None
    """Of who is leaving."""


def old_enough(year_of_birth: int, today_year: int) -> bool:
    """Is somebody born in that year surely 16? Only the year is asked (R6), so the 17th birthday's year counts."""
    return today_year - year_of_birth > YEARS_OLD


def normalised(email: str) -> str:
    """An address as it is compared and written to: composed characters, lower case, the domain in ASCII (IDNA)."""
    person, _, domain = unicodedata.normalize("NFC", email).strip().lower().rpartition("@")
    try:
        return f"{person}@{domain.encode('idna').decode('ascii')}"
    except UnicodeError:
        return f"{person}@{domain}"


def register(work: Work, email: str, hashed: str, language: str, public_url: str) -> None:
    """Signs somebody up and mails the confirming link; whoever has an account already gets a mail that says so.

    Raises `EmailTakenError` where somebody else just signed up with the same address.
    """
    account = by_email(work.session, work.ring, email)
    if account is None:
        account = create(work, email, hashed, language)
        _mail_link(work, account, LinkUse.CONFIRM, f"{public_url}/confirm/")
    elif _leaving(work, account):
        return
    elif account.confirmed_at is None:
        account.password = hashed
        _mail_link(work, account, LinkUse.CONFIRM, f"{public_url}/confirm/")
    else:
        write(work, account, letters.already_here(account.language, f"{public_url}/sign-in"))


def create(
    work: Work, email: str, hashed: str, language: str, role: Role = Role.PARTICIPANT, *, confirmed: bool = False
) -> Account:
    """Makes an account with its subject and key. Raises `EmailTakenError`, without a word of the address."""
    subject = Subject(id=new_id(), created_at=work.now, erasing_at=None)
    key = work.ring.create(subject.id)
    account = Account(
        id=new_id(), subject_id=subject.id, email_index=_index(work.ring, email), password=hashed, role=role.value,
        language=language, created_at=work.now, confirmed_at=work.now if confirmed else None,
    )  # fmt: skip
    seal(account, key, email=normalised(email))
    try:
        with work.session.begin_nested():
            work.session.add(subject)
            work.session.flush()
            work.session.add(account)
    except IntegrityError:
        raise EmailTakenError("another account uses this address") from None
    if role is not Role.PARTICIPANT:
        note(work.session, work.now, "role", subject.id, old=Role.PARTICIPANT.value, new=role.value)
    return account


def by_email(session: Session, ring: KeyRing, email: str) -> Account | None:
    """The account with an address."""
    return session.scalar(select(Account).where(Account.email_index == _index(ring, email)))


def email_of(ring: KeyRing, account: Account) -> str:
    """The address of an account."""
    return unseal(account, ring.person(account.subject_id), "email")


def confirm(process: Process, token: str, password: str, device: str = "") -> str | None:
    """Follows the confirming link and opens a login; None (and the link stays) if the password does not fit.

    Without the password, somebody could sign up with an address of another person, who confirms it in good faith and
    then has an account that the first one can open. Raises `LinkDeadError`.
    """
    checked = _fitting(process, lambda session: links.owner(session, token), password)
    with process.working() as work:
        link = _alive(work, token, LinkUse.CONFIRM)
        account = _unchanged(work, checked)
        if account is None:
            return None
        work.session.delete(link)
        account.confirmed_at = account.confirmed_at or work.now
        return logins.log_in(work, account, device)


def sign_in(process: Process, email: str, password: str, public_url: str, device: str = "") -> SignedIn:
    """Checks address and password; whoever has not confirmed their address gets the link again.

    Who has a second factor is asked for a code next: `server.services.security.second_step`.
    """
    checked = _fitting(process, lambda session: by_email(session, process.ring, email), password)
    if checked is None:
        return SignedIn(Entry.WRONG)
    renewed = hash_password(password) if outdated(checked.password) else checked.password
    with process.working() as work:
        account = _unchanged(work, checked)
        if account is None:
            return _waits(work, checked)
        if account.confirmed_at is None:
            _mail_link(work, account, LinkUse.CONFIRM, f"{public_url}/confirm/")
            return SignedIn(Entry.UNCONFIRMED)
        account.password = renewed
        if factors.wanted(work.session, account.id):
            return SignedIn(Entry.SECOND, waits=f"{account.id}.{_mark(account)}")
        return SignedIn(Entry.IN, logins.log_in(work, account, device), language=account.language)


def waiting(work: Work, waits: str) -> Account | None:
    """Who may go on with a code; None where the password is another one by now, or the person is leaving."""
    account_id, _, mark = waits.partition(".")
    account = present(work, account_id)
    return account if account is not None and mark == _mark(account) else None


def _waits(work: Work, checked: Account) -> SignedIn:
    """Whoever asked for erasure and can still take it back is told so; for everybody else it is a wrong password."""
    query = select(Subject.id).where(Subject.id == checked.subject_id, Subject.erasing_at > work.now)
    waits = work.session.scalar(query)
    return SignedIn(Entry.LEAVING, subject_id=waits) if waits else SignedIn(Entry.WRONG)


def present(work: Work, account_id: str) -> Account | None:
    """The account, if it is confirmed and its person is not leaving; it stays so until the transaction ends."""
    account = work.session.get(Account, account_id)
    stays = account is not None and account.confirmed_at is not None and _stays(work, account.subject_id)
    return account if stays else None


def _mark(account: Account) -> str:
    return token_hash(account.password)[:32]


@contextmanager
def sure(process: Process, account_id: str, password: str) -> Iterator[tuple[Work, Account] | None]:
    """A transaction for what only the person themselves may do; None where the password does not fit."""
    checked = _fitting(process, lambda session: session.get(Account, account_id), password)
    with process.working() as work:
        account = _unchanged(work, checked)
        yield (work, account) if account is not None else None


def ask_reset(work: Work, email: str, public_url: str) -> None:
    """Mails a link to choose a new password, if there is such an account; the page says the same either way."""
    account = by_email(work.session, work.ring, email)
    if account is not None and not _leaving(work, account):
        _mail_link(work, account, LinkUse.RESET, f"{public_url}/reset/")


def link_works(session: Session, token: str, use: LinkUse, now: datetime) -> bool:
    """Would following the link work now?"""
    link = session.get(Link, token_hash(token))
    return link is not None and link.use == use.value and link.until > now


def reset(process: Process, token: str, password: str) -> None:
    """Sets a new password by link and signs out every browser. Raises `LinkDeadError`."""
    hashed = hash_password(password)
    with process.working() as work:
        account, _ = _use(work, token, LinkUse.RESET)
        account.confirmed_at = account.confirmed_at or work.now
        _set_password(work, account, hashed)


def password_fits(process: Process, account_id: str, password: str) -> bool:
    """Is it the person themselves who asks for something that only they may do?"""
    return _fitting(process, lambda session: session.get(Account, account_id), password) is not None


def change_password(process: Process, account_id: str, old: str, new: str, device: str = "") -> str | None:
    """Sets a new password, signs out every browser and gives a new login; None if the old password does not fit."""
    checked = _fitting(process, lambda session: session.get(Account, account_id), old)
    hashed = hash_password(new) if checked else ""
    with process.working() as work:
        account = _unchanged(work, checked)
        if account is None:
            return None
        _set_password(work, account, hashed)
        return logins.log_in(work, account, device)


def ask_email(process: Process, account_id: str, password: str, email: str, public_url: str) -> bool:
    """Mails a confirming link to a new address; False if the password does not fit.

    Whether another account uses the address is told to that address only.
    """
    checked = _fitting(process, lambda session: session.get(Account, account_id), password)
    with process.working() as work:
        account = _unchanged(work, checked)
        if account is None:
            return False
        other = by_email(work.session, work.ring, email)
        if other is not None:
            write(work, other, letters.address_wanted(other.language))
            return True
        link = links.make(work, account, LinkUse.CHANGE_EMAIL, normalised(email))
        letter = letters.change_email(account.language, f"{public_url}/email/{link}")
        _post(work, account.subject_id, normalised(email), letter)
        return True


def change_email(work: Work, token: str) -> None:
    """Follows the link to the new address; the old one is told. Raises `LinkDeadError`, `EmailTakenError`."""
    account, link = _use(work, token, LinkUse.CHANGE_EMAIL)
    key = work.ring.person(account.subject_id)
    email = unseal(link, key, "email")
    links.drop(work, account)  # one to choose a password may lie in the old mailbox
    write(work, account, letters.email_changed(account.language))
    try:
        with work.session.begin_nested():
            account.email_index = _index(work.ring, email)
            seal(account, key, email=email)
    except IntegrityError:
        raise EmailTakenError("another account uses this address") from None


def set_language(work: Work, account_id: str, language: str) -> None:
    """Keeps the language that a person chose."""
    work.session.get_one(Account, account_id).language = language


def set_role(work: Work, email: str, role: Role) -> bool:
    """Gives an account a role; False if there is no such account."""
    account = by_email(work.session, work.ring, email)
    if account is None:
        return False
    if account.role != role.value:
        note(work.session, work.now, "role", account.subject_id, old=account.role, new=role.value)
    account.role = role.value
    return True


def by_themselves(process: Process, account_id: str, password: str, act: Callable[[Work, Account], None]) -> bool:
    """Does what only its person may do, with the password made sure of; False if it does not fit."""
    checked = _fitting(process, lambda session: session.get(Account, account_id), password)
    with process.working() as work:
        account = _unchanged(work, checked)
        if account is not None:
            act(work, account)
    return account is not None


def expire_unconfirmed(work: Work) -> None:
    """Has everybody erased who did not confirm their address within two days; the schedule sends the erasures.

    Whoever still has a link that works may follow it. Who is confirming just now is left for the next look.
    """
    ways_in = (LinkUse.CONFIRM.value, LinkUse.INVITE.value)
    link = exists().where(Link.account_id == Account.id, Link.use.in_(ways_in), Link.until > work.now)
    never = (
        select(Subject)
        .join(Account, Account.subject_id == Subject.id)
        .where(
            Account.confirmed_at.is_(None),
            Account.created_at < work.now - LIFE[LinkUse.CONFIRM],
            Subject.erasing_at.is_(None),
            ~link,
        )
        .with_for_update(of=(Subject, Account), skip_locked=True)
    )
    for subject in work.session.scalars(never):
        subject.erasing_at = work.now


def _index(ring: KeyRing, email: str) -> bytes:
    return ring.blind("account.email", normalised(email))


def _leaving(work: Work, account: Account) -> bool:
    return work.session.get_one(Subject, account.subject_id).erasing_at is not None


def _fitting(process: Process, find: Callable[[Session], Account | None], password: str) -> Account | None:
    """The account as it was found, if the password fits it; it takes as long where there is none."""
    with process.reading() as session:
        account = find(session)
    return account if fits(account.password if account else None, password) else None


def _unchanged(work: Work, checked: Account | None) -> Account | None:
    """The account whose password was checked, to go on with: None if it has another password by now, or is leaving."""
    if checked is None or not _stays(work, checked.subject_id):
        return None
    account = work.session.get(Account, checked.id)
    return account if account is not None and account.password == checked.password else None


def _stays(work: Work, subject_id: str) -> bool:
    """Is a person there and not being erased? It stays so until the transaction ends.

    The person's row is taken before any other, as everywhere.
    """
    query = select(Subject.id).where(Subject.id == subject_id, Subject.erasing_at.is_(None))
    return work.session.scalar(query.with_for_update(key_share=True)) is not None


def _set_password(work: Work, account: Account, hashed: str) -> None:
    account.password = hashed
    journal.note(work.session, work.now, PASSWORD, account=account.id)
    logins.sign_out_everywhere(work, account.id)
    links.drop(work, account)  # whoever knew the old password may have asked for another address
    write(work, account, letters.password_changed(account.language))


def _mail_link(work: Work, account: Account, use: LinkUse, address: str) -> None:
    link = f"{address}{links.make(work, account, use)}"
    letter = (letters.confirm if use is LinkUse.CONFIRM else letters.reset)(account.language, link)
    write(work, account, letter)


def _alive(work: Work, token: str, use: LinkUse) -> Link:
    whose = work.session.scalar(select(Link.subject_id).where(Link.token_hash == token_hash(token)))
    stays = whose is not None and _stays(work, whose)
    link = work.session.get(Link, token_hash(token)) if stays else None
    if link is None or link.use != use.value or link.until <= work.now:
        raise LinkDeadError("the link does not work any more")
    return link


def _use(work: Work, token: str, use: LinkUse) -> tuple[Account, Link]:
    link = _alive(work, token, use)
    work.session.delete(link)
    work.session.flush()
    return work.session.get_one(Account, link.account_id), link


def write(work: Work, account: Account, letter: letters.Letter, leave: str | None = None) -> None:
    """Mails a letter to the address of an account; `leave` is the address that ends letters of its kind."""
    _post(work, account.subject_id, email_of(work.ring, account), letter, leave)


def _post(work: Work, subject_id: str, recipient: str, letter: letters.Letter, leave: str | None = None) -> None:
    house = organisations.organisation(work.session, work.settings)
    body = letter.body + letters.signature(house, work.settings.public_url)
    mail.post(work, subject_id, recipient, letter.title, body, leave)
