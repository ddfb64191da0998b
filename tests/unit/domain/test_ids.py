"""Partitions agree with Apache Kafka's own partitioner; a pinned key stays where it was pinned."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mkondo.domain.account import currency_of, funding, suspense, wallet
from mkondo.domain.ids import PARTITIONS, murmur2, partition_of, pinned


@pytest.mark.parametrize(
    ("text", "signed"),
    [
        ("21", -973932308),
        ("foobar", -790332482),
        ("a-little-bit-long-string", -985981536),
        ("a-little-bit-longer-string", -1486304829),
        ("lkjh234lh9fiuh90y23oiuhsafujhadof229phr9h19h89h8", -58897971),
        ("abc", 479470107),
    ],
)
def test_murmur2_gives_the_values_of_kafkas_own_tests(text: str, signed: int) -> None:
    assert murmur2(text.encode()) == signed & 0xFFFFFFFF


def test_murmur2_is_32_bits_for_every_length_of_tail() -> None:
    hashes = {murmur2(b"x" * length) for length in range(40)}
    assert len(hashes) == 40
    assert all(0 <= value < 1 << 32 for value in hashes)


def test_a_key_lives_where_kafkas_partitioner_would_put_it() -> None:
    assert partition_of("21") == (-973932308 & 0x7FFFFFFF) % PARTITIONS
    assert partition_of("abc") == 479470107 % PARTITIONS


@given(st.text())
def test_every_key_has_one_of_the_partitions(key: str) -> None:
    key = key.replace("#", "")
    assert 0 <= partition_of(key) < PARTITIONS


@given(st.text(), st.integers(0, PARTITIONS - 1))
def test_a_pinned_key_lives_where_it_was_pinned(name: str, partition: int) -> None:
    assert partition_of(pinned(name, partition)) == partition


@pytest.mark.parametrize("number", range(20))
def test_funding_and_suspense_live_beside_the_account_they_serve(number: int) -> None:
    account = wallet("app-1", f"2557440000{number:02d}", "TZS")
    for beside in (funding("vodacomTZN", "TZS", account), suspense("TZS", account)):
        assert partition_of(beside) == partition_of(account)
        assert currency_of(beside) == currency_of(account) == "TZS"


def test_keys_spread_over_all_partitions() -> None:
    counts = [0] * PARTITIONS
    for number in range(8_000):
        counts[partition_of(wallet("app-1", f"255{number:09d}", "TZS"))] += 1
    assert min(counts) > 800 and max(counts) < 1_200
