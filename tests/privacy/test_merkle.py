"""The Merkle tree, compared with an independent implementation at every size."""

import pytest
from pymerkle import InmemoryTree

from privacy import merkle
from privacy.merkle import EMPTY, consistency, consistent, inclusion, leaf_hash, pair_hash, root

LARGEST = 40


def nodes(leaves: list[bytes]) -> merkle.Node:
    """Whole subtrees of a list of leaves."""
    levels = [[leaf_hash(leaf) for leaf in leaves]]
    while len(levels[-1]) > 1:
        row = levels[-1]
        levels.append([pair_hash(*pair) for pair in zip(row[::2], row[1::2], strict=False)])
    return lambda level, place: levels[level][place]


LEAVES = [bytes([number]) * (number % 5) for number in range(LARGEST)]
NODE = nodes(LEAVES)


@pytest.fixture(scope="module")
def tree() -> InmemoryTree:
    made = InmemoryTree(algorithm="sha256")
    for leaf in LEAVES:
        made.append_entry(leaf)
    return made


def test_roots_and_inclusion_proofs_are_those_of_an_independent_program(tree: InmemoryTree) -> None:
    assert root(NODE, 0) == EMPTY
    for size in range(1, LARGEST + 1):
        assert root(NODE, size) == tree.get_root(size)
        for place in range(size):
            path = tree.prove_inclusion(place + 1, size).serialize()["path"]
            assert [part.hex() for part in inclusion(NODE, place, size)] == path[1:]


def test_consistency_proofs_hold_between_any_two_sizes_and_for_nothing_else(tree: InmemoryTree) -> None:
    for size in range(1, LARGEST + 1):
        for old in range(1, size + 1):
            proof = consistency(NODE, old, size)
            roots = tree.get_root(old), tree.get_root(size)
            assert consistent(old, roots[0], size, roots[1], proof)
            assert not consistent(old, bytes(32), size, roots[1], proof)
            assert not consistent(old, roots[0], size, bytes(32), proof)
            assert not consistent(old, roots[0], size, roots[1], [*proof, bytes(32)])
            for number in range(len(proof)):
                wrong = [*proof[:number], bytes(32), *proof[number + 1 :]]
                assert not consistent(old, roots[0], size, roots[1], wrong)
                assert not consistent(old, roots[0], size, roots[1], proof[:number])


def test_the_consistency_proof_of_the_example_in_the_rfc() -> None:
    """RFC 9162, 2.1.5: the tree of seven leaves and its older ones of 3, 4 and 6."""
    a, b, c, d = (NODE(0, place) for place in range(4))
    g, i, j, k, l = NODE(1, 0), NODE(1, 2), NODE(0, 6), NODE(2, 0), pair_hash(NODE(1, 2), NODE(0, 6))  # noqa: E741 - as in the RFC
    assert consistency(NODE, 3, 7) == [c, d, g, l]
    assert consistency(NODE, 4, 7) == [l]
    assert consistency(NODE, 6, 7) == [i, j, k]
    assert inclusion(NODE, 0, 7) == [b, NODE(1, 1), l]
    assert a == leaf_hash(LEAVES[0])


def test_there_is_no_proof_of_what_is_not_there() -> None:
    for place, size in ((0, 0), (3, 3), (-1, 3)):
        with pytest.raises(ValueError, match="no such leaf"):
            inclusion(NODE, place, size)
    for old, size in ((0, 3), (4, 3)):
        with pytest.raises(ValueError, match="no such older"):
            consistency(NODE, old, size)
    assert not consistent(3, NODE(0, 0), 7, NODE(0, 1), [])
