"""The words in which declarations are read: purposes, legal bases, people, places, periods; one place a language."""

from collections.abc import Mapping

from privacy.archive import KindWords
from privacy.documents.entries import COLLECTION, PROCESS, RELATION, Words
from privacy.vocabulary import About, Basis, Erased, Medium, Use
from server.services import stored
from server.services.words import catalogue


def meanings(language: str) -> Words:
    """All of them."""
    return Words(
        kinds={
            **stored.kinds(language), **stored.kinds_of_others(language), **_kinds_in_passing(language),
            **_kinds_of_nobody(language),
        },
        uses=uses(language),
        bases=bases(language),
        abouts=_abouts(language),
        mediums=_mediums(language),
        erased=_erased(language),
        starts=_starts(language),
        columns=_columns(language),
        kept=lambda rule, own: stored.kept(rule, language, own=own),
    )  # fmt: skip


def uses(language: str) -> Mapping[Use, str]:
    """What data is used for."""
    _ = catalogue(language).gettext
    return {
        Use.ACCOUNT: _("your account"),
        Use.SCORING: _("the score"),
        Use.TOPICS: _("topics of your posts"),
        Use.PROFILE: _("your public page"),
        Use.PERKS: _("offers that fit your topics and your score"),
        Use.LOOKUP: _("answers to organisations that you named"),
        Use.PROOF: _("proof of your decisions"),
        Use.RIGHTS: _("your rights"),
        Use.SECURITY: _("safe sign-in"),
        Use.MAIL: _("mail to you"),
        Use.OPERATION: _("running the service"),
    }


def bases(language: str) -> Mapping[Basis, str]:
    """Legal bases, articles of the DSGVO (GDPR)."""
    _ = catalogue(language).gettext
    return {
        Basis.CONSENT: _("your consent, Art. 6(1)(a) GDPR"),
        Basis.EXPLICIT_CONSENT: _("your explicit consent, Art. 6(1)(a) and Art. 9(2)(a) GDPR"),
        Basis.CONTRACT: _("the agreement with you, Art. 6(1)(b) GDPR"),
        Basis.DUTY: _("a duty by law, Art. 6(1)(c) GDPR"),
        Basis.INTEREST: _("legitimate interest, Art. 6(1)(f) GDPR"),
        Basis.CLAIMS: _("legitimate interest in legal claims, Art. 6(1)(f) and Art. 17(3)(e) GDPR"),
        Basis.NOT_PERSONAL: _("no personal data"),
    }


def _abouts(language: str) -> Mapping[About, str]:
    _ = catalogue(language).gettext
    return {
        About.PARTICIPANT: _("people who take part"),
        About.REACTING: _("people who react and take no part"),
        About.VISITOR: _("visitors of the pages"),
        About.NOBODY: _("nobody"),
    }


def _mediums(language: str) -> Mapping[Medium, str]:
    _ = catalogue(language).gettext
    return {
        Medium.TABLE: _("Table"),
        Medium.FOLDER: _("Files"),
        Medium.REDIS: _("Keys in Redis"),
        Medium.LOG: _("Field of a log line"),
        Medium.COOKIE: _("Cookie"),
    }


def _erased(language: str) -> Mapping[Erased, str]:
    _ = catalogue(language).gettext
    return {
        Erased.DELETED: _("deleted with the person"),
        Erased.LAST: _("destroyed last"),
        Erased.UNTOUCHED: _("stays, it names no person"),
    }


def _starts(language: str) -> Mapping[str, str]:
    _ = catalogue(language).gettext
    return {
        COLLECTION: _("from collection"),
        PROCESS: _("from the end of a process"),
        RELATION: _("at the end of the relationship"),
    }


def _columns(language: str) -> Mapping[str, str]:
    """Headings and names of the tables in documents."""
    _ = catalogue(language).gettext
    return {
        "about": _("About whom"),
        "basis": _("Legal basis"),
        "class": _("Class"),
        "classes": _("Deletion classes"),
        "columns": _("Columns"),
        "consent": _("Consent"),
        "consents": _("Consents that there are"),
        "day": _("day"),
        "days": _("days"),
        "erasure": _("When a person is erased"),
        "exported": _("The person gets"),
        "inventory": _("All places"),
        "kept": _("How long"),
        "kept about people": _("Data that is kept"),
        "kept of others": _("What is kept of people who take no part"),
        "kind": _("What"),
        "kinds": _("Kinds of data"),
        "network": _("Network"),
        "operator": _("Who is asked"),
        "period": _("Period"),
        "processing": _("Data for this purpose"),
        "purpose": _("For what"),
        "recipients": _("Who learns of our requests"),
        "rules": _("Deletion rules"),
        "start": _("Start"),
        "untouched": _("What stays"),
        "where": _("Where"),
        "withdrawal": _("What a withdrawal takes"),
        "withheld": _("The person does not get"),
        "yes": _("What a yes means"),
    }


