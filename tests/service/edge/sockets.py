"""What tests over real sockets share: the paths, raw bytes to a port, and uvloop, which the platform runs on.

Read next: test_wire.py, test_connections.py.
"""

import asyncio
import json

import pytest
import uvloop

from mkondo.domain.payment import PaymentCompleted, RequestPayment
from tests.service.edge.world import Core

GET_SESSION = "/sandbox/ipg/v2/vodacomTZN/getSession/"
PAY = "/sandbox/ipg/v2/vodacomTZN/c2bPayment/singleStage/"
QUERY = "/sandbox/ipg/v2/vodacomTZN/queryTransactionStatus/"

UVLOOP = pytest.mark.filterwarnings("ignore:Overriding the .event_loop_policy:pytest.PytestDeprecationWarning")


@pytest.fixture(scope="session")
def event_loop_policy() -> asyncio.AbstractEventLoopPolicy:
    policy: asyncio.AbstractEventLoopPolicy = uvloop.EventLoopPolicy()
    return policy


async def say(port: int, data: bytes, *, eof: bool = False) -> bytes:
    """Everything the server answers to these bytes until it closes the connection."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    writer.write(data)
    if eof:
        writer.write_eof()
    async with asyncio.timeout(5):
        answer = await reader.read()
    writer.close()
    return answer


def body_of(raw: bytes) -> dict[str, str]:
    head, _, body = raw.partition(b"\r\n\r\n")
    assert f"content-length: {len(body)}".encode() in head.lower()
    values = json.loads(body)
    assert isinstance(values, dict)
    return values


class Gate:
    """A core that answers each payment once it is opened."""

    def __init__(self) -> None:
        self._opened = asyncio.Event()

    def open(self) -> None:
        self._opened.set()

    async def answering(self, core: Core, command: RequestPayment) -> None:
        await self._opened.wait()
        core.reply(PaymentCompleted(command.payment))
