"""The HTTP sender keeps every promise of ports/callback_sender.py, and calls no address that it must not."""

from collections.abc import AsyncIterator

import pytest

from mkondo.adapters.callbacks.addresses import NotAllowed, Rules, place_of
from mkondo.adapters.callbacks.sender import HttpCallbackSender
from mkondo.ports.callback_sender import Callback
from mkondo.testing.conformance.callback_sender import SECONDS_MAX, CallbackSenderConformance
from mkondo.testing.merchant_endpoint import MerchantEndpoint

LIVE = Rules()
SANDBOX = Rules(plain_http=True, loopback=True)


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


@pytest.mark.parametrize("host", [
    "127.0.0.1", "127.1", "2130706433", "0x7f000001", "0177.0.0.1", "localhost", "[::1]", "[::ffff:127.0.0.1]",
    "[::ffff:7f00:1]", "0.0.0.0", "10.0.0.1", "172.16.0.1", "192.168.1.1", "169.254.169.254", "[fe80::1]", "[fd00::1]",
    "[64:ff9b::7f00:1]", "[2002:7f00:1::]", "100.64.0.1", "224.0.0.1", "[ff02::1]", "255.255.255.255", "192.0.2.1",
])  # fmt: skip
async def test_live_calls_no_address_that_is_not_the_internets(host: str) -> None:
    with pytest.raises(NotAllowed):
        await place_of(f"https://{host}/result", LIVE)


@pytest.mark.parametrize("host", ["10.0.0.1", "169.254.169.254", "[fe80::1]", "192.168.1.1", "[::ffff:10.0.0.1]"])
async def test_the_sandbox_calls_this_machine_and_no_neighbour(host: str) -> None:
    with pytest.raises(NotAllowed):
        await place_of(f"http://{host}/result", SANDBOX)
    assert (await place_of("http://127.0.0.1:9/result?a=b", SANDBOX)).url == "http://127.0.0.1:9/result?a=b"


@pytest.mark.parametrize("url", [
    "", "merchant.example", "ftp://8.8.8.8/", "http://8.8.8.8/", "https://user:secret@8.8.8.8/", "https:///x",
    "https://8.8.8.8:0/", "https://8.8.8.8:99999/", "https://8.8.8.8/" + "a" * 2_048, "https://[::1", "//8.8.8.8/",
    "https://nowhere.invalid/",
])  # fmt: skip
async def test_what_is_no_address_of_a_merchant_is_told_in_words(url: str) -> None:
    with pytest.raises(NotAllowed, match=r".+"):
        await place_of(url, LIVE)


async def test_the_address_that_was_judged_is_the_one_that_is_called() -> None:
    place = await place_of("https://8.8.8.8/result", LIVE)
    assert (place.url, place.authority) == ("https://8.8.8.8:443/result", "8.8.8.8")


async def test_a_refused_address_is_a_receipt_with_the_reason(endpoint: MerchantEndpoint) -> None:
    sender = HttpCallbackSender(LIVE)
    receipt = await sender.send(Callback("id", endpoint.url().replace("http:", "https:"), b"{}", "0"))
    assert (receipt.delivered, endpoint.received) == (False, [])
    assert "not an address of the public internet" in receipt.reason
    await sender.close()
