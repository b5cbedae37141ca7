"""Puts letters into the queue of mails, signed by the organisation."""

from privacy.sealed import unseal
from server.models import Account
from server.services import letters, organisations
from workers import mail
from workers.runtime.work import Work


def write(work: Work, account: Account, letter: letters.Letter) -> None:
    """Mails a letter to the address of an account."""
    post(work, account.subject_id, unseal(account, work.ring.person(account.subject_id), "email"), letter)


def post(work: Work, subject_id: str, recipient: str, letter: letters.Letter) -> None:
    """Mails a letter to any address, about a person."""
    house = organisations.organisation(work.session, work.settings)
    body = letter.body + letters.signature(house, work.settings.public_url)
    mail.post(work, subject_id, recipient, letter.title, body)
