"""Every test suite of this repository as one table: what it runs, what it needs, how long it may take.

Read next: run.py, which runs the rows in this order.
"""

import os
import shutil
import subprocess
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent

Need = Callable[[], str | None]
"""None when this machine has it, else what is missing, in words."""


@dataclass(frozen=True, slots=True)
class Suite:
    """One row. `quick` holds the arguments of the quick run; None leaves the suite out of it."""

    name: str
    says: str
    arguments: tuple[str, ...]
    minutes: float
    needs: tuple[Need, ...] = ()
    quick: tuple[str, ...] | None = None


def kafka() -> str | None:
    """A broker runs in docker, or from Java with jars that Maven fetches once."""
    if _docker_answers():
        return None
    fetched = any((ROOT / ".cache").glob("kafka-*"))
    missing = [tool for tool in ("java", "mvn") if shutil.which(tool) is None and not (tool == "mvn" and fetched)]
    if missing:
        return f"a docker engine, or {' and '.join(missing)} (Debian: apt-get install openjdk-17-jre-headless maven)"
    return None


def node() -> str | None:
    """The JavaScript SDK and the runner of the Postman collection are installed by npm."""
    missing = [tool for tool in ("node", "npm") if shutil.which(tool) is None]
    return f"{' and '.join(missing)} (Debian: apt-get install nodejs npm)" if missing else None


def _docker_answers() -> bool:
    if shutil.which("docker") is None:
        return False
    asked = subprocess.run(["docker", "info"], capture_output=True, stdin=subprocess.DEVNULL, timeout=20)
    return asked.returncode == 0


def _two(*arguments: str) -> tuple[str, ...]:
    """Two worker processes; an idle one takes over what waits for the other."""
    return (*arguments, "-n", str(min(2, os.cpu_count() or 1)), "--dist", "worksteal")


def _real(folder: str) -> tuple[str, ...]:
    """A folder without its tests on Kafka and Node: those have suites of their own, with needs of their own."""
    return (folder, "-m", "not kafka and not node")


_ARCHITECTURE = ("tests/architecture",)
_UNIT = ("tests/unit",)
_CONTRACT = ("tests/contract",)
_WITH_KAFKA = ("tests/conformance", "tests/service", "tests/system", "tests/faults")

SUITES: tuple[Suite, ...] = (
    Suite("architecture", "the walls: purity, sizes, locks", _ARCHITECTURE, 1, quick=_ARCHITECTURE),
    Suite("unit", "rules alone, no network", _two(*_UNIT), 2, quick=_two(*_UNIT)),
    Suite("contract", "the wire, byte by byte", _CONTRACT, 1, quick=_CONTRACT),
    Suite("conformance", "one suite per port, every adapter, real Postgres", _real("tests/conformance"), 3),
    Suite("service", "each service and adapter with its real parts", _real("tests/service"), 3),
    Suite("system", "the platform over HTTP, and unmodified SDKs", _real("tests/system"), 10),
    Suite(
        "node",
        "the unmodified JavaScript SDK, and the Postman collection",
        ("tests/system", "-m", "node"),
        2,
        needs=(node,),
    ),
    Suite(
        "simulation",
        "the whole system in virtual time, seeded misfortune",
        _two("tests/simulation"),
        7,
        quick=("tests/simulation/test_seeds.py", "--seeds", "10"),
    ),
    Suite("fuzz", "hostile requests by the ten thousand, in process and over a socket", ("tests/fuzz",), 3),
    Suite("faults", "kill -9 while payments run", _real("tests/faults"), 7),
    Suite("performance", "the pieces of the benchmark; no test says how quick", ("tests/performance",), 2),
    Suite("kafka", "the same on a real Apache Kafka", (*_WITH_KAFKA, "-m", "kafka"), 8, needs=(kafka,)),
)
