"""Limits against a pencil: whatever is asked in whatever order, each answer and each figure is what a person would say.

Random payments and requests in sessions and under keys that come and go, of several products, currencies and customers,
ending in any order, over days and midnights, while the configuration changes.
"""

from collections import Counter
from random import Random

import pytest
from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule, run_state_machine_as_test
from msgspec.structs import replace

from mkondo.domain import admission
from mkondo.domain.admission import session_key
from mkondo.domain.application import ApplicationChanged, ConfigureApplication, ProductScope, UsageTime
from mkondo.domain.calendar import day_of
from mkondo.domain.decider import Decider, TimerDue
from mkondo.domain.ids import Instant, RecordKey, SessionHash
from mkondo.domain.limits import Breach
from mkondo.domain.mandate import CancelMandate, MandateKey
from mkondo.domain.markets import MARKETS
from mkondo.domain.money import Money
from mkondo.domain.payment import PaymentAdmitted, PaymentFailed, RequestPayment
from mkondo.domain.request import MakeRequest, RequestAdmitted, RequestAnswered, RequestRejected
from mkondo.domain.room import Line, Room, RoomConfirmed, RoomGivenBack, Use, customer_room, session_room
from mkondo.domain.session import OpenSession, SessionOpened
from mkondo.testing.builders import APPLICATION, NOW, configuration, payment, service_request
from mkondo.testing.faulty_limits import FAULTY_LIMITS
from mkondo.testing.given import Story
from mkondo.testing.limits_pencil import (
    COUNTS_VALUES,
    DAY,
    DONE,
    FAILED,
    OPEN,
    Entry,
    Pencil,
    code_by_hand,
    day_in,
)
from tests.unit.domain.spending import ending

STEPS = 100_000
"""At least so many are taken each time."""

MARKET_OF = {"TZS": "vodacomTZN", "USD": "vodacomDRC"}
PRODUCTS = ("c2b_single_stage", "b2c_payment", "b2b_payment", "update_transaction_status")
CUSTOMERS = ("255744000001", "255744000002")
KEYS = ("key-a", "key-b", "key-c")
LIFETIME = 3 * DAY
LONG = 1_000 * DAY

taken: Counter[str] = Counter()
"""Steps of this run, by kind: the test says at the end whether it has looked at enough."""


