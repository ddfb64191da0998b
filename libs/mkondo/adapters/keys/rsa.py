"""The platform's RSA key pair (contract section 2): made once, kept in a PEM file, used off the event loop.

A private operation costs 0.2 ms (2048 bits) to 1.7 ms (4096 bits) and lets go of the interpreter lock, so a pool of two
threads keeps both cores busy. The pool's queue is bounded: past it callers are told to try later.
"""

import asyncio
import base64
import binascii
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey, generate_private_key
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
    load_pem_private_key,
)

from mkondo.adapters.keys.files import SECRET, write_file
from mkondo.ports.errors import TryLater

SIZES = (2048, 3072, 4096)
_DROP_SPACE = str.maketrans("", "", " \t\r\n")


class UnusableKey(Exception):
    """A key file does not hold what it should. The text names the file."""


def load_or_create(path: Path, bits: int = 2048) -> RSAPrivateKey:
    """The key pair of a file, made on first use. An existing one is kept whatever its size: merchants have its other
    half."""
    if not path.exists():
        _create(path, bits)
    try:
        key = load_pem_private_key(path.read_bytes(), password=None)
    except ValueError as trouble:
        raise UnusableKey(f"{path} holds no PEM private key: restore it from a backup or move it away") from trouble
    if not isinstance(key, RSAPrivateKey) or key.key_size not in SIZES:
        raise UnusableKey(f"{path} must hold an RSA private key of {', '.join(map(str, SIZES))} bits")
    return key


def _create(path: Path, bits: int) -> None:
    if bits not in SIZES:
        raise UnusableKey(f"an RSA key has {', '.join(map(str, SIZES))} bits, not {bits}")
    key = generate_private_key(public_exponent=65537, key_size=bits)
    write_file(path, key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()), SECRET)


class RsaKeys:
    """ports/keys.Keys with a real key pair. Close it to let its threads go."""

    def __init__(self, key: RSAPrivateKey, threads: int = 2, waiting_max: int = 512) -> None:
        self._key = key
        self._size = key.key_size // 8
        self._waiting_max = waiting_max
        self._waiting = 0
        self._pool = ThreadPoolExecutor(threads, thread_name_prefix="rsa")
        der = key.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
        self._public = base64.b64encode(der).decode()

    def public_key(self) -> str:
        return self._public

    async def decrypt(self, block: str) -> str | None:
        ciphertext = self._ciphertext(block)
        if ciphertext is None:
            return None
        if self._waiting >= self._waiting_max:
            raise TryLater("too many encrypted keys are waiting to be read")
        self._waiting += 1
        try:
            return await asyncio.get_running_loop().run_in_executor(self._pool, self._open, ciphertext)
        finally:
            self._waiting -= 1

    def close(self) -> None:
        self._pool.shutdown(wait=True, cancel_futures=True)

    def _ciphertext(self, block: str) -> bytes | None:
        """What may go to the pool. The length is public, so refusing it early tells nobody anything."""
        if len(block) > 4 * self._size:
            return None
        try:
            ciphertext = base64.b64decode(block.translate(_DROP_SPACE), validate=True)
        except (binascii.Error, ValueError):
            return None
        return ciphertext if len(ciphertext) == self._size else None

    def _open(self, ciphertext: bytes) -> str | None:
        """OpenSSL 3.2 and later answer a wrong padding with random bytes in the same time; older ones raise
        ValueError."""
        try:
            return self._key.decrypt(ciphertext, PKCS1v15()).decode("ascii")
        except ValueError:
            return None
