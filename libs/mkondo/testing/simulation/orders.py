"""What clients will pay for in one run, drawn from the seed: applications, and payments in one step.

Customers are few and hot, amounts are large against their opening balance, references repeat, deadlines are short
enough for delays to pass them. Read next: stories.py for what takes several requests.
"""

from collections.abc import Mapping
from dataclasses import dataclass

from msgspec.structs import replace

from mkondo.domain.account import till, wallet
from mkondo.domain.application import Configuration, ProductScope, UsageTime
from mkondo.domain.approval import HANDSET, IMPLICIT
from mkondo.domain.faults import ANSWER_LOST, FAULTS, GATEWAY_TIMEOUT, NO_FAULTS, Faults
from mkondo.domain.handset import APPROVE, CANCEL, IGNORE, OFF, WRONG_PIN
from mkondo.domain.ids import AccountId, ApplicationId
from mkondo.domain.markets import MARKETS
from mkondo.domain.payment import Forced
from mkondo.testing.simulation.weather import Weather

APPLICATIONS = tuple(ApplicationId(name) for name in ("duka", "soko", "gari"))
MARKET, CURRENCY = "vodacomTZN", "TZS"
SHORTCODE = "000000"
OPENING = MARKETS[MARKET].opening_balance_minor
CEILING = OPENING // 2
HOT = tuple(f"2557000000{number:02d}" for number in range(5))
SCRIPTED = {
    f"2557111110{number:02d}": script for number, script in enumerate((APPROVE, WRONG_PIN, CANCEL, IGNORE, OFF))
}
"""Registered test handsets, and what they do by themselves."""
PAYMENTS = 125

C2B, TWO_STEP, B2C, B2B = "c2b_single_stage", "c2b_multi_stage", "b2c_payment", "b2b_payment"
REVERSE, COLLECT, UPDATE = "reversal", "direct_debit_payment", "update_transaction_status"
CREATE, CANCEL_MANDATE, FIND = "direct_debit_creation", "direct_debit_cancel", "query_direct_debit"
PRODUCTS = (C2B, TWO_STEP, B2C, B2B, REVERSE, COLLECT, UPDATE, CREATE, CANCEL_MANDATE, FIND)

LATE, NEVER = "late", "never"
"""What a customer may do beside what a handset's table says: answer when it is too late, or not at all."""
ANSWERED_BY_HAND = (*[APPROVE] * 3, WRONG_PIN, CANCEL, OFF, *[LATE] * 4, NEVER)


