"""How long a merchant asks to be left alone: Retry-After (RFC 9110). Read next: sender.py."""

from datetime import UTC
from email.utils import parsedate_to_datetime

ASK_TO_WAIT = (429, 503)
_DIGITS_MAX = 9


def retry_after_ms(status: int, said: str, now_seconds: float) -> int:
    """How long the merchant asks us to wait; 0: it does not, or nobody can read it."""
    said = said.strip()
    if status not in ASK_TO_WAIT or not said:
        return 0
    if said.isascii() and said.isdigit():
        return int(said[:_DIGITS_MAX]) * 1_000
    try:
        until = parsedate_to_datetime(said)
        at = (until if until.tzinfo else until.replace(tzinfo=UTC)).timestamp()
    except (ValueError, OverflowError):
        return 0
    return max(0, round((at - now_seconds) * 1_000))
