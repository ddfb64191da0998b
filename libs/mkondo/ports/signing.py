"""The platform's signing key, with which it stands for its digests."""

from typing import Protocol


class Signer(Protocol):
    """Promise: what it signs, the check of its public key accepts, and nothing else. Ed25519 (RFC 8032)."""

    def public_key(self) -> bytes:
        """32 bytes."""
        ...

    def sign(self, data: bytes) -> bytes:
        """64 bytes."""
        ...
