"""Links that are mailed: each works once and not for long, and the newest of a kind only."""

import secrets
from datetime import timedelta

from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from privacy.keyring import token_hash
from privacy.sealed import seal
from server.models import Account, Link, LinkUse
from workers.runtime.work import Work

LIFE = {
    LinkUse.CONFIRM: timedelta(days=2),
    LinkUse.RESET: timedelta(hours=1),
    LinkUse.CHANGE_EMAIL: timedelta(days=1),
    LinkUse.INVITE: timedelta(days=7),
}
TOKEN_BYTES = 32


def make(work: Work, account: Account, use: LinkUse, email: str | None = None, role: str | None = None) -> str:
    """Makes a link and gives its token; earlier ones for the same use stop working."""
    work.session.execute(delete(Link).where(Link.account_id == account.id, Link.use == use.value))
    token = secrets.token_urlsafe(TOKEN_BYTES)
    link = Link(
        token_hash=token_hash(token), account_id=account.id, subject_id=account.subject_id, use=use.value,
        role=role, until=work.now + LIFE[use],
    )  # fmt: skip
    seal(link, work.ring.person(account.subject_id), email=email)
    work.session.add(link)
    return token


def drop(work: Work, account: Account) -> None:
    """Has every link of an account stop working."""
    work.session.execute(delete(Link).where(Link.account_id == account.id))


def owner(session: Session, token: str) -> Account | None:
    """The account that a link belongs to."""
    query = select(Account).join(Link, Link.account_id == Account.id).where(Link.token_hash == token_hash(token))
    return session.scalar(query)
