"""Journal rows: partitions by name, and a seal that no field of any row escapes."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from mkondo.contracts.journal import JournalRow, Partition, Route, parse_partition, seal
from mkondo.domain.ids import Instant

ROW = JournalRow("ledger/3", 7, Instant(1_000), "HoldPlaced", 1, "key", b"{}", (Route("ledger/1", 5),))


def test_a_partition_is_read_as_it_is_written() -> None:
    assert parse_partition(str(Partition("ledger", 3))) == Partition("ledger", 3)
    with pytest.raises(ValueError, match="invalid literal"):
        parse_partition("ledger")


def test_partitions_are_keys_and_sort_by_decider_and_number() -> None:
    both = {Partition("ledger", 1): "a", Partition("admission", 2): "b"}
    assert both[Partition("ledger", 1)] == "a"
    assert sorted(both) == [Partition("admission", 2), Partition("ledger", 1)]


def test_a_seal_is_the_same_for_the_same_rows() -> None:
    assert seal(b"head", [ROW]) == seal(b"head", [replace(ROW)])
    assert len(seal(b"", [ROW])) == 32


@pytest.mark.parametrize(
    "changed",
    [
        replace(ROW, source="ledger/4"),
        replace(ROW, sequence=8),
        replace(ROW, time=Instant(1_001)),
        replace(ROW, type="HoldReleased"),
        replace(ROW, version=2),
        replace(ROW, key="kez"),
        replace(ROW, data=b"[]"),
        replace(ROW, routes=()),
        replace(ROW, routes=(Route("ledger/1", 6),)),
        replace(ROW, routes=(Route("ledger/2", 5),)),
    ],
)
def test_changing_any_field_breaks_the_seal(changed: JournalRow) -> None:
    assert seal(b"", [changed]) != seal(b"", [ROW])


def test_a_seal_stands_on_the_head_before_it_and_on_the_order_of_its_rows() -> None:
    other = replace(ROW, sequence=8)
    assert seal(b"head", [ROW]) != seal(b"", [ROW])
    assert seal(b"", [ROW, other]) != seal(b"", [other, ROW])
    assert seal(b"", [ROW]) != seal(b"", [ROW, other])


@given(st.text(max_size=8), st.binary(max_size=8), st.text(max_size=8), st.binary(max_size=8))
def test_a_key_and_its_data_can_not_trade_bytes(key: str, data: bytes, other_key: str, other_data: bytes) -> None:
    """Lengths are in the frame, so what stands where is sealed too."""
    one, two = replace(ROW, key=key, data=data), replace(ROW, key=other_key, data=other_data)
    assert (seal(b"", [one]) == seal(b"", [two])) == ((key, data) == (other_key, other_data))


def test_the_seal_on_a_row_is_not_part_of_what_is_sealed() -> None:
    assert seal(b"", [replace(ROW, seal=b"x")]) == seal(b"", [ROW])
