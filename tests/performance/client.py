"""load.c in Python, for a machine without a C compiler: the same arguments, results and behaviour, at more CPU.

Only the standard library. Read next: load.py.
"""

import asyncio
import itertools
import json
import struct
import sys
import time
from collections.abc import Iterator
from pathlib import Path

DRAIN_SECONDS = 30


class Source:
    """Makes requests from the template, and notes what came of them."""

    def __init__(self, template: bytes, bearers: list[bytes], first: int) -> None:
        self._template = template
        self._bearers: Iterator[bytes] = itertools.cycle(bearers)
        self._number = itertools.count(first)
        self.began = time.perf_counter()
        self.rows: list[tuple[int, int, int, int]] = []

    def request(self) -> tuple[int, bytes]:
        number = next(self._number)
        request = self._template.replace(b"\1", b"%010d" % number).replace(b"\2", b"%04d" % (number % 1000))
        return number, request.replace(b"\3", b"%05d" % (10_000 + number % 1000)).replace(b"\4", next(self._bearers))

    def note(self, number: int, status: int, due: float) -> None:
        at = time.perf_counter()
        self.rows.append((number, status, int((at - due) * 1e6), int((at - self.began) * 1e3)))


async def answer(reader: asyncio.StreamReader) -> int:
    """The status of the next answer, once its body has come too. 0: the connection broke."""
    try:
        head = (await reader.readuntil(b"\r\n\r\n")).lower()
        await reader.readexactly(int(head.partition(b"content-length:")[2].split(b"\r\n", 1)[0]))
        return int(head[9:12])
    except (asyncio.IncompleteReadError, OSError):
        return 0


async def connection(host: str, port: int, source: Source, dues: Iterator[float], end: float) -> None:
    reader, writer = await asyncio.open_connection(host, port)
    for due in dues:
        await asyncio.sleep(max(due - time.perf_counter(), 0))
        if time.perf_counter() >= end or due >= end:
            break
        number, request = source.request()
        began = due or time.perf_counter()
        writer.write(request)
        status = await answer(reader)
        source.note(number, status, began)
        if status == 0:
            writer.close()
            reader, writer = await asyncio.open_connection(host, port)
    writer.close()


async def main(arguments: list[str]) -> None:
    host, port, count, seconds, rate, first, template, bearers, results = arguments
    source = Source(Path(template).read_bytes(), Path(bearers).read_bytes().splitlines(), int(first))
    end = source.began + float(seconds)
    paced = (source.began + n / float(rate) for n in itertools.count()) if float(rate) else None
    dues: Iterator[float] = paced or itertools.repeat(0.0)
    work = [connection(host, int(port), source, dues, end) for _ in range(int(count))]
    await asyncio.wait_for(asyncio.gather(*work), float(seconds) + DRAIN_SECONDS)
    Path(results).write_bytes(b"".join(struct.pack("=4I", *row) for row in source.rows))
    print(json.dumps({"unanswered": 0, "cpu_seconds": time.process_time()}))


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1:]))
