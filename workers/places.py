"""Every place of personal data in this installation: the tables, and the places that are no tables."""

from privacy.holdings import Holdings
from workers.downloads import Downloads
from workers.mail import Outbox
from workers.runtime.process import Process


def holdings(process: Process) -> Holdings:
    """All holdings of the installation."""
    return Holdings(process.ring, (Outbox(process.settings.outbox), Downloads(process.settings.downloads)))
