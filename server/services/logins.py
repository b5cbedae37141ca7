"""Logins: the browsers that somebody is signed in with."""

import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from privacy import journal
from privacy.base import Subject
from privacy.keyring import KeyRing, token_hash
from privacy.sealed import seal, unseal
from server.models import Account, Login
from server.services.links import TOKEN_BYTES
from workers.runtime.work import Work

LOGIN_LIFE = timedelta(days=30)
#: Acts in the journal.
SIGN_OUT = "sign-out"
SIGN_OUT_EVERYWHERE = "sign-out everywhere"


def log_in(work: Work, account: Account, device: str = "") -> str:
    """Opens a login; the token goes into the cookie and is stored as its hash."""
    token = secrets.token_urlsafe(TOKEN_BYTES)
    login = Login(
        token_hash=token_hash(token), account_id=account.id, subject_id=account.subject_id, created_at=work.now,
        seen_at=work.now,
    )  # fmt: skip
    seal(login, work.ring.person(account.subject_id), device=device or None)
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
    """Ends one login; no restore opens it again (R36)."""
    journal.note(work.session, work.now, SIGN_OUT, login=token_hash(token))
    work.session.execute(delete(Login).where(Login.token_hash == token_hash(token)))


@dataclass(frozen=True)
class Shown:
    """A signed-in browser as its person sees it."""

    id: str
    """Names it in a form, and signs nobody in."""
    device: str
    created_at: datetime
    seen_at: datetime
    here: bool
    """Is it the one that asks?"""


def shown(session: Session, ring: KeyRing, account: Account, token: str, now: datetime) -> list[Shown]:
    """The browsers that are signed in, this one first, then the one that was used last."""
    mine = select(Login).where(Login.account_id == account.id, Login.seen_at > now - LOGIN_LIFE)
    key, here = ring.person(account.subject_id), token_hash(token)
    found = [
        Shown(_id(row), unseal(row, key, "device"), row.created_at, row.seen_at, row.token_hash == here)
        for row in session.scalars(mine)
    ]
    return sorted(found, key=lambda one: (not one.here, -one.seen_at.timestamp(), one.id))


def end(work: Work, account_id: str, login_id: str) -> bool:
    """Ends one of an account's logins; False if there is none of this id. No restore opens it again (R36)."""
    for row in work.session.scalars(select(Login).where(Login.account_id == account_id)):
        if _id(row) == login_id:
            journal.note(work.session, work.now, SIGN_OUT, login=row.token_hash)
            work.session.delete(row)
            return True
    return False


def _id(row: Login) -> str:
    return token_hash(row.token_hash)[:16]


def sign_out_everywhere(work: Work, account_id: str) -> None:
    """Ends every login of an account; no restore opens them again (R36)."""
    journal.note(work.session, work.now, SIGN_OUT_EVERYWHERE, account=account_id)
    work.session.execute(delete(Login).where(Login.account_id == account_id))
