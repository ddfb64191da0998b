"""How often one address and one application may ask (architecture section 8): token buckets, one for each name.

A rate is of this process and of requests, whatever they ask for; what an application may move in a day is a limit, and
admission's business. Read next: addresses.py and callers.py, which ask here; front.py, which answers.
"""

from collections.abc import Callable
from time import monotonic_ns

from mkondo.ports.errors import TryLater

ADDRESS, APPLICATION = "address", "application"
"""What a rate is of; openapi/codes.py has a text for each."""

_SECOND = 1_000_000_000
_TOKEN = _SECOND


class TooMany(TryLater):
    """This request is one too many in this second. `of` says whose rate it was."""

    def __init__(self, of: str) -> None:
        super().__init__(of)
        self.of = of


class Buckets:
    """In any T seconds a name gets at most per_second * (T + 1) tokens: so many a second, and a full bucket before.

    Exact, because it counts in integers: a bucket is the moment when it will be full again, in nanoseconds times
    `per_second`, so that one token is a whole number whatever the rate. An idle bucket is full within a second and as
    good as none. So names are kept in two generations, and the older one is thrown away as a whole when the younger is
    a second old or has half of `most` names: no check looks at more than its own name. Only more than `most` / 2 names
    in one second can make a name's bucket full too early.
    """

    def __init__(self, per_second: int, most: int = 100_000) -> None:
        self._per_second = per_second
        self._room = per_second * _TOKEN
        self._half = most // 2
        self._young: dict[str, int] = {}
        self._old: dict[str, int] = {}
        self._turn = 0

    def __len__(self) -> int:
        """How many names are remembered."""
        return len(self._young) + len(self._old)

    def take(self, name: str, now: int) -> bool:
        """Whether there was a token. `now` is in nanoseconds; while it stands still or goes back, no tokens come."""
        if now >= self._turn or len(self._young) >= self._half:
            self._young, self._old, self._turn = {}, self._young, now + _SECOND
        at = now * self._per_second
        full_at = self._young.get(name) or self._old.get(name, at)
        full_at = (full_at if full_at > at else at) + _TOKEN
        if full_at - at > self._room:
            return False
        self._young[name] = full_at
        return True


class Rate:
    """One rate of a process. `refused` is told of every request that was one too many."""

    def __init__(
        self,
        of: str,
        per_second: int,
        refused: Callable[[], None] = lambda: None,
        now: Callable[[], int] = monotonic_ns,
    ) -> None:
        self._of = of
        self._buckets = Buckets(per_second)
        self._refused = refused
        self._now = now

    def take(self, name: str) -> None:
        """Raises TooMany. At one a second or more a token is there a second later, which is what Retry-After says."""
        if not self._buckets.take(name, self._now()):
            self._refused()
            raise TooMany(self._of)
