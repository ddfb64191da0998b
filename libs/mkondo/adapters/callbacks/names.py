"""Turns host names into addresses, on threads of their own.

The event loop has few threads for it: a handful of names whose servers never answer would keep everybody else's
waiting. Here such a name costs one thread, however many callbacks wait for it. Read next: addresses.py.
"""

import asyncio
import errno
import socket
import threading
from collections.abc import Callable, Sequence
from contextlib import suppress

LOOK_UPS_MAX = 200

Found = Sequence[str] | ValueError | OSError
LookUp = Callable[[str, int], Sequence[str]]
"""Blocks; raises OSError or ValueError."""


def _look_up(host: str, port: int) -> Sequence[str]:
    return [str(found[4][0]) for found in socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)]


class Names:
    """Looks names up. Nothing is remembered: what a name says is asked anew for every attempt."""

    def __init__(self, look_up: LookUp = _look_up, look_ups_max: int = LOOK_UPS_MAX) -> None:
        self._look_up, self._look_ups_max = look_up, look_ups_max
        self._under_way: dict[tuple[str, int], asyncio.Future[Found]] = {}

    async def addresses(self, host: str, port: int) -> Sequence[str]:
        """In the order in which they should be tried. Raises OSError or ValueError."""
        under_way = self._under_way.get((host, port)) or self._begin(host, port)
        found = await asyncio.shield(under_way)
        if isinstance(found, Exception):
            raise found
        return found

    def _begin(self, host: str, port: int) -> asyncio.Future[Found]:
        if len(self._under_way) >= self._look_ups_max:
            raise OSError(errno.EAGAIN, "too many names are being looked up")
        loop = asyncio.get_running_loop()
        promised: asyncio.Future[Found] = loop.create_future()
        self._under_way[host, port] = promised

        def look_up() -> None:
            found: Found
            try:
                found = self._look_up(host, port)
            except (OSError, ValueError) as trouble:
                found = trouble
            with suppress(RuntimeError):  # the loop has ended meanwhile
                loop.call_soon_threadsafe(self._end, (host, port), found)

        threading.Thread(target=look_up, name=f"look up {host[:40]}", daemon=True).start()
        return promised

    def _end(self, name: tuple[str, int], found: Found) -> None:
        self._under_way.pop(name).set_result(found)
