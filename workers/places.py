"""Every place of data in this installation: the tables, the places that look for a person, and all that is left."""

from privacy.base import Holds, Rule
from privacy.holdings import Holdings, Spot
from privacy.vocabulary import About, Basis, Erased, Medium, Use
from workers.mail import Outbox
from workers.runtime.process import Process


def holdings(process: Process) -> Holdings:
    """All holdings of the installation."""
    return Holdings(process.ring, (Outbox(process.settings.outbox),))


def _nobody(kind: str) -> Holds:
    return Holds(
        kind=kind, about=About.NOBODY, use=Use.OPERATION, basis=Basis.NOT_PERSONAL, subject=None,
        erased=Erased.UNTOUCHED,
    )  # fmt: skip


def _passing(kind: str, about: About, use: Use, days: int, since: str = "made_at") -> Holds:
    """Goes by itself, after so many days at the latest."""
    return Holds(
        kind=kind, about=about, use=use, basis=Basis.INTEREST, subject=None, erased=Erased.UNTOUCHED,
        rule=Rule(days, since),
    )  # fmt: skip


_KEYS = Holds(
    kind="key", about=About.PARTICIPANT, use=Use.SECURITY, basis=Basis.DUTY, subject=None, erased=Erased.LAST
)  # fmt: skip

#: What is neither a table nor looks for a person. A test finds what is missing here: files, Redis keys, log fields.
SPOTS = (
    Spot(Medium.FOLDER, "klarwert.sqlite*", None),
    Spot(Medium.FOLDER, "keys/keyring.sqlite*", _KEYS),
    Spot(Medium.FOLDER, "keys/master.key", _nobody("master key")),
    Spot(Medium.FOLDER, "keys/ledger.sqlite*", _nobody("log store")),
    Spot(Medium.FOLDER, "redis/*", _nobody("socket")),
    Spot(Medium.FOLDER, "topics.tsv", _nobody("own topics")),
    Spot(Medium.REDIS, "rq:*", _passing("queue", About.PARTICIPANT, Use.OPERATION, 3)),
    Spot(Medium.REDIS, "LIMITS:*", _passing("limits", About.VISITOR, Use.SECURITY, 1)),
    Spot(Medium.REDIS, "klarwert:host:*", _passing("pace", About.PARTICIPANT, Use.OPERATION, 1)),
    Spot(Medium.REDIS, "klarwert:schedule:sent:*", _passing("marks", About.PARTICIPANT, Use.OPERATION, 1)),
    Spot(Medium.REDIS, "klarwert:schedule:leader", _nobody("leader")),
    Spot(Medium.REDIS, "klarwert:expired:*", _nobody("retention done")),
    Spot(Medium.LOG, "asctime", _nobody("log time")),
    Spot(Medium.LOG, "levelname", _nobody("log level")),
    Spot(Medium.LOG, "name", _nobody("log source")),
    Spot(Medium.LOG, "message", _passing("log lines", About.PARTICIPANT, Use.OPERATION, 30)),
    Spot(Medium.COOKIE, "klarwert", _passing("cookie", About.VISITOR, Use.SECURITY, 30, "seen_at")),
)
