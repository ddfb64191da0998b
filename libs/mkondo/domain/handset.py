"""What a customer does with the payment on their handset, and what that means for the payment.

Pure. One table for whoever brings the news: the sandbox's virtual handset, its management API, and the gateway to real
ones. Read next: approval.py for the command that tells the ledger, ports/handset.py for who is asked.
"""

from collections.abc import Mapping

import msgspec

from mkondo.domain import reasons
from mkondo.domain.approval import AnswerApproval
from mkondo.domain.ids import AccountId, PaymentId

ASK = "ask"
APPROVE = "approve"
WRONG_PIN = "wrong_pin"
CANCEL = "cancel"
IGNORE = "ignore"
OFF = "off"

SANDBOX_PIN = "1234"
"""Of every customer in the sandbox. It protects nothing; a real PIN never comes near this platform."""


class Answer(msgspec.Struct, frozen=True):
    """How the customer answered: INS-0 for yes, else the reason code that the payment ends with.

    `text` says it to people; what a merchant reads is the code's own text. `status` is what a status query will show.
    """

    code: str
    text: str
    status: str


ANSWERS: Mapping[str, Answer | None] = {
    APPROVE: Answer(reasons.OK, "Request processed successfully", "Completed"),
    # Contract section 7 lists "Transaction Failed [Incorrect PIN]" and section 12 rules: INS-6, the plain text.
    WRONG_PIN: Answer(reasons.REFUSED, "Transaction Failed", "Declined"),
    # Section 5 lists no code of its own for a customer who says no: INS-5 stands in the Mozambique gateway's table only
    # (section 9). So the code is INS-6, and the words of section 9 and the status (section 4) tell it from a wrong PIN.
    CANCEL: Answer(reasons.REFUSED, "Transaction cancelled by customer", "Cancelled"),
    # Section 12: "USSD Push timeout" is INS-9. Nobody will answer, so it is known at once.
    OFF: Answer(reasons.TIMED_OUT, "The handset can't be reached", "Expired"),
    # Time decides: the ledger ends the payment at its deadline.
    IGNORE: None,
}
"""What a customer can do -> the answer, or None: there is none."""

SCRIPTS = (ASK, *ANSWERS)
"""How a test MSISDN may be told to behave. `ask` waits for a person, who acts through the management API."""


def entered(pin: str) -> str:
    """What a customer of the sandbox does who approves with this PIN."""
    return APPROVE if pin == SANDBOX_PIN else WRONG_PIN


def command(payment_id: PaymentId, debited: AccountId, answer: Answer) -> AnswerApproval:
    """The answer, as the ledger is told."""
    return AnswerApproval(payment_id, debited, answer.code, answer.text, answer.status)
