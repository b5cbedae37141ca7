"""What only this floor knows how to do again on a restored database: passwords, logins, tokens that ended (R36)."""

from contextlib import suppress

from sqlalchemy import delete, update

from privacy import journal
from privacy.base import Subject
from privacy.journal import Entry
from server.models import Account, Link, Login, Passkey, RecoveryCode, Token
from server.services import removal
from server.services.accounts import PASSWORD
from server.services.erasures import ASKED, TAKEN_BACK
from server.services.factors import CODE_USED
from server.services.logins import SIGN_OUT, SIGN_OUT_EVERYWHERE
from server.services.lookups import TOKEN_REVOKED
from server.services.missing import MissingError
from server.services.passkeys import PASSKEY_REMOVED
from workers import comparing
from workers.models import Erasure
from workers.replaying import Act
from workers.runtime.work import Work

#: Fits no password: a new one is chosen by a link in a mail.
NO_PASSWORD = "!"  # noqa: S105


def _password(work: Work, entry: Entry) -> None:
    """The password was changed, maybe because somebody knew it: the old one does not open the account again."""
    account_id = entry.facts["account"]
    work.session.execute(update(Account).where(Account.id == account_id).values(password=NO_PASSWORD))
    work.session.execute(delete(Link).where(Link.account_id == account_id))


def _sign_out(work: Work, entry: Entry) -> None:
    work.session.execute(delete(Login).where(Login.token_hash == entry.facts["login"]))


def _sign_out_everywhere(work: Work, entry: Entry) -> None:
    mine = (Login.account_id == entry.facts["account"], Login.created_at <= entry.at)
    work.session.execute(delete(Login).where(*mine))


def _code_used(work: Work, entry: Entry) -> None:
    work.session.execute(delete(RecoveryCode).where(RecoveryCode.code_hash == entry.facts["code"]))


def _passkey_removed(work: Work, entry: Entry) -> None:
    work.session.execute(delete(Passkey).where(Passkey.id == entry.facts["passkey"]))


def _token_revoked(work: Work, entry: Entry) -> None:
    mine = (Token.id == entry.facts["token"], Token.revoked_at.is_(None))
    work.session.execute(update(Token).where(*mine).values(revoked_at=entry.at))


def _asked(work: Work, entry: Entry) -> None:
    """Somebody wants to be erased, on the day that they were told."""
    wish = Erasure(**journal.values(entry.facts["wish"]))
    subject = work.session.get(Subject, wish.subject_id)
    if subject is not None:
        work.session.merge(wish)
        subject.erasing_at = wish.due_at
        comparing.leave(work.session, wish.subject_id)


def _taken_back(work: Work, entry: Entry) -> None:
    wish = work.session.get(Erasure, entry.facts["subject"])
    if wish is not None and wish.asked_at <= entry.at:
        work.session.delete(wish)
        work.session.get_one(Subject, wish.subject_id).erasing_at = None


def _recipient_removed(work: Work, entry: Entry) -> None:
    """They get nothing more, and are told so again: what a backup knows of it may be from before."""
    with suppress(MissingError):
        removal.remove(work, entry.facts["recipient"])


ACTS: dict[str, Act] = {
    ASKED: _asked,
    TAKEN_BACK: _taken_back,
    PASSWORD: _password,
    SIGN_OUT: _sign_out,
    SIGN_OUT_EVERYWHERE: _sign_out_everywhere,
    CODE_USED: _code_used,
    PASSKEY_REMOVED: _passkey_removed,
    TOKEN_REVOKED: _token_revoked,
    removal.REMOVED: _recipient_removed,
}
