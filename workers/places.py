"""Every place of personal data in this installation: the tables, and the places that are no tables."""

from privacy.backup import Kind
from privacy.holdings import Holdings
from workers.kept import BackupFolder, JournalPlace
from workers.mail import Outbox
from workers.runtime.process import Process


def holdings(process: Process) -> Holdings:
    """All holdings of the installation."""
    settings = process.settings
    places = (
        Outbox(settings.outbox),
        BackupFolder(settings.backups, Kind.DATA, settings.backup_days),
        BackupFolder(settings.key_backups, Kind.KEYS, settings.backup_days),
        JournalPlace(process.journal, settings.backup_days),
    )
    return Holdings(process.ring, places)
