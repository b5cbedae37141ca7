"""Who does what for the organisation: members with their roles, invitations by link, changes."""

import secrets
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from privacy import consent
from privacy.base import Subject
from privacy.keyring import KeyRing, token_hash
from server.models import Account, Link, LinkUse, Role
from server.services import accounts, factors, letters, links, logins, roles
from server.services.accounts import LinkDeadError
from server.services.missing import MissingError
from server.services.passwords import hash_password
from workers.runtime.process import Process
from workers.runtime.work import Work


@dataclass(frozen=True)
class Member:
    """Somebody with a role."""

    account_id: str
    email: str
    role: Role
    label: str
    """As whom people see them who were looked at."""


@dataclass(frozen=True)
class Invited:
    """An invitation that nobody has accepted yet."""

    account_id: str
    email: str
    role: Role
    until: datetime


@dataclass(frozen=True)
class Invitation:
    """What following an invitation leads to."""

    role: Role
    new: bool
    """Is there no account yet that somebody signs in with?"""


def label(ring: KeyRing, account_id: str) -> str:
    """A number for a member that says who it was to nobody but the organisation."""
    return ring.blind("member", account_id).hex()[:6]


def members(session: Session, ring: KeyRing) -> list[Member]:
    """Everybody with a role, by role and address."""
    query = (
        select(Account)
        .join(Subject, Subject.id == Account.subject_id)
        .where(Account.role.in_([role.value for role in roles.GIVEN]), Subject.erasing_at.is_(None))
    )
    found = [
        Member(one.id, accounts.email_of(ring, one), Role(one.role), label(ring, one.id))
        for one in session.scalars(query)
    ]
    return sorted(found, key=lambda one: (roles.GIVEN.index(one.role), one.email))


def invited(session: Session, ring: KeyRing, now: datetime) -> list[Invited]:
    """The invitations that still work."""
    query = (
        select(Account, Link)
        .join(Link, Link.account_id == Account.id)
        .where(Link.use == LinkUse.INVITE.value, Link.until > now)
        .order_by(Link.until)
    )
    return [
        Invited(account.id, accounts.email_of(ring, account), Role(link.role or ""), link.until)
        for account, link in session.execute(query)
    ]


def invite(process: Process, by: str, email: str, role: Role, language: str) -> None:
    """Mails a link that gives a role; `by` is the account that invites. Whoever has no account gets one by it.

    An account that nobody enters is erased with its link. Raises `OwnRoleError`, `ValueError` for no role to give, and
    `EmailTakenError` where somebody signs up with the address at this moment.
    """
    if role not in roles.GIVEN:
        raise ValueError("this is not a role to be given")
    unknown = hash_password(secrets.token_urlsafe(links.TOKEN_BYTES))  # nobody signs in before the link is followed
    with process.working() as work:
        account = accounts.by_email(work.session, work.ring, email)
        if account is None:
            account = accounts.create(work, email, unknown, language)
        if account.id == by:
            raise roles.OwnRoleError("nobody changes their own role")
        token = links.make(work, account, LinkUse.INVITE, role=role.value)
        accounts.write(work, account, letters.invitation(f"{process.settings.public_url}/invitation/{token}", role))


def revoke(work: Work, account_id: str) -> None:
    """Has an invitation stop working."""
    work.session.execute(delete(Link).where(Link.account_id == account_id, Link.use == LinkUse.INVITE.value))


def change(work: Work, by: str, account_id: str, role: Role) -> bool:
    """Gives a member another role, or takes it away, and tells them; False if nothing changes.

    Raises `MissingError`, `OwnRoleError`, `LastAdministratorError`.
    """
    account = work.session.get(Account, account_id)
    if account is None or account.role == Role.PARTICIPANT:
        raise MissingError("no such member")
    if account.id == by:
        raise roles.OwnRoleError("nobody changes their own role")
    if not roles.give(work, account, role):
        return False
    accounts.write(work, account, letters.role_changed(account.language, role))
    return True


def invitation(session: Session, token: str, now: datetime) -> Invitation:
    """What a link invites to. Raises `LinkDeadError`."""
    found = session.get(Link, token_hash(token))
    if found is None or found.use != LinkUse.INVITE or found.until <= now:
        raise LinkDeadError("the invitation does not work any more")
    account = session.get_one(Account, found.account_id)
    return Invitation(Role(found.role or ""), account.confirmed_at is None)


def accept(process: Process, token: str, password: str, device: str = "") -> str | None:
    """Gives the role and opens a login; None (and the link stays) if the password of the account does not fit.

    Who is new here chooses it with this; who has a second factor gets an empty login and signs in anew. Raises
    `LinkDeadError`, `LastAdministratorError`.
    """
    with process.reading() as session:
        new, owner = invitation(session, token, process.clock()).new, links.owner(session, token)
    if not new and (owner is None or not accounts.password_fits(process, owner.id, password)):
        return None
    hashed = hash_password(password) if new else None
    with process.working() as work:
        account, role = _follow(work, token)
        if hashed is not None:
            if account.confirmed_at is not None:
                raise LinkDeadError("somebody has entered this account just now")
            account.password, account.confirmed_at = hashed, work.now
        roles.give(work, account, role)
        if factors.wanted(work.session, account.id):
            return ""
        return logins.log_in(work, account, device)


def decline(work: Work, token: str) -> None:
    """Whoever may not take part leaves no row: an account that was made for the invitation goes at once (R6)."""
    account, _ = _follow(work, token)
    if account.confirmed_at is None:
        work.session.get_one(Subject, account.subject_id).erasing_at = work.now
        work.later("erase", account.subject_id)


def _follow(work: Work, token: str) -> tuple[Account, Role]:
    """Uses the link up: its account and role. Raises `LinkDeadError`."""
    owner = links.owner(work.session, token)
    if owner is not None:
        consent.take_turn(work.session, owner.subject_id)
    role = invitation(work.session, token, work.now).role
    link = work.session.get_one(Link, token_hash(token))
    work.session.delete(link)
    work.session.flush()
    account = work.session.get_one(Account, link.account_id)
    if work.session.get_one(Subject, account.subject_id).erasing_at is not None:
        raise LinkDeadError("the account is being erased")
    return account, role
