"""Two-step payments: funds are held in the first step, and posted or given back in the second (contract section 4).

The hold keeps the whole payment, so that whatever ends it can say so to everybody who must hear. Refusals first.
"""

from collections.abc import Sequence

from msgspec.structs import replace

from mkondo.domain import reasons
from mkondo.domain.account import Account, Hold, HoldCaptured, HoldExpired, HoldPlaced, HoldReleased
from mkondo.domain.decider import Event, Record, Records
from mkondo.domain.ids import Instant
from mkondo.domain.ledger.entries import entry_of, find_account
from mkondo.domain.ledger.keys import hold_key
from mkondo.domain.payment import PaymentAdmitted, PaymentReserved, completed, failed
from mkondo.domain.request import DecideReservation, RequestAdmitted, RequestAnswered, forced_answer, refused


def reserve(admitted: PaymentAdmitted, now: Instant) -> Sequence[Event]:
    """This answers the request. Nobody waits for what ends the payment later; its deadline is then the hold's."""
    payment = admitted.payment
    expires_at = Instant(now + admitted.reservation_ms)
    kept = replace(payment, deadline=expires_at, reply_to=None, asynchronous=False)
    hold = Hold(
        payment.payment_id,
        payment.debited,
        payment.credited,
        payment.amount.minor,
        payment.amount.currency,
        expires_at,
        replace(admitted, payment=kept, reply_to=None),
        admitted.voucher_code,
    )
    return (HoldPlaced(hold), PaymentReserved(payment, expires_at))


def decide_reservation(
    asked: RequestAdmitted, order: DecideReservation, records: Records, now: Instant
) -> Sequence[Event]:
    request = asked.request
    if now >= request.deadline:
        return (refused(request, reasons.TIMED_OUT, "the deadline passed before the decision", "Expired"),)
    if asked.forced is not None:
        return (forced_answer(request, asked.forced),)
    hold = records.get(hold_key(order.payment_id, order.account))
    if not isinstance(hold, Hold):
        return (refused(request, reasons.REFUSED, "the payment is not waiting for a decision"),)
    if now >= hold.expires_at:
        return (*expire_hold(hold, now), refused(request, reasons.REFUSED, "the reservation has expired"))
    if hold.voucher_code != order.voucher_code:
        return (refused(request, reasons.REFUSED, "the voucher code is another one"),)
    answered = RequestAnswered(request, reasons.DECIDED, outputs={"output_TransactionID": order.transaction_id})
    if not order.commits:
        return (*_give_up(hold), answered)
    return (*_capture(hold, records, now), answered)


def _capture(hold: Hold, records: Records, now: Instant) -> Sequence[Event]:
    """Whatever the account's status is by now: the merchant was promised the funds while it was active."""
    account = find_account(hold.account, records)
    if not isinstance(account, Account):
        raise LookupError(f"the account of the open hold {hold.hold} is gone")
    captured = HoldCaptured(hold.hold, hold.account, hold.minor, hold.minor)
    return (captured, entry_of(hold.admitted.payment, account), completed(hold.admitted, now))


def _give_up(hold: Hold) -> Sequence[Event]:
    released = HoldReleased(hold.hold, hold.account, hold.minor)
    return (released, failed(hold.admitted, reasons.REFUSED, "given up by the merchant", "Cancelled"))


def expire_hold(record: Record, now: Instant) -> Sequence[Event]:
    if not isinstance(record, Hold) or now < record.expires_at:
        return ()
    expired = HoldExpired(record.hold, record.account, record.minor)
    return (expired, failed(record.admitted, reasons.TIMED_OUT, "not decided in time", "Expired"))
