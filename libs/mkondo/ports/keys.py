"""The platform's key pair, with which merchants encrypt API keys and session ids (contract section 2)."""

from typing import Protocol


class Keys(Protocol):
    """Promises: accepts RSA PKCS#1 v1.5 blocks made with `public_key`; anything else is None, never an exception, and
    takes no measurably different path; decrypts off the event loop in a bounded pool."""

    def public_key(self) -> str:
        """base64 of the DER SubjectPublicKeyInfo, without armour."""
        ...

    async def decrypt(self, block: str) -> str | None:
        """The text inside a base64 RSA block, or None. Raises TryLater when the pool's queue is full."""
        ...
