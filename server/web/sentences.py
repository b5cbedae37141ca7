"""Sentences for what the product knows as code words: failures of connections, states, purposes, kinds of data."""

from flask_babel import lazy_gettext as _

from privacy.disclosure import Reason
from privacy.vocabulary import Basis, Purpose, Use
from server.services.connections import Sent
from workers.models.connection import State
from workers.models.dispute import Outcome

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

#: What a consent is about, in short; the network's name goes in where there is one.
PURPOSES = {
    Purpose.SCORING: _("A score from your account on %(network)s"),
    Purpose.RECOGNITION: _("Your score decides how much your own reactions weigh"),
    Purpose.TOPICS: _("What your posts are about"),
}

#: What a yes leads to, in a sentence.
ABOUT_PURPOSES = {
    Purpose.SCORING: _(
        "We read your public posts of the last 13 weeks and the public reactions to them, and make a score of them "
        "every day. Only you see it."
    ),
    Purpose.RECOGNITION: _(
        "When you react to somebody who takes part here, your reaction counts up to twice. The other person sees the "
        "step, but not that it was you."
    ),
    Purpose.TOPICS: _(
        "While your public posts are read, they are given topics, and you see which topics your points come from. Only "
        "you see it, and your score stays the same."
    ),
}

#: What goes when a yes is taken back.
WITHDRAWING = {
    Purpose.SCORING: _(
        "If you withdraw this, we delete at once: your accounts on %(network)s here, all that was read from them, and "
        "each daily score that contains it. Your other networks go on."
    ),
    Purpose.RECOGNITION: _(
        "If you withdraw this, we delete at once all links between your account and your reactions. Your own score "
        "does not change."
    ),
    Purpose.TOPICS: _(
        "If you withdraw this, we delete at once all topics of your posts and the list of topics that you rejected. "
        "Your score does not change."
    ),
}

#: How a dispute stands: words, and how a badge looks.
OUTCOMES = {
    Outcome.OPEN: (_("waits for a decision"), "warn"),
    Outcome.UPHELD: (_("you were right: it stays out"), "good"),
    Outcome.REJECTED: (_("rejected: it counts again"), "bad"),
    Outcome.TAKEN_BACK: (_("taken back"), "quiet"),
    Outcome.OVER: (_("over: what it was about is deleted"), "quiet"),
}

#: Parts of what changed since an earlier score: what each is called, and what it says.
CHANGES = {
    "model": (_("The model"), _("another version of it applies now.")),
    "gone": (_("Gone"), _("reactions that were taken back, or whose post is not public any more.")),
    "new": (_("New"), _("reactions and followers that came.")),
    "aged": (_("Aged"), _("older reactions count for less, and after 13 weeks not at all.")),
    "standing": (_("Others"), _("how much the reactions of people who take part, too, count for.")),
    "steadiness": (_("Steadiness"), _("more or fewer weeks in which somebody reacted.")),
    "disputed": (_("Disputed"), _("what you disputed, or what was decided on it.")),
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

#: What data is used for.
USES = {
    Use.ACCOUNT: _("your account"),
    Use.SCORING: _("the score"),
    Use.TOPICS: _("topics of your posts"),
    Use.PROOF: _("proof of your decisions"),
    Use.RIGHTS: _("your rights"),
    Use.SECURITY: _("safe sign-in"),
    Use.MAIL: _("mail to you"),
    Use.OPERATION: _("running the service"),
}

#: Legal bases, articles of the DSGVO (GDPR).
BASES = {
    Basis.EXPLICIT_CONSENT: _("your explicit consent, Art. 6(1)(a) and 9(2)(a) GDPR"),
    Basis.CONTRACT: _("the agreement with you, Art. 6(1)(b) GDPR"),
    Basis.DUTY: _("a duty by law, Art. 6(1)(c) GDPR"),
    Basis.INTEREST: _("legitimate interest, Art. 6(1)(f) GDPR"),
    Basis.CLAIMS: _("legitimate interest in legal claims, Art. 6(1)(f) and 17(3)(e) GDPR"),
    Basis.NOT_PERSONAL: _("no personal data"),
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
#: Why the only account that administrates cannot go.
LAST_ADMINISTRATOR = _("You are the last administrator. Please invite somebody else to this role first.")
