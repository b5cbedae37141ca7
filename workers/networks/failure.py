"""Why a network could not be read, in words that carry neither handle, address nor token."""

from datetime import datetime
from enum import StrEnum


class Reason(StrEnum):
    """Why a network could not be read; each has a sentence for people in both languages."""

    UNKNOWN_ACCOUNT = "unknown_account"
    BAD_ADDRESS = "bad_address"
    OPTED_OUT = "opted_out"
    LOGIN_REQUIRED = "login_required"
    GONE = "gone"
    MOVED = "moved"
    RATE_LIMITED = "rate_limited"
    UNREACHABLE = "unreachable"
    NOT_UNDERSTOOD = "not_understood"
    INCOMPLETE = "incomplete"
    """Read to its end but for a few lists that broke off."""
    REFUSED_ADDRESS = "refused_address"
    SWITCHED_OFF = "switched_off"
    """The network needs a key of the operator, and there is none."""
    KEY_REFUSED = "key_refused"
    """The network does not take the operator's key."""


class Failure(Exception):  # noqa: N818 - the one way to fail here; the reason says what kind
    """A network could not be read: a reason, perhaps a time to try again (UTC); no handle, address or token."""

    def __init__(self, reason: Reason, retry_at: datetime | None = None) -> None:
        super().__init__(reason.value)
        self.reason = reason
        self.retry_at = retry_at
