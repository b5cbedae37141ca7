"""The words in which every place of personal data says what it holds."""

from enum import StrEnum


class Purpose(StrEnum):
    """What a person can say yes or no to; one consent each (R2). Adding one is a line here and its notice."""

    SCORING = "scoring"
    RECOGNITION = "recognition"
    """My standing weighs my reactions."""
    NAMED = "named"
    """Those I react to may see that it was me."""
    TOPICS = "topics"
    PROFILE = "profile"
    """A public page and badge."""
    COMPARISON = "comparison"
    """My score goes into averages."""
    LOOKUP = "lookup"
    """Organisations that I named ask for my score."""
    PERKS = "perks"
    """Staff may choose me for an offer."""
    ARCHIVES = "archives"
    """A number from a file that the person brings."""
    DIGEST = "digest"
    """A mail a week."""


#: Does a consent for this purpose name one network?
PER_NETWORK = frozenset({Purpose.SCORING, Purpose.ARCHIVES})
#: Whose data may touch special categories: the consent is explicit (Art. 9(2)(a)), and the notice says why.
SPECIAL = frozenset(
    {
        Purpose.SCORING,
        Purpose.RECOGNITION,
        Purpose.TOPICS,
        Purpose.NAMED,
        Purpose.PERKS,
        Purpose.ARCHIVES,
        Purpose.COMPARISON,
    }
)


class Use(StrEnum):
    """Why something is processed: the purposes of the record of processing (Art. 30)."""

    ACCOUNT = "account"
    SCORING = "scoring"
    TOPICS = "topics"
    LOOKUP = "lookup"
    """Answering organisations that a person named."""
    PROFILE = "profile"
    PERKS = "perks"
    """Offers that fit topics and score."""
    PROOF = "proof"
    RIGHTS = "rights"
    """Answering people who ask for their rights."""
    SECURITY = "security"
    MAIL = "mail"
    OPERATION = "operation"


class Basis(StrEnum):
    """The legal basis, an article of the DSGVO."""

    CONSENT = "6(1)(a)"
    EXPLICIT_CONSENT = "6(1)(a), 9(2)(a)"
    CONTRACT = "6(1)(b)"
    DUTY = "6(1)(c)"
    INTEREST = "6(1)(f)"
    CLAIMS = "6(1)(f), 17(3)(e)"
    """Establishing or defending legal claims."""
    NOT_PERSONAL = "-"


class About(StrEnum):
    """Whom the data is about."""

    PARTICIPANT = "participant"
    REACTING = "reacting"
    """People who reacted to a participant's post, by pseudonym (R7)."""
    VISITOR = "visitor"
    """People who open the pages, signed in or not."""
    NOBODY = "nobody"


class Erased(StrEnum):
    """What the erasure of a person does to a place."""

    DELETED = "deleted"
    """The rows or files go."""
    LAST = "last"
    """It is destroyed when everything else has gone."""
    UNTOUCHED = "untouched"
    """Nothing in it is about one person."""


class Medium(StrEnum):
    """What kind of place it is."""

    TABLE = "table"
    FOLDER = "folder"
    """Files of the data folder."""
    REDIS = "redis"
    LOG = "log"
    """A field of a log line."""
    COOKIE = "cookie"
