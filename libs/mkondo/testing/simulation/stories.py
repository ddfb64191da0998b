"""What takes a client more than one request, drawn from the seed: two-step payments, reversals, direct debits.

Every story is about the ways in which two of its requests may meet: confirmations of one voucher, reversals of one
payment, collections under one mandate, a confirmation and its expiry. Read next: merchants.py, which tells them.
"""

from dataclasses import dataclass
from enum import Enum

from mkondo.domain.approval import HANDSET, IMPLICIT
from mkondo.domain.calendar import day_of, format_day
from mkondo.domain.ids import ApplicationId
from mkondo.domain.mandate import DAILY, ON_DEMAND, ONCE, Terms
from mkondo.domain.markets import MARKETS
from mkondo.testing.simulation.orders import (
    APPLICATIONS,
    HOT,
    MARKET,
    OPENING,
    SCRIPTED,
    TWO_STEP,
    Order,
    draw_handset,
)
from mkondo.testing.simulation.weather import MIDNIGHT_SECONDS, START, Weather

STEADY = APPLICATIONS[:2]
"""Those whose sessions last: a story needs several requests."""
TWO_STEPS = 14
MANDATES = 7
REVERSED = 0.14
"""How many of the payments somebody asks to give back."""


@dataclass(frozen=True)
class Decision:
    """A merchant commits a reservation or gives it up, so many seconds after it was made. `right`: the voucher is.

    `at_the_end`: the seconds are counted from its expiry.
    """

    after: float
    commits: bool = True
    right: bool = True
    at_the_end: bool = False


@dataclass(frozen=True)
class TwoStep:
    """A reservation, and what its merchant will decide."""

    order: Order
    lasts_ms: int
    decisions: tuple[Decision, ...]


@dataclass(frozen=True)
class Back:
    """A reversal, so many seconds after its payment. `share` of what it moved; 0: whatever remains."""

    after: float
    share: float = 0.0
    deadline_ms: int = 4_000


@dataclass(frozen=True)
class Reversal:
    """A payment that is given back, once or by several at once; and perhaps the reversal itself is to be reversed."""

    order: Order
    backs: tuple[Back, ...]
    and_that_too: bool = False


class Does(Enum):
    """Who does what to a mandate: the merchant, but for the last two."""

    COLLECTS = "collects"
    ASKS = "asks"
    CANCELS = "cancels"
    REPLACES = "replaces"
    AGREES = "agrees"
    REFUSES = "refuses"


@dataclass(frozen=True)
class Step:
    """What happens to a mandate so many seconds after it was asked for."""

    after: float
    does: Does
    minor: int = 0
    deadline_ms: int = 4_000


@dataclass(frozen=True)
class DirectDebit:
    """A mandate and its life. `agreed` False: the customer is asked."""

    at: float
    application: ApplicationId
    customer: str
    reference: str
    terms: Terms
    agreed: bool
    steps: tuple[Step, ...]


def two_steps(weather: Weather, span: float) -> list[TwoStep]:
    chance = weather.random
    return [
        TwoStep(
            _reservation(weather, span * chance.random(), f"two-{number}"),
            lasts_ms := chance.choice((1_000, 3_000, 6_000)),
            tuple(_decisions(weather, lasts_ms / 1_000)),
        )
        for number in range(TWO_STEPS)
    ]


def _reservation(weather: Weather, at: float, reference: str) -> Order:
    chance = weather.random
    handset = draw_handset(weather) if chance.random() < 0.2 else ""
    return Order(
        at=at,
        application=chance.choice(STEADY),
        customer=chance.choice(HOT if chance.random() < 0.85 else tuple(SCRIPTED)),
        minor=OPENING // 20 * chance.randrange(1, 5),  # so that ceilings are reached exactly
        reference=reference,
        deadline_ms=chance.choice((1_500, 4_000)),
        operation=TWO_STEP,
        approval=HANDSET if handset else IMPLICIT,
        handset=handset,
    )


def _decisions(weather: Weather, lasts: float) -> list[Decision]:
    """Once, twice at the same moment, one of each, with a wrong voucher first, at the very end, or never."""
    chance = weather.random
    when, twice = lasts * chance.random(), 0.02 * chance.random()
    match chance.randrange(7):
        case 0:
            return [Decision(when)]
        case 1:
            return [Decision(when), Decision(when + twice), Decision(when)]
        case 2:
            return [Decision(when), Decision(when, commits=False)]
        case 3:
            return [Decision(when, right=False), Decision(when + twice, commits=chance.random() < 0.5)]
        case 4 | 5:
            return [Decision(-0.05 * chance.random(), at_the_end=True) for _ in range(4)]
        case _:
            return []


def reversals(weather: Weather, made: list[Order]) -> dict[int, Reversal]:
    """By the place of their payment among those that are made."""
    chance = weather.random
    return {
        number: Reversal(order, tuple(_backs(weather)), chance.random() < 0.2)
        for number, order in enumerate(made)
        if chance.random() < REVERSED
    }


def _backs(weather: Weather) -> list[Back]:
    """Whole, twice whole, in parts that are too much together, or before the payment can have ended."""
    chance = weather.random
    when, soon = 0.5 * chance.random(), chance.choice((200, 4_000))
    match chance.randrange(4):
        case 0:
            return [Back(when)]
        case 1:
            return [Back(when, deadline_ms=soon), Back(when)]
        case 2:
            return [Back(when, 0.6, soon), Back(when, 0.6), Back(when + 1.0)]
        case _:
            return [Back(when, 0.5, soon), Back(when + 0.1, 0.5)]


def direct_debits(weather: Weather, span: float) -> list[DirectDebit]:
    chance = weather.random
    return [
        DirectDebit(
            at=min(span, MIDNIGHT_SECONDS + 4.0) * chance.random(),
            application=chance.choice(STEADY),
            customer=chance.choice(HOT),
            reference=f"mandate-{chance.randrange(MANDATES - 1)}",
            terms=_terms(weather),
            agreed=(agreed := chance.random() < 0.8),
            steps=tuple(_steps(weather, span * 0.4, agreed)),
        )
        for _ in range(MANDATES)
    ]


def _terms(weather: Weather) -> Terms:
    """Some end with the day on which the run begins: midnight comes soon (weather.py)."""
    chance = weather.random
    today = format_day(day_of(START, MARKETS[MARKET].time_zone))
    frequency = chance.choice((ONCE, ONCE, DAILY, DAILY, ON_DEMAND, ""))
    return Terms(frequency=frequency, expiry_date=today if chance.random() < 0.3 else "")


def _steps(weather: Weather, span: float, agreed: bool) -> list[Step]:
    """Collections come in bursts; the rest of a mandate's life falls anywhere between them."""
    chance = weather.random
    bursts = [span * chance.random() for _ in range(2)]
    amount = chance.randrange(1, OPENING // 2)
    steps = [
        Step(chance.choice(bursts) + 0.03 * chance.random(), Does.COLLECTS, amount, chance.choice((300, 2_000, 6_000)))
        for _ in range(6)
    ]
    others = (Does.ASKS, Does.CANCELS, Does.REPLACES)
    if not agreed:
        steps.append(Step(0.3 * chance.random(), chance.choice((Does.AGREES, Does.AGREES, Does.REFUSES))))
    others_at = [chance.choice(bursts) + chance.choice((0.0, 0.02, 1.0)) for _ in range(3)]
    return steps + [Step(at, chance.choices(others, (2, 1, 1))[0], amount) for at in others_at]
