"""How bad a run's luck is: every probability and delay of one seed, and the one source of randomness.

Ports are slow, out of reach, or lose the answer to COMMIT; members pause past their lease or die. Each seed draws its
own climate, so that some runs are mostly about one kind of trouble. Read next: life.py, handles.py.
"""

import hashlib
import random
from base64 import b64encode

from mkondo.domain.ids import Instant, PaymentId, TransactionId

LETTERS = "ABCDEFGHJKLMNPQRSTUVWXYZabcdefghjkmnpqrstuvwxyz23456789"
MIDNIGHT_SECONDS = 8
START = Instant(1_790_024_400_000 - MIDNIGHT_SECONDS * 1_000)
"""So long before midnight in the market of all payments (orders.py): every run passes from one day to the next."""
AHEAD_OF_UTC_MS = 3 * 3_600_000
"""How far that market's midnight is before that of UTC."""
MIDNIGHT_UTC = Instant(START + MIDNIGHT_SECONDS * 1_000 + AHEAD_OF_UTC_MS)
"""By a clock that is as far ahead (process.py)."""


class Weather:
    """One seed's misfortune. `calm` ends it; delays stay."""

    def __init__(self, seed: int) -> None:
        self.random = random.Random(seed)
        roll = self.random.random
        self._lag = 0.0004 * 10 ** (1.2 * roll())
        self._spike = 0.02 * roll() ** 3
        self.refused = 0.02 * roll() ** 2
        self.unknown = 0.05 * roll() ** 2
        self.lost = 0.08 * roll() ** 2
        """Messages and replies that the log drops."""
        self.repeated = 0.10 * roll()
        self.sent_twice = 0.03 * roll()
        self.stormy = True
        self._digest = hashlib.sha256()

    def calm(self) -> None:
        self.stormy = False

    def happens(self, chance: float) -> bool:
        return self.stormy and self.random.random() < chance

    def lag(self) -> float:
        """Seconds one step of a port takes: mostly a little, sometimes long enough to be overtaken by everybody."""
        seconds = self._lag * self.random.random()
        if self.happens(self._spike):
            seconds += 0.6 * self.random.random()
        return seconds

    def note(self, line: str) -> None:
        """One line of the run's trace: two runs of a seed must have the same digest."""
        self._digest.update(line.encode())

    def digest(self) -> str:
        return self._digest.hexdigest()


class SimulatedIds:
    """Ids from the seed (ports/ids.py): the same every run, and never the same twice within one."""

    def __init__(self, source: random.Random) -> None:
        self._random = source

    def payment_id(self) -> PaymentId:
        return PaymentId(f"{self._random.getrandbits(128):032x}")

    def transaction_id(self) -> TransactionId:
        return TransactionId("".join(self._random.choices(LETTERS, k=12)))

    def session_id(self) -> str:
        return f"{self._random.getrandbits(128):032x}"

    def api_key(self) -> str:
        return "".join(self._random.choices(LETTERS, k=32))

    def webhook_secret(self) -> str:
        return f"whsec_{b64encode(self._random.randbytes(32)).decode()}"

    def voucher_code(self) -> str:
        return "".join(self._random.choices(LETTERS[:24], k=6))

    def msisdn_token(self) -> str:
        return "".join(self._random.choices(LETTERS, k=22)) + "=="

    def incarnation(self) -> str:
        return f"{self._random.getrandbits(64):016x}"

    def jitter(self) -> float:
        return self._random.random()
