"""Why an attempt failed, in one line of plain words for the merchant's eyes.

Never the library's own: those quote the URL, whose query may hold a secret, and what was answered, over several lines.
Read next: sender.py.
"""

import os
import ssl

import aiohttp

from mkondo.adapters.callbacks.addresses import NOT_PUBLIC
from mkondo.domain.delivery import REASON_MAX

_WORDS: tuple[tuple[type[aiohttp.ClientError], str], ...] = (
    (aiohttp.InvalidURL, "no address"),
    (aiohttp.ClientConnectorCertificateError, "no connection: the certificate is not trusted"),
    (aiohttp.ClientConnectorError, "no connection"),
    (aiohttp.ServerDisconnectedError, "the connection was closed without an answer"),
    (aiohttp.ClientPayloadError, "it came to no end, or is no HTTP"),
    (aiohttp.ClientResponseError, "what was answered is no HTTP"),
    (aiohttp.ClientConnectionError, "the connection broke"),
)
"""The first that fits counts, and with it what the system says of it."""


def in_words(trouble: aiohttp.ClientError) -> str:
    """One line, at most 200 characters."""
    words = next((words for kind, words in _WORDS if isinstance(trouble, kind)), "the attempt failed")
    return one_line(f"{words}: {more}" if (more := _said_by_system(trouble)) else words)


def _said_by_system(trouble: aiohttp.ClientError) -> str:
    """Such as `Connection refused`, or what is wrong with a certificate."""
    match trouble.os_error if isinstance(trouble, aiohttp.ClientConnectorError) else trouble:
        case ssl.SSLCertVerificationError(verify_message=message):
            return str(message)
        case ssl.SSLError(reason=reason):
            return f"TLS: {reason}".replace("_", " ").lower() if reason else "TLS"
        case PermissionError(strerror=said) if said == NOT_PUBLIC:
            return NOT_PUBLIC
        case OSError(errno=int(number)) if number > 0:
            return os.strerror(number)
        case _:
            return ""


def one_line(text: str) -> str:
    return " ".join(text.split())[:REASON_MAX]
