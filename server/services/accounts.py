"""Accounts: sign-up, confirming links, signing in and out, password and e-mail. No answer tells who has an account."""

import secrets
import unicodedata
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from sqlalchemy import delete, select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from privacy.base import Subject, new_id
from privacy.keyring import KeyRing, token_hash
from privacy.ledger import note
from privacy.sealed import seal, unseal
from server.models import Account, Link, LinkUse, Login, Role
from server.services import letters
from server.services.passwords import fits, hash_password, outdated
from workers import mail
from workers.runtime.work import Work

LIFE = {LinkUse.CONFIRM: timedelta(days=2), LinkUse.RESET: timedelta(hours=1), LinkUse.CHANGE_EMAIL: timedelta(days=1)}
LOGIN_LIFE = timedelta(days=30)
_TOKEN_BYTES = 32
YEARS_OLD = 16


class LinkDeadError(LookupError):
    """The link was used, has run out, or never was one."""


class EmailTakenError(ValueError):
    """Another account uses this address."""


class Entry(StrEnum):
    """How signing in ended."""

    IN = "in"
    WRONG = "wrong"
    UNCONFIRMED = "unconfirmed"


@dataclass(frozen=True)
class SignedIn:
    """The outcome of signing in: with `token` for the cookie if it succeeded."""

    entry: Entry
    token: str | None = None
    language: str | None = None


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


def register(work: Work, email: str, password: str, language: str, public_url: str) -> None:
    """Signs somebody up and mails the confirming link; whoever has an account already gets a mail that says so.

    Raises `EmailTakenError` where somebody else just signed up with the same address.
    """
    account = by_email(work.session, work.ring, email)
    hashed = hash_password(password)  # before the branch: both ways take as long
    if account is None:
        account = create(work, email, hashed, language)
        _mail_link(work, account, LinkUse.CONFIRM, f"{public_url}/confirm/")
    elif _leaving(work, account):
        return
    elif account.confirmed_at is None:
        account.password = hashed
        _mail_link(work, account, LinkUse.CONFIRM, f"{public_url}/confirm/")
    else:
        _write(work, account, letters.already_here(account.language, f"{public_url}/sign-in"))


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


def confirm(work: Work, token: str, password: str) -> Account | None:
    """Follows the confirming link; None (and the link stays) if the password does not fit. Raises `LinkDeadError`.

    Without the password, somebody could sign up with an address of another person, who confirms it in good faith and
    then has an account that the first one can open.
    """
    link = _alive(work, token, LinkUse.CONFIRM)
    account = work.session.get_one(Account, link.account_id)
    if not fits(account.password, password):
        return None
    work.session.delete(link)
    account.confirmed_at = account.confirmed_at or work.now
    return account


def sign_in(work: Work, email: str, password: str, public_url: str) -> SignedIn:
    """Checks address and password; whoever has not confirmed their address gets the link again."""
    account = by_email(work.session, work.ring, email)
    if not fits(account.password if account else None, password) or account is None or _leaving(work, account):
        return SignedIn(Entry.WRONG)
    if account.confirmed_at is None:
        _mail_link(work, account, LinkUse.CONFIRM, f"{public_url}/confirm/")
        return SignedIn(Entry.UNCONFIRMED)
    if outdated(account.password):
        account.password = hash_password(password)
    return SignedIn(Entry.IN, log_in(work, account), account.language)


def log_in(work: Work, account: Account) -> str:
    """Opens a login; the token goes into the cookie and is stored as its hash."""
    token = secrets.token_urlsafe(_TOKEN_BYTES)
    login = Login(
        token_hash=token_hash(token), account_id=account.id, subject_id=account.subject_id, created_at=work.now,
        seen_at=work.now,
    )  # fmt: skip
    work.session.add(login)
    return token


def signed_in(session: Session, token: str, now: datetime) -> tuple[Account, Login] | None:
    """Whose login it is; None if it is over, signed out or the person is being erased."""
    query = (
        select(Account, Login)
        .join(Login, Login.account_id == Account.id)
        .join(Subject, Subject.id == Account.subject_id)
        .where(Login.token_hash == token_hash(token), Login.seen_at > now - LOGIN_LIFE, Subject.erasing_at.is_(None))
    )
    found = session.execute(query).first()
    return (found[0], found[1]) if found else None


def touch(work: Work, token: str) -> None:
    """Notes that a login is still in use."""
    login = work.session.get(Login, token_hash(token))
    if login is not None:
        login.seen_at = work.now


def sign_out(work: Work, token: str) -> None:
    """Ends one login."""
    work.session.execute(delete(Login).where(Login.token_hash == token_hash(token)))


def sign_out_everywhere(work: Work, account_id: str) -> None:
    """Ends every login of an account."""
    work.session.execute(delete(Login).where(Login.account_id == account_id))


