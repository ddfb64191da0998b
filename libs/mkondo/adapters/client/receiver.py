"""A merchant's endpoint of a few lines: takes the results that are pushed to it, and accepts every one.

    async with receiving() as receiver:
        receiver.url; await receiver.result(conversation_id)

Read next: wire.py.
"""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress

from mkondo.adapters.client.client import read_object

_ACCEPTED = b'{"output_ResponseCode":"0","output_ResponseDesc":"Successfully Accepted Result"}'
_HEAD_MAX, _BODY_MAX = 16 * 1024, 64 * 1024


class Receiver:
    """What was pushed, by the ConversationID that it is about; the first result of each is kept."""

    def __init__(self, url: str) -> None:
        self.url = url
        self._came: dict[str, asyncio.Future[bytes]] = {}
        self._serving: set[asyncio.Task[None]] = set()

    async def result(self, conversation_id: str, seconds: float) -> bytes | None:
        """The body that was pushed, or None when nothing came in time."""
        with suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                return await asyncio.shield(self._future(conversation_id))
        return None

    def take(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """A task of ours: asyncio's own would complain when it is ended, as Ctrl-C does."""
        task = asyncio.create_task(self.serve(reader, writer))
        self._serving.add(task)
        task.add_done_callback(self._serving.discard)

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with suppress(OSError, asyncio.IncompleteReadError, asyncio.LimitOverrunError, ValueError):
            self._keep(await _body(reader))
            head = (
                b"HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: %d\r\nconnection: close\r\n\r\n"
            )
            writer.write(head % len(_ACCEPTED) + _ACCEPTED)
            await writer.drain()
        writer.close()

    def close(self) -> None:
        for task in self._serving:
            task.cancel()

    def _keep(self, body: bytes) -> None:
        about = (read_object(body) or {}).get("input_OriginalConversationID")
        if isinstance(about, str) and not self._future(about).done():
            self._future(about).set_result(body)

    def _future(self, conversation_id: str) -> asyncio.Future[bytes]:
        return self._came.setdefault(conversation_id, asyncio.get_running_loop().create_future())


async def _body(reader: asyncio.StreamReader) -> bytes:
    head = (await reader.readuntil(b"\r\n\r\n"))[:_HEAD_MAX].decode("latin-1").lower()
    length = next((line for line in head.split("\r\n") if line.startswith("content-length:")), ":0")
    return await reader.readexactly(min(int(length.partition(":")[2]), _BODY_MAX))


@asynccontextmanager
async def receiving() -> AsyncIterator[Receiver]:
    """Listens on a free port of this machine."""
    receiver = Receiver("")
    server = await asyncio.start_server(receiver.take, "127.0.0.1", 0)
    receiver.url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}/results"
    try:
        yield receiver
    finally:
        server.close()
        receiver.close()
