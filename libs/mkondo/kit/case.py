"""A conformance case as data: what is sent, what must come back, where the contract says so, and what it takes to try.

Nothing here does anything. A text may hold `<words>` that are filled in when the case runs (fill.py): `<customer>`,
`<id>` or an earlier step's `<paid.output_TransactionID>`. Read next: phrases.py, then cases/.
"""

from collections.abc import Mapping
from enum import Enum

import msgspec


class Grade(Enum):
    """How well the contract knows what a case demands."""

    DOCUMENTED = "D"
    CAPTURED = "C"
    SOURCE = "S"
    VERIFIED = "V"
    REPORTED = "P"
    RULING = "I"


class Need(Enum):
    """What a target must have for a case to mean anything. Where it lacks it, the case is not applicable."""

    TEST_VALUES = "the sandbox with its test shortcode 000000, whose test values force outcomes"
    COMPATIBLE = "an API key of an application with the compatibility switches on"
    STRICT = "an API key of an application with every compatibility switch off"
    TWO_APPLICATIONS = "API keys of two applications"
    LIVE = "credentials of a live application"
    POOR_CUSTOMER = "the number of a customer who owns less than 100.00"
    MANAGEMENT = "a token of the management API, to change the application for a while"
    LESOTHO = "an application that may use vodacomLES"


class Caller(Enum):
    """Whose session a call shows."""

    FIRST = "the application"
    STRICT = "the strict application"
    LIVE = "the live application"


class Bearer(Enum):
    """What the Authorization header holds."""

    SESSION = "the session, encrypted once"
    FRESH = "the session, encrypted anew"
    OWN = "a session that only this case uses"
    NEXT = "the session that this case opens after that"
    API_KEY = "the API key, encrypted"
    RAW_SESSION = "the session as it is"
    UNKNOWN = "an unknown secret, encrypted"
    GARBAGE = "no base64"
    ABSENT = "no such header"
    BASIC = "another scheme"


class Absent(Enum):
    """The value of a field that is left out."""

    ABSENT = "absent"


ABSENT = Absent.ABSENT

Fields = Mapping[str, object]


class Call(msgspec.Struct, frozen=True):
    """One request. `fields` change a valid request of the operation; everything empty is as the operation wants it.

    `body` and `query` take the place of the usual ones; in them `<members>` are the fields as JSON members, `<query>`
    the fields as a query string. `path` is everything after the address; `<root>` stands for environment and market.
    A header of None is left out.
    """

    operation: str
    fields: Fields = {}
    caller: Caller = Caller.FIRST
    bearer: Bearer = Bearer.SESSION
    market: str = ""
    method: str = ""
    path: str = ""
    body: str | None = None
    query: str | None = None
    headers: Mapping[str, str | None] = {}
    compressed: bool = False


class Step(msgspec.Struct, frozen=True):
    """A call made before, whose fields and answer the later ones may name. `status` is what it must answer.

    `patient`: it is made anew, for a while, until it answers so."""

    name: str
    call: Call
    status: int
    patient: bool = False


class Answer(msgspec.Struct, frozen=True):
    """What must come back. No `keys`: no body. `values` are exact, JSON type included; `patterns` match in full.

    `framing`: all headers of contract section 1 and a body without a space, as captured.
    """

    status: int
    code: str = ""
    text: str = ""
    keys: tuple[str, ...] = ()
    values: Mapping[str, str | bool] = {}
    patterns: Mapping[str, str] = {}
    headers: Mapping[str, str] = {}
    framing: bool = False

    def framed(self) -> "Answer":
        """The same answer, with its framing looked at."""
        return msgspec.structs.replace(self, framing=True)


class Pushed(msgspec.Struct, frozen=True):
    """The result that must be pushed after an acceptance: its keys in their order, and the exact ones among its values.
    The ids in it are the acceptance's."""

    keys: tuple[str, ...]
    values: Mapping[str, str]


class Setting(msgspec.Struct, frozen=True):
    """How the application is configured while some cases run: a request to the management API. They run last, and
    those of one setting together. `<receiver>` is the address where the kit takes pushed results, `<closed>` a usage
    time that does not hold the present minute, `<open>` one that does."""

    name: str
    change: Mapping[str, object]


class Case(msgspec.Struct, frozen=True):
    """One row of the kit. `id` never changes its meaning; `section` is the contract's."""

    id: str
    title: str
    section: str
    grade: Grade
    call: Call
    answer: Answer
    steps: tuple[Step, ...] = ()
    needs: frozenset[Need] = frozenset()
    setting: Setting | None = None
    pushed: Pushed | None = None

    @property
    def operation(self) -> str:
        return self.call.operation
