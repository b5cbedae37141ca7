"""Announces a coming version of the score model: noted in the log, and mailed once to whoever has a score (R18)."""

from babel.dates import format_date
from sqlalchemy import exists, select

from privacy.base import Subject
from server.models import Account, Announcement
from server.services import accounts, letters
from workers.logbook import note_models
from workers.models import Score
from workers.runtime.work import Work
from workers.scoring import versions

#: So many at a look of the schedule: mails of one look are one transaction.
AT_ONCE = 50


def announce(work: Work) -> None:
    """Tells some of those who were not told yet; a chore of the schedule."""
    note_models(work)
    version = versions.PUBLISHED.coming(work.today)
    if version is None:
        return
    digest, link = version.model.digest(), f"{work.settings.public_url}/explanation#model"
    told = exists().where(Announcement.subject_id == Account.subject_id, Announcement.digest == digest)
    waiting = (
        select(Account)
        .join(Subject, Subject.id == Account.subject_id)
        .where(
            Account.confirmed_at.is_not(None),
            Subject.erasing_at.is_(None),
            exists().where(Score.subject_id == Account.subject_id),
            ~told,
        )
        .order_by(Account.id)
        .limit(AT_ONCE)
        .with_for_update(of=(Subject, Account), skip_locked=True)
    )
    for account in work.session.scalars(waiting).all():
        day = format_date(version.starts, "long", locale={"en": "en_GB"}.get(account.language, account.language))
        accounts.write(work, account, letters.model_announced(account.language, day, link))
        work.session.add(Announcement(subject_id=account.subject_id, digest=digest, sent_at=work.now))
