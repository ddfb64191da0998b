"""Merkle trees: the roots of RFC 9162, a path for every leaf, and nothing else that leads there."""

from hashlib import sha256

import pytest
from hypothesis import given
from hypothesis import strategies as some
from msgspec.structs import replace

from mkondo.contracts.merkle import climb, leaf, path, root

LEAVES = some.lists(some.binary(max_size=4), min_size=1, max_size=70).map(lambda all_: [leaf(one) for one in all_])


def by_definition(leaves: list[bytes]) -> bytes:
    """RFC 9162, section 2.1.1: split at the largest power of two that is smaller."""
    if len(leaves) == 1:
        return leaves[0]
    half = 1
    while half * 2 < len(leaves):
        half *= 2
    return sha256(b"\x01" + by_definition(leaves[:half]) + by_definition(leaves[half:])).digest()


@given(LEAVES)
def test_a_root_is_the_one_of_the_definition(leaves: list[bytes]) -> None:
    assert root(leaves) == by_definition(leaves)


@given(LEAVES, some.data())
def test_every_leaf_has_a_short_path_to_the_root(leaves: list[bytes], data: some.DataObject) -> None:
    place = data.draw(some.integers(0, len(leaves) - 1))
    steps = path(leaves, place)
    assert climb(leaves[place], steps) == root(leaves)
    assert len(steps) <= (len(leaves) - 1).bit_length()


@given(LEAVES, some.data())
def test_no_other_path_leads_there(leaves: list[bytes], data: some.DataObject) -> None:
    place = data.draw(some.integers(0, len(leaves) - 1))
    steps = list(path(leaves, place))
    for number, step in enumerate(steps):
        others = [replace(step, partner=leaf(step.partner))]
        if step.partner != climb(leaves[place], steps[:number]):  # Twins may change places.
            others.append(replace(step, is_left=not step.is_left))
        for other in others:
            assert climb(leaves[place], [*steps[:number], other, *steps[number + 1 :]]) != root(leaves)


@given(LEAVES, some.data())
def test_a_leaf_that_was_taken_out_added_or_moved_changes_the_root(leaves: list[bytes], data: some.DataObject) -> None:
    place = data.draw(some.integers(0, len(leaves) - 1))
    assert root([*leaves[:place], leaf(b"another"), *leaves[place:]]) != root(leaves)
    turned = [*leaves[:place], *reversed(leaves[place:])]
    assert (root(turned) == root(leaves)) == (turned == leaves)


def test_a_leaf_can_not_be_passed_off_as_a_node() -> None:
    one, two = leaf(b"one"), leaf(b"two")
    assert leaf(b"\x01" + one + two) != root([one, two])
    assert leaf(b"").hex() == "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d", "RFC 9162's own"


def test_nothing_has_neither_root_nor_path() -> None:
    with pytest.raises(ValueError, match="a leaf at least"):
        root([])
    for place in (-1, 1):
        with pytest.raises(IndexError):
            path([leaf(b"")], place)
