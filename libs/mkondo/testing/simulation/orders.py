"""What clients will ask for in one run, drawn from the seed: applications, payments, holds.

Customers are few and hot, amounts are large against their opening balance, references repeat, deadlines are short
enough for delays to pass them. Read next: clients.py.
"""

from dataclasses import dataclass

from mkondo.domain.account import till, wallet
from mkondo.domain.application import Configuration, ProductScope
from mkondo.domain.approval import HANDSET, IMPLICIT
from mkondo.domain.ids import AccountId, ApplicationId
from mkondo.domain.markets import MARKETS
from mkondo.domain.payment import Forced
from mkondo.testing.simulation.weather import Weather

APPLICATIONS = tuple(ApplicationId(name) for name in ("duka", "soko", "gari"))
OPERATION, MARKET, CURRENCY = "c2b_single_stage", "vodacomTZN", "TZS"
OPENING = MARKETS[MARKET].opening_balance_minor
CEILING = OPENING // 2
HOT = tuple(f"2557000000{number:02d}" for number in range(5))
PAYMENTS = 205


def configuration(application: ApplicationId) -> Configuration:
    """Sessions of one application are short, so that some payments come too late for theirs."""
    return Configuration(
        name=application,
        api_key_hash=f"hash-of-{application}",
        products={OPERATION: ProductScope(single_value={CURRENCY: CEILING} if application != "gari" else {})},
        session_lifetime_ms=9_000 if application == "gari" else 3_600_000,
    )


@dataclass(frozen=True)
class Order:
    """One payment that somebody will try to make. `handset` says what the customer will do about it."""

    at: float
    application: ApplicationId
    customer: str
    minor: int
    reference: str
    deadline_ms: int
    shortcode: str = "000000"
    opens_accounts: bool = True
    approval: str = IMPLICIT
    handset: str = ""
    forced: Forced | None = None

    @property
    def debited(self) -> AccountId:
        return wallet(self.application, self.customer, CURRENCY)

    @property
    def credited(self) -> AccountId:
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
    handset = chance.choice(("grant", "grant", "twice", "refuse", "late", "never")) if chance.random() < 0.2 else ""
    stranger = chance.random() < 0.05
    return Order(
        at=at,
        application=chance.choice(APPLICATIONS),
        customer=chance.choice(HOT) if chance.random() < 0.6 else f"25571{chance.randrange(10**7):07d}",
        minor=_amount(weather),
        reference=reference,
        deadline_ms=chance.choice((300, 1_500, 4_000, 8_000)),
        shortcode="999999" if stranger else "000000",
        opens_accounts=not stranger,
        approval=HANDSET if handset else IMPLICIT,
        handset=handset,
        forced=Forced("INS-6", "Transaction Failed") if chance.random() < 0.03 else None,
    )


def _amount(weather: Weather) -> int:
    chance = weather.random
    kind = chance.random()
    if kind < 0.03:
        return CEILING + chance.randrange(2)
    return chance.randrange(1, OPENING // 3) if kind < 0.5 else chance.randrange(1, 100_000)
