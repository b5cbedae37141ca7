"""What a certificate of erasure says and how it is bound to its person: by a secret, and by no name (R33).

The person gets one secret. From it come the certificate's id (so that its address gives nothing away), the salt that
binds the certificate to their e-mail address, and the salt of the proofs of their consents.
"""

import hmac
import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import UTC, date, datetime
from hashlib import sha256
from typing import Any

from privacy.keyring import signed_by
from privacy.merkle import included, leaf_hash

FORMAT = "klarwert-certificate/1"
_ID_LENGTH = 32
_MOMENT = "%Y-%m-%dT%H:%M:%SZ"
#: What no certificate can speak for.
LIMITS = ("snapshots of the host", "recipients", "downloads", "mails that were delivered")


class CertificateError(ValueError):
    """It is no certificate, or one that does not hold; says what is wrong."""


@dataclass(frozen=True)
class Kept:
    """Something that stays, why, and until when (ISO day)."""

    kind: str
    things: int
    why: str
    """An article of the DSGVO, or the reason of a hold."""
    until: str


def certificate_id(token: str) -> str:
    """The address of a certificate."""
    return _derive(token, "id")[:_ID_LENGTH]


def binding(token: str, email: str) -> str:
    """SHA-256 over a salt that comes from the secret, and the e-mail address."""
    return sha256(f"{_derive(token, 'binding')}\n{email}".encode()).hexdigest()


def commitment(token: str, receipt: str, handle: str) -> str:
    """The proof of one consent: SHA-256 over a salt that comes from the secret, the receipt as text, and the handle."""
    return sha256(f"{_derive(token, 'consent')}\n{handle}\n{receipt}".encode()).hexdigest()


def claims_end(erased_at: datetime) -> datetime:
    """The end of the third year after an erasure: with the end of the year the three years begin (§ 199 BGB)."""
    return datetime(erased_at.year + 4, 1, 1, tzinfo=UTC)


def payload(facts: Mapping[str, Any], *, public_key: str, erased_at: datetime, log: Mapping[str, Any]) -> str:
    """The text that is signed. `log` has the opening of the erasure's entry with its proof and the checkpoint."""
    said = {
        "format": FORMAT,
        "public_key": public_key,
        "erased_at": f"{erased_at.astimezone(UTC):{_MOMENT}}",
        **facts,
        "limits": LIMITS,
        "log": log,
    }
    return json.dumps(said, sort_keys=True, separators=(",", ":"), ensure_ascii=False)


def facts(
    controller: str, binding_: str, counts: Mapping[str, int], kept: Sequence[Kept], told: Sequence[str],
    backups_until: date | None,
) -> dict[str, Any]:  # fmt: skip
    """What is known when the data goes: how many things of each kind went, what stays, which recipients are told.

    And when the last backup expires.
    """
    return {
        "controller": controller,
        "binding": binding_,
        "counts": dict(counts),
        "kept": [asdict(one) for one in kept],
        "told": list(told),
        "backups_until": backups_until.isoformat() if backups_until else None,
    }


def envelope(text: str, signature: str) -> str:
    """The certificate as a file."""
    return json.dumps({"payload": text, "signature": signature}, indent=1, ensure_ascii=False) + "\n"


def verify(file: str, public_key: str | None = None) -> dict[str, Any]:
    """What a certificate says, once signature and place in the log were checked, offline. Raises `CertificateError`."""
    try:
        outer = json.loads(file)
        said: dict[str, Any] = json.loads(outer["payload"])
        known = said["format"] == FORMAT
        key, log, checkpoint = said["public_key"], said["log"], said["log"]["checkpoint"]
        head = json.loads(checkpoint["payload"])
        places = [bytes.fromhex(part) for part in log["proof"]]
        leaf = sha256(bytes.fromhex(log["salt"]) + log["entry"].encode()).digest()
        root, size, index = bytes.fromhex(head["root"]), int(head["size"]), int(log["index"])
        noted = json.loads(log["entry"])
        counted = noted["type"] == "erasure" and noted["counts"] == said["counts"]
        same = head["public_key"] == key
        signed = signed_by(key, outer["payload"], outer["signature"])
        headed = signed_by(key, checkpoint["payload"], checkpoint["signature"])
        whole = not known or _is_whole(said)
    except (ValueError, KeyError, TypeError, AttributeError, OverflowError, RecursionError):
        raise CertificateError("this is no certificate") from None
    if not known:
        raise CertificateError("this is a certificate of another version")
    if not whole:
        raise CertificateError("this is no certificate")
    if public_key is not None and key != public_key:
        raise CertificateError("it was signed by another installation")
    if not signed:
        raise CertificateError("the signature does not fit: it was changed")
    if not (same and headed and counted and included(leaf_hash(leaf), index, size, places) == root):
        raise CertificateError("its place in the public log does not fit")
    return said


def _is_whole(said: Mapping[str, Any]) -> bool:
    """Can all that it says be shown? Whoever has a key can sign anything. Raises what `verify` expects."""
    datetime.strptime(said["erased_at"], _MOMENT).replace(tzinfo=UTC)
    kept = [Kept(**one) for one in said["kept"]]
    for day in (said["backups_until"], *(one.until for one in kept)):
        if day is not None:
            date.fromisoformat(day)
    texts = [said["controller"], said["binding"], *said["told"], *said["limits"], *said["counts"]]
    texts += [text for one in kept for text in (one.kind, one.why, one.until)]
    numbers = [*said["counts"].values(), *(one.things for one in kept)]
    "".join(texts).encode()  # JSON can name halves of characters
    return all(type(number) is int for number in numbers)


def _derive(token: str, use: str) -> str:
    return hmac.digest(token.encode(), f"klarwert-certificate/{use}".encode(), "sha256").hex()
