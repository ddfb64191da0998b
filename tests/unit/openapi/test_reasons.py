"""The codes that the program decides by are codes of the wire."""

from mkondo.domain import reasons
from mkondo.openapi.codes import CODES

NAMED = {name: code for name, code in vars(reasons).items() if name.isupper()}


def test_every_named_reason_stands_in_the_code_table() -> None:
    assert {name: code for name, code in NAMED.items() if code not in CODES} == {}


def test_no_code_has_two_names() -> None:
    assert len(NAMED) > 20
    assert len(set(NAMED.values())) == len(NAMED)
