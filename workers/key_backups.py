"""Backups of the key ring: encrypted for a public key whose private part is kept elsewhere (HPKE, RFC 9180)."""

import base64
import json
import os
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey, X25519PublicKey
from cryptography.hazmat.primitives.hpke import AEAD, KDF, KEM, Suite

from privacy.backup import BackupError, Kind, read, write, young_enough
from privacy.installation import id_of
from privacy.journal import Journal
from privacy.keyring import KeyRing, OpenKey
from workers.runtime.process import Process
from workers.runtime.settings import Settings, SettingsError

_SUITE = Suite(KEM.X25519, KDF.HKDF_SHA256, AEAD.AES_256_GCM)
_INFO = b"klarwert key backup 1"
_SECRET_BYTES = 32


def make_pair(file: Path) -> str:
    """Makes a pair of keys: the private one into a new file, the public one in hex. Raises `FileExistsError`."""
    private = X25519PrivateKey.generate()
    with os.fdopen(os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w", encoding="ascii") as handle:
        handle.write(f"{private.private_bytes_raw().hex()}\n")
    return private.public_key().public_bytes_raw().hex()


def create(process: Process) -> tuple[Path, int]:
    """Writes all keys as they are now; where, and how many. Raises `BackupError`, `SettingsError`."""
    settings, ring = process.settings, process.ring
    if not settings.backup_recipient:
        raise SettingsError("KLARWERT_BACKUP_RECIPIENT is not set: make a pair of keys with klarwert keys pair FILE")
    secret = os.urandom(_SECRET_BYTES)
    public = X25519PublicKey.from_public_bytes(settings.backup_recipient)
    header = {
        "kind": Kind.KEYS,
        "installation": id_of(ring),
        "made_at": process.clock().isoformat(),
        "secret": _SUITE.encrypt(secret, public, _INFO).hex(),
    }
    count = 0
    with write(settings.key_backups, header, secret) as (place, file):
        for one in ring.everything():
            row = {"name": one.name, "key": base64.b64encode(one.key).decode(), "made_at": one.made_at.isoformat()}
            file.write(f"{json.dumps(row)}\n".encode())
            count += 1
    return place, count


def restore(settings: Settings, now: datetime, path: Path, private_file: Path) -> int:
    """Puts the keys back that are missing; how many. Those of people who were erased since the backup stay gone.

    Raises `BackupError`, `ForeignKeysError`, `WrongMasterKeyError`.
    """
    keys = list(_keys(path, _private(private_file), now, settings.backup_days))
    journal = Journal(settings.ledger)
    gone = {f"person/{subject_id}" for subject_id in journal.erased()}
    journal.close()
    ring = KeyRing(settings.keyring, settings.masters())
    try:
        return ring.put_back([one for one in keys if one.name not in gone])
    finally:
        ring.close()


def _keys(path: Path, private: X25519PrivateKey, now: datetime, days: int) -> Iterator[OpenKey]:
    def secret(header: dict[str, str]) -> bytes:
        if header["kind"] != Kind.KEYS:
            raise BackupError("this is a backup of data, not of keys")
        young_enough(header["made_at"], now, days)
        try:
            return _SUITE.decrypt(bytes.fromhex(header["secret"]), private, _INFO)
        except (InvalidTag, ValueError, KeyError):
            raise BackupError("the private key does not open this backup") from None

    with read(path, secret) as (_, content):
        for line in content:
            row = json.loads(line)
            made_at = datetime.fromisoformat(row["made_at"])
            yield OpenKey(row["name"], base64.b64decode(row["key"]), made_at)


def _private(file: Path) -> X25519PrivateKey:
    try:
        return X25519PrivateKey.from_private_bytes(bytes.fromhex(file.read_text(encoding="ascii").strip()))
    except (OSError, ValueError):
        raise BackupError("this file has no private key of klarwert keys pair") from None
