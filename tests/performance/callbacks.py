"""Callbacks to merchants of whom some are dead: how many a second, and what the healthy ones notice of the others.

    python -m tests.performance.callbacks [--seconds 5] [--endpoints 20] [--dead 0.1] [--rate 1000] [--turns 4]
                                             [--only steady]

In turns, without and with the dead ones, so that both see the same machine; the healthy ones are sent the same in both.
Read next: deliveries.py for what is measured, merchants.py for who is called.
"""

import argparse
import statistics
import sys
import tempfile
from collections.abc import Awaitable, Callable, Sequence
from itertools import cycle, islice
from pathlib import Path

import msgspec
import uvloop

from mkondo.adapters.postgres.server import PostgresServer
from mkondo.runtime import garbage
from tests.performance.deliveries import House, Turn
from tests.performance.merchants import DEAD, Merchants


class Asked(msgspec.Struct, frozen=True):
    """How much is measured. `rate` is what all healthy merchants together are sent in a second; each dead one is sent
    as many as a healthy one."""

    seconds: float = 5.0
    endpoints: int = 20
    dead: float = 0.1
    rate: float = 1_000
    turns: int = 4
    only: str = ""
    """Cases whose names begin so."""

    @property
    def dead_at_once(self) -> int:
        return round(self.endpoints * self.dead)

    @property
    def behaviours(self) -> list[str]:
        """Of everybody who is called in some turn."""
        dead = islice(cycle(DEAD), max(len(DEAD), self.dead_at_once))
        return ["quick"] * (self.endpoints - self.dead_at_once) + list(dead)

    def dead_in(self, turn: int, ports: Sequence[int]) -> list[int]:
        """Every way to be dead has its turn."""
        first = turn * self.dead_at_once
        return list(islice(cycle(ports), first, first + self.dead_at_once))


Case = Callable[[House, Sequence[int], Sequence[int]], Awaitable[Turn]]


def cases(asked: Asked) -> dict[str, tuple[Case, bool]]:
    """By name: what is done, and whether the dead ones are called too."""

    def paced(house: House, healthy: Sequence[int], dead: Sequence[int]) -> Awaitable[Turn]:
        return house.paced(healthy, dead, asked.rate / len(healthy), asked.seconds)

    def flood(house: House, healthy: Sequence[int], dead: Sequence[int]) -> Awaitable[Turn]:
        return house.flood(healthy, dead, asked.seconds)

    def alone(house: House, healthy: Sequence[int], dead: Sequence[int]) -> Awaitable[Turn]:
        return house.alone(healthy, asked.seconds)

    there: dict[str, tuple[Case, bool]] = {
        "steady, all healthy": (paced, False),
        "steady, some dead": (paced, True),
        "flood, all healthy": (flood, False),
        "flood, some dead": (flood, True),
        "the sender alone": (alone, False),
    }
    return {name: case for name, case in there.items() if name.startswith(asked.only)}


def in_turn(turn: int, all_cases: dict[str, tuple[Case, bool]]) -> list[tuple[str, tuple[Case, bool]]]:
    """Backwards every second time: what comes after a flood finds another machine than what comes before it."""
    there = list(all_cases.items())
    return there[::-1] if turn % 2 else there


async def measure(folder: Path, asked: Asked) -> dict[str, list[Turn]]:
    """The turns of every case, printed as they end."""
    behaviours = asked.behaviours
    server = PostgresServer(folder / "postgres")
    await server.start()
    turns: dict[str, list[Turn]] = {name: [] for name in cases(asked)}
    try:
        async with Merchants.running(behaviours) as merchants:
            healthy = [port for port, kind in zip(merchants.ports, behaviours, strict=True) if kind not in DEAD]
            dead = [port for port in merchants.ports if port not in healthy]
            for number in range(asked.turns):
                for name, (case, with_dead) in in_turn(number, cases(asked)):
                    before = await merchants.taken()
                    async with House.open(server, f"t{sum(map(len, turns.values()))}") as house:
                        turn = await case(house, healthy, asked.dead_in(number, dead) if with_dead else ())
                    taken = sum((await merchants.taken())[: len(healthy)]) - sum(before[: len(healthy)])
                    assert taken >= turn.delivered, "what is said to be delivered has not arrived"
                    turns[name].append(turn)
                    print(f"{number} {name:20} {turn}", flush=True)
    finally:
        await server.stop()
    return turns


def summary(turns: dict[str, list[Turn]]) -> str:
    """The middle of each case's turns, and of each turn's ratios."""
    lines = []
    for name, found in turns.items():
        middle = [statistics.median(getattr(turn, field) for turn in found) for field in Turn.__struct_fields__]
        lines.append(f"{name:20} {Turn(round(middle[0]), *middle[1:])}")
    for load, figure in (("steady", "p99_ms"), ("flood", "per_second")):
        if f"{load}, some dead" not in turns:
            continue
        pairs = zip(turns[f"{load}, some dead"], turns[f"{load}, all healthy"], strict=True)
        ratio = statistics.median(getattr(dead, figure) / getattr(healthy, figure) for dead, healthy in pairs)
        lines.append(f"{load}: {figure} of the healthy with dead ones is {ratio:.2f} of what it is without")
    return "\n".join(lines)


def main(arguments: list[str]) -> int:
    parser = argparse.ArgumentParser(prog="callbacks", description="Callbacks to merchants of whom some are dead.")
    for name, usual in msgspec.structs.asdict(Asked()).items():
        parser.add_argument(f"--{name}", type=type(usual), default=usual)
    asked = Asked(**vars(parser.parse_args(arguments)))
    with tempfile.TemporaryDirectory(prefix="mkondo-callbacks-") as folder:
        Path(folder).chmod(0o711)
        garbage.settle()
        print(summary(uvloop.run(measure(Path(folder), asked))))
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
