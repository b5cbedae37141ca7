"""Passkeys (WebAuthn, W3C Recommendation level 3): made with the password, and signing in instead of it."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from ipaddress import ip_address
from urllib.parse import urlsplit

import webauthn
from sqlalchemy import delete, select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session
from webauthn.helpers import base64url_to_bytes, bytes_to_base64url
from webauthn.helpers.exceptions import WebAuthnException
from webauthn.helpers.structs import (
    AuthenticatorSelectionCriteria,
    PublicKeyCredentialDescriptor,
    ResidentKeyRequirement,
    UserVerificationRequirement,
)

from privacy import journal
from privacy.base import new_id
from privacy.keyring import KeyRing
from privacy.sealed import seal, unseal
from server.models import Account, Passkey
from workers.runtime.work import Work

MOST = 20
#: An act in the journal: a passkey that was removed does not come back.
PASSKEY_REMOVED = "passkey removed"


class PasskeyRefusedError(ValueError):
    """What the browser sent is no passkey of ours, or not for this question."""


@dataclass(frozen=True)
class Shown:
    """A passkey as its person sees it."""

    id: str
    device: str
    created_at: datetime
    seen_at: datetime | None


def host(public_url: str) -> str | None:
    """The name that passkeys are bound to; None where there are none: at a bare network address."""
    name = urlsplit(public_url).hostname or ""
    try:
        ip_address(name)
    except ValueError:
        return name or None
    return None


def ask_new(session: Session, ring: KeyRing, account: Account, public_url: str) -> str:
    """What a browser needs to make a passkey, as JSON; with `challenge`. Its device must ask who uses it."""
    key = ring.person(account.subject_id)
    mine = _of(session, account.id)
    options = webauthn.generate_registration_options(
        rp_id=str(host(public_url)),
        rp_name="Klarwert",
        user_id=account.id.encode(),
        user_name=unseal(account, key, "email"),
        authenticator_selection=AuthenticatorSelectionCriteria(
            resident_key=ResidentKeyRequirement.REQUIRED, user_verification=UserVerificationRequirement.REQUIRED
        ),
        exclude_credentials=[
            PublicKeyCredentialDescriptor(id=base64url_to_bytes(json.loads(unseal(one, key, "credential"))["id"]))
            for one in mine
        ],
    )
    return webauthn.options_to_json(options)


def ask_old(public_url: str) -> str:
    """What a browser needs to sign in with a passkey that it knows for this place, as JSON; with `challenge`."""
    options = webauthn.generate_authentication_options(
        rp_id=str(host(public_url)), user_verification=UserVerificationRequirement.REQUIRED
    )
    return webauthn.options_to_json(options)


def add(work: Work, account: Account, answer: str, challenge: str, device: str) -> None:
    """Keeps a passkey that a browser made. Raises `PasskeyRefusedError`."""
    url = work.settings.public_url
    if len(_of(work.session, account.id)) >= MOST:
        raise PasskeyRefusedError("too many passkeys")
    try:
        made = webauthn.verify_registration_response(
            credential=answer,
            expected_challenge=base64url_to_bytes(challenge),
            expected_rp_id=str(host(url)),
            expected_origin=url,
            require_user_verification=True,
        )
    except (WebAuthnException, ValueError, TypeError, KeyError, RecursionError):
        raise PasskeyRefusedError("not a new passkey for this place") from None
    credential = {
        "id": bytes_to_base64url(made.credential_id),
        "public_key": bytes_to_base64url(made.credential_public_key),
    }
    row = Passkey(
        id=new_id(), account_id=account.id, subject_id=account.subject_id, uses=made.sign_count, created_at=work.now,
        credential_index=_index(work.ring, credential["id"]),
    )  # fmt: skip
    seal(row, work.ring.person(account.subject_id), credential=json.dumps(credential), device=device)
    try:
        with work.session.begin_nested():
            work.session.add(row)
    except IntegrityError:
        raise PasskeyRefusedError("this passkey is known") from None


def owner(work: Work, answer: str, challenge: str) -> str:
    """Id of the account whose passkey answered the question. Raises `PasskeyRefusedError`."""
    url = work.settings.public_url
    row = _named(work, answer)
    if row is None:
        raise PasskeyRefusedError("no such passkey")
    credential = json.loads(unseal(row, work.ring.person(row.subject_id), "credential"))
    try:
        used = webauthn.verify_authentication_response(
            credential=answer,
            expected_challenge=base64url_to_bytes(challenge),
            expected_rp_id=str(host(url)),
            expected_origin=url,
            credential_public_key=base64url_to_bytes(credential["public_key"]),
            credential_current_sign_count=row.uses,
            require_user_verification=True,
        )
    except (WebAuthnException, ValueError, TypeError, KeyError):
        raise PasskeyRefusedError("the passkey does not fit") from None
    row.uses = used.new_sign_count
    row.seen_at = work.now.replace(hour=0, minute=0, second=0, microsecond=0)
    return row.account_id


def shown(session: Session, ring: KeyRing, account: Account) -> list[Shown]:
    """The passkeys of an account, oldest first."""
    key = ring.person(account.subject_id)
    return [Shown(one.id, unseal(one, key, "device"), one.created_at, one.seen_at) for one in _of(session, account.id)]


def remove(work: Work, account: Account, passkey_id: str) -> bool:
    """Takes a passkey away, also from a restored database; False if there is none of this id."""
    mine = (Passkey.id == passkey_id, Passkey.account_id == account.id)
    row = work.session.scalar(select(Passkey).where(*mine))
    if row is None:
        return False
    journal.note(work.session, work.now, PASSKEY_REMOVED, passkey=row.id)
    work.session.execute(delete(Passkey).where(*mine))
    return True


def _of(session: Session, account_id: str) -> Sequence[Passkey]:
    query = select(Passkey).where(Passkey.account_id == account_id).order_by(Passkey.created_at, Passkey.id)
    return session.scalars(query).all()


def _named(work: Work, answer: str) -> Passkey | None:
    try:
        named = str(json.loads(answer)["id"])
    except (ValueError, KeyError, TypeError, RecursionError):
        return None
    query = select(Passkey).where(Passkey.credential_index == _index(work.ring, named))
    return work.session.scalar(query.with_for_update())


def _index(ring: KeyRing, credential_id: str) -> bytes:
    return ring.blind("passkey.credential", credential_id)
