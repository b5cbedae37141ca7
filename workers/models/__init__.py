"""The tables of the middle floor, one a file, and those of rights below it; importing the package declares them all."""

from privacy.breach import Breach
from privacy.disclosure import Disclosure
from privacy.hold import Hold
from privacy.request import Request
from workers.models.archive import Archive
from workers.models.basis import ScoreBasis
from workers.models.bucket import Bucket
from workers.models.check import ScoreCheck
from workers.models.connection import Connection
from workers.models.dispute import Dispute, Dropped
from workers.models.inbox import Inbox
from workers.models.mail import Mail
from workers.models.network_key import NetworkKey
from workers.models.network_off import NetworkOff
from workers.models.network_use import NetworkUse
from workers.models.objection import Objection
from workers.models.post import Post
from workers.models.rejected_topic import RejectedTopic
from workers.models.run import Run
from workers.models.score import DayScored, PostSplit, Score
from workers.models.standing import StandingLink
from workers.models.topic import Topic
from workers.models.webmention import Webmention

__all__ = [
    "Archive",
    "Breach",
    "Bucket",
    "Connection",
    "DayScored",
    "Disclosure",
    "Dispute",
    "Dropped",
    "Hold",
    "Inbox",
    "Mail",
    "NetworkKey",
    "NetworkOff",
    "NetworkUse",
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
    "Topic",
    "Webmention",
]
