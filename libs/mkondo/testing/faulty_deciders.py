"""Planted bugs in the rules: deciders that do as the real ones, but for one thing that each of them gets wrong.

Most are wrong in `decide` only: the journals and the records agree, and nothing but a check of the rule itself can see
it. Read next: faults.py, which puts them into worlds.
"""

from collections.abc import Mapping, Sequence
from typing import Any

from msgspec.structs import replace

from mkondo.domain import admission, deliveries, ledger, mandates, reasons, reversals
from mkondo.domain.account import Account, CreditApplied, Hold, HoldCaptured, JournalEntryPosted
from mkondo.domain.approval import AnswerApproval, Approval, ApprovalGranted
from mkondo.domain.decider import Changes, Event, Message, Record, Records, Send
from mkondo.domain.delivery import RecordAttempt
from mkondo.domain.ids import Instant
from mkondo.domain.ledger.keys import account_key, approval_key, hold_key
from mkondo.domain.mandate import Mandate, Status
from mkondo.domain.mandates import MandateCancelled, MandateCreated
from mkondo.domain.payment import PaymentAdmitted, PaymentFailed, RequestPayment
from mkondo.domain.request import DecideReservation, MakeRequest, RequestAdmitted, RequestRejected
from mkondo.domain.reversal import Reversals


class Same:
    """A decider that does as the real one; the faulty ones below change one function."""

    def __init__(self, real: Any) -> None:
        self._real = real

    def __getattr__(self, name: str) -> Any:
        return getattr(self._real, name)

    def decide(self, message: Message, records: Records, now: Instant) -> Sequence[Event]:
        events: Sequence[Event] = self._real.decide(message, records, now)
        return events

    def evolve(self, records: Records, event: Event) -> Changes:
        changes: Changes = self._real.evolve(records, event)
        return changes


class RefusesRedelivery(Same):
    """The same payment, delivered again, is taken for a duplicate."""

    def decide(self, message: Message, records: Records, now: Instant) -> Sequence[Event]:
        events = super().decide(message, records, now)
        if isinstance(message, RequestPayment) and not events:
            payment = message.payment
            rejected = RequestRejected(
                payment.reply_to,
                reasons.DUPLICATE,
                "Duplicate Transaction",
                payment.payment_id,
                payment.operation,
                payment.third_party_conversation_id,
            )
            return (rejected,)
        return events


class IgnoresDeadlines(Same):
    """Late payments are posted all the same."""

    def decide(self, message: Message, records: Records, now: Instant) -> Sequence[Event]:
        if isinstance(message, PaymentAdmitted):
            now = Instant(min(now, message.payment.deadline - 1))
        return super().decide(message, records, now)


class IgnoresLimits(Same):
    """The single value is not looked at."""

    def decide(self, message: Message, records: Records, now: Instant) -> Sequence[Event]:
        events = super().decide(message, records, now)
        match message, events:
            case RequestPayment(), (PaymentFailed(code="INS-995", payment=payment),):
                return (PaymentAdmitted(payment, message.session, 1, message.approval),)
            case _:
                return events


class IgnoresFloors(Same):
    """An account is debited whatever stands in it."""

    def decide(self, message: Message, records: Records, now: Instant) -> Sequence[Event]:
        rich = {key: _without_floor(record) for key, record in records.items()}
        return super().decide(message, rich if isinstance(message, PaymentAdmitted) else records, now)


def _without_floor(record: Record) -> Record:
    return replace(record, floor=None) if isinstance(record, Account) else record


class KeepsCapturedHolds(Same):
    """A captured hold stays open, and can be captured again."""

    def evolve(self, records: Records, event: Event) -> Changes:
        changes = super().evolve(records, event)
        if isinstance(event, HoldCaptured):
            del changes[hold_key(event.hold, event.account)]
        return changes


class KeepsAnsweredApprovals(Same):
    """A payment whose customer has agreed goes on waiting for its customer, and expires."""

    def evolve(self, records: Records, event: Event) -> Changes:
        return {} if isinstance(event, ApprovalGranted) else super().evolve(records, event)


class CreditsTwice(Same):
    """The first credit of an account is applied twice."""

    def decide(self, message: Message, records: Records, now: Instant) -> Sequence[Event]:
        events = super().decide(message, records, now)
        if isinstance(message, JournalEntryPosted) and account_key(message.credit.account) not in records:
            match events[-1]:
                case CreditApplied() as applied:
                    again = replace(applied, balance=applied.balance + applied.minor)
                    return (*events, again)
        return events


class SendsTheCreditNowhere(Same):
    """The credited account's owner is not told."""

    def react(self, event: Event) -> Sequence[Send]:
        return ()


# Two-step payments and approvals --------------------------------------------------------------------------------------


class CapturesLate(Same):
    """A reservation can be decided after its expiry, as long as no timer has ended it."""

    def decide(self, message: Message, records: Records, now: Instant) -> Sequence[Event]:
        hold = _decided_hold(message, records)
        return super().decide(message, records, now if hold is None else Instant(min(now, hold.expires_at - 1)))


class TakesAnyVoucher(Same):
    """The voucher code is not compared."""

    def decide(self, message: Message, records: Records, now: Instant) -> Sequence[Event]:
        hold = _decided_hold(message, records)
        if hold is not None and isinstance(message, RequestAdmitted):
            shown = getattr(message.request.order, "voucher_code", "")
            records = {**records, hold_key(hold.hold, hold.account): replace(hold, voucher_code=shown)}
        return super().decide(message, records, now)


def _decided_hold(message: Message, records: Records) -> Hold | None:
    if not isinstance(message, RequestAdmitted) or not isinstance(message.request.order, DecideReservation):
        return None
    order = message.request.order
    hold = records.get(hold_key(order.payment_id, order.account))
    return hold if isinstance(hold, Hold) else None


