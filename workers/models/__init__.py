"""The tables of the middle floor, one a file, and those of rights below it; importing the package declares them all."""

from privacy.breach import Breach
from privacy.disclosure import Disclosure
from privacy.hold import Hold
from privacy.recipient import Recipient
from privacy.request import Request
from workers.models.archive import Archive
from workers.models.bucket import Bucket
from workers.models.certificate import Certificate
from workers.models.check import ScoreCheck
from workers.models.compared import Compared
from workers.models.comparison import Comparison
from workers.models.connection import Connection
from workers.models.consent_proof import ConsentProof
from workers.models.digest import Digest
from workers.models.dispute import Dispute, Dropped
from workers.models.draw import Draw
from workers.models.erasure import Erasure
from workers.models.figures import Figures
from workers.models.firehose import FirehosePlace
from workers.models.forgotten import Forgotten
from workers.models.inbox import Inbox
from workers.models.mail import Mail
from workers.models.network_key import NetworkKey
from workers.models.network_off import NetworkOff
from workers.models.network_use import NetworkUse
from workers.models.objection import Objection
from workers.models.offer import Offer
from workers.models.post import Post
from workers.models.profile import Profile
from workers.models.rejected_topic import RejectedTopic
from workers.models.release import Release
from workers.models.run import Run
from workers.models.sample import Sample
from workers.models.score import DayScored, PostSplit, Score
from workers.models.score_leaves import ScoreLeaves
from workers.models.score_root import ScoreRoot
from workers.models.standing import StandingLink
from workers.models.taken_offer import TakenOffer
from workers.models.tally import Tally
from workers.models.told import Told
from workers.models.topic import Topic
from workers.models.webmention import Webmention

__all__ = [
    "Archive",
    "Breach",
    "Bucket",
    "Certificate",
    "Compared",
    "Comparison",
    "Connection",
    "ConsentProof",
    "DayScored",
    "Digest",
    "Disclosure",
    "Dispute",
    "Draw",
    "Dropped",
    "Erasure",
    "Figures",
    "FirehosePlace",
    "Forgotten",
    "Hold",
    "Inbox",
    "Mail",
    "NetworkKey",
    "NetworkOff",
    "NetworkUse",
    "Objection",
    "Offer",
    "Post",
    "PostSplit",
    "Profile",
    "Recipient",
    "RejectedTopic",
    "Release",
    "Request",
    "Run",
    "Sample",
    "Score",
    "ScoreCheck",
    "ScoreLeaves",
    "ScoreRoot",
    "StandingLink",
    "TakenOffer",
    "Tally",
    "Told",
    "Topic",
    "Webmention",
]
