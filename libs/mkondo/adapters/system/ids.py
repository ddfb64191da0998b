"""New names from the operating system's randomness. Shapes: domain/ids.py. Read next: ports/ids.py for what is
promised."""

import secrets
import string
import time
from base64 import b64encode

from mkondo.domain.ids import PaymentId, TransactionId

_LETTERS = string.digits + string.ascii_uppercase + string.ascii_lowercase
_CAPITALS = string.digits + string.ascii_uppercase
_PAIRS = [first + second for first in _LETTERS for second in _LETTERS]
_WORDS = len(_PAIRS) ** 6


def _letters() -> str:
    """12 alphanumerics, two at a time. 16 random bytes over 62^12 words: the bias is below one in 2^56."""
    number = int.from_bytes(secrets.token_bytes(16)) % _WORDS
    pairs = []
    for _ in range(6):
        number, pair = divmod(number, len(_PAIRS))
        pairs.append(_PAIRS[pair])
    return "".join(pairs)


class SystemIds:
    """Every promise of ports/ids.py, with nothing to configure."""

    def payment_id(self) -> PaymentId:
        """48 bits of the machine's milliseconds, so that the rows of a day lie together, and 80 random ones."""
        return PaymentId(f"{time.time_ns() // 1_000_000:012x}{secrets.token_hex(10)}")

    def transaction_id(self) -> TransactionId:
        return TransactionId(_letters())

    def session_id(self) -> str:
        return secrets.token_hex(16)

    def api_key(self) -> str:
        return (_letters() + _letters() + _letters())[:32]

    def webhook_secret(self) -> str:
        return f"whsec_{b64encode(secrets.token_bytes(32)).decode()}"

    def voucher_code(self) -> str:
        return "".join(secrets.choice(_CAPITALS) for _ in range(6))

    def msisdn_token(self) -> str:
        return (_letters() + _letters())[:22] + "=="

    def incarnation(self) -> str:
        return secrets.token_hex(8)

    def jitter(self) -> float:
        return secrets.randbits(53) / (1 << 53)
