"""How a command that goes on until Ctrl-C waits for who is away: the platform, or a program on this machine.

Read next: listen.py, event_feed.py.
"""

import time

import click
import httpx

from services.cli.errors import CannotDo
from services.cli.telling import shown

AGAIN_SECONDS, AGAIN_SECONDS_MAX = 0.1, 2.0


class Away(Exception):
    """Nobody answers at the moment. The text says who and why."""


def platform_away(trouble: Exception) -> Away:
    """By the name of what went wrong with the connection, or in our own words."""
    return Away(f"the platform is away ({trouble if isinstance(trouble, CannotDo) else type(trouble).__name__})")


def platform_busy(answer: httpx.Response) -> Away:
    return Away(f"the platform answers HTTP {answer.status_code}: {answer.text[:200]}")


class Patience:
    """Of one command. Each trouble is told once, and that it is over; Ctrl-C ends a wait at once."""

    def __init__(self) -> None:
        self._told, self._pause = "", AGAIN_SECONDS

    def wait(self, away: Away) -> None:
        """A pause before the next attempt, each longer than the one before."""
        if str(away) != self._told:
            self._told = str(away)
            click.echo(f"{shown(self._told)}: trying again", err=True)
        time.sleep(self._pause)
        self._pause = min(self._pause * 2, AGAIN_SECONDS_MAX)

    def is_over(self) -> None:
        if self._told:
            click.echo("it is back", err=True)
        self._told, self._pause = "", AGAIN_SECONDS
