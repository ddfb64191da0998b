"""From an Authorization header to the hash of the secret inside it (contract sections 1, 2 and 10.8).

Some clients encrypt anew for every request, others reuse one header for hours: what was decrypted once is remembered by
the header's hash. Only hashes are kept: neither keys, session ids nor headers stay in memory. Read next: callers.py.
"""

import re
from collections import OrderedDict
from hashlib import sha256

import msgspec

from mkondo.ports.keys import Keys

_RAW_SESSION = re.compile(rb"[0-9a-f]{32}")
_SCHEME = b"bearer "


class Secret(msgspec.Struct, frozen=True):
    """What a bearer holds: the lower-case hex SHA-256 of an API key or session id, and whether it came unencrypted."""

    hash: str
    raw: bool = False


def hash_of(secret: str) -> str:
    """How API keys and session ids are stored and looked up."""
    return sha256(secret.encode()).hexdigest()


class Bearers:
    """Reads bearers, remembering the last `most` that could be read."""

    def __init__(self, keys: Keys, most: int = 20_000) -> None:
        self._keys = keys
        self._most = most
        self._read: OrderedDict[bytes, Secret] = OrderedDict()

    async def secret(self, authorization: bytes) -> Secret | None:
        """None when there is no bearer or it can't be read. Raises TryLater when too many are being decrypted."""
        header = sha256(authorization).digest()
        known = self._read.get(header)
        if known is not None:
            self._read.move_to_end(header)
            return known
        if authorization[: len(_SCHEME)].lower() != _SCHEME:
            return None
        secret = await self._decrypt(authorization[len(_SCHEME) :].strip())
        if secret is not None:
            self._remember(header, secret)
        return secret

    async def _decrypt(self, token: bytes) -> Secret | None:
        if _RAW_SESSION.fullmatch(token):
            return Secret(hash_of(token.decode()), raw=True)
        text = await self._keys.decrypt(token.decode("latin-1"))
        return None if text is None else Secret(hash_of(text))

    def _remember(self, header: bytes, secret: Secret) -> None:
        self._read[header] = secret
        if len(self._read) > self._most:
            self._read.popitem(last=False)
