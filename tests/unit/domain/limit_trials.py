"""A bench on which one limit of one product is tried, and the few words that its stories are told in.

A ceiling is 100.00, or three requests; usage time is from 08:00 until before 17:00 in the market. Read next:
test_limits_table.py.
"""

from typing import Any

from msgspec.structs import replace

from mkondo.domain import admission, reasons
from mkondo.domain.application import ApplicationChanged, Configuration, ConfigureApplication, ProductScope, UsageTime
from mkondo.domain.decider import Event, Message
from mkondo.domain.ids import ApplicationId, SessionHash, partition_of
from mkondo.domain.limits import APPLICABLE, Breach, Limit, describe
from mkondo.domain.markets import DAY_MS, MARKETS
from mkondo.domain.money import Money
from mkondo.domain.organisation import OrganisationChanged, key_of
from mkondo.domain.payment import PaymentAdmitted, PaymentFailed, RequestPayment, completed, failed
from mkondo.domain.request import Ask, MakeRequest, RequestAdmitted, RequestAnswered
from mkondo.domain.session import OpenSession
from mkondo.testing.builders import (
    API_KEY_HASH,
    APPLICATION,
    DEADLINE_MS,
    MARKET,
    NOW,
    ORGANISATION,
    configuration,
    later,
    payment,
    service_request,
)
from mkondo.testing.given import Story, story_of
from tests.unit.domain.limit_cells import HAS_CUSTOMER, MOVES_MONEY

ELSEWHERE = "vodafoneGHA"
OTHER_APPLICATION = ApplicationId("app-2")
FIRST, NEXT = SessionHash("5e" * 32), SessionHash("6f" * 32)
ASHA, JUMA = "255744000001", "255744000002"
MONTH_MS = 30 * DAY_MS
CEILING = {"value": 100_00, "count": 3}
SMALL = 10
"""What one request moves where requests are counted."""
HOURS = UsageTime(8 * 60, 17 * 60)


class Bench:
    """An application that has one product with this scope, another one with `other`, and what they ask. `at`: when."""

    def __init__(self, product: str, scope: ProductScope, other: ProductScope | None = None) -> None:
        self.product = product
        self.at = NOW
        self._asked = 0
        scopes = {APPLICATION: scope, OTHER_APPLICATION: scope if other is None else other}
        facts = [_configured(application, product, its) for application, its in scopes.items()]
        self.story: Story = story_of(admission, *map(_with_everything, scopes), *facts)()
        for application, session in ((APPLICATION, FIRST), (APPLICATION, NEXT), (OTHER_APPLICATION, others(FIRST))):
            self.story.after(OpenSession(application, session, None, API_KEY_HASH))

    def ask(
        self,
        minor: int = SMALL,
        *,
        session: SessionHash = FIRST,
        customer: str = ASHA,
        market: str = MARKET,
        application: ApplicationId = APPLICATION,
    ) -> Event:
        """What admission says to one request."""
        self._asked += 1
        changes: dict[str, Any] = {
            "operation": self.product,
            "customer": customer if self.product in HAS_CUSTOMER else "",
            "market": market,
            "application": application,
            "asked_at": self.at,
            "deadline": later(DEADLINE_MS, self.at),
        }
        shown = others(session) if application != APPLICATION else session
        name = f"p{self._asked}"
        command: Message
        if self.product in MOVES_MONEY:
            command = RequestPayment(payment(name, Money(minor, MARKETS[market].currency), **changes), shown)
        else:
            operation = changes.pop("operation")
            command = MakeRequest(service_request(name, operation, Ask(), **changes), shown)
        (answer,) = self.story.at(self.at).when(command).and_all_is_well().answer
        return answer

    def configure(self, scope: ProductScope) -> None:
        """From now on the product has this scope."""
        self.story.after(ConfigureApplication(APPLICATION, _configuration(self.product, scope)))

    def end(self, admitted: Event, *, well: bool) -> None:
        """The request is carried out, or fails: admission hears of it."""
        match admitted:
            case PaymentAdmitted():
                ending: Message = (
                    completed(admitted, NOW) if well else failed(admitted, "INS-2006", "short", "Declined")
                )
            case RequestAdmitted(request=request):
                ending = RequestAnswered(request, reasons.OK if well else reasons.REFUSED)
            case _:
                raise AssertionError(f"{admitted} was not admitted")
        self.story.when(ending)


def others(session: SessionHash) -> SessionHash:
    """The other application's session of that kind."""
    return SessionHash(session[::-1].replace("e", "a"))


def _with_everything(application: ApplicationId) -> OrganisationChanged:
    grants = dict.fromkeys((MARKET, ELSEWHERE), tuple(APPLICABLE))
    return OrganisationChanged(key_of(ORGANISATION, partition_of(application)), grants)


def _configured(application: ApplicationId, product: str, scope: ProductScope) -> ApplicationChanged:
    return ApplicationChanged(application, 1, _configuration(product, scope))


def _configuration(product: str, scope: ProductScope) -> Configuration:
    return configuration(products={product: scope}, session_lifetime_ms=MONTH_MS)


class Trial:
    """What a test of one limit says, in units of its measure: minor units moved, or requests made."""

    def __init__(self, limit: Limit, product: str, **currencies: int) -> None:
        self.limit = limit
        self.product = product
        self.ceiling = CEILING[limit.measure]
        self.scope = self.scope_of(self.ceiling, **currencies)
        self.bench = Bench(product, self.scope, ProductScope() if limit.of == "payment" else None)

    def scope_of(self, ceiling: int, **currencies: int) -> ProductScope:
        value = {"TZS": ceiling, **currencies} if self.limit.measure == "value" else ceiling
        return replace(ProductScope(), **{self.limit.name: value})

    def take(self, units: int, **how: Any) -> list[Event]:
        """Use so much of it, with as many requests as that needs. All must be admitted."""
        asked = [units] if self.limit.measure == "value" else [SMALL] * units
        answers = [self.bench.ask(minor, **how) for minor in asked]
        assert [answer for answer in answers if not admits(answer)] == []
        return answers

    def used_up(self, **how: Any) -> None:
        """All of it is used, and not only set aside."""
        for admitted in self.take(self.ceiling, **how):
            self.bench.end(admitted, well=True)

    def refused(self, units: int = 1, **how: Any) -> Breach:
        """One request for so much more is refused for this limit alone."""
        answer = self.bench.ask(units if self.limit.measure == "value" else SMALL, **how)
        assert isinstance(answer, PaymentFailed | RequestAnswered), answer
        (breach,) = answer.breaches
        assert (answer.code, answer.status, answer.reason) == (breach.code, "Declined", describe((breach,)))
        assert breach.limit == self.limit.name
        return breach

    @property
    def currency(self) -> str:
        return "TZS" if self.limit.measure == "value" else ""


def admits(answer: Event) -> bool:
    return isinstance(answer, PaymentAdmitted | RequestAdmitted)
