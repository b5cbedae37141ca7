"""What is stored about a person, in their words: every kind of data with what it is, how much there is, how long."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from gettext import NullTranslations

from babel.numbers import format_decimal
from sqlalchemy.orm import Session

from privacy.archive import KindWords
from privacy.base import Rule
from privacy.holdings import Holdings, declarations, make_sure
from server.services.words import autonyms, catalogue
from workers.catalogue import NETWORKS

_YEAR = 365.25


@dataclass(frozen=True)
class Stored:
    """One kind of data about one person."""

    kind: str
    words: KindWords
    things: int
    """Rows, files or keys."""
    kept: str
    """How long, as a sentence part."""


def kinds(language: str) -> Mapping[str, KindWords]:
    """The words for every kind of data about people, in the order in which they are shown."""
    _ = catalogue(language).gettext
    return {
        "account": KindWords(_("Account"), _("Your e-mail address, your role, your language.")),
        "subject": KindWords(_("Person"), _("A random number that your data hangs on, apart from your account.")),
        "consents": KindWords(_("Consents"), _("What you said yes or no to, when, and to which text.")),
        "log entries": KindWords(
            _("Entries in the log"), _("What the log of this Klarwert can prove of you: decisions, files, roles.")
        ),
        "connections": KindWords(_("Connected accounts"), _("Your accounts on networks and how you proved them.")),
        "archives": KindWords(
            _("Archives"), _("What you brought yourself: numbers of reactions by post, and how reading went.")
        ),
        "archive files": KindWords(
            _("Files on their way"),
            _("Files that you uploaded and that are not read yet, encrypted. They go right after."),
        ),
        "posts": KindWords(
            _("Posts"), _("Address, day and, if you agreed to that, topics of your public posts. No texts.")
        ),
        "public page": KindWords(_("Public page"), _("Its address, and the name that you chose for it.")),
        "released organisations": KindWords(
            _("Organisations that may ask"), _("Which organisations you named, since when, and your number with each.")
        ),
        "taken offers": KindWords(
            _("Offers that you took"), _("Which offers you took, when, and how you wrote that you can be reached.")
        ),
        "tenths": KindWords(
            _("Comparison"),
            _("In which tenth you are among those who agreed to be compared, overall and by topic; of the last day."),
        ),
        "rejected topics": KindWords(_("Rejected topics"), _("Topics that your posts do not get any more.")),
        "signals": KindWords(
            _("Signals"), _("Public reactions to your posts and numbers of followers. Who reacted is a code word only.")
        ),
        "signals of today": KindWords(
            _("New signals"), _("What was read since the last night. In the night it joins the signals.")
        ),
        "scores": KindWords(_("Scores"), _("Your score of each day with its split by network, kind and topic.")),
        "points by post": KindWords(_("Points by post"), _("How many points each post gave on a day.")),
        "disputes": KindWords(_("Disputes"), _("What you disputed, why, and how it was decided.")),
        "left out signals": KindWords(_("Left out"), _("Signals and posts that do not count because of a dispute.")),
        "standing links": KindWords(
            _("Your reactions to others"), _("Where your reaction to somebody who takes part may count for more.")
        ),
        "webmentions": KindWords(
            _("Webmentions"), _("What other websites told about links to your blog; which website is a code word only.")
        ),
        "readings": KindWords(_("Readings"), _("When your accounts were read, and how it ended.")),
        "checks of your score": KindWords(
            _("Checks of your score"), _("When auditors drew your score to check it, and what they found. No names.")
        ),
        "draws of auditors": KindWords(_("Your draws"), _("If you are an auditor: which samples you drew.")),
        "findings": KindWords(_("Your findings"), _("If you are an auditor: what you found, and the answers.")),
        "checks of the log": KindWords(_("Your check of the log"), _("If you are an auditor: the log as you saw it.")),
        "disclosures": KindWords(
            _("Looks at your score"), _("Who else saw your score or a part of it, when and for what.")
        ),
        "news to recipients": KindWords(
            _("News to recipients"), _("What others who got something of you were told about it, and their answer.")
        ),
        "erased parts": KindWords(
            _("Deleted parts"), _("Fingerprints of posts and days whose signals you deleted, so that they stay out.")
        ),
        "requests": KindWords(
            _("Requests"), _("What you asked for by your rights, until when it is answered, and the answer.")
        ),
        "holds": KindWords(_("Holds"), _("What of yours is kept beyond its time, why and until when.")),
        "data on hold": KindWords(
            _("Data on hold"),
            _("An encrypted copy for a hold. It counts in no score, nobody sees it, and it goes with the hold."),
        ),
        "logins": KindWords(
            _("Signed-in browsers"), _("Which browser is signed in, since when, and when it was last used.")
        ),
        "passkeys": KindWords(_("Passkeys"), _("Devices with which you sign in without a password.")),
        "second factors": KindWords(_("Second factor"), _("The app whose codes you type when you sign in.")),
        "recovery codes": KindWords(
            _("Recovery codes"), _("Codes for the day on which you lose the app, as fingerprints.")
        ),
        "announcements": KindWords(_("Announcements"), _("Of which versions of the model a mail went to you.")),
        "mailed links": KindWords(
            _("Links by mail"), _("Links to confirm something, to choose a password or to accept a role.")
        ),
        "weekly mails": KindWords(_("Weekly mails"), _("For which week you got the weekly mail last.")),
        "mails waiting": KindWords(_("Mails waiting"), _("Mails to you that are not out yet.")),
        "outbox": KindWords(_("Outbox"), _("Mails to you that lie in a folder here, because there is no mail server.")),
        "backups of data": KindWords(
            _("Backups"), _("Encrypted copies of everything here. They are deleted when their time is over.")
        ),
        "backups of keys": KindWords(
            _("Backups of keys"), _("Encrypted copies of the keys, kept apart from the others.")
        ),
        "journal": KindWords(
            _("Journal"), _("Numbers that say what a backup must not bring back: what was erased or withdrawn.")
        ),
        "downloads": KindWords(_("Downloads"), _("The download that you ordered last: when, and how far it is.")),
        "download files": KindWords(_("Files to download"), _("The files of that download, locked with your key.")),
        "erasures asked": KindWords(
            _("Deletion"), _("That you asked for your data to be deleted, and when it begins.")
        ),
        "key": KindWords(
            _("Your key"), _("It locks what is most private of your data. It is never handed out, and destroyed last.")
        ),
    }


def titles(language: str, wanted: Iterable[str]) -> Mapping[str, str]:
    """Kinds of data about participants, with their titles in alphabetical order."""
    words = kinds(language)
    found = {kind: words[kind].title for kind in wanted if kind in words}
    return dict(sorted(found.items(), key=lambda one: one[1]))


def kinds_of_others(language: str) -> Mapping[str, KindWords]:
    """The words for data about people who do not take part; it is in nobody's export."""
    _ = catalogue(language).gettext
    meaning = _("Accounts whose reactions are not taken because their owners objected, as fingerprints without names.")
    proofs = _("What stays of your consents after a deletion: fingerprints that nobody can open without your link.")
    return {
        "proofs of consent": KindWords(_("Proofs of consent"), proofs),
        "objections": KindWords(_("Objections"), meaning),
    }


