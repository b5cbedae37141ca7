"""The Merkle tree of RFC 9162, section 2.1: roots, inclusion proofs and consistency proofs, over a store of nodes."""

from collections.abc import Callable, Sequence
from hashlib import sha256

Node = Callable[[int, int], bytes]
"""Hash of a whole subtree by its level (0: leaves) and its place in the level. It covers 2**level leaves."""

EMPTY = sha256(b"").digest()


def leaf_hash(data: bytes) -> bytes:
    """Hash of a leaf."""
    return sha256(b"\x00" + data).digest()


def pair_hash(left: bytes, right: bytes) -> bytes:
    """Hash of two subtrees."""
    return sha256(b"\x01" + left + right).digest()


def completed(place: int) -> int:
    """How many levels above the leaf at a place are whole once it is there."""
    return ((place + 1) & -(place + 1)).bit_length() - 1


def root(node: Node, size: int) -> bytes:
    """The root of the first `size` leaves."""
    return _hash(node, 0, size) if size else EMPTY


def inclusion(node: Node, place: int, size: int) -> list[bytes]:
    """The proof that a leaf is among the first `size` (2.1.3.1). Raises `ValueError` where it is not."""
    if not 0 <= place < size:
        raise ValueError("no such leaf in a tree of this size")
    return _path(node, place, 0, size)


def included(leaf: bytes, place: int, size: int, proof: Sequence[bytes]) -> bytes | None:
    """The root that a leaf's hash and its inclusion proof lead to (2.1.3.2); None where the proof cannot be one."""
    if not 0 <= place < size:
        return None
    last, found = size - 1, leaf
    for part in proof:
        if last == 0:
            return None
        if place & 1 or place == last:
            found = pair_hash(part, found)
            while place and not place & 1:
                place, last = place >> 1, last >> 1
        else:
            found = pair_hash(found, part)
        place, last = place >> 1, last >> 1
    return found if last == 0 else None


def consistency(node: Node, old: int, size: int) -> list[bytes]:
    """The proof that the first `size` leaves begin with the first `old` (2.1.4.1). Raises `ValueError`."""
    if not 0 < old <= size:
        raise ValueError("no such older tree")
    return [] if old == size else _old(node, old, 0, size, whole=True)


def consistent(old: int, old_root: bytes, size: int, new_root: bytes, proof: Sequence[bytes]) -> bool:
    """Does a consistency proof hold (2.1.4.2)?"""
    if old == size:
        return old_root == new_root and not proof
    parts = [old_root, *proof] if old & (old - 1) == 0 else list(proof)
    if not parts:
        return False
    place, last = old - 1, size - 1
    while place & 1:
        place, last = place >> 1, last >> 1
    first = second = parts[0]
    for part in parts[1:]:
        if last == 0:
            return False
        if place & 1 or place == last:
            first, second = pair_hash(part, first), pair_hash(part, second)
            while place and not place & 1:
                place, last = place >> 1, last >> 1
        else:
            second = pair_hash(second, part)
        place, last = place >> 1, last >> 1
    return last == 0 and (first, second) == (old_root, new_root)


def _split(size: int) -> int:
    """The largest power of two below a size of at least 2."""
    return 1 << (size - 1).bit_length() - 1


def _hash(node: Node, start: int, size: int) -> bytes:
    """The hash of `size` leaves from `start`, which is a multiple of the subtree's width wherever this is called."""
    if size & (size - 1) == 0:
        return node(size.bit_length() - 1, start // size)
    left = _split(size)
    return pair_hash(_hash(node, start, left), _hash(node, start + left, size - left))


def _path(node: Node, place: int, start: int, size: int) -> list[bytes]:
    if size == 1:
        return []
    left = _split(size)
    if place < left:
        return [*_path(node, place, start, left), _hash(node, start + left, size - left)]
    return [*_path(node, place - left, start + left, size - left), _hash(node, start, left)]


def _old(node: Node, old: int, start: int, size: int, *, whole: bool) -> list[bytes]:
    """SUBPROOF of the RFC: `whole` while the older tree's own root is known to who checks."""
    if old == size:
        return [] if whole else [_hash(node, start, size)]
    left = _split(size)
    if old <= left:
        return [*_old(node, old, start, left, whole=whole), _hash(node, start + left, size - left)]
    return [*_old(node, old - left, start + left, size - left, whole=False), _hash(node, start, left)]
