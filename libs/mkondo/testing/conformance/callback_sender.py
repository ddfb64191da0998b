"""What every CallbackSender adapter promises (ports/callback_sender.py), against a merchant's real HTTP server.

A test module subclasses it and gives the fixture `sender`, which allows loopback and gives up after `SECONDS_MAX`.
Read next: testing/merchant_endpoint.py.
"""

import time

import pytest
from msgspec.structs import replace

from mkondo.contracts.signature import Secret, distrust
from mkondo.ports.callback_sender import Callback, CallbackSender
from mkondo.testing.merchant_endpoint import ACKNOWLEDGED, BREAKING_OFF, MerchantEndpoint

SECONDS_MAX = 0.5
BODY = b'{"input_ResultCode":"INS-0"}'
NO_ADDRESSES = (
    "", "x", "http://", "http://127.0.0.1:1/\x01", "http://127.0.0.1:1/\x00", "http://127.0.0.1:1\x00/", "http://[::1",
    "http://127.0.0.1:1 b/", "http://bücher.invalid/", "http://127.0.0.1:1/\ud800", "http://\ud800/", "http://.invalid/",
    "http://[::1%25lo]:1/", "http://a..b/", f"http://{'a' * 300}.invalid/", "http://[fe80::1%lo]:1/", "http://127.0.0.1:x/",
    "http://127.0.0.1:secret/", "http://asha:secret/x",
)  # fmt: skip
NO_HTTP = ("nonsense", "another", "echo", "version", "header", "unchunked", "half")


def is_plain(reason: str) -> bool:
    """One line of words, without what is nobody's business."""
    return 0 < len(reason) <= 200 and reason.isprintable() and "secret" not in reason


def callback(endpoint: MerchantEndpoint, behaviour: str) -> Callback:
    return Callback(f"id-{behaviour}", endpoint.url(behaviour), BODY, "0")