def values(language: str) -> Mapping[str, Mapping[str, str]]:
    """What the code words in the columns of an export mean, by name of the column; for the page to read."""
    _ = catalogue(language).gettext
    kinds = {
        "like": _("Like"), "mention": _("Mention"), "reply": _("Reply"), "repost": _("Repost"), "link": _("Link"),
        "endorsement": _("Endorsement"), "quote": _("Quote"), "audience": _("Followers"),
    }  # fmt: skip
    networks = {facts.name: facts.title for facts in NETWORKS.values()}
    return {
        "by_kind": kinds,
        "by_network": networks,
        "kind": kinds,
        "language": autonyms(),
        "method": {"web form": _("in a form on the web"), "command line": _("on the command line")},
        "network": networks,
        "proof": {
            "bio": _("by the code in your profile"),
            "rel_me": _("by the link in your profile"),
            "post": _("by the code in a post"),
        },
        "purpose": {
            "scoring": _("the score"), "recognition": _("weight of your own reactions"),
            "topics": _("topics of your posts"),
        },
        "role": {
            "participant": _("takes part"), "staff": _("works for the organisation"), "auditor": _("auditor"),
            "dpo": _("data protection officer"), "admin": _("administrator"),
        },
        "state": {
            "looking": _("being looked up"), "claimed": _("waits for your proof"),
            "checking": _("proof is being checked"), "proven": _("connected"), "refused": _("not connected"),
            "lapsed": _("proof has run out"), "building": _("being made"), "ready": _("ready"), "failed": _("failed"),
        },
        "use": {
            "confirm": _("confirm the address"), "reset": _("choose a new password"),
            "change_email": _("change the address"),
        },
    }  # fmt: skip


def stored(session: Session, holdings: Holdings, subject_id: str, language: str) -> list[Stored]:
    """Every kind with how much of it there is now. Raises `UndeclaredHoldingError` rather than leave something out."""
    make_sure(session)
    there = holdings.traces(session, subject_id)
    declared = [*declarations(), *(place.holds for place in holdings.places)]
    rules = {holds.kind: holds.rule for holds in declared}
    words = kinds(language)
    order = [*words, *sorted(set(there) - set(words))]
    return [
        Stored(kind, words.get(kind, KindWords(kind, "")), there.get(kind, 0), kept(rules.get(kind), language))
        for kind in order
    ]


def kept(rule: Rule | None, language: str, *, own: bool = True) -> str:
    """How long a rule keeps something; None is as long as the account, or if it is nobody's `own`, as this runs."""
    texts = catalogue(language)
    if rule is None and not own:
        return texts.gettext("as long as this installation runs")
    if rule is None:
        return texts.gettext("as long as your account")
    if not rule.days:
        return texts.gettext("until it runs out")
    return f"{_span(rule.days, texts, language)} {_since(language).get(rule.since, '')}".rstrip()


def _span(days: int, texts: NullTranslations, language: str) -> str:
    """So many days, from a year on in whole years."""
    years = round(days / _YEAR)
    if years:
        return texts.ngettext("%(num)s year", "%(num)s years", years) % {"num": years}
    return texts.ngettext("%(num)s day", "%(num)s days", days) % {"num": format_decimal(days, locale=language)}


def _since(language: str) -> Mapping[str, str]:
    _ = catalogue(language).gettext
    return {
        "closed_at": _("after it was closed"),
        "created_at": _("after it was written"),
        "begun_at": _("after it began"),
        "counted_at": _("after it was counted"),
        "done_at": _("after it was done"),
        "drawn_at": _("after it was drawn"),
        "kept_at": _("after it was noted"),
        "written_at": _("after it was written"),
        "day": _("after the day of the reaction"),
        "brought_at": _("after you brought it"),
        "decided_at": _("after it was decided"),
        "sent_at": _("after it was sent"),
        "ended_at": _("after it ended"),
        "idle_since": _("after it was last connected"),
        "made_at": _("after it was made"),
        "noted_at": _("after it was noted"),
        "read_at": _("after it was last seen in public"),
        "seen_at": _("after it was last seen or used"),
        "started_at": _("after it began"),
        "taken_at": _("after it was taken"),
        "until": _("after it ran out"),
    }
