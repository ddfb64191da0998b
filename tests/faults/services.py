"""Services as processes of their own over Kafka, as `mkondo serve` runs them; the test is what restarts them."""

import contextlib
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from mkondo.testing.platform import ROOT, START_SECONDS, STOP_SECONDS


class Service:
    """One `mkondo serve`. `settings` are environment variables, as a deployment would give them."""

    def __init__(self, folder: Path, name: str, services: tuple[str, ...], settings: Mapping[str, str]) -> None:
        self.name = name
        self.log_file = folder / f"{name}.log"
        self._ready_file = folder / f"{name}.ready.json"
        self._services = services
        self._settings = settings
        self._process: subprocess.Popen[bytes] | None = None

    def begin(self) -> None:
        """Only launch it."""
        self._ready_file.unlink(missing_ok=True)
        command = [sys.executable, "-m", "services.cli", "serve", *self._services]
        with open(self.log_file, "ab") as log:
            self._process = subprocess.Popen(
                [*command, "--ready-file", str(self._ready_file)],
                cwd=ROOT,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                env={**os.environ, **self._settings},
                start_new_session=True,
            )

    def until_ready(self) -> dict[str, Any]:
        """Its addresses, as soon as it can do its work."""
        until = time.monotonic() + START_SECONDS
        while not self._ready_file.exists():
            assert self._running().poll() is None, f"{self.name} ended: {self.said()}"
            assert time.monotonic() < until, f"{self.name} is not ready: {self.said()}"
            time.sleep(0.01)
        found: dict[str, Any] = json.loads(self._ready_file.read_text())
        return found

    def kill9(self) -> None:
        self._running().kill()
        self._running().wait()

    def stop(self) -> None:
        """SIGTERM; it drains and exits with 0, or this fails."""
        self._running().send_signal(signal.SIGTERM)
        status = self._running().wait(STOP_SECONDS)
        assert status == 0, f"{self.name} exited with {status} after SIGTERM: {self.said()}"

    def end(self) -> None:
        """Leave nothing behind."""
        if self._process is not None:
            with contextlib.suppress(ProcessLookupError):
                self._process.kill()
            self._process.wait()

    def said(self) -> str:
        return self.log_file.read_text(errors="replace").strip()[-3000:]

    def _running(self) -> subprocess.Popen[bytes]:
        assert self._process is not None, f"{self.name} was never started"
        return self._process
