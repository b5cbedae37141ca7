"""Meta's Graph API, which Facebook and Instagram are asked through: the key in a header, refusals by their codes.

Source: https://developers.facebook.com/docs/graph-api/guides/error-handling.
"""

from workers.networks import untrusted
from workers.networks.client import Client, Secret
from workers.networks.failure import Failure, Reason
from workers.networks.keyed import KeyedApi
from workers.networks.untrusted import Record

API = "https://graph.facebook.com/v23.0"
_LIMITED = frozenset({4, 17, 32, 613, 80001, 80002})
_NO_KEY = frozenset({10, 102, 190, *range(200, 300)})
_MISSING = frozenset({100, 110, 803, 2207013})


def api(client: Client, token: str) -> KeyedApi:
    """The API with the operator's token."""
    return KeyedApi(client, API, Secret(headers={"Authorization": f"Bearer {token}"}), _refusal)


def _refusal(_status: int, body: Record) -> Failure | None:
    said = untrusted.record(body.get("error"))
    if not said:
        return None
    code = untrusted.count(said.get("code")) or 0
    if code in _LIMITED:
        return Failure(Reason.RATE_LIMITED)
    if code in _NO_KEY:
        return Failure(Reason.KEY_REFUSED)
    return Failure(Reason.UNKNOWN_ACCOUNT if code in _MISSING else Reason.UNREACHABLE)


def after(answer: Record) -> str | None:
    """The cursor behind a page of a list; None where the page has none."""
    cursors = untrusted.record(untrusted.record(answer.get("paging")).get("cursors"))
    return untrusted.text(cursors.get("after"), 1000) or None
