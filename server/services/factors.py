"""The second factor at work: codes of an app (RFC 6238), and recovery codes for the day on which it is lost."""

import base64
import hmac
import re
import secrets
from dataclasses import dataclass

import pyotp
from sqlalchemy import delete, func, select
from sqlalchemy.orm import Session

from privacy import journal
from privacy.keyring import KeyRing, token_hash
from privacy.sealed import seal, unseal
from server.models import Account, Factor, RecoveryCode
from workers.runtime.work import Work

CODES = 10
#: An act in the journal: a recovery code that was used does not work again.
CODE_USED = "recovery code"
_CODE_BYTES = 10
_STEP_SECONDS = 30
#: Codes of the half minute before and after count too: clocks differ.
_NEAR = (-1, 0, 1)


@dataclass(frozen=True)
class Setup:
    """What an app needs to make codes."""

    secret: str
    """In Base32, in groups of four to type in."""
    uri: str
    """The same as an address that apps read from a QR code."""


def wanted(session: Session, account_id: str) -> bool:
    """Does this account ask for a code after the password?"""
    factor = session.get(Factor, account_id)
    return factor is not None and factor.confirmed_at is not None


def begin(work: Work, account: Account) -> None:
    """Makes a new secret, unless one counts already; it counts once `confirm` saw a code of it."""
    there = work.session.get(Factor, account.id)
    if there is not None and there.confirmed_at is not None:
        return
    if there is not None:
        work.session.delete(there)
        work.session.flush()
    factor = Factor(account_id=account.id, subject_id=account.subject_id, last_step=0, created_at=work.now)
    seal(factor, work.ring.person(account.subject_id), secret=pyotp.random_base32())
    work.session.add(factor)


def setup(session: Session, ring: KeyRing, account: Account, issuer: str) -> Setup | None:
    """What the app has to know, as long as the secret does not count yet; afterwards it is not shown any more."""
    factor = session.get(Factor, account.id)
    if factor is None or factor.confirmed_at is not None:
        return None
    key = ring.person(account.subject_id)
    secret = unseal(factor, key, "secret")
    uri = pyotp.TOTP(secret).provisioning_uri(name=unseal(account, key, "email"), issuer_name=issuer)
    return Setup(" ".join(re.findall("....", secret)), uri)


def confirm(work: Work, account: Account, code: str) -> list[str] | None:
    """Has the secret count from now on, if the code fits it: gives the recovery codes; None if it does not."""
    factor = work.session.get(Factor, account.id, with_for_update=True)
    if factor is None or factor.confirmed_at is not None or not _code_fits(work, factor, code):
        return None
    factor.confirmed_at = work.now
    return new_codes(work, account)


def new_codes(work: Work, account: Account) -> list[str]:
    """Makes new recovery codes; those of before stop working. They are shown now and never again."""
    work.session.execute(delete(RecoveryCode).where(RecoveryCode.account_id == account.id))
    codes = [base64.b32encode(secrets.token_bytes(_CODE_BYTES)).decode().lower() for _ in range(CODES)]
    for code in codes:
        row = RecoveryCode(
            code_hash=token_hash(code), account_id=account.id, subject_id=account.subject_id, created_at=work.now
        )
        work.session.add(row)
    work.session.flush()
    return ["-".join(re.findall("....", code)) for code in codes]


def codes_left(session: Session, account_id: str) -> int:
    """How many recovery codes were not used yet."""
    query = select(func.count()).select_from(RecoveryCode).where(RecoveryCode.account_id == account_id)
    return session.scalar(query) or 0


def fits(work: Work, account: Account, typed: str) -> bool:
    """Is it a code of the app that was not used yet?"""
    factor = work.session.get(Factor, account.id, with_for_update=True)
    return factor is not None and factor.confirmed_at is not None and _code_fits(work, factor, typed)


def use_recovery(work: Work, account: Account, typed: str) -> bool:
    """Is it a recovery code? Then it is used up, also for a restored database."""
    hashed = token_hash(re.sub(r"[^a-z2-7]", "", typed.lower()))
    mine = (RecoveryCode.account_id == account.id, RecoveryCode.code_hash == hashed)
    row = work.session.scalar(select(RecoveryCode).where(*mine).with_for_update())
    if row is None:
        return False
    work.session.delete(row)
    journal.note(work.session, work.now, CODE_USED, code=hashed)
    return True


def remove(work: Work, account: Account) -> None:
    """Takes the second factor away, with its recovery codes."""
    for table in (Factor, RecoveryCode):
        work.session.execute(delete(table).where(table.account_id == account.id))
    work.session.expire_all()


def _code_fits(work: Work, factor: Factor, typed: str) -> bool:
    secret = unseal(factor, work.ring.person(factor.subject_id), "secret")
    now = int(work.now.timestamp()) // _STEP_SECONDS
    code = re.sub(r"\s", "", typed)
    for step in (now + near for near in _NEAR):
        right = hmac.compare_digest(pyotp.TOTP(secret).generate_otp(step).encode(), code.encode())
        if right and step > factor.last_step:
            factor.last_step = step
            return True
    return False
