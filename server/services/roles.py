"""Roles: who may change them, and that there is always somebody who administrates."""

from sqlalchemy import select

from privacy import consent
from privacy.base import Subject
from privacy.ledger import note
from server.models import Account, Role
from workers.runtime.work import Work

#: Roles that somebody can be given, beside taking part.
GIVEN = (Role.ADMIN, Role.DPO, Role.STAFF, Role.AUDITOR)


class LastAdministratorError(PermissionError):
    """Without this account nobody would administrate any more."""


class OwnRoleError(PermissionError):
    """Nobody changes their own role."""


def keep_an_administrator(work: Work, account: Account) -> None:
    """Raises `LastAdministratorError` if this account is the only one that administrates.

    All of them stay locked until the transaction ends, so that two cannot go at the same moment. The person's own row
    is taken before, as everywhere.
    """
    if account.role != Role.ADMIN:
        return
    query = (
        select(Account.id)
        .join(Subject, Subject.id == Account.subject_id)
        .where(Account.role == Role.ADMIN.value, Account.confirmed_at.is_not(None), Subject.erasing_at.is_(None))
        .order_by(Account.id)
        .with_for_update(of=Account)
    )
    if set(work.session.scalars(query)) <= {account.id}:
        raise LastAdministratorError("the last administrator stays")


def give(work: Work, account: Account, role: Role) -> bool:
    """Gives an account a role, noted in the log; False if it has it already. Raises `LastAdministratorError`."""
    consent.take_turn(work.session, account.subject_id)
    work.session.refresh(account)
    if account.role == role.value:
        return False
    keep_an_administrator(work, account)
    note(work.session, work.now, "role", account.subject_id, old=account.role, new=role.value)
    account.role = role.value
    return True
