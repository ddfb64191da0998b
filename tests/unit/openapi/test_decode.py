"""Bodies and query strings become parameters, and nothing that arrives makes the reader raise."""

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from mkondo.openapi.decode import DEPTH_MAX, decode_body, decode_query


@pytest.mark.parametrize(
    ("raw", "text"),
    [(b"10.0", "10.0"), (b"10.00", "10.00"), (b"5000", "5000"), (b"1e9", "1e9"), (b"1E400", "1E400"), (b"-1", "-1"),
     (b"9" * 40, "9" * 40), (b"0.1", "0.1")],
)  # fmt: skip
def test_a_number_keeps_its_text(raw: bytes, text: str) -> None:
    values = decode_body(b'{"input_Amount":' + raw + b"}")
    assert values is not None and str(values["input_Amount"]) == text


@pytest.mark.parametrize(
    "raw",
    [b"", b" ", b"null", b"[]", b"[{}]", b'"text"', b"7", b"{", b"{}{}", b"{'a':1}", b'{"a":NaN}', b'{"a":Infinity}',
     b'{"a":01}', b'{"a":.5}', b'{"a":"\xff"}', b'{"\xff":1}', b'{"a":"\xed\xa0\x80"}', b'{"a":"\\ud800"}',
     b"\xef\xbb\xbf{}", b'{"a":"\x00"}', b"a=1&b=2", b"[" * 60_000, b'{"a":' * 10_000],
)  # fmt: skip
def test_what_is_not_one_json_object_is_refused(raw: bytes) -> None:
    assert decode_body(raw) is None


@pytest.mark.parametrize(
    "raw",
    [b'{"a":"1","a":"2"}', b'{"a":1,"a":1}', b'{"a":"1", "b":2 ,"a":null}', b'{"a":1.5,"a":2.5}',
     b'{"a":"\\"","a":1}', b'{"a":[],"a":{}}', b'{"a":{"b":1},"a":1}', b'{"a":1,"\\u0061":2}'],
)  # fmt: skip
def test_a_repeated_name_is_refused(raw: bytes) -> None:
    assert decode_body(raw) is None


@pytest.mark.parametrize(
    "raw",
    [b"{}", b'{"a":"x:{,}\\"[]"}', b'{"a":{"b":1},"b":2}', b'{"a":[{"b":1},{"b":2}]}', b' {"a" : 1.5 , "b":true}\n',
     b'{"a":"\\\\","b":"\\\\\\""}', b'{"a":"caf\xc3\xa9"}'],
)  # fmt: skip
def test_names_inside_strings_and_nested_objects_are_not_repeats(raw: bytes) -> None:
    assert decode_body(raw) is not None


def test_nesting_is_bounded() -> None:
    def nested(levels: int) -> bytes:
        return b'{"a":' + b"[" * levels + b"]" * levels + b"}"

    assert decode_body(nested(DEPTH_MAX - 1)) is not None
    assert decode_body(nested(DEPTH_MAX)) is None


@given(st.binary(max_size=300))
def test_no_bytes_make_a_body_raise(raw: bytes) -> None:
    decode_body(raw)


_json = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=8,
)


@given(st.dictionaries(st.text(max_size=8), _json, max_size=6))
def test_every_json_object_without_repeats_is_read(values: dict[str, object]) -> None:
    try:
        raw = msgspec.json.encode(values)
    except UnicodeEncodeError:  # a lone surrogate has no bytes
        return
    decoded = decode_body(raw)
    assert decoded is not None and decoded.keys() == values.keys()


@given(st.dictionaries(st.text(st.characters(codec="utf-8"), max_size=8), st.text(st.characters(codec="utf-8"))))
def test_a_name_sent_twice_is_found_whatever_the_strings_hold(values: dict[str, str]) -> None:
    members = [msgspec.json.encode(name) + b":" + msgspec.json.encode(text) for name, text in values.items()]
    assert decode_body(b"{" + b",".join(members) + b"}") == values
    if members:
        assert decode_body(b"{" + b",".join([*members, members[0]]) + b"}") is None


def test_a_query_string_is_decoded() -> None:
    assert decode_query(b"a=1&b=x+y%2C&c=&d") == {"a": "1", "b": "x y,", "c": "", "d": ""}
    assert decode_query(b"") == {}


@pytest.mark.parametrize("raw", [b"a=1&a=2", b"a=%ff", b"a=\xff", b"&".join(b"a%d=1" % n for n in range(101))])
def test_a_query_string_that_has_two_readings_or_none_is_refused(raw: bytes) -> None:
    assert decode_query(raw) is None


@given(st.binary(max_size=200))
def test_no_bytes_make_a_query_raise(raw: bytes) -> None:
    decode_query(raw)
