"""The whole platform as a process of its own, for tests that need real sockets, signals and restarts.

    with RunningPlatform(folder / "data") as platform:
        platform.demo["api_key"], platform.addresses["http"]
        platform.kill9(); platform.start()      # goes on from the same data
        platform.stop()                         # SIGTERM, must drain and exit 0

Leaving the block ends the process and its Postgres, whatever state they are in. Read next: services/cli/up.py.
"""

import contextlib
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from types import MappingProxyType
from typing import Any, Self

import psutil

from mkondo.adapters.postgres.databases import environment_dsn
from mkondo.adapters.postgres.server import running_dsn
from mkondo.adapters.postgres.store import connect_store
from mkondo.contracts.journal import JournalRow

ROOT = Path(__file__).resolve().parents[3]
FREE_PORTS = ("--port", "0", "--https-port", "0", "--proxy-port", "0")
START_SECONDS = 60
STOP_SECONDS = 30
_PAGE = 10_000


class NotUp(Exception):
    """`mkondo up` ended, or never said that it is ready. Has its exit status and its last words."""

    def __init__(self, status: int | None, said: str) -> None:
        super().__init__(f"mkondo up ended with {status}: {said}")
        self.status = status
        self.said = said


def _has_ended(process: psutil.Process) -> bool:
    """A zombie has ended too: whoever adopted it need not have looked yet."""
    try:
        return bool(process.status() == psutil.STATUS_ZOMBIE)
    except psutil.NoSuchProcess:
        return True


class RunningPlatform:
    """`mkondo up` on a data directory. `options` are added to its command line, `environment` to this process's own,
    `before` is put in front of the command (another user, other limits)."""

    def __init__(
        self,
        data: Path,
        *options: str,
        environment: Mapping[str, str] = MappingProxyType({}),
        before: Sequence[str] = (),
    ) -> None:
        self.data = data
        self.addresses: dict[str, Any] = {}
        self.log_file = data.with_name(f"{data.name}.log")
        self._options = options
        self._environment = environment
        self._before = before
        self._ready_file = data.with_name(f"{data.name}.ready.json")
        self._process: subprocess.Popen[bytes] | None = None

    def __enter__(self) -> Self:
        try:
            self.start()
        except BaseException:
            self.end()
            raise
        return self

    def __exit__(self, *_: object) -> None:
        self.end()

    # Its life ------------------------------------------------------------------------------------------------------

    def start(self, seconds: float = START_SECONDS) -> None:
        """Returns when it can take a payment. NotUp when it says that it can't."""
        began_at = self.begin()
        self.wait_for_file(self._ready_file, seconds, began_at)
        self.addresses = json.loads(self._ready_file.read_text())

    def begin(self) -> int:
        """Only launch it. Returns the place in its log from which on it speaks."""
        self._ready_file.unlink(missing_ok=True)
        files = ("--data", str(self.data), "--ready-file", str(self._ready_file))
        command = [*self._before, sys.executable, "-m", "services.cli", "up", *files, *FREE_PORTS, *self._options]
        with open(self.log_file, "ab") as log:
            self._process = subprocess.Popen(
                command,
                cwd=ROOT,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                env={**os.environ, **self._environment},
                start_new_session=True,
            )
            return log.tell()

    def wait_for_file(self, file: Path, seconds: float = START_SECONDS, said_since: int = 0) -> None:
        """Until it has made this file. NotUp when it ends before, or takes too long."""
        until = time.monotonic() + seconds
        while not file.exists():
            if self._running().poll() is not None or time.monotonic() > until:
                raise NotUp(self._running().poll(), self.said(said_since))
            time.sleep(0.01)

    def wait(self, seconds: float = STOP_SECONDS) -> int:
        """Its exit status, when it has ended."""
        return self._running().wait(seconds)

    def signal(self, sent: signal.Signals) -> None:
        os.kill(self._running().pid, sent)

    def stop(self) -> None:
        """As an operator would: SIGTERM; it drains and exits with 0, or this fails."""
        os.kill(self.pid, signal.SIGTERM)
        status = self.wait()
        if status != 0:
            raise AssertionError(f"mkondo up exited with {status} after SIGTERM: {self.said()}")

    def kill9(self) -> None:
        """As bad luck would. Its Postgres ends by itself, or is ended by the next start."""
        os.kill(self.pid, signal.SIGKILL)
        self.wait()

    def end(self) -> None:
        """Leave nothing behind: the process, its group, and its Postgres even if that is stopped or orphaned."""
        family = list(self._family())
        if self._process is not None:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(self._process.pid, signal.SIGKILL)
            self._process.wait()
        for process in family:
            with contextlib.suppress(psutil.NoSuchProcess):
                process.kill()
        until = time.monotonic() + STOP_SECONDS
        while not all(_has_ended(process) for process in family) and time.monotonic() < until:
            time.sleep(0.01)
        self._process = None

    def is_running(self) -> bool:
        return self._process is not None and self._process.poll() is None

    def said(self, since: int = 0) -> str:
        """What it printed, from a place in its log on."""
        return self.log_file.read_bytes()[since:].decode(errors="replace").strip()

    @property
    def pid(self) -> int:
        """Of `mkondo up` itself, not of what may stand before it."""
        return int(self.addresses["pid"])

    @property
    def demo(self) -> dict[str, Any]:
        found: dict[str, Any] = json.loads((self.data / "demo.json").read_text())
        return found

    def postgres(self) -> list[psutil.Process]:
        """All processes of its Postgres, the postmaster first."""
        pid_file = self.data / "postgres" / "data" / "postmaster.pid"
        try:
            postmaster = psutil.Process(int(pid_file.read_text().splitlines()[0]))
            if postmaster.cwd() != str(pid_file.parent.resolve()):
                return []
            return [postmaster, *postmaster.children(recursive=True)]
        except (OSError, ValueError, IndexError, psutil.NoSuchProcess):
            return []

    def _family(self) -> Iterator[psutil.Process]:
        yield from self.postgres()
        with contextlib.suppress(psutil.NoSuchProcess):
            if self._process is not None:
                yield from psutil.Process(self._process.pid).children(recursive=True)

    def _running(self) -> subprocess.Popen[bytes]:
        if self._process is None:
            raise AssertionError("the platform was never started")
        return self._process

    # Its books -----------------------------------------------------------------------------------------------------

    def dsn(self, environment: str = "sandbox") -> str:
        """Where the database of an environment answers while the platform runs."""
        found = running_dsn(self.data / "postgres", "mkondo")
        if found is None:
            raise AssertionError("its Postgres does not run")
        return environment_dsn(found, environment)

    async def journal(self, environment: str = "sandbox") -> list[JournalRow]:
        """Every event of an environment, read past the platform from its store."""
        store = await connect_store(self.dsn(environment), environment)
        try:
            rows: list[JournalRow] = []
            positions = {str(state.partition): 0 for state in await store.states()}
            while page := await store.read_journals(positions, _PAGE):
                rows += page
                positions |= {row.source: row.sequence for row in page}
            return rows
        finally:
            await store.close()


def verify(platform: RunningPlatform) -> subprocess.CompletedProcess[str]:
    """`mkondo verify` on the running platform."""
    command = [sys.executable, "-m", "services.cli", "verify", "--data", str(platform.data)]
    return subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=120, check=False)
