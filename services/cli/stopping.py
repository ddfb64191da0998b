"""How a process of the platform is asked to stop, and what it says while it waits for what it has taken in.

SIGTERM, or Ctrl-C: nothing more is taken in, what is in hand has its answer. Ctrl-C after that: it ends at once, as if
it were killed, which loses nothing either (G1). Read next: platform.py.
"""

import asyncio
import os
import signal

import click

from services.cli.platform import Platform
from services.cli.web import DRAIN_SECONDS_MAX

QUIET_SECONDS = 0.5
"""What takes no longer needs no words. And one Ctrl-C may come twice so soon: from the terminal, and from a program
that passes it on."""

INTERRUPTED = 128 + signal.SIGINT


class Stop:
    """The wish to stop. Make it in the running event loop."""

    def __init__(self) -> None:
        self._loop = asyncio.get_running_loop()
        self._asked_at = 0.0
        self.asked = asyncio.Event()
        self._loop.add_signal_handler(signal.SIGTERM, self._ask)
        self._loop.add_signal_handler(signal.SIGINT, self._interrupt)

    def _ask(self) -> None:
        if not self.asked.is_set():
            self._asked_at = self._loop.time()
            self.asked.set()

    def _interrupt(self) -> None:
        if self.asked.is_set() and self._loop.time() - self._asked_at > QUIET_SECONDS:
            click.echo("Ended at once. The next start goes on from what was committed.", err=True)
            os._exit(INTERRUPTED)
        self._ask()


async def drain(platform: Platform) -> None:
    """Let every request in hand have its answer. Says once what is waited for, if that takes a while."""
    draining = asyncio.create_task(platform.drain())
    done, _ = await asyncio.wait((draining,), timeout=QUIET_SECONDS)
    if not done:
        click.echo(
            f"Stopping. Requests that still wait for their answer: {platform.in_hand()}; they have "
            f"{DRAIN_SECONDS_MAX:.0f} s at most, and customers can still answer. Ctrl-C ends it at once.",
            err=True,
        )
    await draining
