"""One measurement: send a load, and say how quick, how dear and how true its answers were.

Read next: scenario.py for what it is sent to.
"""

import secrets
import statistics
import time
from collections import Counter
from collections.abc import Mapping, Sequence

import msgspec

from tests.performance.load import Load, Loaded, payment_template, send
from tests.performance.scenario import Target
from tests.performance.usage import busy_seconds, cpu_seconds


class Measured(msgspec.Struct, frozen=True):
    """`per_second` counts answers within the load's time, `cpu` is CPU seconds per 1,000 payments by process.

    `others` is how many cores were busy with what is neither ours nor the load: above 0.1 or so, the machine was not
    ours, times and rates say little, and only the CPU per payment can be compared."""

    name: str
    connections: int
    seconds: float
    payments: int
    refused: dict[str, int]
    per_second: float
    p50_ms: float
    p95_ms: float
    p99_ms: float
    cpu: dict[str, float]
    load_cpu: float
    others: float
    rate: float = 0

    @property
    def cpu_total(self) -> float:
        return sum(self.cpu.values())


class Shape(msgspec.Struct, frozen=True):
    """What differs between loads. `bearers` empty: the session header of the target, reused."""

    name: str
    connections: int
    seconds: float
    rate: float = 0
    bearers: Sequence[str] = ()
    shop: str = "000000"
    warm_seconds: float = 1.0


async def measure(target: Target, shape: Shape) -> tuple[Measured, list[str]]:
    """Warm up, then measure. Also returns the conversation ids of all payments that were acknowledged."""
    prefix = f"B{secrets.token_hex(5)}x"
    bearers = shape.bearers or [target.bearer]
    template = payment_template(target.path, prefix, shape.shop)
    load = Load(target.url, shape.connections, shape.warm_seconds, template, bearers[:1], shape.rate)
    warm = await send(load)
    load = msgspec.structs.replace(load, seconds=shape.seconds, bearers=bearers, first=warm.next_number())
    before, busy, began = cpu_seconds(target.pids), busy_seconds(), time.perf_counter()
    loaded = await send(load)
    busy, used = busy_seconds() - busy, cpu_seconds(target.pids) - before
    names = [f"{prefix}{answer.number:010d}" for one in (warm, loaded) for answer in one.accepted()]
    took = time.perf_counter() - began
    others = (busy - sum(used.values()) - loaded.cpu_seconds) / took
    return _measured(shape, loaded, used, took, others), names


def _measured(shape: Shape, loaded: Loaded, used: Mapping[str, float], took: float, others: float) -> Measured:
    accepted = loaded.accepted()
    within = sum(answer.at_ms <= shape.seconds * 1000 for answer in accepted)
    times = [answer.microseconds / 1000 for answer in accepted]
    cuts = statistics.quantiles(times, n=100) if len(times) > 1 else [0.0] * 99
    refused = Counter(str(answer.status) for answer in loaded.answers if answer.status != 201)
    thousands = max(len(accepted), 1) / 1000
    return Measured(
        shape.name,
        shape.connections,
        round(took, 2),
        len(accepted),
        dict(refused),
        round(within / shape.seconds, 1),
        round(cuts[49], 2),
        round(cuts[94], 2),
        round(cuts[98], 2),
        {name: round(seconds / thousands, 4) for name, seconds in used.items()},
        round(loaded.cpu_seconds / thousands, 4),
        round(max(others, 0), 2),
        shape.rate,
    )
