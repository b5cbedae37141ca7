"""Asks a JSON API with the operator's key, and puts its refusals into our words."""

import re
from collections.abc import Callable, Mapping
from datetime import date, timedelta
from http import HTTPStatus

from workers.networks import untrusted
from workers.networks.client import Answer, Client, Secret
from workers.networks.door import plausible_day
from workers.networks.failure import Failure, Reason
from workers.networks.shape import Reaction
from workers.networks.untrusted import Record

Refusal = Callable[[int, Record], Failure | None]
"""What a status and its body mean on this network; None for an answer that is none of its refusals."""

_URL = re.compile(r"https?://[^\s<>\"')\]]+")
_USUAL = {
    HTTPStatus.UNAUTHORIZED: Reason.KEY_REFUSED,
    HTTPStatus.PAYMENT_REQUIRED: Reason.KEY_REFUSED,
    HTTPStatus.FORBIDDEN: Reason.LOGIN_REQUIRED,
    HTTPStatus.NOT_FOUND: Reason.GONE,
    HTTPStatus.GONE: Reason.GONE,
}
#: Where a network names no time itself: allowances of a day or an hour are asked for again after so long.
LONG_WAIT = timedelta(hours=1)


class KeyedApi:
    """One API for one run: an origin with its path, what carries the key, what its refusals mean."""

    def __init__(self, client: Client, base: str, secret: Secret, refusal: Refusal) -> None:
        self._client = client
        self._base = base
        self._secret = secret
        self._refusal = refusal
        self.today: date = client.now().date()

    def ask(self, path: str, params: Mapping[str, str | int]) -> Record:
        """The JSON object. Raises Failure: KEY_REFUSED, GONE, LOGIN_REQUIRED, RATE_LIMITED and the client's."""
        return self._read(self._client.get_json(self._base + path, params, secret=self._secret))

    def _read(self, answer: Answer) -> Record:
        body = untrusted.record(answer.data)
        refused = self._refusal(answer.status, body)
        if refused is None and answer.status in _USUAL:
            refused = Failure(_USUAL[HTTPStatus(answer.status)])
        if refused is None and (answer.status != HTTPStatus.OK or not body):
            refused = Failure(Reason.NOT_UNDERSTOOD)
        if refused is None:
            return body
        if refused.reason is Reason.RATE_LIMITED and refused.retry_at is None:
            refused = Failure(Reason.RATE_LIMITED, self._client.now() + LONG_WAIT)
        raise refused

    def day(self, value: object) -> date | None:
        """The UTC day of an ISO moment, or of seconds since 1970 (a number or a text); None for what cannot be."""
        moment = untrusted.moment(value) or untrusted.epoch(value)
        return plausible_day(moment, self.today)


def gone_if_unknown(failure: Failure) -> Failure:
    """The same failure about an account that was known once."""
    return Failure(Reason.GONE) if failure.reason is Reason.UNKNOWN_ACCOUNT else failure


def links_in(text: str) -> tuple[str, ...]:
    """Addresses that stand in a text that an account says of itself."""
    return tuple(dict.fromkeys(url.rstrip(".,;:!?") for url in _URL.findall(text)))


def counted(kind: str, value: object) -> list[Reaction]:
    """A public number of reactions (perhaps written as a text) as one reaction of nobody in particular."""
    number = untrusted.quantity(value)
    return [Reaction(kind, None, None, number)] if number else []
