"""Asks an AT Protocol server by XRPC and turns its error forms into reasons."""

from datetime import date
from http import HTTPStatus

from workers.networks import untrusted
from workers.networks.client import Answer, Client, Params
from workers.networks.failure import Failure, Reason
from workers.networks.untrusted import Record

# By `error`, or by how `message` begins where the error is only "InvalidRequest".
_ERRORS = {
    "AccountDeactivated": Reason.GONE,
    "AccountTakedown": Reason.GONE,
    "RepoDeactivated": Reason.GONE,
    "RepoTakendown": Reason.GONE,
    "NotFound": Reason.GONE,
    "AuthMissing": Reason.LOGIN_REQUIRED,
    "AuthenticationRequired": Reason.LOGIN_REQUIRED,
}
_MESSAGES = {
    "profile not found": Reason.UNKNOWN_ACCOUNT,
    "unable to resolve handle": Reason.UNKNOWN_ACCOUNT,
    "actor not found": Reason.UNKNOWN_ACCOUNT,
}


class Xrpc:
    """One AppView, asked through one client."""

    def __init__(self, client: Client, origin: str) -> None:
        self._client = client
        self._origin = origin.rstrip("/")

    def today(self) -> date:
        """The UTC day by the client's clock."""
        return self._client.now().date()

    def ask(self, nsid: str, params: Params) -> Record:
        """The object that a query gives. Raises Failure."""
        answer = self._client.get_json(f"{self._origin}/xrpc/{nsid}", params)
        if answer.status != HTTPStatus.OK:
            raise Failure(_reason(answer))
        if not isinstance(answer.data, dict):
            raise Failure(Reason.NOT_UNDERSTOOD)
        return answer.data

    def objects(self, value: object, key: str) -> list[Record]:
        """The objects in a list that has to be there. Raises Failure(NOT_UNDERSTOOD) where it is not."""
        found = untrusted.record(value).get(key)
        if not isinstance(found, list):
            raise Failure(Reason.NOT_UNDERSTOOD)
        return untrusted.records(found)


def _reason(answer: Answer) -> Reason:
    said = untrusted.record(answer.data)
    message = untrusted.text(said.get("message"), 200).lower()
    by_message = next((reason for start, reason in _MESSAGES.items() if message.startswith(start)), None)
    by_error = _ERRORS.get(untrusted.text(said.get("error"), 100))
    if by_error or by_message:
        return by_error or by_message or Reason.NOT_UNDERSTOOD
    return (
        Reason.LOGIN_REQUIRED
        if answer.status in (HTTPStatus.UNAUTHORIZED, HTTPStatus.FORBIDDEN)
        else Reason.NOT_UNDERSTOOD
    )
