"""An outage that lasts: what merchants and probes are told meanwhile, and that it ends without anybody's help.

Read next: test_outage.py, test_kafka_outage.py.
"""

import time
import urllib.error
import urllib.request
from collections.abc import Callable

from mkondo.testing.load import CONNECTIONS, Load

NOTICED_SECONDS = 8
"""How long the probe may go on saying that payments can be taken: a little longer than it takes to be sure."""
REFUSALS = 3 * CONNECTIONS


def outage(load: Load, address: str, begin: Callable[[], None], end: Callable[[], None], limit_seconds: float) -> None:
    """Take something away, see everybody told so, give it back, and see everybody pay again."""
    load.until_acknowledged(200)
    load.until_busy(64)
    refusals = told_to_try_again(load)
    began_at = time.monotonic()
    begin()
    load.until(lambda: probe(address, "ready") == 503, "the probe says not ready", NOTICED_SECONDS)
    noticed = time.monotonic() - began_at
    load.until(lambda: told_to_try_again(load) >= refusals + REFUSALS, "callers are told to try again", 40)
    assert probe(address, "live") == 200, "an outage outside is no reason to be restarted"
    ended_at = time.monotonic()
    end()
    first = load.until_paid_since(ended_at, limit_seconds)
    load.until(lambda: probe(address, "ready") == 200, "the probe says ready again", limit_seconds)
    whole = load.until_every_connection_paid(ended_at, limit_seconds)
    print(f"\nnoticed in {noticed:.2f} s, paid again in {first:.2f} s, everybody in {whole:.2f} s; {load.summary()}")


def stop_in_the_middle(load: Load, begin: Callable[[], None], stop: Callable[[], None]) -> None:
    """The same again, and then the platform is told to stop, with all those requests in its hands: it does, in time."""
    load.until_acknowledged(200)
    load.until_busy(64)
    begin()
    began_at = time.monotonic()
    stop()
    print(f"stopped in {time.monotonic() - began_at:.2f} s; {load.summary()}")


def probe(address: str, name: str) -> int:
    """The HTTP status of a health page."""
    try:
        with urllib.request.urlopen(f"{address}/health/{name}", timeout=5) as answer:
            return int(answer.status)
    except urllib.error.HTTPError as refused:
        return refused.code


def told_to_try_again(load: Load) -> int:
    return sum(told.refused for told in list(load.book))


def slowest_refusal_seconds(load: Load) -> float:
    """Longest that a 503 took."""
    return max(told.slowest_refusal_seconds for told in load.book)
