"""Sentences for what the product knows as code words: failures of connections, states, purposes, kinds of data."""

from flask_babel import lazy_gettext as _

from privacy.disclosure import Reason
from privacy.recipient import Act, Channel
from privacy.request import State as RequestState
from privacy.request import Way
from server.services.connections import Sent
from workers.fold import Fault
from workers.models.connection import State
from workers.models.dispute import Outcome
from workers.models.told import Stand

#: Why a connection does not work: what happened, and what helps.
FAILURES = {
    "unknown_account": _("The network does not know this account. Please look at how it is written and try again."),
    "bad_address": _("This does not look like the name of an account. Please look at the example and try again."),
    "opted_out": _(
        "This account does not want to be shown to people who are not signed in to the network. We respect that, and "
        "so we cannot read it. If you change this setting on the network, try again."
    ),
    "login_required": _(
        "This server shows nothing without signing in. We only read what is public for everybody, so there is "
        "nothing that we can do here."
    ),
    "gone": _("The account is gone or switched off. If it comes back, try again."),
    "moved": _("The account has moved to another place. Please connect the new account."),
    "rate_limited": _("The network asked us to wait. We go on by ourselves; nothing is lost."),
    "unreachable": _("The network does not answer at the moment. We try again by ourselves; nothing is lost."),
    "not_understood": _(
        "The network answered with something that we do not understand. We try again by ourselves; nothing is lost."
    ),
    "incomplete": _("A part could not be read. We read it again by ourselves in some hours; what was read counts."),
    "interrupted": _("The last reading was interrupted. We go on by ourselves; nothing is lost."),
    "broken": _("Something went wrong on our side while reading. We try again by ourselves; nothing is lost."),
    "refused_address": _("We do not ask this server: its address is not one on the public internet."),
    "switched_off": _(
        "This network is not switched on here (any more). The organisation has to give it a key; until then we cannot "
        "ask it."
    ),
    "key_refused": _(
        "The network does not accept the key of this installation at the moment. That is for the organisation to mend; "
        "we try again by ourselves, and nothing is lost."
    ),
    "proof_not_found": _(
        "We did not find your code yet. Some networks need a minute or two to show a change. Please look whether the "
        "code is there, word for word and in public, and check again."
    ),
    "code_expired": _("Your code had run out. Please put the new one in its place and check again."),
    "taken": _(
        "Somebody else has proven that this account is theirs. What was read from it here is deleted. If it is "
        "yours, connect it again and prove it."
    ),
    "twice": _("You have connected this account already."),
    "proof_lapsed": _(
        "We look for the proof again every 90 days, and this time it was not there. Until you prove it again, nothing "
        "new is read."
    ),
}

#: Failures that are no more than a network which gave no good answer this time.
NO_ANSWER = frozenset({"unreachable", "rate_limited", "not_understood"})

#: What to say for a code word that has no sentence: better this than nothing.
UNKNOWN_FAILURE = _("Something did not work. We try again by ourselves; nothing is lost.")

#: State of a connection: words, and how a badge looks.
STATES = {
    State.LOOKING: (_("being looked up"), "quiet"),
    State.CLAIMED: (_("waits for your proof"), "warn"),
    State.CHECKING: (_("proof is being checked"), "quiet"),
    State.PROVEN: (_("connected"), "good"),
    State.REFUSED: (_("not connected"), "bad"),
    State.LAPSED: (_("proof has run out"), "bad"),
}

#: The state of an account that somebody else has proven, whatever it was before.
NO_LONGER_YOURS = (_("no longer yours"), "bad")

#: A server that gave no answer when an account was looked up for the first time: perhaps there is none.
NO_SUCH_SERVER = _(
    "The server does not answer at the moment. Is its name spelled correctly? We try again by ourselves."
)

#: How an account was proven.
PROOFS = {
    "bio": _("by the code in your profile"),
    "dns": _("by the code in the DNS of your domain"),
    "file": _("by the code in a file on your website"),
    "rel_me": _("by the link in your profile"),
    "post": _("by the code in a post"),
}

#: What comes of wanting to have an account read now.
SENT = {
    Sent.YES: _("The account is being read now. This takes a minute or so."),
    Sent.NOT_PROVEN: _("Please prove first that the account is yours."),
    Sent.FRESH: _("This account was read within the last hour. It is read once a day by itself."),
    Sent.WAITING: _("The network asked us to wait. We go on by ourselves; nothing is lost."),
    Sent.INVENTED: _("This account is invented, as everything in the demo is: no network is asked."),
}

