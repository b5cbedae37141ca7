"""Logins: the browsers that somebody is signed in with."""

import secrets
from datetime import datetime, timedelta

from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from privacy import journal
from privacy.base import Subject
from privacy.keyring import token_hash
from server.models import Account, Login
from server.services.links import TOKEN_BYTES
from workers.runtime.work import Work

LOGIN_LIFE = timedelta(days=30)
#: Acts in the journal.
SIGN_OUT = "sign-out"
SIGN_OUT_EVERYWHERE = "sign-out everywhere"


def log_in(work: Work, account: Account) -> str:
    """Opens a login; the token goes into the cookie and is stored as its hash."""
    token = secrets.token_urlsafe(TOKEN_BYTES)
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
    """Ends one login; no restore opens it again (R36)."""
    journal.note(work.session, work.now, SIGN_OUT, login=token_hash(token))
    work.session.execute(delete(Login).where(Login.token_hash == token_hash(token)))


def sign_out_everywhere(work: Work, account_id: str) -> None:
    """Ends every login of an account; no restore opens them again (R36)."""
    journal.note(work.session, work.now, SIGN_OUT_EVERYWHERE, account=account_id)
    work.session.execute(delete(Login).where(Login.account_id == account_id))
