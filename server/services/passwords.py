"""Passwords: hashed with Argon2id; checking one takes the same time whether the account exists or not."""

import unicodedata
from functools import cache

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

MIN_LENGTH = 10
MAX_LENGTH = 200
_hasher = PasswordHasher()


def hash_password(password: str) -> str:
    """The Argon2id hash to store."""
    return _hasher.hash(_composed(password))


def fits(stored: str | None, password: str) -> bool:
    """Does the password fit the stored hash? Without one (no such account) it works as long and says no."""
    try:
        _hasher.verify(stored or _nobodys(), _composed(password))
    except (VerificationError, InvalidHashError):
        return False
    return stored is not None


def outdated(stored: str) -> bool:
    """Was it hashed with weaker parameters than those of today?"""
    return _hasher.check_needs_rehash(stored)


def _composed(password: str) -> str:
    """Every keyboard's way of writing an accented letter is the same password."""
    return unicodedata.normalize("NFC", password)


@cache
def _nobodys() -> str:
    return _hasher.hash("nobody has this password")
