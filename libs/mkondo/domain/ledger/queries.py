"""What the owner of an account adds to an answer: whether it holds enough, and its status (contract section 4)."""

from collections.abc import Sequence

from mkondo.domain import reasons
from mkondo.domain.account import Account, AccountStatus
from mkondo.domain.decider import Event, Records
from mkondo.domain.ids import Instant
from mkondo.domain.ledger.entries import find_account
from mkondo.domain.mandates import MandateFound
from mkondo.domain.markets import MARKETS
from mkondo.domain.request import RequestAnswered, refused

NOT_ASKED = "N/A"


def describe_mandate(found: MandateFound, records: Records, now: Instant) -> Sequence[Event]:
    """A sandbox customer whom nobody has touched yet has what touching it would give."""
    request, mandate = found.request, found.mandate
    if now >= request.deadline:
        return (refused(request, reasons.TIMED_OUT, "the deadline passed before the balance was looked at", "Expired"),)
    account = find_account(found.account, records)
    if account is None and not request.opens_accounts:
        return (refused(request, reasons.NO_SUCH_CUSTOMER, "the customer has no account"),)
    status = account.status if account is not None else AccountStatus.ACTIVE
    terms = mandate.terms
    outputs = {
        "output_TransactionReference": request.transaction_id,
        "output_SufficientBalance": _sufficient(found, account),
        "output_MsisdnToken": mandate.token,
        "output_MandateID": mandate.mandate_id,
        "output_MandateStatus": mandate.status.value,
        "output_AccountStatus": status.value,
        "output_FirstPaymentDate": terms.first_payment_date or NOT_ASKED,
        "output_Frequency": terms.frequency or NOT_ASKED,
        "output_PaymentDayFrom": terms.start_day or NOT_ASKED,
        "output_PaymentDayTo": terms.end_day or NOT_ASKED,
        "output_ExpiryDate": terms.expiry_date or NOT_ASKED,
    }
    return (RequestAnswered(request, reasons.OK, outputs=outputs),)


def _sufficient(found: MandateFound, account: Account | None) -> str | bool:
    if found.balance is None:
        return NOT_ASKED
    opening = MARKETS[found.mandate.key.market].opening_balance_minor
    enough = account.covers(found.balance) if account is not None else opening >= found.balance
    return str(enough) if found.request.sufficient_balance_as_text else enough
