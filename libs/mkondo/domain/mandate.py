"""A mandate: the payer's standing permission to collect, and the days on which it is due.

Pure. What the merchant may ask of mandates is here, and the mandate itself; contract sections 4 (frequency) and 12
("Direct debit") are the source of the rules. Read next: mandates.py, the decider.
"""

from datetime import date
from enum import Enum

import msgspec

from mkondo.domain.calendar import last_of_month, parse_day
from mkondo.domain.ids import AccountId, Instant, PaymentId


class Status(Enum):
    """What a query of the mandate says (contract section 7)."""

    ACTIVE = "Active"
    PENDING = "Pending Approval"
    CANCELLED = "Cancelled"
    EXPIRED = "Expired"


class Terms(msgspec.Struct, frozen=True, omit_defaults=True):
    """When the mandate may be collected. Wire texts: dates YYYYMMDD, days of the month 01 to 31, empty for none.

    `frequency`: 01 once, 02 daily, 03 weekly, 04 monthly, 05 quarterly, 06 half-yearly, 07 yearly, 08 on demand; none
    is on demand too.
    """

    first_payment_date: str = ""
    frequency: str = ""
    start_day: str = ""
    end_day: str = ""
    expiry_date: str = ""


class MandateKey(msgspec.Struct, frozen=True):
    """Whose mandate under which reference, for which customer. The scope is the application in the sandbox and the
    organisation in live (contract section 12, "Whose data"). The market is part of it: a number has another wallet in
    each market, and who agreed to be debited in one has not agreed in the others."""

    scope: str
    market: str
    reference: str
    customer: str

    @property
    def partition_key(self) -> str:
        return f"{self.scope}/{self.reference}"


class CreateMandate(msgspec.Struct, frozen=True, tag=True):
    """A new mandate; one that is alive under the same key is replaced. `agreed` False: the customer has yet to say."""

    key: MandateKey
    token: str
    shortcode: str
    terms: Terms
    agreed: bool


class CancelMandate(msgspec.Struct, frozen=True, tag=True):
    """End it for good. `mandate_id` empty: the one alive under the key."""

    key: MandateKey
    mandate_id: str


class FindMandate(msgspec.Struct, frozen=True, tag=True):
    """How it stands, and whether the customer's account holds `balance` minor units (None: nobody asks)."""

    key: MandateKey
    mandate_id: str
    account: AccountId
    balance: int | None = None


class Collection(msgspec.Struct, frozen=True, tag=True):
    """The purpose of a direct debit payment: to collect under this mandate. `mandate_id` empty: the one alive under the
    key; its owner writes down which one that was."""

    key: MandateKey
    mandate_id: str


class AnswerMandate(msgspec.Struct, frozen=True, tag=True):
    """The customer says yes or no to a mandate that waits for approval. `mandate_id` empty: the one under the key; with
    it an answer that was meant for one mandate never reaches another that took its place meanwhile."""

    key: MandateKey
    agreed: bool
    mandate_id: str = ""


class Mandate(msgspec.Struct, frozen=True, omit_defaults=True):
    """Record `mandate/SCOPE/MARKET/REFERENCE/CUSTOMER`: the latest mandate of that key.

    `taken` is the period of the last collection, which may still be under way; a failed one gives it back.
    """

    key: MandateKey
    mandate_id: str
    token: str
    shortcode: str
    terms: Terms
    status: Status = Status.ACTIVE
    created_at: Instant = Instant(0)
    taken: str = ""
    taken_by: PaymentId = PaymentId("")
    taken_before: str = ""
    """The period before `taken`, to go back to."""


class MandateCount(msgspec.Struct, frozen=True):
    """Record `mandate-count/PARTITION`: how many mandates this partition has numbered."""

    count: int


_MONTHS = {"04": 1, "05": 3, "06": 6, "07": 12}
ONCE, DAILY, WEEKLY, ON_DEMAND = "01", "02", "03", "08"


def not_due(mandate: Mandate, today: date) -> str | None:
    """Why nothing may be collected today, in words, or None."""
    terms = mandate.terms
    first, expiry = parse_day(terms.first_payment_date), parse_day(terms.expiry_date)
    if mandate.status is not Status.ACTIVE:
        return f"the mandate is {mandate.status.value.lower()}"
    if expiry is not None and today > expiry:
        return "the mandate has expired"
    if first is not None and today < first:
        return f"the first payment is due on {terms.first_payment_date}"
    if not _in_range(terms, today):
        return f"payments are due on days {terms.start_day or '01'} to {terms.end_day or '31'} of the month"
    period = period_of(terms, today)
    if period and period == mandate.taken:
        return "it has been collected already for this period"
    return None


def _in_range(terms: Terms, today: date) -> bool:
    """In a month that is too short for the first day of the range, its last day stands in for it."""
    starts = min(int(terms.start_day or "1"), last_of_month(today))
    return starts <= today.day <= max(int(terms.end_day or "31"), starts)


def period_of(terms: Terms, today: date) -> str:
    """The period that a collection of today uses up; empty: as often as the merchant asks."""
    first = parse_day(terms.first_payment_date)
    if terms.frequency in ("", ON_DEMAND) or first is None:
        return ""
    if terms.frequency == ONCE:
        return ONCE
    if terms.frequency == DAILY:
        return today.isoformat()
    if terms.frequency == WEEKLY:
        return f"week {(today - first).days // 7}"
    months = (today.year - first.year) * 12 + today.month - first.month
    return f"{terms.frequency} {months // _MONTHS[terms.frequency]}"
