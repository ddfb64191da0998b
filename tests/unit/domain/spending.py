"""Spending under limits, as a story: who pays what in which session, and how it ends when. Time is Tanzania's.

    till = spending(daily_value={"TZS": 100})
    till.pays("p1", 60).completes("p1").pays("p2", 41).is_refused("INS-994")

Every step is decided by admission itself, and delivered twice. Read next: test_limits.py, test_room.py.
"""

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Self

from mkondo.domain import admission
from mkondo.domain.application import ApplicationChanged, ProductScope
from mkondo.domain.decider import Event, Message
from mkondo.domain.ids import Instant, RecordKey, SessionHash, partition_of
from mkondo.domain.limits import APPLICABLE, Breach
from mkondo.domain.mandate import CancelMandate, MandateKey
from mkondo.domain.money import Money
from mkondo.domain.organisation import ConfigureOrganisation, key_of
from mkondo.domain.payment import (
    PaymentAdmitted,
    PaymentEnded,
    PaymentFailed,
    RequestPayment,
    completed,
    failed,
)
from mkondo.domain.request import MakeRequest, RequestAdmitted, RequestAnswered
from mkondo.domain.room import EMPTY, Line, Room, customer_room, session_room
from mkondo.domain.session import OpenSession
from mkondo.testing.builders import (
    API_KEY_HASH,
    APPLICATION,
    C2B,
    MARKET,
    NOW,
    ORGANISATION,
    SESSION,
    configure,
    configured,
    enabled,
    payment,
    service_request,
    tzs,
)
from mkondo.testing.given import Story, story_of

AMINA, BARAKA = "255744000001", "255744000002"
MORNING, EVENING = SESSION, SessionHash("e5" * 32)
YEARS_MS = 1_000 * 86_400_000


def at(text: str, hours_ahead: int = 3) -> Instant:
    """An instant by the market's clock: `2026-03-02T23:59:59.999`, in Tanzania if nothing else is said."""
    return Instant(round(datetime.fromisoformat(text).replace(tzinfo=UTC).timestamp() * 1000) - hours_ahead * 3_600_000)


MONDAY, TUESDAY = at("2026-03-02T10:00"), at("2026-03-03T10:00")
LAST_MOMENT, MIDNIGHT = at("2026-03-02T23:59:59.999"), at("2026-03-03T00:00")


def products(**limits: object) -> dict[str, ProductScope]:
    """Every product with the same limits."""
    return dict.fromkeys(APPLICABLE, ProductScope(**limits))  # type: ignore[arg-type]


class Spending:
    """One application's spending. Every step returns the story, so that they can be told one after the other."""

    def __init__(self, story: Story) -> None:
        self.story = story
        self.now = MONDAY
        self.story.at(MONDAY)
        self._taken: dict[str, PaymentAdmitted | RequestAdmitted] = {}

    def at(self, now: Instant) -> Self:
        self.now = now
        self.story.at(now)
        return self

    def opens(self, session: SessionHash, api_key_hash: str = API_KEY_HASH) -> Self:
        self.story.when(OpenSession(APPLICATION, session, None, api_key_hash)).and_all_is_well()
        return self

    def told(self, message: Message) -> Self:
        self.story.when(message).and_all_is_well()
        return self

    def told_of(self, scopes: Mapping[str, ProductScope], **changes: object) -> Self:
        """The application's products are changed to these."""
        return self.told(configure(None, products=dict(scopes), session_lifetime_ms=YEARS_MS, **changes))

    # What is asked ------------------------------------------------------------------------------------------------

    def pays(
        self, name: str, minor: int, session: SessionHash = MORNING, by_api_key: bool = False, **changes: object
    ) -> Self:
        asked = payment(name, tzs(minor), deadline=Instant(self.now + 20_000), **changes)
        return self._asks(name, RequestPayment(asked, session, by_api_key=by_api_key))

    def pays_in(self, currency: str, name: str, minor: int, **changes: object) -> Self:
        asked = payment(name, Money(minor, currency), deadline=Instant(self.now + 20_000), **changes)
        return self._asks(name, RequestPayment(asked, MORNING))

    def asks(self, name: str, operation: str, session: SessionHash = MORNING, **changes: object) -> Self:
        """A service request: what it orders is nobody's business here."""
        order = CancelMandate(MandateKey(APPLICATION, MARKET, "r1", AMINA), "")
        made = service_request(name, operation, order, deadline=Instant(self.now + 20_000), **changes)
        return self._asks(name, MakeRequest(made, session))

    def _asks(self, name: str, asked: RequestPayment | MakeRequest) -> Self:
        self.story.when(asked).and_all_is_well()
        for event in self.story.answer:
            if isinstance(event, PaymentAdmitted | RequestAdmitted):
                self._taken[name] = event
        return self

    # How it ends --------------------------------------------------------------------------------------------------

    def completes(self, *names: str) -> Self:
        return self._end(*names, well=True)

    def fails(self, *names: str) -> Self:
        return self._end(*names, well=False)

    def _end(self, *names: str, well: bool) -> Self:
        for name in names:
            ended = ending(self._taken.pop(name), well)
            if ended.buckets:
                self.story.when(ended)
        return self

    # What came of it ----------------------------------------------------------------------------------------------

    @property
    def last(self) -> Event:
        (event,) = self.story.answer
        return event

    def overlaps(self) -> dict[str, Instant]:
        """The API keys that the last change left working beside the new one."""
        assert isinstance(self.last, ApplicationChanged), self.last
        return self.last.overlaps

    def is_admitted(self, *buckets: RecordKey) -> Self:
        assert isinstance(self.last, PaymentAdmitted | RequestAdmitted), self.last
        if buckets:
            taken = self.last.request.buckets if isinstance(self.last, RequestAdmitted) else self.last.buckets
            assert taken == buckets
        return self

    def is_refused(self, code: str, *breaches: Breach) -> Self:
        """It was declined and used up its id. Without `breaches`, only the code is compared."""
        assert isinstance(self.last, PaymentFailed | RequestAnswered), self.last
        assert (self.last.code, self.last.status) == (code, "Declined")
        if breaches:
            assert self.last.breaches == breaches
        return self

    def line_of(self, bucket: RecordKey, line: str = f"{C2B}/TZS") -> Line:
        room = self.story.records.get(bucket)
        return room.lines.get(line, EMPTY) if isinstance(room, Room) else EMPTY


def ending(taken: PaymentAdmitted | RequestAdmitted, well: bool) -> PaymentEnded | RequestAnswered:
    if isinstance(taken, RequestAdmitted):
        return RequestAnswered(taken.request, "INS-0" if well else "INS-6")
    return completed(taken, NOW) if well else failed(taken, "INS-2006", "Insufficient balance", "Declined")


def spending(**limits: object) -> Spending:
    """All products have these limits; one session is open, for years."""
    return limited_to(**products(**limits))


def limited_to(**scopes: ProductScope) -> Spending:
    return Spending(story_of(admission, enabled())(limiting(1, **scopes))).opens(MORNING)


def limiting(version: int, /, **scopes: ProductScope) -> ApplicationChanged:
    return configured(version, products=scopes, session_lifetime_ms=YEARS_MS)


def enabling_in(market: str) -> ConfigureOrganisation:
    """The organisation may use everything in that market."""
    return ConfigureOrganisation(key_of(ORGANISATION, partition_of(APPLICATION)), {market: tuple(APPLICABLE)})


SESSIONS, EVENINGS = session_room(MORNING), session_room(EVENING)
AMINAS, BARAKAS = customer_room(APPLICATION, AMINA), customer_room(APPLICATION, BARAKA)
