"""Sealing with AES-256-GCM: `v1.KEY-ID.base64(nonce + ciphertext)`. The key id says which key opens it.

The file of keys has one a line, `ID base64`; the last one seals, so a new key is a line more, and an old one may go
once nothing is sealed with it. Read next: ports/sealing.py.
"""

import binascii
import secrets
from base64 import b64decode, b64encode
from collections.abc import Mapping
from pathlib import Path

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from mkondo.adapters.keys.files import SECRET, write_file
from mkondo.adapters.keys.rsa import UnusableKey
from mkondo.ports.sealing import CannotOpen

KEY_BYTES = 32
NONCE_BYTES = 12
_VERSION = "v1"
_MEND = "restore keys/sealing.key, or give the application a new webhook secret, without an overlap"
"""Within an overlap the old one is to sign too, and can't be read any better."""


class AesSealing:
    """Seals with the last of these keys."""

    def __init__(self, keys: Mapping[str, bytes]) -> None:
        if not keys:
            raise ValueError("there is no key to seal with")
        self._keys = {name: AESGCM(key) for name, key in keys.items()}
        self._newest = list(keys)[-1]

    def seal(self, text: str, about: str) -> str:
        nonce = secrets.token_bytes(NONCE_BYTES)
        sealed = self._keys[self._newest].encrypt(nonce, text.encode(), about.encode())
        return f"{_VERSION}.{self._newest}.{b64encode(nonce + sealed).decode()}"

    def open(self, sealed: str, about: str) -> str:
        version, _, rest = sealed.partition(".")
        name, _, data = rest.partition(".")
        if version != _VERSION:
            raise CannotOpen(f"this was not sealed here: {_MEND}")
        if name not in self._keys:
            raise CannotOpen(f"it was sealed with the key {name[:40]}, which is not among the keys here: {_MEND}")
        try:
            raw = b64decode(data, validate=True)
            return self._keys[name].decrypt(raw[:NONCE_BYTES], raw[NONCE_BYTES:], about.encode()).decode()
        except (InvalidTag, binascii.Error, ValueError):
            raise CannotOpen(
                f"what was sealed with the key {name} is damaged, or about something else: {_MEND}"
            ) from None


def load_or_create_sealing(path: Path) -> AesSealing:
    """With the keys of this file, which is made with one key when it is not there. UnusableKey when it is damaged."""
    if not path.exists():
        write_file(
            path, f"{secrets.token_hex(4)} {b64encode(secrets.token_bytes(KEY_BYTES)).decode()}\n".encode(), SECRET
        )
    try:
        return AesSealing(dict(_key(line) for line in path.read_text().splitlines() if line.strip()))
    except ValueError as trouble:
        mend = "restore it from a backup, or move it away and give every application a new webhook secret"
        raise UnusableKey(f"{path} holds no sealing keys: {mend}") from trouble


def _key(line: str) -> tuple[str, bytes]:
    name, _, text = line.strip().partition(" ")
    key = b64decode(text, validate=True)
    if not name.isalnum() or len(key) != KEY_BYTES:
        raise ValueError("a line is a name and 32 bytes in base64")
    return name, key
