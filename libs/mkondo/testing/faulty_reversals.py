"""Planted bugs in reversals: each does as the real deciders, but for one thing. The pencil of
tests/unit/domain/test_reversals_oracle.py must find them all. Read next: faulty_deciders.py.
"""

from collections.abc import Mapping, Sequence

from msgspec.structs import replace

from mkondo.domain import ledger, reversals
from mkondo.domain.account import JournalEntryPosted
from mkondo.domain.decider import Changes, Event, Message, Records
from mkondo.domain.ids import Instant
from mkondo.domain.payment import PaymentAdmitted, PaymentCompleted
from mkondo.domain.reversal import Original, ReversalOf, Reversals
from mkondo.domain.reversals import PaymentReversed, ReversalAdmitted
from mkondo.testing.faulty_deciders import EndsSilently, ForgetsWhatIsOnItsWay, KeepsThePeriod, Same


class SeesOriginals(Same):
    """Decides about originals that look a little different from how they are."""

    def see(self, original: Original, now: Instant) -> Original:
        return original

    def decide(self, message: Message, records: Records, now: Instant) -> Sequence[Event]:
        match message:
            case PaymentAdmitted(purpose=ReversalOf(original=original) as purpose):
                message = replace(message, purpose=replace(purpose, original=self.see(original, now)))
        return super().decide(message, records, now)


class CountsFromTheAsking(SeesOriginals):
    def see(self, original: Original, now: Instant) -> Original:
        return replace(original, completed_at=original.asked_at)


class HasOneWindow(SeesOriginals):
    """Every product has the window of direct debits."""

    def see(self, original: Original, now: Instant) -> Original:
        return replace(original, operation="direct_debit_payment")


class AsksNobodysOwner(SeesOriginals):
    def see(self, original: Original, now: Instant) -> Original:
        return replace(original, owned=True)


class ReversesWhatFailed(SeesOriginals):
    def see(self, original: Original, now: Instant) -> Original:
        return replace(original, completed=True, completed_at=original.completed_at or now)


class KeepsNoDeadline(Same):
    def decide(self, message: Message, records: Records, now: Instant) -> Sequence[Event]:
        if isinstance(message, PaymentAdmitted):
            now = Instant(min(now, message.payment.deadline - 1))
        return super().decide(message, records, now)


class MovesAUnitMore(Same):
    """What was given back in parts comes to a unit more than was paid."""

    def decide(self, message: Message, records: Records, now: Instant) -> Sequence[Event]:
        return [_one_more(event) for event in super().decide(message, records, now)]


def _one_more(event: Event) -> Event:
    if not isinstance(event, ReversalAdmitted):
        return event
    payment = event.admitted.payment
    more = replace(payment, amount=replace(payment.amount, minor=payment.amount.minor + 1))
    return replace(event, admitted=replace(event.admitted, payment=more))


class MovesItTheSameWay(Same):
    """The entry is the original's once more, and not its opposite."""

    def decide(self, message: Message, records: Records, now: Instant) -> Sequence[Event]:
        return [_same_way(event) for event in super().decide(message, records, now)]


def _same_way(event: Event) -> Event:
    if not isinstance(event, ReversalAdmitted):
        return event
    original = event.original
    payment = replace(event.admitted.payment, debited=original.debited, credited=original.credited)
    return replace(event, admitted=replace(event.admitted, payment=payment))


class ForgetsWhatWasGivenBack(Same):
    """What is settled is free again."""

    def evolve(self, records: Records, event: Event) -> Changes:
        if isinstance(event, PaymentReversed):
            key = reversals.reversals_key(event.original)
            before = records[key]
            assert isinstance(before, Reversals)
            return {key: replace(before, open=before.open - event.minor)}
        return super().evolve(records, event)


class SaysTwiceThatItIsDone(Same):
    """A reversal is answered twice."""

    def decide(self, message: Message, records: Records, now: Instant) -> Sequence[Event]:
        events = list(super().decide(message, records, now))
        if isinstance(message, ReversalAdmitted):
            events += [event for event in events if isinstance(event, PaymentCompleted)]
        return events


class KeepsAFee(Same):
    """One unit less comes back than was asked for."""

    def decide(self, message: Message, records: Records, now: Instant) -> Sequence[Event]:
        events = super().decide(message, records, now)
        return [_less(one) if isinstance(message, ReversalAdmitted) else one for one in events]


def _less(event: Event) -> Event:
    if not isinstance(event, JournalEntryPosted) or event.credit.minor == 1:
        return event
    minor = event.credit.minor - 1
    return replace(
        event,
        postings=tuple(replace(posting, minor=minor) for posting in event.postings),
        balance=event.balance + 1,
    )


FAULTY_REVERSALS: Mapping[str, tuple[str, type[Same]]] = {
    "open reversals not counted": (reversals.NAME, ForgetsWhatIsOnItsWay),
    "failed reversal not given back": (reversals.NAME, KeepsThePeriod),
    "ending not told to reversals": (ledger.NAME, EndsSilently),
    "window counted from the asking": (reversals.NAME, CountsFromTheAsking),
    "one window for all products": (reversals.NAME, HasOneWindow),
    "foreign payment reversed": (reversals.NAME, AsksNobodysOwner),
    "failed payment reversed": (reversals.NAME, ReversesWhatFailed),
    "reversed after its deadline": (reversals.NAME, KeepsNoDeadline),
    "a unit too much": (reversals.NAME, MovesAUnitMore),
    "postings not swapped": (reversals.NAME, MovesItTheSameWay),
    "settled amounts forgotten": (reversals.NAME, ForgetsWhatWasGivenBack),
    "answered twice": (ledger.NAME, SaysTwiceThatItIsDone),
    "a fee kept": (ledger.NAME, KeepsAFee),
}
"""What is wrong -> the decider, and what stands in its place."""

SIMULATED = ("a unit too much", "postings not swapped", "settled amounts forgotten")
"""Those that the simulation plants too, beside the ones of faulty_deciders.py: its runs last for less than any window,
and nobody in them asks for a stranger's payment."""