class PaysLateAnswers(Same):
    """A customer's yes pays after the deadline, as long as no timer has ended the payment."""

    def decide(self, message: Message, records: Records, now: Instant) -> Sequence[Event]:
        approval = records.get(approval_key(message.payment_id)) if isinstance(message, AnswerApproval) else None
        if isinstance(approval, Approval):
            now = Instant(min(now, approval.expires_at - 1))
        return super().decide(message, records, now)


# Service requests -----------------------------------------------------------------------------------------------------


class ForgetsServiceRequests(Same):
    """The reference of a service request is not looked at: it is taken as often as it comes."""

    def decide(self, message: Message, records: Records, now: Instant) -> Sequence[Event]:
        if isinstance(message, MakeRequest):
            records = {key: record for key, record in records.items() if not key.startswith("reference/")}
        return super().decide(message, records, now)


class ServesLate(Same):
    """A service request is carried out after its deadline."""

    def decide(self, message: Message, records: Records, now: Instant) -> Sequence[Event]:
        if isinstance(message, RequestAdmitted):
            now = Instant(min(now, message.request.deadline - 1))
        return super().decide(message, records, now)


# Direct debits --------------------------------------------------------------------------------------------------------


class SeesMandates(Same):
    """Decides about mandates that look a little different from how they are."""

    def see(self, mandate: Mandate) -> Mandate:
        return mandate

    def decide(self, message: Message, records: Records, now: Instant) -> Sequence[Event]:
        if isinstance(message, PaymentAdmitted):
            records = {key: self.see(one) if isinstance(one, Mandate) else one for key, one in records.items()}
        return super().decide(message, records, now)


class UsesUpNoPeriod(SeesMandates):
    """A collection does not use up its period."""

    def see(self, mandate: Mandate) -> Mandate:
        return replace(mandate, taken="")


class CollectsFromTheDead(SeesMandates):
    """A mandate that was cancelled can be collected."""

    def see(self, mandate: Mandate) -> Mandate:
        return replace(mandate, status=Status.ACTIVE)


class KeepsThePeriod(Same):
    """A collection that failed does not give its period back; a reversal that failed does not give its amount back."""

    def decide(self, message: Message, records: Records, now: Instant) -> Sequence[Event]:
        return () if isinstance(message, PaymentFailed) else super().decide(message, records, now)


class LeavesTheOldMandate(Same):
    """A new mandate takes the place of the old one, which nobody ends."""

    def decide(self, message: Message, records: Records, now: Instant) -> Sequence[Event]:
        events = super().decide(message, records, now)
        made = any(isinstance(event, MandateCreated) for event in events)
        return [event for event in events if not (made and isinstance(event, MandateCancelled))]


# Reversals ------------------------------------------------------------------------------------------------------------


class ForgetsWhatIsOnItsWay(Same):
    """What other reversals of the payment have set aside counts as still there."""

    def decide(self, message: Message, records: Records, now: Instant) -> Sequence[Event]:
        if isinstance(message, PaymentAdmitted):
            records = {key: _without_open(record) for key, record in records.items()}
        return super().decide(message, records, now)


def _without_open(record: Record) -> Record:
    return replace(record, open=0) if isinstance(record, Reversals) else record


class EndsSilently(Same):
    """The owner of the reversals does not hear how one of them has ended."""

    def react(self, event: Event) -> Sequence[Send]:
        return [send for send in self._real.react(event) if send.decider != reversals.NAME]


# Results that are pushed ----------------------------------------------------------------------------------------------


class TellsNobody(Same):
    """The result of an asynchronous request is not handed on to be pushed."""

    def react(self, event: Event) -> Sequence[Send]:
        return [send for send in self._real.react(event) if send.decider != deliveries.NAME]


class TriesOnce(Same):
    """Whatever comes of an attempt, the delivery is done with."""

    def decide(self, message: Message, records: Records, now: Instant) -> Sequence[Event]:
        if isinstance(message, RecordAttempt):
            message = replace(message, receipt=replace(message.receipt, delivered=True))
        return super().decide(message, records, now)


FAULTY: Mapping[str, tuple[str, type[Same]]] = {
    "redelivery taken for a duplicate": (admission.NAME, RefusesRedelivery),
    "limit ignored": (admission.NAME, IgnoresLimits),
    "service request taken twice": (admission.NAME, ForgetsServiceRequests),
    "deadline ignored": (ledger.NAME, IgnoresDeadlines),
    "floor ignored": (ledger.NAME, IgnoresFloors),
    "credit applied twice": (ledger.NAME, CreditsTwice),
    "credit not sent": (ledger.NAME, SendsTheCreditNowhere),
    "late answer pays": (ledger.NAME, PaysLateAnswers),
    "hold captured twice": (ledger.NAME, KeepsCapturedHolds),
    "hold's expiry ignored": (ledger.NAME, CapturesLate),
    "voucher not compared": (ledger.NAME, TakesAnyVoucher),
    "ending not told to reversals": (ledger.NAME, EndsSilently),
    "request carried out late": (mandates.NAME, ServesLate),
    "period not used up": (mandates.NAME, UsesUpNoPeriod),
    "period not given back": (mandates.NAME, KeepsThePeriod),
    "cancelled mandate collected": (mandates.NAME, CollectsFromTheDead),
    "two mandates alive": (mandates.NAME, LeavesTheOldMandate),
    "open reversals not counted": (reversals.NAME, ForgetsWhatIsOnItsWay),
    "failed reversal not given back": (reversals.NAME, KeepsThePeriod),
    "result not pushed": (ledger.NAME, TellsNobody),
    "failed delivery forgotten": (deliveries.NAME, TriesOnce),
}
"""What is wrong -> the decider, and what stands in its place."""
