"""The handset: where a customer is shown a payment and says yes or no. Read next: domain/handset.py for what each
answer means, runtime/approvals.py for who asks."""

from typing import Protocol

import msgspec

from mkondo.domain.account import name_of
from mkondo.domain.approval import ApprovalAsked
from mkondo.domain.handset import Answer as Answer
from mkondo.domain.ids import Instant, PaymentId
from mkondo.domain.markets import MARKETS
from mkondo.domain.money import Money, format_amount


class Prompt(msgspec.Struct, frozen=True):
    """What the customer is shown, and until when. `amount_text` is the amount with its decimals, `60.00`.

    `voucher_code` is empty but for a two-step payment. `script` is how the sandbox's handset behaves
    (domain/handset.py), empty in live. `language` is the market's first one.
    """

    payment_id: PaymentId
    msisdn: str
    amount: Money
    amount_text: str
    shortcode: str
    organisation: str
    market: str
    reference: str
    description: str
    asked_at: Instant
    expires_at: Instant
    voucher_code: str = ""
    script: str = ""
    language: str = ""


class Handset(Protocol):
    """Shows a payment to its customer and brings back the answer. Asking never raises.

    Promises, each a test of the conformance suite:

    - An answer comes before the prompt's expiry, or None: nobody answered here. Time ends the payment then, or somebody
      answers otherwise.
    - Approved with the right PIN: INS-0.
    - Approved with a wrong PIN: INS-6 "Transaction Failed", Declined.
    - Cancelled by the customer: INS-6, Cancelled.
    - A handset that is switched off or can't be reached: INS-9, Expired, at once.
    - A customer who ignores it: None, at the expiry at the latest.
    - A prompt whose time is up is not shown: None at once.
    - Asking twice for the same payment is harmless: both hear the same.
    - What can't be trusted to be this customer's answer to this payment (forged, unsigned, too old, of another payment,
      not understood) is no answer: None, and a line in the log. It is never an approval.
    """

    async def ask(self, prompt: Prompt) -> Answer | None: ...


def prompt_of(event: ApprovalAsked) -> Prompt:
    """The prompt for a payment that waits for its customer."""
    payment = event.admitted.payment
    market = MARKETS[payment.market]
    return Prompt(
        payment_id=payment.payment_id,
        msisdn=payment.customer,
        amount=payment.amount,
        amount_text=format_amount(payment.amount.minor, market.decimals),
        shortcode=name_of(payment.credited),
        organisation=payment.organisation,
        market=payment.market,
        reference=payment.transaction_reference,
        description=payment.description,
        asked_at=payment.asked_at,
        expires_at=payment.deadline,
        voucher_code=event.admitted.voucher_code,
        script=event.admitted.script,
        language=market.languages[0],
    )
