"""The tables of the middle floor, one a file, and those of rights below it; importing the package declares them all."""

from privacy.disclosure import Disclosure
from privacy.hold import Hold
from privacy.request import Request
from workers.models.basis import ScoreBasis
from workers.models.check import ScoreCheck
from workers.models.connection import Connection
from workers.models.dispute import Dispute, Dropped
from workers.models.mail import Mail
from workers.models.objection import Objection
from workers.models.post import Post
from workers.models.rejected_topic import RejectedTopic
from workers.models.run import Run
from workers.models.score import DayScored, PostSplit, Score
from workers.models.signal import Signal
from workers.models.standing import StandingLink

__all__ = [
    "Connection",
    "DayScored",
    "Disclosure",
    "Dispute",
    "Dropped",
    "Hold",
    "Mail",
    "Objection",
    "Post",
    "PostSplit",
    "RejectedTopic",
    "Request",
    "Run",
    "Score",
    "ScoreBasis",
    "ScoreCheck",
    "Signal",
    "StandingLink",
]
