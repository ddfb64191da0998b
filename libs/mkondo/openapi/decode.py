"""From the bytes of a request to its parameters, before anything is known of their grammar.

Pure, and never raises: what can't be read is None, which the edge answers with 400 INS-21 (contract section 12,
"Transport"). Numbers keep the text the client wrote, because `10.0` and `1e9` are not the same amount to us as they
are to a float. Read next: parse.py.
"""

import re
from collections.abc import Mapping
from urllib.parse import parse_qsl

import msgspec

DEPTH_MAX = 16
PARAMETERS_MAX = 100


class Literal(str):
    """The text of a JSON number with a fraction or exponent; a type of its own because it stood without quotes."""

    __slots__ = ()


_DECODER = msgspec.json.Decoder(dict[str, object], float_hook=Literal)
_STRING = re.compile(rb'"(?:[^"\\]++|\\.)*+"', re.DOTALL)
_STRUCTURE = re.compile(rb"[\[\]{}:]")


def decode_body(raw: bytes) -> dict[str, object] | None:
    """The members of a JSON object; fractions and exponents as text, whole numbers as int. None if it can't be read.

    A name that occurs twice is refused: two readers of such a body could see two different payments.
    """
    try:
        values = _DECODER.decode(raw)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return None
    return values if _obviously_sound(raw, values) or _sound(raw, values) else None


def _obviously_sound(raw: bytes, values: Mapping[str, object]) -> bool:
    """Flat, and no more quotes than its names and strings need; a repeated name would show as two more."""
    strings = len(values)
    for value in values.values():
        kind = type(value)
        if kind is str:
            strings += 1
        elif kind is dict or kind is list:
            return False
    return raw.count(b'"') == 2 * strings


def _sound(raw: bytes, values: Mapping[str, object]) -> bool:
    """The same by looking at the structure outside of strings: depth, and how many names the outer object has."""
    depth = names = 0
    for found in _STRUCTURE.finditer(_STRING.sub(b"", raw)):
        match found.group():
            case b"[" | b"{":
                depth += 1
                if depth > DEPTH_MAX:
                    return False
            case b"]" | b"}":
                depth -= 1
            case _:
                names += depth == 1
    return names == len(values)


def decode_query(raw: bytes) -> dict[str, str] | None:
    """The parameters of a query string, `+` and `%XX` decoded. None if it is not UTF-8 or repeats a name."""
    try:
        pairs = parse_qsl(raw.decode(), keep_blank_values=True, errors="strict", max_num_fields=PARAMETERS_MAX)
    except ValueError:  # UnicodeDecodeError is one
        return None
    values = dict(pairs)
    return values if len(values) == len(pairs) else None
