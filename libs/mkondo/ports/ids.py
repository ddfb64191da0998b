"""Where new names come from: the only source of randomness."""

from typing import Protocol

from mkondo.domain.ids import PaymentId, TransactionId


class Ids(Protocol):
    """Promises: unguessable, never the same twice, in the shapes that domain/ids.py gives."""

    def payment_id(self) -> PaymentId: ...
    def transaction_id(self) -> TransactionId: ...
    def session_id(self) -> str:
        """32 lower-case hex characters; a secret."""
        ...

    def api_key(self) -> str:
        """32 alphanumerics; a secret."""
        ...

    def webhook_secret(self) -> str:
        """`whsec_` and base64 of 32 random bytes (Standard Webhooks); a secret."""
        ...

    def voucher_code(self) -> str:
        """6 upper-case alphanumerics (contract section 12, "Two-step")."""
        ...

    def msisdn_token(self) -> str:
        """24 characters of base64 without `+` and `/`, which the wire's grammar bars; a secret."""
        ...

    def incarnation(self) -> str:
        """Names one life of one process."""
        ...

    def jitter(self) -> float:
        """A number in [0, 1) for back-off."""
        ...
