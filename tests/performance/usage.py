"""What processes cost: CPU seconds by name, children included, and memory. Read next: bench.py."""

import contextlib
from collections import Counter
from collections.abc import Iterator, Mapping

import psutil

POSTGRES = "postgres"


def family(pids: Mapping[str, int]) -> Iterator[tuple[str, psutil.Process]]:
    """Every living process below the named ones; whatever runs Postgres's program is called that."""
    for name, pid in pids.items():
        with contextlib.suppress(psutil.NoSuchProcess):
            parent = psutil.Process(pid)
            for process in [parent, *parent.children(recursive=True)]:
                with contextlib.suppress(psutil.NoSuchProcess):
                    yield (POSTGRES if process.name().startswith("postgres") else name), process


def cpu_seconds(pids: Mapping[str, int]) -> Counter[str]:
    """User and system time so far. A child that has ended is counted by its parent."""
    used: Counter[str] = Counter()
    for name, process in family(pids):
        with contextlib.suppress(psutil.NoSuchProcess):
            times = process.cpu_times()
            used[name] += sum(times[:4])  # type: ignore[assignment]
    return used


def busy_seconds() -> float:
    """What all processes of the machine have used so far, ours and everybody else's; time stolen from a virtual machine
    too."""
    times = psutil.cpu_times()
    idle: float = times.idle + getattr(times, "iowait", 0.0)
    guests: float = getattr(times, "guest", 0.0) + getattr(times, "guest_nice", 0.0)
    return sum(times) - idle - guests


def memory_bytes(pids: Mapping[str, int]) -> Counter[str]:
    """Proportional set size: memory that processes share is counted once between them."""
    used: Counter[str] = Counter()
    for name, process in family(pids):
        with contextlib.suppress(psutil.NoSuchProcess, psutil.AccessDenied):
            full = process.memory_full_info()
            used[name] += getattr(full, "pss", None) or full.uss
    return used
