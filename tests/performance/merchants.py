"""Merchants' endpoints in a process of their own, quick enough not to be what is measured. Some are not well.

    python -m tests.performance.merchants quick quick silent

Prints one port for each as a JSON list; for each line of its standard input, how many results each has taken in; ends
with its input. Read next: deliveries.py, which has them called.
"""

import asyncio
import json
import socket
import sys
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager, suppress
from functools import partial
from subprocess import PIPE
from typing import Self, cast

import uvloop

_ANSWER = b'{"output_ResponseCode":"0","output_ResponseDesc":"Successfully Accepted Result"}'
_TAKEN = b"HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: %d\r\n\r\n%b" % (len(_ANSWER), _ANSWER)
_LENGTH = b"content-length: "


class Quick(asyncio.Protocol):
    """Takes every result in and keeps the connection."""

    def __init__(self, taken: list[int], number: int) -> None:
        self._taken, self._number = taken, number
        self._read = b""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.Transport, transport)  # uvloop's is none of asyncio's classes

    def data_received(self, data: bytes) -> None:
        self._read += data
        while (size := _size(self._read)) and len(self._read) >= size:
            self._read = self._read[size:]
            self._taken[self._number] += 1
            self.answer()

    def answer(self) -> None:
        self._transport.write(_TAKEN)


class Silent(Quick):
    """Reads everything and never answers."""

    def answer(self) -> None:
        """Not a word."""


class Dripping(Quick):
    """Answers one byte a second."""

    def answer(self) -> None:
        self._drip(0)

    def _drip(self, position: int) -> None:
        if not self._transport.is_closing():
            self._transport.write(_TAKEN[position : position + 1])
            asyncio.get_running_loop().call_later(1, self._drip, position + 1)


ANSWERING: dict[str, type[Quick]] = {"quick": Quick, "silent": Silent, "dripping": Dripping}
REFUSING, DEAF = "refusing", "deaf"
"""Nobody listens there; somebody listens and never takes a connection up."""
DEAD = ("silent", "dripping", DEAF, REFUSING)


def _size(read: bytes) -> int:
    """Of the first request, head and body, once its head is there."""
    end = read.find(b"\r\n\r\n")
    if end < 0:
        return 0
    head = read[:end].lower()
    begins = head.find(_LENGTH) + len(_LENGTH)
    return end + 4 + int(head[begins:].split(b"\r\n", 1)[0])


async def serve(behaviours: list[str]) -> None:
    loop, taken = asyncio.get_running_loop(), [0] * len(behaviours)
    kept = [_bound() for _ in behaviours]
    for number, (behaviour, bound) in enumerate(zip(behaviours, kept.copy(), strict=True)):
        if behaviour in ANSWERING:
            await loop.create_server(partial(ANSWERING[behaviour], taken, number), sock=bound, backlog=1_024)
        elif behaviour == DEAF:
            kept += _full(bound)
    print(json.dumps([bound.getsockname()[1] for bound in kept[: len(behaviours)]]), flush=True)
    while await asyncio.to_thread(sys.stdin.readline):
        print(json.dumps(taken), flush=True)


def _bound() -> socket.socket:
    bound = socket.socket()
    bound.bind(("127.0.0.1", 0))
    return bound


def _full(bound: socket.socket) -> list[socket.socket]:
    """Connections that fill a queue of which nobody takes any: whoever comes later is not even refused."""
    bound.listen(0)
    waiting = [socket.socket() for _ in range(4)]
    for one in waiting:
        one.setblocking(False)
        with suppress(BlockingIOError):
            one.connect(bound.getsockname())
    return waiting


class Merchants:
    """The process, from outside. `ports` are in the order of `behaviours`."""

    def __init__(self, process: asyncio.subprocess.Process, ports: list[int]) -> None:
        self._process, self.ports = process, ports

    @classmethod
    @asynccontextmanager
    async def running(cls, behaviours: Sequence[str]) -> AsyncIterator[Self]:
        program = (sys.executable, "-m", "tests.performance.merchants", *behaviours)
        process = await asyncio.create_subprocess_exec(*program, stdin=PIPE, stdout=PIPE)
        try:
            yield cls(process, await _said(process))
        finally:
            process.kill()
            await process.wait()

    async def taken(self) -> list[int]:
        """How many results each has taken in so far."""
        assert self._process.stdin
        self._process.stdin.write(b"\n")
        return await _said(self._process)


async def _said(process: asyncio.subprocess.Process) -> list[int]:
    assert process.stdout
    said: list[int] = json.loads(await process.stdout.readline())
    return said


if __name__ == "__main__":
    uvloop.run(serve(sys.argv[1:]))
