"""A cursor holds a place in every source, and is refused where it does not belong."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mkondo.contracts.cursor import BadCursor, decode_cursor, encode_cursor
from mkondo.contracts.journal import partitions_of
from mkondo.topology import DECIDERS

SOURCES = [str(partition) for partition in partitions_of(*DECIDERS)]
POSITIONS = st.dictionaries(st.sampled_from(SOURCES), st.integers(0, 2**53))


@given(POSITIONS)
def test_a_place_comes_back_as_it_went(positions: dict[str, int]) -> None:
    found = decode_cursor("sandbox", encode_cursor("sandbox", positions))
    assert {source: found.get(source, 0) for source in SOURCES} == {
        source: positions.get(source, 0) for source in SOURCES
    }


def test_it_fits_into_an_address() -> None:
    cursor = encode_cursor("sandbox", dict.fromkeys(SOURCES, 10**9))
    assert len(cursor) < 800 and cursor.replace("-", "a").replace("_", "a").isalnum()


def test_one_of_another_environment_is_refused() -> None:
    with pytest.raises(BadCursor, match="one of 'openapi', not of 'sandbox'"):
        decode_cursor("sandbox", encode_cursor("openapi", {"ledger/3": 1}))


@pytest.mark.parametrize("text", ["x", "é", "AAAA", "e30", "\0", "ledger/3", "=" * 5])
def test_what_is_no_cursor_is_refused(text: str) -> None:
    with pytest.raises(BadCursor, match="no cursor"):
        decode_cursor("sandbox", text)


@given(st.text(max_size=200))
def test_any_text_is_a_cursor_or_refused(text: str) -> None:
    try:
        decode_cursor("sandbox", text)
    except BadCursor:
        return


def test_one_that_was_tampered_with_is_refused() -> None:
    for word in (
        '{"environment":"sandbox","positions":{"ledger":[1]}}',
        '{"environment":"sandbox","positions":{"ledger":[-1,0,0,0,0,0,0,0]}}',
    ):
        from base64 import urlsafe_b64encode

        with pytest.raises(BadCursor):
            decode_cursor("sandbox", urlsafe_b64encode(word.encode()).decode())