class LimitsMachine(RuleBasedStateMachine):
    """One application under limits, and a pencil."""

    decider: Decider = admission

    def __init__(self) -> None:
        super().__init__()
        self.now = NOW
        self.names = 0
        self.story = Story(self.decider)
        self.pencil = Pencil(dict.fromkeys(PRODUCTS, ProductScope()), KEYS[0], version=0)
        self.admitted: dict[str, PaymentAdmitted | RequestAdmitted] = {}
        self.asked: list[RequestPayment | MakeRequest] = []
        self.configure(self.pencil.scopes, KEYS[0], 0)

    # Who may come in ----------------------------------------------------------------------------------------------

    def configure(self, scopes: dict[str, ProductScope], key: str, overlap_ms: int, removed: bool = False) -> None:
        pencil = self.pencil
        if not removed and self.now < pencil.overlaps.get(key, 0):
            key = pencil.key  # a key that still overlaps can't come back
        made = configuration(api_key_hash=key, products=scopes, session_lifetime_ms=LIFETIME, removed=removed)
        command = ConfigureApplication(APPLICATION, made, None, None, "", overlap_ms)
        self.story.when(command)
        if not any(isinstance(event, ApplicationChanged) for event in self.story.answer):
            return
        pencil.version += 1
        if removed or any(scope.on and not scopes[name].on for name, scope in pencil.scopes.items()):
            pencil.narrowed = pencil.version
        live = {name: until for name, until in pencil.overlaps.items() if self.now < until}
        if key != pencil.key:
            last = self.now + overlap_ms
            live = {name: min(until, last) for name, until in (*live.items(), (pencil.key, last)) if overlap_ms}
        pencil.overlaps = {} if removed else live
        pencil.scopes, pencil.key, pencil.removed = dict(scopes), key, removed

    def open_session(self, chance: Random) -> None:
        key = chance.choice((self.pencil.key, self.pencil.key, *KEYS))
        session = self.name("s")
        self.story.when(OpenSession(APPLICATION, SessionHash(session), None, key))
        opened = any(isinstance(event, SessionOpened) for event in self.story.answer)
        assert opened == self.pencil.key_works(key, self.now)
        if opened:
            self.pencil.open(session, key, self.now + LIFETIME)

    # What is asked ------------------------------------------------------------------------------------------------

    def ask(self, chance: Random) -> None:
        product, currency = chance.choice(PRODUCTS), chance.choice(("TZS", "TZS", "USD"))
        sessions = list(self.pencil.sessions)
        by_key = chance.random() < 0.15 or not sessions
        session = chance.choice((self.pencil.key, self.pencil.key, *KEYS)) if by_key else chance.choice(sessions[-3:])
        customer = "" if product == "b2b_payment" or chance.random() < 0.1 else chance.choice(CUSTOMERS)
        minor = chance.choice((1, 1, 2, 5, 10, 11)) if COUNTS_VALUES[product] else 0
        day = day_in(currency, self.now)
        entry = Entry(self.name("p"), session, customer, product, currency, day, minor, False, False)
        reference = entry.name
        if self.pencil.references and chance.random() < 0.03:
            reference = chance.choice(sorted(self.pencil.references))
        deadline = self.now + (0 if chance.random() < 0.03 else LONG)
        command = self.command(entry, reference, Instant(deadline), by_key)
        self.asked.append(command)
        self.story.when(command)
        self.compare(entry, reference, deadline)

    def command(self, entry: Entry, reference: str, deadline: Instant, by_key: bool) -> RequestPayment | MakeRequest:
        about = {
            "customer": entry.customer,
            "operation": entry.product,
            "market": MARKET_OF[entry.currency],
            "third_party_conversation_id": reference,
            "deadline": deadline,
            "opens_accounts": True,
        }
        session = SessionHash(entry.session)
        if COUNTS_VALUES[entry.product]:
            made = replace(payment(entry.name, Money(entry.minor, entry.currency)), **about)
            return RequestPayment(made, session, by_api_key=by_key)
        order = CancelMandate(MandateKey(APPLICATION, MARKET_OF[entry.currency], "r", entry.customer), "")
        return MakeRequest(replace(service_request(entry.name, entry.product, order), **about), session, None, by_key)

    def compare(self, entry: Entry, reference: str, deadline: int) -> None:
        """The answer, its code and every figure of it."""
        (answer,) = self.story.answer
        refusal = self.pencil.refusal(entry, reference, deadline, self.now)
        if refusal is not None:
            assert isinstance(answer, RequestRejected | PaymentFailed | RequestAnswered), (answer, refusal)
            assert answer.code == refusal
            assert isinstance(answer, RequestRejected) == (refusal != "INS-9")
            if refusal == "INS-9":
                self.pencil.references.add(reference)
            taken[refusal] += 1
            return
        self.pencil.references.add(reference)
        expected = self.pencil.breaches(entry)
        if expected:
            assert isinstance(answer, PaymentFailed | RequestAnswered), (answer, expected)
            assert list(answer.breaches) == expected
            assert [breach.left for breach in answer.breaches] == [_left(breach) for breach in expected]
            assert answer.code == code_by_hand(expected)
            taken[answer.code] += 1
            return
        assert isinstance(answer, PaymentAdmitted | RequestAdmitted), answer
        self.pencil.take(entry)
        assert not self.pencil.is_passed(entry), "a sum is above its ceiling"
        self.admitted[entry.name] = answer
        taken["admitted"] += 1

    def end(self, chance: Random) -> None:
        """Any that is open, well or badly, whatever has become of its session."""
        if not self.admitted:
            return
        name = chance.choice(list(self.admitted))
        well = chance.random() < 0.6
        ended = ending(self.admitted.pop(name), well)
        entry = next(entry for entry in self.pencil.entries if entry.name == name)
        entry.status = DONE if well else FAILED
        if not ended.buckets:
            assert not entry.by_session and not entry.by_customer
            return
        self.story.when(ended)
        assert len(self.story.answer) == 1, self.story.answer
        (event,) = self.story.answer
        assert isinstance(event, RoomConfirmed if well else RoomGivenBack)
        assert event.part.minor == entry.minor
        taken["confirmed" if well else "given back"] += 1

    def again(self, chance: Random) -> None:
        """What was decided comes once more, and is no output at all; what was only rejected is asked anew."""
        if not self.asked:
            return
        command = chance.choice(self.asked)
        if admission.keys.about(command).conversation_id not in {entry.name for entry in self.pencil.entries}:
            return
        before = dict(self.story.records)
        self.story.when(command)
        assert list(self.story.answer) == []
        assert self.story.records == before
        taken["again"] += 1

    # What changes -------------------------------------------------------------------------------------------------

    def pass_time(self, chance: Random) -> None:
        midnight = (day_in("TZS", self.now) + 1) * DAY - 3 * 3_600_000
        leaps = (1, 60_000, 3_600_000, midnight - 1 - self.now, midnight - self.now, DAY // 2)
        self.now = Instant(self.now + max(1, chance.choice(leaps)))
        self.story.at(self.now)
        if chance.random() < 0.5:
            self.fire_timers()

    def fire_timers(self) -> None:
        """Sessions are forgotten, keys end; or nobody has got to it yet."""
        due = [key for key, record in self.story.records.items() if (self.decider.due(record) or LONG**2) <= self.now]
        for key in due:
            self.story.when(TimerDue(key))
        gone = [name for name in self.pencil.sessions if session_key(SessionHash(name)) not in self.story.records]
        for name in gone:
            assert self.pencil.sessions.pop(name).expires_at + DAY <= self.now
            self.pencil.forgotten.add(name)

    def change(self, chance: Random) -> None:
        scopes = dict(self.pencil.scopes)
        scopes[chance.choice(PRODUCTS)] = _scope(chance)
        key = chance.choice(KEYS) if chance.random() < 0.1 else self.pencil.key
        removed = not self.pencil.removed and chance.random() < 0.02
        self.configure(scopes, key, chance.choice((0, 1, DAY)), removed)

    # A step, and many ---------------------------------------------------------------------------------------------

    def name(self, kind: str) -> str:
        self.names += 1
        return f"{kind}{self.names}"

    def step(self, chance: Random) -> None:
        taken["steps"] += 1
        does = (self.ask, self.end, self.again, self.open_session, self.pass_time, self.change)
        chance.choices(does, (60, 25, 3, 5, 4, 3))[0](chance)

    @rule(seed=st.integers(0, 2**32), steps=st.integers(1, 400))
    def much_happens(self, seed: int, steps: int) -> None:
        chance = Random(seed)
        for _ in range(steps):
            self.step(chance)

    @rule(chance=st.randoms(use_true_random=False))
    def something_happens(self, chance: Random) -> None:
        self.step(chance)

    @invariant()
    def the_pencil_agrees(self) -> None:
        """All rooms are what the list says, and none is there that it does not say."""
        expected: dict[RecordKey, dict[str, list[Entry]]] = {}
        for entry in self.pencil.entries:
            for bucket in _buckets(entry, self.pencil):
                expected.setdefault(bucket, {}).setdefault(f"{entry.product}/{entry.currency}", []).append(entry)
        rooms = {key: record for key, record in self.story.records.items() if isinstance(record, Room)}
        assert rooms == {
            bucket: Room({line: _line(entries) for line, entries in lines.items()})
            for bucket, lines in expected.items()
        }


def _buckets(entry: Entry, pencil: Pencil) -> list[RecordKey]:
    buckets = []
    if entry.by_session and entry.session not in pencil.forgotten:
        buckets.append(session_room(SessionHash(entry.session)))
    if entry.by_customer:
        buckets.append(customer_room(APPLICATION, entry.customer))
    return buckets


def _line(entries: list[Entry]) -> Line:
    days: dict[str, Use] = {}
    newest = max(entry.day for entry in entries)
    minors, counts = Counter[int](), Counter[int]()
    for entry in entries:
        if entry.status == DONE:
            minors[entry.day] += entry.minor
            counts[entry.day] += 1
    for day in sorted({entry.day for entry in entries}):
        waiting = [entry.minor for entry in entries if entry.day == day and entry.status == OPEN]
        if waiting or day == newest:
            iso = day_of(Instant(day * DAY), "UTC").isoformat()
            days[iso] = Use(minors[day], counts[day], sum(waiting), len(waiting))
    return Line(days, max(minors.values(), default=0), max(counts.values(), default=0))


def _left(breach: Breach) -> int:
    return 0 if breach.ceiling is None or breach.used > breach.ceiling else breach.ceiling - breach.used


def _scope(chance: Random) -> ProductScope:
    def maybe(ceiling: int) -> int | None:
        return ceiling if chance.random() < 0.4 else None

    def values(ceiling: int) -> dict[str, int]:
        kinds: tuple[dict[str, int], ...] = ({}, {}, {"TZS": ceiling}, {"TZS": ceiling, "USD": ceiling // 2})
        return chance.choice(kinds)

    hours = UsageTime(*chance.sample((0, 1, 360, 720, 1_320, 1_439), 2)) if chance.random() < 0.1 else None
    return ProductScope(
        single_value=values(chance.choice((0, 5, 10))),
        on=chance.random() < 0.97,
        daily_value=values(chance.choice((4, 10, 30))),
        daily_count=maybe(chance.choice((0, 1, 3, 8))),
        customer_daily_value=values(chance.choice((3, 10, 30))),
        customer_daily_count=maybe(chance.choice((0, 1, 3, 8))),
        usage_time=hours,
    )


def test_the_market_of_each_currency_is_as_far_ahead_as_the_pencil_thinks() -> None:
    for currency, market in MARKET_OF.items():
        for now in range(NOW, NOW + 400 * DAY, DAY // 3 + 1):
            day = day_of(Instant(now), MARKETS[market].time_zone)
            assert day == day_of(Instant(day_in(currency, now) * DAY), "UTC")


def against_the_pencil(machine: type[LimitsMachine], examples: int) -> None:
    every = settings(
        max_examples=examples,
        stateful_step_count=12,
        deadline=None,
        database=None,
        suppress_health_check=list(HealthCheck),
        phases=(Phase.generate,),  # a rule takes many steps: there is nothing to shrink
    )
    run_state_machine_as_test(machine, settings=every)


@pytest.mark.timeout(300)
def test_limits_are_what_a_person_with_a_pencil_says() -> None:
    taken.clear()
    while taken["steps"] < STEPS:
        against_the_pencil(LimitsMachine, 60)
    assert taken["steps"] >= STEPS
    kinds = {"INS-989", "INS-997", "INS-996", "INS-10", "INS-9", "INS-990", "INS-991", "INS-992", "INS-993", "INS-994"}
    kinds |= {"INS-995", "admitted", "confirmed", "given back", "again"}
    assert {kind for kind in kinds if taken[kind] < 100} == set(), taken


@pytest.mark.timeout(300)
@pytest.mark.parametrize("bug", FAULTY_LIMITS)
def test_the_pencil_finds_a_planted_bug(bug: str) -> None:
    faulty = type("FaultyMachine", (LimitsMachine,), {"decider": FAULTY_LIMITS[bug](admission)})
    with pytest.raises(AssertionError):
        against_the_pencil(faulty, 60)
