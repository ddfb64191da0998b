"""What a scenario is: steps before it, one request, and what must come of it (`mkondo trigger`).

Texts may hold `{names}` of what is known when they are sent: `{customer}` and `{reference}` are new for every run,
`{poor}` cannot pay, and steps keep outputs of earlier answers under names of their own. Read next: catalogue.py.
"""

import msgspec

Fields = dict[str, str]


class Call(msgspec.Struct, frozen=True):
    """An earlier request, which must succeed. `keep` puts outputs of its answer under names: `voucher=VoucherCode`."""

    operation: str
    fields: Fields = {}
    keep: dict[str, str] = {}


class Handset(msgspec.Struct, frozen=True):
    """The customer's test handset behaves so when it is asked (domain/handset.py)."""

    behaviour: str


class Locked(msgspec.Struct, frozen=True):
    """The customer's account is locked."""


class Advance(msgspec.Struct, frozen=True):
    """The sandbox's clock moves on by so many seconds, and a new session is opened."""

    seconds: int


Step = Call | Handset | Locked | Advance


class Expected(msgspec.Struct, frozen=True):
    """What is answered and, for an asynchronous request, pushed: HTTP status and reason code. `word`: what a status
    query says afterwards, empty where nothing can be asked about."""

    status: int
    code: str
    word: str = ""


class Scenario(msgspec.Struct, frozen=True):
    """One line of the catalogue. `names` are what it may be called by, the first is its own.

    `pushed` False: it can't be asked asynchronously. `while_waiting`: happens while the customer's handset shows
    the payment, so one that waits (`ask` or `ignore`) was registered before.
    """

    names: tuple[str, ...]
    says: str
    operation: str
    expected: Expected
    fields: Fields = {}
    before: tuple[Step, ...] = ()
    while_waiting: tuple[Advance, ...] = ()
    pushed: bool = True

    @property
    def name(self) -> str:
        return self.names[0]

    @property
    def moves_clock(self) -> bool:
        """Whether others must not run beside it."""
        return bool(self.while_waiting) or any(isinstance(step, Advance) for step in self.before)
