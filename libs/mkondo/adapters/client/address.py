"""Whether a text can be the address of an implementation. Pure. Read next: client.py."""

from urllib.parse import urlsplit

LABEL_MAX = 63
"""Of a host name (RFC 1035)."""


def is_address(text: str) -> bool:
    """`http://` or `https://`, a host, perhaps a port and a path; in ASCII, without query or fragment."""
    if not all("!" <= character <= "~" for character in text) or "?" in text or "#" in text:
        return False
    try:
        parts = urlsplit(text)
        host, port = parts.hostname or "", parts.port
    except ValueError:
        return False
    labels = host.removesuffix(".").split(".")
    return parts.scheme in ("http", "https") and port != 0 and all(0 < len(label) <= LABEL_MAX for label in labels)
