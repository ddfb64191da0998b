"""The platform's Ed25519 key (RFC 8032), which signs its digests: made once, kept in a PEM file for its owner only.

Read next: contracts/digest.py, runtime/digests.py.
"""

from pathlib import Path

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
    load_pem_private_key,
)

from mkondo.adapters.keys.files import SECRET, write_file
from mkondo.adapters.keys.rsa import UnusableKey


class Ed25519Signer:
    """ports/signing.Signer with a real key."""

    def __init__(self, key: Ed25519PrivateKey) -> None:
        self._key = key
        self._public = key.public_key().public_bytes(Encoding.Raw, PublicFormat.Raw)

    def public_key(self) -> bytes:
        return self._public

    def sign(self, data: bytes) -> bytes:
        return self._key.sign(data)


def load_or_create_signer(path: Path) -> Ed25519Signer:
    """The key of a file, made on first use. UnusableKey when the file holds none: then nothing is made in its place."""
    if not path.exists():
        key = Ed25519PrivateKey.generate()
        write_file(path, key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()), SECRET)
    return load_signer(path)


def load_signer(path: Path) -> Ed25519Signer:
    """UnusableKey for a file that holds no such key, OSError for one that can't be read."""
    try:
        key = load_pem_private_key(path.read_bytes(), password=None)
    except (ValueError, TypeError) as trouble:
        raise UnusableKey(f"{path} holds no PEM private key: restore it from a backup, or move it away") from trouble
    if not isinstance(key, Ed25519PrivateKey):
        raise UnusableKey(f"{path} must hold an Ed25519 private key: restore it from a backup, or move it away")
    return Ed25519Signer(key)


def is_signed(public_key: bytes, signature: bytes, data: bytes) -> bool:
    """contracts/digest.SignatureCheck. A key that is none has signed nothing."""
    try:
        Ed25519PublicKey.from_public_bytes(public_key).verify(signature, data)
    except (InvalidSignature, ValueError):
        return False
    return True
