"""Checks a request's parameters by the operations table: the fields a command is made of, or the first refusal.

Pure. The order is contract section 5's: something missing (INS-20), each field's own code in the order of codes, then
INS-21. The tolerances are section 10's (1, 3, 4); where the sandbox and live differ, section 12 decides.
Read next: render.py.
"""

import re
from collections.abc import Callable, Mapping

import msgspec

from mkondo.domain.environments import LIVE
from mkondo.domain.markets import Market
from mkondo.domain.money import parse_amount
from mkondo.openapi import terms
from mkondo.openapi.addresses import is_address
from mkondo.openapi.decode import Literal, decode_body, decode_query
from mkondo.openapi.fields import CONVERSATION, Field, Kind
from mkondo.openapi.operations import Operation
from mkondo.openapi.profiles import PROFILES

__all__ = ["Fields", "Refusal", "decode_body", "decode_query", "parse", "third_party_conversation_id"]

ECHO_MAX = 256
"""A ThirdPartyConversationID that fits no grammar is still echoed, up to this many characters."""

_UNFIT = "\0"
"""Stands for an object or array where text belongs: no grammar accepts it, so the field's own code is answered."""

_CODE_ORDER = (
    "INS-13", "INS-14", "INS-15", "INS-17", "INS-18", "INS-19", "INS-24", "INS-25", "INS-26", "INS-28", "INS-30",
    "INS-31", "INS-32", "INS-36", "INS-39", "INS-40", "INS-41", "INS-42", "INS-43", "INS-51",
    "INS-54", "INS-56", "INS-2051", "INS-21",
)  # fmt: skip

_FLAGS = {"true": "True", "false": "False"}


class Refusal(msgspec.Struct, frozen=True):
    """Why the request can't be a command: a reason code and its text for this operation."""

    code: str
    text: str


class Fields(dict[str, str]):
    """The checked parameters: canonical wire name to text. `get` for those that may be absent.

    `amount_minor` is input_Amount (for a reversal input_ReversalAmount) in minor units, 0 where there is none.
    """

    __slots__ = ("amount_minor",)

    def __init__(self, texts: Mapping[str, str], amount_minor: int = 0) -> None:
        super().__init__(texts)
        self.amount_minor = amount_minor


Check = Callable[[str, Market, str], bool]
"""(text that fits its grammar, market, environment) -> whether it fits them too."""

Together = Callable[[str, Mapping[str, str]], bool]
"""(text, all fields) -> whether it fits the others."""


def _amount(text: str, market: Market, _: str) -> bool:
    return bool(parse_amount(text, market.decimals))


def _balance(text: str, market: Market, _: str) -> bool:
    return parse_amount(text, market.decimals) is not None


def _msisdn(text: str, market: Market, environment: str) -> bool:
    if not market.msisdn_length_min <= len(text) <= market.msisdn_length_max:
        return False
    return environment != LIVE or text.startswith(market.msisdn_prefix)


def _country(text: str, market: Market, _: str) -> bool:
    return text == market.country


def _currency(text: str, market: Market, _: str) -> bool:
    return text == market.currency


def _address(text: str, _: Market, environment: str) -> bool:
    return is_address(text, environment)


_CHECKS: dict[Kind, Check] = {
    Kind.AMOUNT: _amount,
    Kind.BALANCE: _balance,
    Kind.MSISDN: _msisdn,
    Kind.COUNTRY: _country,
    Kind.CURRENCY: _currency,
    Kind.ADDRESS: _address,
}
_TOGETHER: dict[Kind, Together] = {
    Kind.FIRST_DATE: terms.first_date_fits,
    Kind.START_DAY: terms.start_day_fits,
    Kind.END_DAY: terms.end_day_fits,
    Kind.EXPIRY_DATE: terms.expiry_date_fits,
}


def _two_digits(text: str) -> str:
    return f"0{text}" if len(text) == 1 else text


_TIDY: dict[Kind, Callable[[str], str]] = {
    Kind.FLAG: lambda text: _FLAGS.get(text, text),
    **dict.fromkeys((Kind.DIGITS, Kind.START_DAY, Kind.END_DAY), _two_digits),
}


class _Step(msgspec.Struct, frozen=True):
    """One field of an operation, ready to be read and checked."""

    field: Field
    name: str
    other_names: tuple[str, ...]
    tidy: Callable[[str], str] | None
    fits: Callable[[str], object]
    fits_test: Callable[[str], object] | None
    fits_test_only: Callable[[str], object] | None
    check: Check | None
    together: Together | None


class _Plan(msgspec.Struct, frozen=True):
    """An operation's fields twice: in reading order, and in the order in which their codes are answered."""

    reading: tuple[_Step, ...]
    checking: tuple[_Step, ...]


