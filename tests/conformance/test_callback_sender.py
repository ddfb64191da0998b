"""The HTTP sender keeps every promise of ports/callback_sender.py, and keeps connections without mixing them up.

Which addresses it calls: test_callback_addresses.py."""

import asyncio
import ssl
import threading
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path

import pytest

from mkondo.adapters.callbacks.addresses import NotAllowed, addresses_of, callee_of, rules_of
from mkondo.adapters.callbacks.connections import ORIGINS_KEPT
from mkondo.adapters.callbacks.names import Names
from mkondo.adapters.callbacks.retry_after import retry_after_ms
from mkondo.adapters.callbacks.sender import HttpCallbackSender
from mkondo.adapters.keys.authority import ensure_certificates
from mkondo.domain.environments import ENVIRONMENTS
from mkondo.openapi.addresses import is_address
from mkondo.ports.callback_sender import Callback
from mkondo.testing.conformance.callback_sender import SECONDS_MAX, CallbackSenderConformance
from mkondo.testing.merchant_endpoint import MerchantEndpoint

LIVE = rules_of("openapi", loopback=True)
SANDBOX = rules_of("sandbox", loopback=True)


@pytest.fixture
async def endpoint() -> AsyncIterator[MerchantEndpoint]:
    async with MerchantEndpoint.running() as endpoint:
        yield endpoint


@pytest.fixture
async def keeping() -> AsyncIterator[MerchantEndpoint]:
    """Leaves its connections open."""
    async with MerchantEndpoint.running() as endpoint:
        endpoint.keeps = True
        yield endpoint


class TestHttpCallbackSender(CallbackSenderConformance):
    @pytest.fixture
    async def sender(self) -> AsyncIterator[HttpCallbackSender]:
        sender = HttpCallbackSender(SANDBOX, SECONDS_MAX)
        yield sender
        await sender.close()


@pytest.mark.parametrize(("status", "said", "seconds"), [
    (429, "120", 120), (503, " 7 ", 7), (503, "Thu, 26 Nov 2026 08:01:40 GMT", 100), (429, "0", 0),
    (429, "Thu, 26 Nov 2026 07:00:00 GMT", 0), (500, "120", 0), (429, "", 0), (429, "soon", 0), (429, "-5", 0),
    (429, "1e9", 0), (429, "٣", 0), (429, "9" * 400, 999_999_999), (429, "Thu, 99 Nov 2026 08:00:00 GMT", 0),
])  # fmt: skip
def test_retry_after_is_seconds_or_a_date_of_a_busy_merchant_and_anything_else_says_nothing(
    status: int, said: str, seconds: int
) -> None:
    now = datetime(2026, 11, 26, 8, tzinfo=UTC).timestamp()
    assert retry_after_ms(status, said, now) == seconds * 1_000


@pytest.mark.parametrize("environment", ENVIRONMENTS)
@pytest.mark.parametrize("url", [
    "http://8.8.8.8/", "HTTP://8.8.8.8/", "https://8.8.8.8/", "hTTps://8.8.8.8:1/a?b@c", "https://user@8.8.8.8/",
    "https://user:secret@8.8.8.8/", "https://@8.8.8.8/", "https://8.8.8.8:0/", "https://8.8.8.8:99999/", "https://[::1",
    "https:///x", "https:8.8.8.8", "//8.8.8.8/", "ftp://8.8.8.8/", "https://8.8.8.8/é", "https://8.8.8.8/ ", "",
])  # fmt: skip
def test_an_address_may_be_named_if_and_only_if_it_can_be_called(url: str, environment: str) -> None:
    try:
        callee_of(url, rules_of(environment, loopback=False))
        called = True
    except NotAllowed:
        called = False
    assert is_address(url, environment) == called


@pytest.mark.parametrize("addresses", [["127.0.0.2", "127.0.0.1"], ["127.0.0.1", "127.0.0.2"]])
async def test_where_nobody_listens_at_one_address_of_a_name_another_is_called(
    endpoint: MerchantEndpoint, addresses: list[str]
) -> None:
    sender = HttpCallbackSender(SANDBOX, names=Names(lambda host, port: addresses))
    receipt = await sender.send(Callback("id", f"http://merchant.example:{endpoint.port}/acknowledge", b"{}", "0"))
    assert receipt.delivered, receipt
    assert endpoint.received[0].headers["host"] == f"merchant.example:{endpoint.port}"
    await sender.close()


async def test_a_connection_opened_for_one_name_carries_nothing_for_another_at_the_same_address(tmp_path: Path) -> None:
    certificates = ensure_certificates(tmp_path)
    tls = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    tls.load_cert_chain(certificates.certificate_file, certificates.key_file)
    trusted = ssl.create_default_context(cafile=str(certificates.ca_file))
    async with MerchantEndpoint.running(tls) as endpoint:
        endpoint.keeps = True
        sender = HttpCallbackSender(SANDBOX, names=Names(lambda host, port: ["127.0.0.1"]), trusted=trusted)
        answers = [
            await sender.send(Callback("id", f"https://{host}:{endpoint.port}/acknowledge", b"{}", "0"))
            for host in ("localhost", "another.example", "localhost")
        ]
        await sender.close()
    assert [answer.delivered for answer in answers] == [True, False, True], answers
    assert "certificate" in answers[1].reason


