"""Approval: how the paying customer agrees. Granted at once unless the payment says otherwise.

Pure. `implicit` payments need no answer; `handset` payments wait for AnswerApproval until their deadline.
Read next: ledger/.
"""

import msgspec

from mkondo.domain.ids import AccountId, Instant, PaymentId
from mkondo.domain.payment import PaymentAdmitted

IMPLICIT = "implicit"
HANDSET = "handset"


class ApprovalAsked(msgspec.Struct, frozen=True, tag=True):
    """The payer's handset shows the payment; nothing is held meanwhile."""

    admitted: PaymentAdmitted


class AnswerApproval(msgspec.Struct, frozen=True, tag=True):
    """What the customer did. `code` is INS-0 for yes, else the reason code that the payment fails with.

    `status` is what a status query will call the refused payment: Declined, Cancelled or Failed.
    """

    payment_id: PaymentId
    debited: AccountId
    code: str
    text: str = ""
    status: str = "Declined"


class ApprovalGranted(msgspec.Struct, frozen=True, tag=True):
    """The customer agreed; the payment goes on."""

    payment_id: PaymentId
    debited: AccountId


class ApprovalRefused(msgspec.Struct, frozen=True, tag=True):
    """The customer said no, or could not be asked: `code` and `reason` say which. The payment fails with them."""

    payment_id: PaymentId
    debited: AccountId
    code: str
    reason: str


class ApprovalExpired(msgspec.Struct, frozen=True, tag=True):
    """The customer had not answered by the deadline; the payment fails."""

    payment_id: PaymentId
    debited: AccountId


class Approval(msgspec.Struct, frozen=True):
    """Record `approval/PAYMENT`: a payment that waits for its customer. Deleted with the answer or at the deadline."""

    admitted: PaymentAdmitted
    expires_at: Instant
