"""The HTTP sender keeps every promise of ports/callback_sender.py, and calls no address that it must not."""

import asyncio
import ssl
import threading
from collections.abc import AsyncIterator, Sequence
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path

import pytest

from mkondo.adapters.callbacks.addresses import NotAllowed, place_of, rules_of
from mkondo.adapters.callbacks.names import Names
from mkondo.adapters.callbacks.sender import HttpCallbackSender
from mkondo.adapters.callbacks.webhook import retry_after_ms
from mkondo.adapters.keys.authority import ensure_certificates
from mkondo.domain.environments import ENVIRONMENTS
from mkondo.openapi.addresses import is_address
from mkondo.ports.callback_sender import Callback
from mkondo.testing.conformance.callback_sender import SECONDS_MAX, CallbackSenderConformance
from mkondo.testing.merchant_endpoint import MerchantEndpoint

LIVE = rules_of("openapi", loopback=True)
SANDBOX = rules_of("sandbox", loopback=True)
SHARED_SANDBOX = rules_of("sandbox", loopback=False)


@pytest.fixture
async def endpoint() -> AsyncIterator[MerchantEndpoint]:
    async with MerchantEndpoint.running() as endpoint:
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


@pytest.mark.parametrize("host", [
    "127.0.0.1", "127.1", "2130706433", "0x7f000001", "0177.0.0.1", "localhost", "[::1]", "[::ffff:127.0.0.1]",
    "[::ffff:7f00:1]", "0.0.0.0", "10.0.0.1", "172.16.0.1", "192.168.1.1", "169.254.169.254", "[fe80::1]", "[fd00::1]",
    "[64:ff9b::7f00:1]", "[2002:7f00:1::]", "100.64.0.1", "224.0.0.1", "[ff02::1]", "255.255.255.255", "192.0.2.1",
    "[::7f00:1]", "[::ffff:0:7f00:1]", "[fec0::1]", "[64:ff9b:1::7f00:1]", "[5f00::1]", "[2001:db8::1]", "[3fff::1]",
    "192.88.99.1", "198.18.0.1", "240.0.0.1", "[::]", "[2001::1]", "0", "127.0.0.1.", "017700000001",
])  # fmt: skip
async def test_live_calls_no_address_that_is_not_the_internets(host: str) -> None:
    with pytest.raises(NotAllowed):
        await place_of(f"https://{host}/result", LIVE, Names())


@pytest.mark.parametrize("host", ["10.0.0.1", "169.254.169.254", "[fe80::1]", "192.168.1.1", "[::ffff:10.0.0.1]"])
async def test_the_sandbox_calls_this_machine_where_it_may_and_no_neighbour(host: str) -> None:
    with pytest.raises(NotAllowed):
        await place_of(f"http://{host}/result", SANDBOX, Names())
    assert (await place_of("http://127.0.0.1:9/", SANDBOX, Names())).addresses == ("127.0.0.1",)
    with pytest.raises(NotAllowed):
        await place_of("http://127.0.0.1:9/", SHARED_SANDBOX, Names())


async def test_the_address_that_was_judged_is_called_by_the_name_that_was_asked_for() -> None:
    names = Names(lambda host, port: ["127.0.0.1", "::1"])
    place = await place_of("http://merchant.example:9/result?a=b", SANDBOX, names)
    assert place.authority == "merchant.example:9"
    assert place.urls == ("http://127.0.0.1:9/result?a=b", "http://[::1]:9/result?a=b")
    assert (await place_of("http://[::1]:9", SANDBOX, Names())).authority == "[::1]:9"
    public = await place_of("https://[2606:4700::1]/result", LIVE, Names())
    assert (public.urls, public.authority) == (("https://[2606:4700::1]:443/result",), "[2606:4700::1]")


async def test_a_name_with_one_address_that_is_not_the_internets_is_not_called_at_all() -> None:
    with pytest.raises(NotAllowed) as told:
        await place_of("https://merchant.example/", LIVE, Names(lambda host, port: ["8.8.8.8", "10.0.0.1"]))
    assert "10.0.0.1" not in str(told.value), "what our own name servers know is not told"


@pytest.mark.parametrize("url", [
    "", "merchant.example", "ftp://8.8.8.8/", "http://8.8.8.8/", "https://user:secret@8.8.8.8/", "https:///x",
    "https://8.8.8.8:0/", "https://8.8.8.8:99999/", "https://8.8.8.8/" + "a" * 2_048, "https://[::1", "//8.8.8.8/",
    "https://nowhere.invalid/",
])  # fmt: skip
async def test_what_is_no_address_of_a_merchant_is_told_in_words(url: str) -> None:
    with pytest.raises(NotAllowed, match=r".+"):
        await place_of(url, LIVE, Names())


@pytest.mark.parametrize("environment", ENVIRONMENTS)
@pytest.mark.parametrize("url", [
    "http://8.8.8.8/", "HTTP://8.8.8.8/", "https://8.8.8.8/", "hTTps://8.8.8.8:1/a?b@c", "https://user@8.8.8.8/",
    "https://user:secret@8.8.8.8/", "https://@8.8.8.8/", "https://8.8.8.8:0/", "https://8.8.8.8:99999/", "https://[::1",
    "https:///x", "https:8.8.8.8", "//8.8.8.8/", "ftp://8.8.8.8/", "https://8.8.8.8/é", "https://8.8.8.8/ ", "",
])  # fmt: skip
async def test_an_address_may_be_named_if_and_only_if_it_can_be_called(url: str, environment: str) -> None:
    try:
        await place_of(url, rules_of(environment, loopback=False), Names())
        called = True
    except NotAllowed:
        called = False
    assert is_address(url, environment) == called


async def test_a_refused_address_is_a_receipt_with_the_reason(endpoint: MerchantEndpoint) -> None:
    sender = HttpCallbackSender(LIVE)
    receipt = await sender.send(Callback("id", endpoint.url().replace("http:", "https:"), b"{}", "0"))
    assert (receipt.delivered, endpoint.received) == (False, [])
    assert "not an address of the public internet" in receipt.reason
    await sender.close()


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
        await place_of("https://merchant.example/", LIVE, names)
    slow.cancel()
    with suppress(asyncio.CancelledError):
        await slow
    answered.set()
    async with asyncio.timeout(20):
        while True:
            with suppress(NotAllowed):
                await place_of("https://merchant.example/", LIVE, names)
                break
            await asyncio.sleep(0)
