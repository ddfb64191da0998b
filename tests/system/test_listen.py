"""`mkondo listen`: results reach a program on this machine, however often it, the platform or we are ended."""

import asyncio
import os
import signal
import subprocess
import sys
from collections import Counter
from collections.abc import AsyncIterator, Callable, Iterator
from pathlib import Path

import pytest

from mkondo.testing.kafka import free_port
from mkondo.testing.merchant_endpoint import MerchantEndpoint
from mkondo.testing.platform import ROOT, RunningPlatform, verify
from services.cli.listen import Listener as OneRun
from services.cli.listen_place import Place
from tests.system.conftest import temporary_folder
from tests.system.merchant import merchant_of
from tests.system.test_callbacks import push_to
from tests.system.test_commands import mkondo
from tests.system.test_management import Api

RESULTS = 500
KILLED_AT = (60, 150, 260, 390)
SECONDS_MAX = 60
RESULT = {"id": "p1", "operation": "c2b_single_stage", "body": "{}", "headers": {"webhook-id": "p1"}, "cursor": "1"}


class Listener:
    """A `mkondo listen` as a process of its own."""

    def __init__(self, platform: RunningPlatform, url: str, *options: str) -> None:
        self._log = platform.data.with_name("listen.log")
        files = ("--data", str(platform.data), "--forward-to", url, *options)
        with open(self._log, "ab") as log:
            self._process = subprocess.Popen(
                [sys.executable, "-m", "services.cli", "listen", *files],
                cwd=ROOT, stdin=subprocess.DEVNULL, stdout=log, stderr=log,
                env={**os.environ, "PYTHONUNBUFFERED": "1"},
            )  # fmt: skip

    def said(self) -> str:
        return self._log.read_text()

    async def says(self, text: str, times: int = 1) -> None:
        async with asyncio.timeout(SECONDS_MAX):
            while self.said().count(text) < times:
                assert self._process.poll() is None, self.said()
                await asyncio.sleep(0.01)

    def end(self, by: signal.Signals) -> int:
        """Its exit status; of one that has ended before too."""
        if self._process.poll() is None:
            self._process.send_signal(by)
        return self._process.wait(10)


Listening = Callable[..., Listener]


@pytest.fixture
def listening() -> Iterator[Listening]:
    """Starts listeners; none of them is left behind."""
    started: list[Listener] = []

    def start(platform: RunningPlatform, url: str, *options: str) -> Listener:
        started.append(Listener(platform, url, *options))
        return started[-1]

    yield start
    for listener in started:
        listener.end(signal.SIGKILL)


@pytest.fixture
def own_platform() -> Iterator[RunningPlatform]:
    with temporary_folder() as folder, RunningPlatform(folder / "data") as platform:
        yield platform
        assert verify(platform).returncode == 0
        platform.stop()


@pytest.fixture
async def endpoint() -> AsyncIterator[MerchantEndpoint]:
    async with MerchantEndpoint.running() as endpoint:
        yield endpoint


@pytest.fixture
def data(own_platform: RunningPlatform) -> Path:
    return own_platform.data


@pytest.mark.timeout(180)
async def test_killed_again_and_again_it_loses_none_of_500(
    own_platform: RunningPlatform, endpoint: MerchantEndpoint, listening: Listening
) -> None:
    """The platform's own endpoint is another one, where nobody answers: results reach us by the feed alone."""
    push_to(own_platform, f"http://127.0.0.1:{free_port()}/")
    listener = listening(own_platform, endpoint.url())
    await listener.says("listening")
    async with merchant_of(own_platform) as merchant:
        paying = asyncio.gather(*(merchant.pay() for _ in range(RESULTS)))
        for number, reached in enumerate(KILLED_AT):
            await endpoint.arrivals(reached, SECONDS_MAX)
            assert listener.end(signal.SIGKILL) == -signal.SIGKILL
            listener = listening(own_platform, endpoint.url())
            await listener.says("listening", number + 2)
        accepted = {answer.said("ConversationID") for answer in await paying}
    assert len(accepted) == RESULTS
    await endpoint.arrivals(RESULTS, SECONDS_MAX)
    async with asyncio.timeout(SECONDS_MAX):
        while not accepted <= {got.headers["webhook-id"] for got in endpoint.received}:
            await asyncio.sleep(0.01)
    got = Counter(one.headers["webhook-id"] for one in endpoint.received)
    assert set(got) == accepted
    assert sum(got.values()) - RESULTS <= len(KILLED_AT), "only what was under way at a kill comes twice"
    assert listener.end(signal.SIGINT) == 0
    assert "stopped" in listener.said() and "Traceback" not in listener.said()