def ask_reset(work: Work, email: str, public_url: str) -> None:
    """Mails a link to choose a new password, if there is such an account; the page says the same either way."""
    account = by_email(work.session, work.ring, email)
    if account is not None and not _leaving(work, account):
        _mail_link(work, account, LinkUse.RESET, f"{public_url}/reset/")


def link_works(session: Session, token: str, use: LinkUse, now: datetime) -> bool:
    """Would following the link work now?"""
    link = session.get(Link, token_hash(token))
    return link is not None and link.use == use.value and link.until > now


def reset(work: Work, token: str, password: str) -> None:
    """Sets a new password by link and signs out every browser. Raises `LinkDeadError`."""
    account, _ = _use(work, token, LinkUse.RESET)
    account.confirmed_at = account.confirmed_at or work.now
    _set_password(work, account, password)


def change_password(work: Work, account_id: str, old: str, new: str) -> str | None:
    """Sets a new password, signs out every browser and gives a new login; None if the old password does not fit."""
    account = work.session.get_one(Account, account_id)
    if not fits(account.password, old):
        return None
    _set_password(work, account, new)
    return log_in(work, account)


def ask_email(work: Work, account_id: str, password: str, email: str, public_url: str) -> bool:
    """Mails a confirming link to a new address; False if the password does not fit.

    Whether another account uses the address is told to that address only.
    """
    account = work.session.get_one(Account, account_id)
    if not fits(account.password, password):
        return False
    other = by_email(work.session, work.ring, email)
    if other is not None:
        _write(work, other, letters.already_here(other.language, f"{public_url}/sign-in"))
        return True
    link = _link(work, account, LinkUse.CHANGE_EMAIL, email)
    letter = letters.change_email(account.language, f"{public_url}/email/{link}")
    mail.post(work, account.subject_id, normalised(email), letter.title, letter.body)
    return True


def change_email(work: Work, token: str) -> None:
    """Follows the link to the new address; the old one is told. Raises `LinkDeadError`, `EmailTakenError`."""
    account, link = _use(work, token, LinkUse.CHANGE_EMAIL)
    key = work.ring.person(account.subject_id)
    email = unseal(link, key, "email")
    _write(work, account, letters.email_changed(account.language))
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


def ask_erasure(work: Work, account_id: str, password: str) -> bool:
    """Starts the erasure of a person and signs them out at once; False if the password does not fit."""
    account = work.session.get_one(Account, account_id)
    if not fits(account.password, password):
        return False
    work.session.get_one(Subject, account.subject_id).erasing_at = work.now
    sign_out_everywhere(work, account.id)
    work.later("erase", account.subject_id)
    return True


def expire_unconfirmed(work: Work) -> None:
    """Erases who never confirmed their address within two days."""
    old = Account.created_at < work.now - LIFE[LinkUse.CONFIRM]
    for account in work.session.scalars(select(Account).where(Account.confirmed_at.is_(None), old)):
        work.session.get_one(Subject, account.subject_id).erasing_at = work.now
        work.later("erase", account.subject_id)


def _index(ring: KeyRing, email: str) -> bytes:
    return ring.blind("account.email", normalised(email))


def _leaving(work: Work, account: Account) -> bool:
    return work.session.get_one(Subject, account.subject_id).erasing_at is not None


def _set_password(work: Work, account: Account, password: str) -> None:
    account.password = hash_password(password)
    sign_out_everywhere(work, account.id)
    _write(work, account, letters.password_changed(account.language))


def _mail_link(work: Work, account: Account, use: LinkUse, address: str) -> None:
    link = f"{address}{_link(work, account, use)}"
    letter = (letters.confirm if use is LinkUse.CONFIRM else letters.reset)(account.language, link)
    _write(work, account, letter)


def _link(work: Work, account: Account, use: LinkUse, email: str | None = None) -> str:
    """Makes a link; earlier ones for the same use stop working."""
    work.session.execute(delete(Link).where(Link.account_id == account.id, Link.use == use.value))
    token = secrets.token_urlsafe(_TOKEN_BYTES)
    link = Link(
        token_hash=token_hash(token), account_id=account.id, subject_id=account.subject_id, use=use.value,
        until=work.now + LIFE[use],
    )  # fmt: skip
    seal(link, work.ring.person(account.subject_id), email=normalised(email) if email else None)
    work.session.add(link)
    return token


def _alive(work: Work, token: str, use: LinkUse) -> Link:
    link = work.session.get(Link, token_hash(token), with_for_update=True)
    if link is None or link.use != use.value or link.until <= work.now:
        raise LinkDeadError("the link does not work any more")
    return link


def _use(work: Work, token: str, use: LinkUse) -> tuple[Account, Link]:
    link = _alive(work, token, use)
    work.session.delete(link)
    work.session.flush()
    return work.session.get_one(Account, link.account_id), link


def _write(work: Work, account: Account, letter: letters.Letter) -> None:
    mail.post(work, account.subject_id, email_of(work.ring, account), letter.title, letter.body)
