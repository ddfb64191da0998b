"""What a person with a pencil knows of payments, what was given back of them, and what stands in each account.

Written without the deciders' help: no function of theirs is called, windows are counted in days by hand. Read next:
tests/unit/domain/test_reversals_oracle.py, which lets both live through the same.
"""

from dataclasses import dataclass, field

DAY = 86_400_000
WINDOW_DAYS = {"c2b_single_stage": 30, "c2b_multi_stage": 30, "b2c_payment": 30, "b2b_payment": 30}
WINDOW_DAYS["direct_debit_payment"] = 56

ADMITTED = "admitted"


@dataclass
class Paid:
    """A payment as its merchant would remember it. `done_at` None: it has not completed."""

    product: str
    minor: int
    giver: str
    taker: str
    asked_at: int
    done_at: int | None = None
    given_back: int = 0
    on_its_way: int = 0

    @property
    def remains(self) -> int:
        return self.minor - self.given_back - self.on_its_way


@dataclass
class Back:
    """A reversal that somebody asked for. 0: all that remains. `looks_done`: so it was when it was asked for."""

    of: str
    minor: int
    deadline: int
    looks_done: bool
    mine: bool = True
    endings: list[str] = field(default_factory=list)
    """The codes it was answered with."""


@dataclass
class Pencil:
    """The whole page."""

    paid: dict[str, Paid] = field(default_factory=dict)
    backs: dict[str, Back] = field(default_factory=dict)
    balances: dict[str, int] = field(default_factory=dict)
    held: dict[str, int] = field(default_factory=dict)

    def left(self, account: str) -> int:
        return self.balances[account] - self.held.get(account, 0)

    def judge(self, back: Back, now: int) -> tuple[str, int]:
        """What the owner of the reversals has to say of one that comes in now, and how much it sets aside."""
        paid = self.paid[back.of]
        if now >= back.deadline:
            return "INS-9", 0
        if not back.mine:
            return "INS-35", 0
        if not back.looks_done or paid.done_at is None or paid.product not in WINDOW_DAYS:
            return "INS-6", 0
        if now >= paid.done_at + WINDOW_DAYS[paid.product] * DAY or paid.remains == 0:
            return "INS-6", 0
        if back.minor > paid.remains:
            return "INS-15", 0
        return ADMITTED, back.minor or paid.remains

    def move(self, giver: str, minor: int, now: int, deadline: int) -> str:
        """Take it from the giver's account. The taker has it when the credit arrives."""
        if now >= deadline:
            return "INS-9"
        if self.left(giver) < minor:
            return "INS-2006"
        self.balances[giver] -= minor
        return "INS-0"
