"""What an earlier life may have left behind: a Postgres that still runs in the data directory, or its lock files.

Called with the directory's lock held, so whatever still runs there belongs to nobody. Read next: server.py.
"""

import asyncio
import logging
import signal
from pathlib import Path

import psutil

_PATIENCE_SECONDS = {signal.SIGINT: 20.0, signal.SIGQUIT: 5.0, signal.SIGKILL: 5.0}
"""Fast shutdown first, then without its checkpoint, then by force: recovery repairs whatever is left."""

SOCKET_LOCK = ".s.PGSQL.5432.lock"

_log = logging.getLogger(__name__)


async def end_leftovers(data: Path, socket_directory: Path) -> None:
    """Stop every Postgres process of this data directory, and remove the two files that would refuse the next.

    Both name a process, which after a crash may be something else by now, or dead and not yet reaped: Postgres would
    take it for a rival. A process is believed only if it works in this directory.
    """
    for sent, patience in _PATIENCE_SECONDS.items():
        running = _working_in(data)
        if not running:
            break
        _log.warning("a postgres of an earlier life still runs in %s: sending %s", data, sent.name)
        _signal_leaders(running, sent)
        await _wait_gone(running, patience)
    (data / "postmaster.pid").unlink(missing_ok=True)
    (socket_directory / SOCKET_LOCK).unlink(missing_ok=True)


def _working_in(data: Path) -> list[psutil.Process]:
    """Every process of a Postgres has its data directory as its working directory."""
    target = str(data.resolve())
    return [process for process in psutil.process_iter() if _is_postgres_in(process, target)]


def _is_postgres_in(process: psutil.Process, target: str) -> bool:
    try:
        return process.name().startswith("postgres") and process.cwd() == target
    except (psutil.NoSuchProcess, psutil.AccessDenied, psutil.ZombieProcess):
        return False


def _signal_leaders(running: list[psutil.Process], sent: signal.Signals) -> None:
    """The postmaster tells its children; children whose postmaster is dead are told one by one."""
    ids = {process.pid for process in running}
    for process in running:
        try:
            if process.ppid() not in ids or sent is signal.SIGKILL:
                process.send_signal(sent)
        except psutil.NoSuchProcess:
            continue


async def _wait_gone(running: list[psutil.Process], seconds: float) -> None:
    try:
        async with asyncio.timeout(seconds):
            while any(_is_alive(process) for process in running):
                await asyncio.sleep(0.02)
    except TimeoutError:
        return


def _is_alive(process: psutil.Process) -> bool:
    try:
        return process.is_running() and process.status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False