class CallbackSenderConformance:
    async def test_the_body_arrives_as_it_is_with_the_callbacks_id(
        self, sender: CallbackSender, endpoint: MerchantEndpoint
    ) -> None:
        receipt = await sender.send(callback(endpoint, "acknowledge"))
        assert (receipt.delivered, receipt.status, receipt.acknowledged) == (True, 200, True)
        assert receipt.answer == ACKNOWLEDGED.decode()
        (got,) = endpoint.received
        assert (got.method, got.body, got.headers["content-type"]) == ("POST", BODY, "application/json")
        assert got.headers["webhook-id"] == "id-acknowledge"

    async def test_it_is_signed_by_each_secret_and_by_the_real_clock(
        self, sender: CallbackSender, endpoint: MerchantEndpoint
    ) -> None:
        secrets = (Secret(b"1" * 32), Secret(b"2" * 32))
        await sender.send(replace(callback(endpoint, "acknowledge"), secrets=secrets))
        await sender.send(callback(endpoint, "acknowledge"))
        signed, unsigned = endpoint.received
        assert len(signed.headers["webhook-signature"].split(" ")) == 2
        for secret in secrets:
            assert distrust([secret], signed.headers, int(time.time()), signed.body) == ""
        assert "webhook-signature" not in unsigned.headers

    async def test_how_long_a_busy_merchant_asks_to_wait_is_told(
        self, sender: CallbackSender, endpoint: MerchantEndpoint
    ) -> None:
        receipt = await sender.send(callback(endpoint, "busy"))
        assert (receipt.delivered, receipt.status, receipt.retry_after_ms) == (False, 429, 3_600_000)
        assert (await sender.send(callback(endpoint, "broken"))).retry_after_ms == 0

    @pytest.mark.parametrize("behaviour", ["rubbish", "empty", "created", "deep", "bytes"])
    async def test_any_2xx_is_delivered_and_what_it_says_is_only_noted(
        self, sender: CallbackSender, endpoint: MerchantEndpoint, behaviour: str
    ) -> None:
        receipt = await sender.send(callback(endpoint, behaviour))
        assert receipt.delivered and not receipt.acknowledged

    @pytest.mark.parametrize("behaviour", ["gone", "broken", "redirect"])
    async def test_anything_else_is_not(
        self, sender: CallbackSender, endpoint: MerchantEndpoint, behaviour: str
    ) -> None:
        receipt = await sender.send(callback(endpoint, behaviour))
        assert not receipt.delivered and receipt.reason
        assert len(endpoint.received) == 1, "a redirect was followed"

    @pytest.mark.parametrize("behaviour", ["never", "drop", "endless", *NO_HTTP])
    async def test_an_endpoint_that_does_not_answer_costs_a_bounded_time(
        self, sender: CallbackSender, endpoint: MerchantEndpoint, behaviour: str
    ) -> None:
        began = time.monotonic()
        receipt = await sender.send(callback(endpoint, behaviour))
        assert not receipt.delivered and receipt.reason
        assert time.monotonic() - began < SECONDS_MAX + 5

    @pytest.mark.parametrize("way", BREAKING_OFF)
    async def test_a_2xx_whose_body_breaks_off_is_delivered_and_acknowledges_nothing(
        self, sender: CallbackSender, endpoint: MerchantEndpoint, way: str
    ) -> None:
        receipt = await sender.send(callback(endpoint, f"{way}-200"))
        assert (receipt.delivered, receipt.status, receipt.acknowledged) == (True, 200, False)
        assert receipt.reason.startswith("the answer's body broke off: ")
        assert ("within" in receipt.reason) == (way in ("slow", "unchunked")), "nobody waits for who has hung up"
        assert ACKNOWLEDGED.decode().startswith(receipt.answer)
        assert receipt.answer or way != "slow", "what has come is kept"
        assert len(endpoint.received) == 1, "it was sent again"

    @pytest.mark.parametrize("way", BREAKING_OFF)
    async def test_a_refusal_whose_body_breaks_off_is_one_with_its_status(
        self, sender: CallbackSender, endpoint: MerchantEndpoint, way: str
    ) -> None:
        receipt = await sender.send(callback(endpoint, f"{way}-503"))
        assert (receipt.delivered, receipt.status, receipt.retry_after_ms) == (False, 503, 3_600_000)
        assert receipt.reason.startswith("answered HTTP 503; the answer's body broke off: ")
        assert len(endpoint.received) == 1, "it was sent again"

    @pytest.mark.parametrize("behaviour", ["drop", "endless", "never", "short-200", "reset-503", *NO_HTTP])
    async def test_a_reason_is_one_line_that_quotes_nothing(
        self, sender: CallbackSender, endpoint: MerchantEndpoint, behaviour: str
    ) -> None:
        asked = callback(endpoint, behaviour)
        said = (await sender.send(replace(asked, url=f"{asked.url}?token=secret"))).reason
        assert is_plain(said) and "token" not in said and str(endpoint.port) not in said, said

    async def test_of_a_long_answer_the_first_kibibyte_is_kept(
        self, sender: CallbackSender, endpoint: MerchantEndpoint
    ) -> None:
        receipt = await sender.send(callback(endpoint, "long"))
        assert receipt.delivered and len(receipt.answer) == 1_024

    async def test_nobody_there_is_not_delivered(self, sender: CallbackSender, endpoint: MerchantEndpoint) -> None:
        receipt = await sender.send(Callback("id", "http://127.0.0.1:1/", BODY, "0"))
        assert (receipt.delivered, receipt.status) == (False, 0)
        assert receipt.reason

    @pytest.mark.parametrize("url", NO_ADDRESSES)
    async def test_what_is_no_address_is_not_delivered_and_never_raises(self, sender: CallbackSender, url: str) -> None:
        receipt = await sender.send(Callback("id", url, BODY, "0"))
        assert (receipt.delivered, receipt.status) == (False, 0)
        assert is_plain(receipt.reason)
