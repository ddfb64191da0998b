"""Signatures of what is sent to and comes from others over HTTP: Standard Webhooks, symmetric (HMAC-SHA256).

Signed is `id.timestamp.body`; the id names what the message is about, the timestamp (seconds) says when it was signed.
Time arrives as data. Read next: ussd.py, the messages that are signed.
"""

import base64
import binascii
import hashlib
import hmac
from collections.abc import Mapping, Sequence

import msgspec

ID = "webhook-id"
TIMESTAMP = "webhook-timestamp"
SIGNATURE = "webhook-signature"

TOLERANCE_SECONDS = 300
"""How far the other side's clock and a slow network may be off; what is older may be a recording."""

_PREFIX = "whsec_"
_VERSION = "v1,"
_KEY_BYTES = range(24, 65)
_TIMESTAMP_DIGITS_MAX = 12


class Secret(msgspec.Struct, frozen=True):
    """A shared secret. It does not show in a log line or a traceback."""

    key: bytes

    def __repr__(self) -> str:
        return "Secret(…)"


def read_secret(text: str) -> Secret:
    """A secret as people keep it: `whsec_` and base64 of 24 to 64 bytes. Raises ValueError, which does not quote it."""
    try:
        key = base64.b64decode(text.removeprefix(_PREFIX), validate=True)
    except (binascii.Error, ValueError):
        key = b""
    if not text.startswith(_PREFIX) or len(key) not in _KEY_BYTES:
        raise ValueError("a secret is whsec_ followed by base64 of 24 to 64 random bytes")
    return Secret(key)


def sign(secrets: Sequence[Secret], name: str, now_seconds: int, body: bytes) -> dict[str, str]:
    """The three headers. With several secrets (while one replaces another) there is a signature by each; without any
    there is no third header, since an empty one could be taken for a signature that is wrong."""
    told = {ID: name, TIMESTAMP: str(now_seconds)}
    signatures = " ".join(_VERSION + _signature(secret, name, str(now_seconds), body) for secret in secrets)
    return {**told, SIGNATURE: signatures} if signatures else told


def distrust(secrets: Sequence[Secret], headers: Mapping[str, str], now_seconds: int, body: bytes) -> str:
    """Why a message can't be trusted, in words; empty when it can. Header names are lower case."""
    name, timestamp = headers.get(ID, ""), headers.get(TIMESTAMP, "")
    given = headers.get(SIGNATURE, "").split(" ")
    if not name or not given[0]:
        return "it is not signed"
    if not (timestamp.isascii() and timestamp.isdigit()) or len(timestamp) > _TIMESTAMP_DIGITS_MAX:
        return "its timestamp is no number"
    if abs(now_seconds - int(timestamp)) > TOLERANCE_SECONDS:
        return "it was signed too long ago, or in the future"
    right = [(_VERSION + _signature(secret, name, timestamp, body)).encode() for secret in secrets]
    if not any(hmac.compare_digest(one.encode(), each) for one in given for each in right):
        return "its signature is wrong"
    return ""


def _signature(secret: Secret, name: str, timestamp: str, body: bytes) -> str:
    signed = b".".join((name.encode(), timestamp.encode(), body))
    return base64.b64encode(hmac.digest(secret.key, signed, hashlib.sha256)).decode()