#: What was seen of somebody's score; for audits `server.services.looks.Why`.
SEEN = {
    "score": _("The score"),
    "offer": _("That you took an offer: that your score and your topics fit it, and how you may be reached"),
    "reach": _("That you took an offer, and how you may be reached"),
    "dispute": _("What you disputed, and your reason"),
    "label": _("The score, without a name"),
    "drawn": _("Drawn at random to be checked. Seen: the score of one day, without a name"),
    "explanation": _("Read where the points come from, without names and addresses"),
    "signals": _("Read the single reactions to a post, without names and addresses"),
    "file": _("Downloaded the signed explanation without addresses"),
    "proof": _("Downloaded the proof that the score stands in the log"),
    "recomputed": _("Had the score computed anew"),
    "recounted": _("Had some of your posts counted anew at the network. Seen: the numbers"),
}

#: How computing a drawn score anew ended: badge, tone, sentence; `workers.audit.recompute.Outcome`.
VERDICTS = {
    "holds": (
        _("holds"), "good",
        _("The published score stands under the root of its day, the root stands in the log, and the other program "
          "computed the same score from the signals."),
    ),
    "gone": (
        _("not there any more"), "quiet",
        _("The person has withdrawn or deleted the account in the meantime. There is nothing left to check."),
    ),
    "changed": (
        _("does not hold"), "bad",
        _("The stored score is not the one that was published: it does not lead to the root of its day."),
    ),
    "not_in_log": (
        _("does not hold"), "bad", _("The root of the day is not the one that stands in the log."),
    ),
    "wrong_file": (
        _("does not hold"), "bad", _("The other program does not accept the explanation. It says:"),
    ),
    "differs": (
        _("does not hold"), "bad",
        _("The published score is the one in the log, but what it was made of gives another one."),
    ),
    "moved": (
        _("signals have moved"), "warn",
        _("The published score is the one in the log, but the signals of now give another one. Reactions that came or "
          "went since the night are a reason; a difference that stays is one for a finding."),
    ),
}  # fmt: skip

#: Why a post could not be counted anew, beside the failures of networks.
RECOUNTS = {
    "gone": _("not public any more"),
    "not_listed": _("not listed by the network"),
}

#: What the log says about the installation, by type of entry.
NOTED = {
    "model": _("Model"),
    "taxonomy": _("Topics and what gets none"),
    "collector": _("Version of the readers"),
    "key": _("Key of the signatures"),
    "settings": _("Settings"),
    "organisation": _("Facts about the organisation"),
    "scores": _("Scores of a day published"),
    "erasure": _("Somebody was deleted"),
    "restore": _("Restored from a backup"),
}

#: What an export is made of beside the kinds of data.
STEPS = {
    "receipts": _("Receipts"),
    "score file": _("Score"),
    "activities": _("Posts and reactions"),
    "explanation": _("Explanation"),
    "log": _("Proofs from the log"),
    "page": _("The page to read"),
    "pack": _("Packing"),
}

#: How a dispute stands: words, and how a badge looks.
OUTCOMES = {
    Outcome.OPEN: (_("waits for a decision"), "warn"),
    Outcome.UPHELD: (_("you were right: it stays out"), "good"),
    Outcome.REJECTED: (_("rejected: it counts again"), "bad"),
    Outcome.TAKEN_BACK: (_("taken back"), "quiet"),
    Outcome.OVER: (_("over: what it was about is deleted"), "quiet"),
}

#: Why files of signals could not be written anew, for whoever runs the installation; `workers.fold.Fault`.
FAULTS = {
    Fault.UNREADABLE: _("The file is damaged or gone. Please restore it from a backup: docs/operation.md says how."),
    Fault.NO_KEY: _(
        "The key of the file, or of somebody in it, is not in the key ring. Is it the right key ring? Without its key, "
        "nobody can read a file."
    ),
    Fault.STORAGE: _("The storage does not take or give files. Is it full, or away? It goes on by itself afterwards."),
    Fault.BROKEN: _("Something unexpected happened; the log says what. It is tried again in the next night."),
}

#: Constants of a model that are no weight of a kind.
CONSTANTS = {
    "audience_weight": _("Each follower (no ageing, but followers alone count nothing)"),
    "window_days": _("Days for which a reaction counts"),
    "half_life_days": _("Days after which it counts half"),
    "middle": _("Middle of the scale"),
    "exponent": _("Bend of the scale"),
    "standing": _("Steps for people who take part, too"),
    "minimum_account_age_days": _("Days that an account has to be old to count"),
}

