"""Sealed pieces: the same bytes again, whatever the cuts; nothing moved, left out, cut off or from elsewhere opens."""

import pytest
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from privacy.keyring import SealBrokenError
from privacy.stream import TAG_BYTES, Opener, Sealer

KEY, SIZE = bytes(range(32)), 10
SEALED = SIZE + TAG_BYTES


def sealed(*parts: bytes) -> list[bytes]:
    sealer = Sealer(KEY, SIZE)
    whole = b"".join([*(sealer.add(part) for part in parts), sealer.end()])
    return [whole[start : start + SEALED] for start in range(0, len(whole), SEALED)]


def opened(pieces: list[bytes]) -> bytes:
    opener = Opener(KEY)
    return b"".join(opener.piece(number, piece, last=number == len(pieces) - 1) for number, piece in enumerate(pieces))


@pytest.mark.parametrize("length", [0, 1, SIZE - 1, SIZE, SIZE + 1, 3 * SIZE, 3 * SIZE + 4])
def test_what_was_sealed_opens_whatever_the_cuts(length: int) -> None:
    content = bytes(range(length))
    for cut in (0, 1, length // 2, length):
        pieces = sealed(content[:cut], content[cut:])
        assert len(pieces) == max(1, -(-length // SIZE))
        assert opened(pieces) == content


def test_the_nonce_is_the_number_and_whether_it_is_the_last() -> None:
    """What the files of before are sealed with: computed here by hand."""
    content = b"0123456789abc"
    by_hand = [
        AESGCM(KEY).encrypt((0).to_bytes(11, "big") + b"\x00", content[:SIZE], None),
        AESGCM(KEY).encrypt((1).to_bytes(11, "big") + b"\x01", content[SIZE:], None),
    ]
    assert sealed(content) == by_hand


def test_nothing_else_opens() -> None:
    first, second, last = sealed(bytes(25))
    for pieces in ([second, first, last], [first, second], [first, last], [last], [first, second, last[:-1]]):
        with pytest.raises(SealBrokenError):
            opened(pieces)
    with pytest.raises(SealBrokenError):
        Opener(bytes(32)).piece(0, first, last=False)
