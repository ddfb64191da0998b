"""Ctrl-C while results are pushed to a command: it ends, and asyncio has nothing to complain of."""

import asyncio
from typing import Any

import pytest

from mkondo.adapters.client.receiver import receiving
from services.cli.scenarios.platform import Mailbox


async def mailbox() -> None:
    opened = Mailbox()
    await opened.open()
    try:
        await interrupted(opened.port, "Mailbox._serve")
    finally:
        opened.close()


async def receiver() -> None:
    async with receiving() as opened:
        await interrupted(int(opened.url.split(":")[2].split("/")[0]), "Receiver.serve")


async def interrupted(port: int, serving: str) -> None:
    """Connects, and is interrupted while the other side waits for what is pushed."""
    _, writer = await asyncio.open_connection("127.0.0.1", port)
    async with asyncio.timeout(10):
        while not any(serving in repr(task) for task in asyncio.all_tasks()):
            await asyncio.sleep(0)
    writer.write(b"POST / HTTP/1.1\r\n")
    raise KeyboardInterrupt


@pytest.mark.parametrize("waits", [mailbox, receiver])
def test_who_waits_for_results_can_be_interrupted(waits: Any) -> None:
    complaints: list[object] = []

    async def main() -> None:
        asyncio.get_running_loop().set_exception_handler(lambda _, context: complaints.append(context))
        await waits()

    with pytest.raises(KeyboardInterrupt):
        asyncio.run(main())
    assert complaints == []
