"""What a person does for the safety of their account: second factor, passkeys; each change is told by mail."""

from sqlalchemy.orm import Session

from privacy.keyring import KeyRing
from server.models import Account, Passkey
from server.services import accounts, factors, letters, logins, passkeys
from server.services.factors import Setup
from workers.runtime.process import Process
from workers.runtime.work import Work


def second_step(process: Process, waits: str, typed: str, device: str) -> str | None:
    """Opens a login for who typed the password already and now a code, of the app or a recovery code; else None."""
    with process.working() as work:
        account = accounts.waiting(work, waits)
        if account is None:
            return None
        if not factors.fits(work, account, typed):
            if not factors.use_recovery(work, account, typed):
                return None
            left = factors.codes_left(work.session, account.id)
            accounts.write(work, account, letters.recovery_used(account.language, left))
        return logins.log_in(work, account, device)


def enter(process: Process, answer: str, challenge: str, device: str) -> str:
    """Opens a login with a passkey. Raises `PasskeyRefusedError`."""
    with process.working() as work:
        account_id = passkeys.owner(work, answer, challenge)
        account = accounts.present(work, account_id)
        if account is None:
            raise passkeys.PasskeyRefusedError("nobody signs in here any more")
        return logins.log_in(work, account, device)


def begin_app(process: Process, account_id: str, password: str) -> bool:
    """Makes the secret for an app; False if the password does not fit."""
    with accounts.sure(process, account_id, password) as known:
        if known is not None:
            factors.begin(*known)
        return known is not None


def setup(session: Session, ring: KeyRing, account_id: str, issuer: str) -> Setup | None:
    """What the app has to know, until it counts."""
    return factors.setup(session, ring, session.get_one(Account, account_id), issuer)


def confirm_app(process: Process, account_id: str, code: str) -> list[str] | None:
    """Has the app count, if the code fits: gives the recovery codes."""
    with process.working() as work:
        account = accounts.present(work, account_id)
        codes = factors.confirm(work, account, code) if account is not None else None
        if account is not None and codes is not None:
            accounts.write(work, account, letters.factor_added(account.language))
        return codes


def new_codes(process: Process, account_id: str, password: str) -> list[str] | None:
    """New recovery codes in place of the old ones; None if the password does not fit or there is no second factor."""
    with accounts.sure(process, account_id, password) as known:
        if known is None or not factors.wanted(known[0].session, account_id):
            return None
        accounts.write(*known, letters.codes_renewed(known[1].language))
        return factors.new_codes(*known)


def remove_app(process: Process, account_id: str, password: str) -> bool:
    """Takes the second factor away; False if the password does not fit."""
    with accounts.sure(process, account_id, password) as known:
        if known is not None:
            drop_app(*known)
        return known is not None


def drop_app(work: Work, account: Account) -> None:
    """Takes the second factor away and says so by mail."""
    if factors.wanted(work.session, account.id):
        accounts.write(work, account, letters.factor_removed(account.language))
    factors.remove(work, account)


def ask_passkey(process: Process, account_id: str, password: str) -> str | None:
    """What a browser needs to make a passkey; None if the password does not fit."""
    with accounts.sure(process, account_id, password) as known:
        if known is None:
            return None
        work, account = known
        return passkeys.ask_new(work.session, work.ring, account, work.settings.public_url)


def add_passkey(process: Process, account_id: str, answer: str, challenge: str, device: str) -> None:
    """Keeps a passkey that was asked for with the password. Raises `PasskeyRefusedError`."""
    with process.working() as work:
        account = accounts.present(work, account_id)
        if account is not None:
            passkeys.add(work, account, answer, challenge, device)
            accounts.write(work, account, letters.passkey_added(account.language, device))


def remove_passkey(process: Process, account_id: str, password: str, passkey_id: str) -> bool:
    """Takes a passkey away; False if the password does not fit."""
    with accounts.sure(process, account_id, password) as known:
        if known is not None and passkeys.remove(*known, passkey_id):
            accounts.write(*known, letters.passkey_removed(known[1].language))
        return known is not None


def advisable(session: Session, account: Account) -> bool:
    """Does somebody see data of others, and sign in with a password alone?"""
    safe = factors.wanted(session, account.id) or session.query(Passkey).filter_by(account_id=account.id).first()
    return account.role != "participant" and not safe