@pytest.mark.timeout(180)
async def test_it_waits_for_its_program_and_for_the_platform_and_replays_reach_it(
    own_platform: RunningPlatform, endpoint: MerchantEndpoint, listening: Listening, data: Path
) -> None:
    push_to(own_platform, endpoint.url("pushed"))
    port = free_port()
    listener = listening(own_platform, f"http://127.0.0.1:{port}/", "--from-start")
    await listener.says("listening")
    async with merchant_of(own_platform) as merchant:
        name = (await merchant.pay()).said("ConversationID")
    await listener.says("does not answer")

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(b"HTTP/1.1 500 Oops\r\ncontent-length: 0\r\nconnection: close\r\n\r\n")
        await writer.drain()
        writer.close()

    async with await asyncio.start_server(answer, "127.0.0.1", port):
        await listener.says(f"c2b_single_stage {name} -> HTTP 500")
        own_platform.stop()
        await listener.says("the platform is away")
        own_platform.start()
        await listener.says("it is back", 2)
        assert mkondo("replay", name, "--data", str(data)).returncode == 0
        await listener.says(f"c2b_single_stage {name} -> HTTP 500", 2)
        second = mkondo("listen", "--forward-to", endpoint.url(), "--data", str(data))
        assert second.returncode == 1 and "another `mkondo listen`" in second.stderr
    assert listener.end(signal.SIGTERM) == 0


def test_wrong_use_is_told_in_one_line(own_platform: RunningPlatform, folder: Path) -> None:
    data = ("--data", str(own_platform.data))
    for wrong, status, says in (
        (("listen", "--forward-to", "nothing", *data), 1, "no address"),
        (("listen", "--forward-to", "http://127.0.0.1:9/", "--application", "a/b", *data), 1, "no application"),
        (("listen", "--forward-to", "http://127.0.0.1:9/", "--application", "nobody", *data), 1, "no application"),
        (("listen", "--forward-to", "http://127.0.0.1:9/", "--data", str(folder / "none")), 1, "mkondo up"),
        (("replay", *data), 2, "Name ids"),
        (("replay", "x", "--from", "2026-01-01", "--until", "2026-01-02", *data), 2, "Name ids"),
        (("replay", "x", "--state", "delivered", *data), 2, "--state goes with"),
        (("replay", "--from", "soon", "--until", "2026-01-02", *data), 1, "no time"),
        (("replay", "nobody", *data), 1, "no delivery"),
        (("endpoints", "enable", "https://never.example/", *data), 1, "not disabled"),
    ):
        said = mkondo(*wrong)
        assert said.returncode == status and says in said.stderr, said
        assert "Traceback" not in said.stderr
    assert Api(own_platform).said("GET", "endpoints?application=demo") == {"endpoints": [], "next": ""}


@pytest.mark.timeout(20)
@pytest.mark.parametrize(
    ("head", "body", "goes_on"),
    [
        (b"", b"x" * 65_536, True),  # never ends
        (b"content-length: 100\r\n", b"x", True),  # drips
        (b"content-length: 100\r\n", b"x", False),  # breaks off
        (b"content-encoding: gzip\r\ncontent-length: 4\r\n", b"none", False),
    ],
)
async def test_a_status_is_heard_whatever_becomes_of_the_body(
    tmp_path: Path, head: bytes, body: bytes, goes_on: bool, capsys: pytest.CaptureFixture[str]
) -> None:
    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            await reader.readuntil(b"\r\n\r\n")
            writer.write(b"HTTP/1.1 201 Created\r\n" + head + b"\r\n" + body)
            await writer.drain()
            while goes_on:
                writer.write(body)
                await writer.drain()
                await asyncio.sleep(0.1 if len(body) == 1 else 0)
        except OSError:
            pass
        writer.close()

    server = await asyncio.start_server(answer, "127.0.0.1", 0)
    url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}/"
    listener = OneRun(url, tmp_path, "", Place(tmp_path, "sandbox", "demo"))
    async with asyncio.timeout(10):
        await asyncio.to_thread(listener._forward, RESULT)
    assert "c2b_single_stage p1 -> HTTP 201" in capsys.readouterr().out
    server.close()
