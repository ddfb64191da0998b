"""Bearer tokens of the management API: who somebody is, signed with this deployment's secret.

A token is its subject and a keyed hash of it, so every process that shares the secret can check one and nobody has to
store any. Read next: services/portal/api/access.py.
"""

import hmac
import secrets
from base64 import urlsafe_b64decode, urlsafe_b64encode
from binascii import Error
from hashlib import sha256
from pathlib import Path

from mkondo.adapters.keys.files import SECRET, write_file
from mkondo.adapters.keys.rsa import UnusableKey

SECRET_BYTES = 32
SUBJECT_MAX = 256


class Tokens:
    """Makes and checks the tokens of one secret."""

    def __init__(self, secret: bytes) -> None:
        if len(secret) < SECRET_BYTES:
            raise ValueError(f"a token secret has at least {SECRET_BYTES} bytes")
        self._secret = secret

    def issue(self, subject: str) -> str:
        """The token of a subject such as `operator` or `application/demo`; always the same one."""
        return f"{urlsafe_b64encode(subject.encode()).decode().rstrip('=')}.{self._seal(subject)}"

    def subject_of(self, token: str) -> str | None:
        """Whose token this is, or None when it is nobody's."""
        named, _, seal = token.partition(".")
        try:
            subject = urlsafe_b64decode(named + "=" * (-len(named) % 4)).decode()
        except (Error, ValueError):
            return None
        known = len(subject) <= SUBJECT_MAX and hmac.compare_digest(self._seal(subject).encode(), seal.encode())
        return subject if known else None

    def _seal(self, subject: str) -> str:
        return hmac.new(self._secret, subject.encode(), sha256).hexdigest()


def load_or_create_tokens(path: Path) -> Tokens:
    """The tokens of a data directory's secret, which is made at the first start. UnusableKey when it is damaged."""
    if not path.exists():
        write_file(path, secrets.token_bytes(SECRET_BYTES), SECRET)
    secret = path.read_bytes()
    if len(secret) < SECRET_BYTES:
        raise UnusableKey(f"{path} holds no secret: restore it from a backup, or move it away and hand out new tokens")
    return Tokens(secret)
