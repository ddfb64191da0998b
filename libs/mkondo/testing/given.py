"""Given these facts, when this is asked, then these events: the language in which deciders are tested.

    given = story_of(ledger)
    given().after(open_with(CUSTOMER, 100_00)).when(admitted("p1", tzs(60_00))).then(entry, PaymentCompleted(...))

Facts are folded by the decider's own `evolve`. A message is decided on the records that its `reads` names and on
nothing else: looking at any other key fails the test, since in production that record might not be in memory.
Every `then` also delivers the message a second time, and checks that the books balance. Read next: builders.py.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Self

from mkondo.domain.account import Account, CreditApplied, CreditSuspended, Hold, JournalEntryPosted
from mkondo.domain.decider import Decider, Event, Message, Record, Rejection
from mkondo.domain.ids import Instant, RecordKey
from mkondo.domain.mandates import CollectionAdmitted, MandateFound
from mkondo.domain.payment import PaymentAdmitted, PaymentCompleted, PaymentFailed
from mkondo.domain.request import RequestAdmitted, RequestAnswered
from mkondo.domain.reversals import ReversalAdmitted
from mkondo.testing.builders import NOW

CHANNEL_GUARDED = (
    PaymentAdmitted,
    RequestAdmitted,
    CollectionAdmitted,
    ReversalAdmitted,
    MandateFound,
    JournalEntryPosted,
    PaymentCompleted,
    PaymentFailed,
    RequestAnswered,
)
"""Messages of another decider: the channel drops a repeat of these (architecture rule 6), not the decider."""


class ReadRecords(Mapping[RecordKey, Record]):
    """Only the records that somebody said they would read."""

    def __init__(self, records: Mapping[RecordKey, Record], allowed: set[RecordKey], who: str) -> None:
        self._records, self._allowed, self._who = records, allowed, who

    def __getitem__(self, key: RecordKey) -> Record:
        if key not in self._allowed:
            raise AssertionError(f"{self._who} looked at {key}, which `reads` does not name")
        return self._records[key]

    def __iter__(self) -> Iterator[RecordKey]:
        raise AssertionError(f"{self._who} listed its records: only those of `reads` may be looked at, by key")

    def __len__(self) -> int:
        raise AssertionError(f"{self._who} counted its records: only those of `reads` may be looked at, by key")


class Story:
    """What has happened so far to one partition, and what is asked next. Every step returns the story itself."""

    def __init__(self, decider: Decider, facts: Sequence[Event] = (), now: Instant = NOW) -> None:
        self._decider = decider
        self._now = now
        self._asked: Message | None = None
        self.records: dict[RecordKey, Record] = {}
        self.events: list[Event] = []
        """Everything that has happened, in order."""
        self.answer: Sequence[Event] = ()
        """What the last message led to, rejections included."""
        for fact in facts:
            self._fold(fact, self.records)

    def at(self, now: Instant) -> Self:
        self._now = now
        return self

    def after(self, *messages: Message) -> Self:
        """Messages decided before the one that is tested."""
        for message in messages:
            self.when(message)
        return self

    def when(self, message: Message) -> Self:
        self._asked = message
        self.answer = self._deliver(message)
        return self

    def then(self, *expected: Event) -> Self:
        """Exactly these events and rejections, in this order."""
        assert list(self.answer) == list(expected)
        return self.and_all_is_well()

    def then_nothing(self) -> Self:
        return self.then()

    def then_rejected(self, code: str, text: str | None = None) -> Self:
        """One answer that is not an event: nothing is stored."""
        (rejection,) = self.answer
        assert isinstance(rejection, Rejection), f"{rejection} is an event"
        assert rejection.code == code
        assert text is None or rejection.text == text
        return self.and_all_is_well()

    def and_all_is_well(self) -> Self:
        """The books balance; and the same message delivered once more changes nothing."""
        check_books(self.records, self.events)
        if self._asked is not None and not isinstance(self._asked, CHANNEL_GUARDED):
            before, happened = dict(self.records), list(self.events)
            again = self._deliver(self._asked)
            assert self.records == before, f"delivered again, {self._asked} led to {again}"
            assert not any(isinstance(event, JournalEntryPosted) for event in again)
            self.events = happened
        return self

    def _deliver(self, message: Message) -> Sequence[Event]:
        name = type(message).__name__
        allowed = set(self._decider.reads(message))
        answer = self._decider.decide(message, ReadRecords(self.records, allowed, f"decide({name})"), self._now)
        for event in answer:
            if not isinstance(event, Rejection):
                seen = ReadRecords(self.records, allowed, f"evolve({type(event).__name__}) after {name}")
                allowed |= self._fold(event, seen)
        return answer

    def _fold(self, event: Event, seen: Mapping[RecordKey, Record]) -> set[RecordKey]:
        """Apply one event; returns the keys it wrote, which later events of the same message may look at."""
        assert self._decider.key(event), f"{type(event).__name__} has no key"
        changes = self._decider.evolve(seen, event)
        for key, record in changes.items():
            if record is None:
                self.records.pop(key, None)
            else:
                self.records[key] = record
        self.events.append(event)
        return set(changes)


def story_of(decider: Decider, *always: Event) -> Callable[..., Story]:
    """What a test module calls `given`: it begins a story of one decider with facts, after those of `always`."""

    def given(*facts: Event) -> Story:
        return Story(decider, (*always, *facts))

    return given


def check_books(records: Mapping[RecordKey, Record], events: Sequence[Event]) -> None:
    """G3 for one partition: entries sum to zero, balances equal their postings, floors hold, held = open holds."""
    entries = [event for event in events if isinstance(event, JournalEntryPosted)]
    for entry in entries:
        assert entry.debit.side == "debit" and entry.credit.side == "credit"
        assert entry.credit.minor == entry.debit.minor > 0, f"{entry} does not sum to zero"
    arrived = sum(event.minor for event in events if isinstance(event, CreditApplied | CreditSuspended))
    accounts = [record for record in records.values() if isinstance(record, Account)]
    debited = sum(entry.debit.minor for entry in entries)
    assert sum(account.posted for account in accounts) == arrived - debited, (
        "balances are not the sum of their postings"
    )
    holds = [record for record in records.values() if isinstance(record, Hold)]
    for account in accounts:
        assert account.held == sum(hold.minor for hold in holds if hold.account == account.account)
        assert account.floor is None or account.available >= account.floor, f"{account} is below its floor"
