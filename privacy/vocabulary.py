"""The words in which every place of personal data says what it holds."""

from enum import StrEnum


class Purpose(StrEnum):
    """What a person can say yes or no to; one consent each (R2). Adding one is a line here and one in `PURPOSES`."""

    SCORING = "scoring"
    RECOGNITION = "recognition"
    TOPICS = "topics"


#: Does a consent for this purpose name one network?
PER_NETWORK = frozenset({Purpose.SCORING})


class Use(StrEnum):
    """Why something is processed: the purposes of the record of processing (Art. 30)."""

    ACCOUNT = "account"
    SCORING = "scoring"
    TOPICS = "topics"
    PROOF = "proof"
    RIGHTS = "rights"
    """Answering people who ask for their rights."""
    SECURITY = "security"
    MAIL = "mail"
    OPERATION = "operation"


class Basis(StrEnum):
    """The legal basis, an article of the DSGVO."""

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
    NOBODY = "nobody"


class Erased(StrEnum):
    """What the erasure of a person does to a place."""

    DELETED = "deleted"
    """The rows or files go."""
    UNTOUCHED = "untouched"
    """Nothing in it is about one person."""