def _kinds_in_passing(language: str) -> Mapping[str, KindWords]:
    """What lies somewhere for a short time and goes by itself."""
    _ = catalogue(language).gettext
    return {
        "queue": KindWords(_("Queue"), _("Work that waits, with random numbers of people and never a name.")),
        "limits": KindWords(
            _("Limits on tries"), _("How often somebody tried something, under a fingerprint that cannot be read back.")
        ),
        "pace": KindWords(
            _("Turns at networks"), _("When a server may be asked again, under a fingerprint of its name.")
        ),
        "marks": KindWords(_("Marks of the schedule"), _("Which work was sent a moment ago, with random numbers.")),
        "log lines": KindWords(
            _("Log lines"),
            _("What the program did, with random numbers and never a name. The host keeps them, 30 days at most."),
        ),
        "cookie": KindWords(
            _("Cookie"), _("That you are signed in, your language, a protection against forged forms.")
        ),
    }


def _kinds_of_nobody(language: str) -> Mapping[str, KindWords]:
    """What is about nobody; it stands in the inventory only."""
    _ = catalogue(language).gettext
    return {
        "breaches": KindWords(_("Breaches"), _("What went wrong, and who was told. No names.")),
        "buckets": KindWords(_("Buckets"), _("Which file of the vault is the one that counts.")),
        "certificates": KindWords(_("Certificates"), _("What was deleted, as numbers, without a name.")),
        "checks of scores": KindWords(_("Checks of scores"), _("Whether scores of a day could be worked out again.")),
        "tallies": KindWords(_("Counts"), _("How many people and things there were when they were last counted.")),
        "averages": KindWords(_("Averages"), _("The average score of those who agreed to be compared, of a day.")),
        "figures": KindWords(_("Figures"), _("Numbers of the whole house of a day.")),
        "hashes of scores": KindWords(_("Hashes of scores"), _("They mean nothing without what opens them.")),
        "installation": KindWords(_("Number of the installation"), _("It ties database and key ring together.")),
        "journal places": KindWords(_("Places in the journal"), _("Which entries of the journal this database knows.")),
        "leader": KindWords(_("Leader of the schedule"), ""),
        "log hashes": KindWords(_("Hashes of the log"), _("They mean nothing without what opens them.")),
        "log level": KindWords(_("Level of a log line"), ""),
        "log source": KindWords(_("Source of a log line"), ""),
        "log store": KindWords(_("Store of the log"), _("Hashes and signed checkpoints.")),
        "log time": KindWords(_("Time of a log line"), ""),
        "master key": KindWords(_("Master key"), _("It opens the key ring. Keep a copy of it apart.")),
        "network_keys": KindWords(_("Keys of networks"), _("The organisation's own access to a network, encrypted.")),
        "network use": KindWords(_("Use of networks"), _("How many requests a network got on a day.")),
        "networks off": KindWords(_("Networks that are off"), _("Which networks the organisation switched off.")),
        "notices": KindWords(_("Texts of consents"), _("Every text that somebody decided on, word for word.")),
        "numbers of topics": KindWords(_("Numbers of topics"), _("Which number stands for which topic.")),
        "offers": KindWords(_("Offers"), _("What the organisation offers, from which score on, and for how many.")),
        "organisation": KindWords(_("Organisation"), _("Its public contact data.")),
        "own topics": KindWords(_("Own table of topics"), ""),
        "places in a firehose": KindWords(_("Places in live streams"), _("Where reading a live stream goes on.")),
        "recipients": KindWords(_("Recipients"), _("Organisations that get something, and where they are told news.")),
        "retention done": KindWords(_("Days of retention"), _("On which days what was due was deleted.")),
        "roots of scores": KindWords(_("Roots of scores"), _("One hash of all scores of a day, for the log.")),
        "scored days": KindWords(_("Scored days"), _("Days on which everybody was scored.")),
        "socket": KindWords(_("Socket and lock of Redis"), ""),
        "tokens of programs": KindWords(
            _("Tokens of programs"), _("With which organisations ask, as fingerprints, and what for.")
        ),
    }