async def test_a_connection_is_kept_for_the_next_result_of_the_same_origin_and_for_nobody_elses(
    keeping: MerchantEndpoint,
) -> None:
    sender = HttpCallbackSender(SANDBOX, SECONDS_MAX, names=Names(lambda host, port: ["127.0.0.1"]))
    for host in ("one.example", "another.example", "one.example", "One.Example", "one.example."):
        receipt = await sender.send(Callback("id", f"http://{host}:{keeping.port}/acknowledge", b"{}", "0"))
        assert receipt.delivered, receipt
    assert keeping.connections == 3
    await sender.close()


async def test_a_connection_that_is_closed_as_it_is_used_again_is_no_failed_attempt(keeping: MerchantEndpoint) -> None:
    keeping.hangs_up = True
    sender = HttpCallbackSender(SANDBOX, SECONDS_MAX)
    receipts = [await sender.send(Callback("id", keeping.url(), b"{}", "0")) for _ in range(2)]
    assert all(receipt.delivered for receipt in receipts), receipts
    assert (len(keeping.received), keeping.connections) == (3, 2), "at least once: it had been read"
    await sender.close()


async def test_of_many_that_are_closed_as_they_are_used_again_none_is_a_failed_attempt(
    keeping: MerchantEndpoint,
) -> None:
    """The first that breaks says nothing of which of the others was open before."""
    sender = HttpCallbackSender(SANDBOX, SECONDS_MAX)
    callback = Callback("id", keeping.url(), b"{}", "0")
    await asyncio.gather(*(sender.send(callback) for _ in range(4)))
    assert keeping.connections == 4
    keeping.hangs_up = True
    receipts = [await sender.send(callback) for _ in range(6)]
    assert all(receipt.delivered for receipt in receipts), receipts
    await sender.close()


async def test_a_new_connection_that_is_closed_without_an_answer_is_a_failed_attempt(
    endpoint: MerchantEndpoint,
) -> None:
    sender = HttpCallbackSender(SANDBOX, SECONDS_MAX)
    receipts = [await sender.send(Callback("id", endpoint.url("drop"), b"{}", "0")) for _ in range(2)]
    assert not any(receipt.delivered for receipt in receipts), receipts
    assert len(endpoint.received) == 2
    await sender.close()


@pytest.mark.parametrize("behaviour", ["long", "broken"])
async def test_a_connection_is_kept_only_if_nothing_is_left_on_it(keeping: MerchantEndpoint, behaviour: str) -> None:
    sender = HttpCallbackSender(SANDBOX, SECONDS_MAX)
    for name in (behaviour, "acknowledge"):
        assert (await sender.send(Callback("id", keeping.url(name), b"{}", "0"))).status
    assert keeping.connections == {"long": 2, "broken": 1}[behaviour]
    await sender.close()


async def test_connections_to_more_origins_than_there_is_room_for_are_not_kept(keeping: MerchantEndpoint) -> None:
    names = Names(lambda host, port: ["127.0.0.1"])
    sender = HttpCallbackSender(SANDBOX, SECONDS_MAX, names=names, idle_seconds=60)
    for number in range(ORIGINS_KEPT + 10):
        url = f"http://shop{number}.example:{keeping.port}/acknowledge"
        assert (await sender.send(Callback("id", url, b"{}", "0"))).delivered
    await until(lambda: keeping.open == ORIGINS_KEPT)
    await sender.close()


async def test_a_connection_that_nobody_uses_is_closed(keeping: MerchantEndpoint) -> None:
    sender = HttpCallbackSender(SANDBOX, SECONDS_MAX, idle_seconds=0.05)
    assert (await sender.send(Callback("id", keeping.url(), b"{}", "0"))).delivered
    await until(lambda: keeping.open == 0)
    await sender.close()


async def until(moment: Callable[[], bool]) -> None:
    async with asyncio.timeout(10):
        while not moment():
            await asyncio.sleep(0)


async def test_a_name_server_that_never_answers_keeps_one_thread_a_name_and_nobody_else_waiting(
    endpoint: MerchantEndpoint,
) -> None:
    answered, asked = threading.Event(), list[str]()

    def look_up(host: str, port: int) -> Sequence[str]:
        asked.append(host)
        if host.startswith("slow"):
            answered.wait(20)
        return ["127.0.0.1"]

    names = Names(look_up, look_ups_max=11)
    slow = [asyncio.create_task(names.addresses(f"slow{number % 10}.example", 80)) for number in range(1_000)]
    sender = HttpCallbackSender(SANDBOX, SECONDS_MAX, names=names)
    receipt = await sender.send(Callback("id", f"http://quick.example:{endpoint.port}/acknowledge", b"{}", "0"))
    assert receipt.delivered, receipt
    assert len(asked) == 11
    answered.set()
    assert all(found == ["127.0.0.1"] for found in await asyncio.gather(*slow))
    await sender.close()


async def test_too_many_names_at_once_are_a_trouble_of_that_attempt_and_no_more_threads() -> None:
    answered = threading.Event()

    def look_up(host: str, port: int) -> Sequence[str]:
        answered.wait(20)
        return ["8.8.8.8"]

    names = Names(look_up, look_ups_max=1)
    slow = asyncio.create_task(names.addresses("slow.example", 443))
    await asyncio.sleep(0)
    with pytest.raises(NotAllowed, match="too many names"):
        await addresses_of("merchant.example", 443, LIVE, names)
    slow.cancel()
    with suppress(asyncio.CancelledError):
        await slow
    answered.set()
    async with asyncio.timeout(20):
        while True:
            with suppress(NotAllowed):
                await addresses_of("merchant.example", 443, LIVE, names)
                break
            await asyncio.sleep(0)