def _step(field: Field, lenient: bool) -> _Step:
    spellings = (field.name, *field.aliases)
    # one client sends the tags of its structs along: `input_Amount,omitempty` (section 10.1)
    others = (*field.aliases, *(f"{name},omitempty" for name in spellings))
    grammar = field.lenient if lenient and field.lenient else field.grammar
    return _Step(
        field=field,
        name=field.name,
        other_names=others,
        tidy=_TIDY.get(field.kind),
        fits=re.compile(grammar, re.ASCII).fullmatch,
        fits_test=_matcher(field.test_grammar),
        fits_test_only=_matcher(field.test_only),
        check=_CHECKS.get(field.kind),
        together=_TOGETHER.get(field.kind),
    )


def _matcher(grammar: str) -> Callable[[str], object] | None:
    return re.compile(grammar, re.ASCII).fullmatch if grammar else None


def _plan(operation: Operation, lenient: bool) -> _Plan:
    reading = tuple(_step(field, lenient) for field in operation.fields)
    return _Plan(reading, tuple(sorted(reading, key=lambda step: _CODE_ORDER.index(step.field.code))))


_PLANS = {
    (profile, name, lenient): _plan(operation, lenient)
    for profile, operations in PROFILES.items()
    for name, operation in operations.items()
    for lenient in (True, False)
}


def parse(
    operation: Operation, values: Mapping[str, object], market: Market, environment: str, *, lenient: bool = True
) -> Fields | Refusal:
    """The operation's fields out of a decoded body or query. Unknown parameters are ignored (section 10.3).

    `lenient` is the application's switch `lenient_fields`: where it is off, only the documented grammar passes.
    """
    plan = _PLANS[operation.profile, operation.name, lenient]
    texts: dict[str, str] = {}
    for step in plan.reading:
        text = _read(values, step)
        if text:
            texts[step.name] = text
        elif step.field.mandatory:
            return _refuse("INS-20", operation)
    lacking = _lacking(operation, texts)
    if lacking:
        return _refuse(lacking, operation)
    for step in plan.checking:
        text = texts.get(step.name)
        if text and not (_fits(step, text, market, environment) and _fits_others(step, text, texts)):
            return _refuse(step.field.code, operation)
    amount = texts.get("input_Amount") or texts.get("input_ReversalAmount")
    return Fields(texts, (amount and parse_amount(amount, market.decimals)) or 0)


def _read(values: Mapping[str, object], step: _Step) -> str | None:
    """The field's text under any of its names, or None: absent, null and empty are the same (section 10.1)."""
    text = _text(values.get(step.name))
    if not text:
        for name in step.other_names:
            if name in values and (text := _text(values[name])):
                break
        else:
            return None
    return step.tidy(text) if step.tidy else text


def _text(value: object) -> str:
    """A JSON value as the text the client wrote; empty for nothing."""
    if type(value) is str:
        return value
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int):
        return str(value)
    if isinstance(value, Literal) and "e" not in value.lower():  # 1e22 looks like a shortcode, and is a number
        return str(value)
    return "" if value is None else _UNFIT


def _lacking(operation: Operation, texts: Mapping[str, str]) -> str | None:
    """The code of a condition between fields that is not met."""
    either = operation.either
    if either and not any(name in texts for name in either.names):
        return either.code
    for field in operation.fields:
        if field.needed_with and field.name not in texts and texts.get(field.needed_with[0]) == field.needed_with[1]:
            return field.needed_with[2]
    return None


def _fits(step: _Step, text: str, market: Market, environment: str) -> bool:
    if environment != LIVE:
        if step.fits_test and step.fits_test(text):
            return True
        if step.fits_test_only and not step.fits_test_only(text):
            return False
    return bool(step.fits(text)) and (step.check is None or step.check(text, market, environment))


def _fits_others(step: _Step, text: str, texts: Mapping[str, str]) -> bool:
    return step.together is None or step.together(text, texts)


def _refuse(code: str, operation: Operation) -> Refusal:
    return Refusal(code, operation.codes.text_of(operation.codes.name_of(code), operation.name))


def third_party_conversation_id(values: Mapping[str, object] | None, id_field: str = CONVERSATION.name) -> str | None:
    """What an answer echoes of a request that may be refused: the id as written if it can be read at all."""
    text = _read(values, _IDS[id_field]) if values else None
    return text if text and text != _UNFIT and len(text) <= ECHO_MAX else None


_IDS = {
    field.name: _step(field, lenient=True)
    for operations in PROFILES.values()
    for operation in operations.values()
    for field in (CONVERSATION, *operation.fields)
    if field.name == operation.id_field
}