SHOPS_LIMITS = ProductScope(
    single_value={CURRENCY: CEILING}, daily_value={CURRENCY: OPENING + OPENING // 4}, daily_count=9
)
CUSTOMERS_LIMITS = ProductScope(
    single_value={CURRENCY: CEILING}, customer_daily_value={CURRENCY: CEILING}, customer_daily_count=3
)
ALL_LIMITS = ProductScope(
    daily_value={CURRENCY: OPENING}, daily_count=6, customer_daily_value={CURRENCY: CEILING}, customer_daily_count=4
)
FEW_REQUESTS = ProductScope(daily_count=5, customer_daily_count=2)
UNTIL_MIDNIGHT, FROM_MIDNIGHT = UsageTime(12 * 60, 0), UsageTime(0, 12 * 60)

LIMITED: dict[str, dict[str, ProductScope]] = {
    "duka": {
        C2B: SHOPS_LIMITS,
        TWO_STEP: ProductScope(daily_value={CURRENCY: OPENING // 4}),
        UPDATE: FEW_REQUESTS,
        COLLECT: ProductScope(daily_count=4),
    },
    "soko": {
        C2B: CUSTOMERS_LIMITS,
        TWO_STEP: replace(CUSTOMERS_LIMITS, daily_count=4),
        CREATE: FEW_REQUESTS,
        CANCEL_MANDATE: FEW_REQUESTS,
        COLLECT: ProductScope(customer_daily_count=2),
        B2C: ProductScope(asynchronous=True, customer_daily_count=1),
        FIND: ProductScope(asynchronous=True),
    },
    "gari": {
        C2B: ALL_LIMITS,
        B2C: ProductScope(usage_time=UNTIL_MIDNIGHT),
        B2B: ProductScope(daily_value={CURRENCY: CEILING}, usage_time=FROM_MIDNIGHT),
    },
}
"""Ceilings so low that every one is reached, each kind by some application's products. The rest has none, so that money
runs short, too. All applications but one have two kinds of requests that are counted."""


OFTEN = {ANSWER_LOST: (0, 0, 30, 100), GATEWAY_TIMEOUT: (0, 0, 30, 100)} | dict.fromkeys(FAULTS[2:], (0, 150, 400))
"""How many of a thousand requests a fault switch may be set to hit. Results that are pushed are few."""


def draw_faults(weather: Weather) -> Mapping[ApplicationId, Faults]:
    """What goes wrong on purpose, for each application."""
    chance = weather.random
    return {
        application: Faults(chance.getrandbits(31), **{fault: chance.choice(OFTEN[fault]) for fault in FAULTS})
        for application in APPLICATIONS
    }


def configuration(application: ApplicationId, faults: Faults = NO_FAULTS) -> Configuration:
    """Sessions of one application are short, so that some payments come too late for theirs. Another one is told later
    what has come of its payments to customers, and of its questions about mandates."""
    return Configuration(
        name=application,
        api_key_hash=f"hash-of-{application}",
        products=dict.fromkeys(PRODUCTS, ProductScope()) | LIMITED[application],
        session_lifetime_ms=9_000 if application == "gari" else 3_600_000,
        response_url="https://merchant.example/results",
        test_msisdns=SCRIPTED,
        faults=faults,
    )


@dataclass(frozen=True)
class Order:
    """One payment that somebody will try to make. `handset` says what the customer will do about it by hand."""

    at: float
    application: ApplicationId
    customer: str
    minor: int
    reference: str
    deadline_ms: int
    operation: str = C2B
    shortcode: str = "000000"
    opens_accounts: bool = True
    approval: str = IMPLICIT
    handset: str = ""
    forced: Forced | None = None

    @property
    def debited(self) -> AccountId:
        return self._customers if self.operation in (C2B, TWO_STEP) else self._shop

    @property
    def credited(self) -> AccountId:
        match self.operation:
            case "b2c_payment":
                return self._customers
            case "b2b_payment":
                return till(self.application, "111111", CURRENCY)
            case _:
                return self._shop

    @property
    def _customers(self) -> AccountId:
        return wallet(self.application, self.customer, CURRENCY)

    @property
    def _shop(self) -> AccountId:
        return till(self.application, self.shortcode, CURRENCY)


def orders(weather: Weather, span: float) -> list[Order]:
    chance = weather.random
    made: list[Order] = []
    for number in range(PAYMENTS):
        again = chance.random() < 0.08 and made
        reference = chance.choice(made).reference if again else f"ref-{number}"
        made.append(_order(weather, span * chance.random(), reference))
    return sorted(made, key=lambda order: order.at)


def _order(weather: Weather, at: float, reference: str) -> Order:
    chance = weather.random
    operation = chance.choices((C2B, B2C, B2B), (8, 1, 1))[0]
    handset = draw_handset(weather) if operation == C2B and chance.random() < 0.2 else ""
    stranger = chance.random() < 0.05
    return Order(
        at=at,
        application=chance.choice(APPLICATIONS),
        customer=_customer(weather),
        minor=_amount(weather),
        reference=reference,
        deadline_ms=chance.choice((300, 1_500, 4_000, 8_000)),
        operation=operation,
        shortcode="999999" if stranger else "000000",
        opens_accounts=not stranger,
        approval=HANDSET if handset else IMPLICIT,
        handset=handset,
        forced=Forced("INS-6", "Transaction Failed") if chance.random() < 0.03 else None,
    )


def draw_handset(weather: Weather) -> str:
    return weather.random.choice(ANSWERED_BY_HAND)


def _customer(weather: Weather) -> str:
    chance = weather.random
    kind = chance.random()
    if kind < 0.07:
        return chance.choice(tuple(SCRIPTED))
    return chance.choice(HOT) if kind < 0.6 else f"25571{chance.randrange(10**7):07d}"


def _amount(weather: Weather) -> int:
    chance = weather.random
    kind = chance.random()
    if kind < 0.03:
        return CEILING + chance.randrange(2)
    return chance.randrange(1, OPENING // 3) if kind < 0.5 else chance.randrange(1, 100_000)
