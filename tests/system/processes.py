"""Processes of this repository that a test starts and kills, and the files that they keep."""

import asyncio
import json
import subprocess
import sys
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from mkondo.testing.platform import ROOT

WAIT_SECONDS = 60


@contextmanager
def running(*command: str, **files: Any) -> Iterator["subprocess.Popen[str]"]:
    """Python with these arguments; killed when it is left."""
    process = subprocess.Popen(
        [sys.executable, *command], cwd=ROOT, stdin=subprocess.DEVNULL, text=True, start_new_session=True, **files
    )
    try:
        yield process
    finally:
        process.kill()
        process.wait()


def kept(file: Path) -> dict[str, Any]:
    """What a subscriber has written down; nothing yet, when there is no file."""
    found: dict[str, Any] = json.loads(file.read_text()) if file.exists() else {"balances": {}, "seen": {}}
    return found


async def until(told: Callable[[], Awaitable[bool]]) -> None:
    """As long as it takes, and no longer."""
    async with asyncio.timeout(WAIT_SECONDS):
        while not await told():
            await asyncio.sleep(0.05)