#: What happened to a score besides reactions; `what` is the name of a network, a purpose or a model.
EVENTS = {
    "connected": _("%(what)s connected"),
    "lapsed": _("%(what)s is not read any more"),
    "agreed": _("You agreed: %(what)s"),
    "withdrawn": _("You withdrew: %(what)s"),
    "model": _("The scores are made with %(what)s from here on"),
    "disputed": _("You disputed something"),
    "dispute over": _("Your dispute: %(what)s"),
}
#: What somebody else looked at a score for.
LOOKS = {
    Reason.CAMPAIGN: _("choosing people for a campaign"),
    Reason.LOOKUP: _("a question of an organisation"),
    Reason.AUDIT: _("checking that scores are right"),
    Reason.DISPUTE: _("deciding what you disputed"),
    Reason.SUPPORT: _("answering a question of yours"),
}
#: The same for who works here.
LOOKS_AT_OTHERS = {
    **LOOKS,
    Reason.DISPUTE: _("deciding what somebody disputed"),
    Reason.SUPPORT: _("answering a question of somebody"),
}
#: What a score is given for to nobody; the words of `privacy.disclosure.FORBIDDEN`.
CLOSED = {
    "employment": _("a decision on somebody's work"),
    "credit": _("a decision on credit"),
    "insurance": _("a decision on insurance"),
    "tenancy": _("a decision on a tenancy"),
}
#: What law closes it.
CLOSED_BY = {
    "employment": _("AI Act Annex III 4(a); Art. 22 GDPR"),
    "credit": _("AI Act Annex III 5(b); Art. 22 GDPR (C-634/21)"),
    "insurance": _("AI Act Annex III 5(c); Art. 22 GDPR"),
    "tenancy": _("AI Act 5(1)(c); Art. 22 GDPR"),
}
#: Why the only account that administrates cannot go.
LAST_ADMINISTRATOR = _("You are the last administrator. Please invite somebody else to this role first.")

#: How a request came.
WAYS = {
    Way.SELF_SERVICE: _("done with a button"),
    Way.PAGE: _("on this website"),
    Way.LETTER: _("by letter"),
    Way.MAIL: _("by mail"),
    Way.PHONE: _("by telephone"),
    Way.IN_PERSON: _("in person"),
}

#: Where a request stands, and how a badge looks.
REQUEST_STATES = {
    RequestState.LOOKING: (_("account is being looked up"), "quiet"),
    RequestState.CLAIMED: (_("waits for the proof"), "warn"),
    RequestState.CHECKING: (_("proof is being checked"), "quiet"),
    RequestState.OPEN: (_("waits for an answer"), "warn"),
    RequestState.ANSWERED: (_("done"), "good"),
    RequestState.REFUSED: (_("refused"), "bad"),
}

#: Why something stays after an erasure.
WHY_KEPT = {
    "17(3)(e)": _("to defend against claims, Art. 17(3)(e) GDPR; used for nothing else"),
    "hold": _("a hold: a dispute or a procedure that is going on"),
}

#: What a certificate of erasure cannot speak for.
LIMITS = {
    "snapshots of the host": _("copies of the whole machine that its operator may have made"),
    "recipients": _("what others keep who were shown your score before"),
    "downloads": _("what you downloaded yourself"),
    "mails that were delivered": _("mails that you got"),
}

#: How a recipient is told.
CHANNELS = {Channel.WEBHOOK: _("by a signed request (webhook)"), Channel.MAIL: _("by e-mail")}

#: What a recipient is told of.
ACTS = {
    Act.ERASURE: _("deletion"),
    Act.RECTIFICATION: _("correction"),
    Act.RESTRICTION: _("restriction"),
    Act.RESTRICTION_LIFTED: _("end of a restriction"),
}

#: How news to a recipient stands, and how a badge looks.
NEWS_STATES = {
    Stand.WAITS: (_("on its way"), "warn"),
    Stand.TAKEN: (_("taken"), "good"),
    Stand.GIVEN_UP: (_("not taken in a week"), "bad"),
}

#: What sending news met, where it is no status of HTTP.
ANSWERS = {
    "mail": _("the mail went out"),
    "mail server": _("our mail server did not take the mail"),
    "unreachable": _("no answer"),
    "rate_limited": _("they asked us to wait"),
    "refused_address": _("not an address on the public internet; it was not asked"),
    "not_understood": _("the answer was too long"),
}

#: What is wrong with a certificate.
CERTIFICATE_FAULTS = {
    "this is no certificate": _("This is no certificate of a deletion."),
    "this is a certificate of another version": _("This is a certificate of a version that we do not know."),
    "the signature does not fit: it was changed": _("The signature does not fit: something was changed in it."),
    "its place in the public log does not fit": _("It does not fit the public log that it names."),
}
