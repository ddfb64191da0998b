"""Gateways that lie, stall or break: never an approval that the customer did not give, and never past the expiry."""

import asyncio
import logging
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from msgspec.structs import replace

from mkondo.adapters.keys.authority import ensure_certificates
from mkondo.adapters.system.clock import SystemClock
from mkondo.adapters.system.ids import SystemIds
from mkondo.adapters.ussd.gateway import UssdGateway
from mkondo.adapters.ussd.settings import UssdSettings
from mkondo.contracts.signature import Secret, read_secret
from mkondo.domain.handset import APPROVE
from mkondo.ports.handset import Answer
from mkondo.testing.conformance.handset import LONG_MS, YES, prompt_from
from mkondo.testing.serving import free_port, serving
from mkondo.testing.ussd_gateway import ReferenceGateway, from_environment
from mkondo.testing.ussd_liars import OTHER_SECRET
from tests.service.ussd.world import MARGIN_MS, SECRET, SHORT_MS, GatewayWorld, gateway_world


@pytest.fixture
async def world() -> AsyncIterator[GatewayWorld]:
    async with gateway_world() as world:
        yield world


SEEN_THROUGH = {
    "forged": "its signature is wrong",
    "changed on the way": "its signature is wrong",
    "unsigned": "it is not signed",
    "stale": "it was signed too long ago, or in the future",
    "from the future": "it was signed too long ago, or in the future",
    "signed for another payment": "it answers another question",
    "about another payment": "it is about another payment",
    "our own question sent back": "it is not understood",
    "garbage": "it is not understood",
    "an unknown action": "it is not understood",
    "a megabyte": "it is too long",
    "404": "the gateway answered 404",
    "a redirect": "the gateway answered 307",
}


@pytest.mark.parametrize(("lie", "why"), SEEN_THROUGH.items())
async def test_a_lie_is_seen_through_at_once_and_the_log_says_which(
    world: GatewayWorld, lie: str, why: str, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.WARNING)
    prompt = world.prompt(lie, LONG_MS)
    assert await world.handset.ask(prompt) is None
    assert world.clock.now() < prompt.expires_at - LONG_MS // 2
    assert [getattr(record, "trouble", "") for record in caplog.records] == [why]
    assert prompt.msisdn not in caplog.text
    assert world.gateway.posts == 1


async def test_a_recorded_approval_of_another_payment_is_no_approval(world: GatewayWorld) -> None:
    assert await world.ask(APPROVE, name="p1") == YES
    assert await world.ask("recorded from another payment", name="p2") is None


@pytest.mark.parametrize("lie", ["a byte a second", "silence", "always 503", "approval after the expiry"])
async def test_who_stalls_is_given_up_before_the_expiry(world: GatewayWorld, lie: str) -> None:
    prompt = world.prompt(lie)
    assert await world.handset.ask(prompt) is None
    assert prompt.expires_at - MARGIN_MS <= world.clock.now() <= prompt.expires_at


@pytest.mark.parametrize("trouble", ["500 once", "hangs up once"])
async def test_trouble_that_passes_is_asked_through(world: GatewayWorld, trouble: str) -> None:
    assert await world.ask(trouble, LONG_MS) == YES
    assert world.gateway.posts == 2


async def test_a_redirect_is_not_followed(world: GatewayWorld) -> None:
    assert await world.ask("a redirect") is None
    assert world.gateway.redirected == 0


async def test_a_gateway_that_comes_up_in_time_is_asked() -> None:
    bound = free_port()
    port = bound.getsockname()[1]
    settings = UssdSettings(f"http://127.0.0.1:{port}/", (SECRET,))
    handset, clock = UssdGateway(settings, SystemClock(), SystemIds()), SystemClock()
    asking = asyncio.create_task(handset.ask(prompt_from(clock.now())))
    await asyncio.sleep(0)  # it has begun to ask before anybody listens
    async with serving(ReferenceGateway([SECRET]), bound):
        assert await asking == YES
    await handset.close()


async def test_a_gateway_that_is_nowhere_is_none_and_the_log_says_why(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.WARNING)
    with free_port() as nobody_listens:
        settings = UssdSettings(f"http://127.0.0.1:{nobody_listens.getsockname()[1]}/", (SECRET,))
        handset = UssdGateway(settings, SystemClock(), SystemIds())
        assert await handset.ask(prompt_from(SystemClock().now(), SHORT_MS)) is None
        await handset.close()
    assert "could not be asked: ConnectError" in caplog.records[-1].__dict__["trouble"]


async def test_the_gateway_believes_only_what_we_signed(world: GatewayWorld) -> None:
    stranger = UssdGateway(UssdSettings(world.url, (OTHER_SECRET,), margin_ms=MARGIN_MS), SystemClock(), SystemIds())
    assert await stranger.ask(world.prompt(APPROVE)) is None
    assert (world.gateway.shown, world.gateway.distrusted) == ([], ["its signature is wrong"])
    await stranger.close()


async def test_the_reference_gateway_is_started_from_its_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    shared = "whsec_YW4gZXhhbXBsZSwgbmV2ZXIgdG8gYmUgdXNlZA=="
    monkeypatch.setenv("MKONDO_USSD_SECRET", shared)
    async with serving(from_environment()) as url:
        clock = SystemClock()
        handset = UssdGateway(UssdSettings(url, (read_secret(shared),)), clock, SystemIds())
        cancels = replace(prompt_from(clock.now()), msisdn="255700000003")
        answer = await handset.ask(cancels)
        assert answer and answer.status == "Cancelled"
        await handset.close()


async def test_while_a_secret_is_replaced_both_sides_may_have_either(world: GatewayWorld) -> None:
    both = UssdGateway(UssdSettings(world.url, (OTHER_SECRET, SECRET)), SystemClock(), SystemIds())
    assert await both.ask(world.prompt(APPROVE, LONG_MS)) == YES
    await both.close()


async def test_a_customer_is_shown_one_prompt_however_often_we_ask(world: GatewayWorld) -> None:
    prompt = world.prompt(APPROVE, LONG_MS)
    assert await asyncio.gather(*(world.handset.ask(prompt) for _ in range(5))) == [YES] * 5
    assert [question.payment_id for question in world.gateway.shown] == [prompt.payment_id]


async def test_the_customer_is_shown_the_whole_payment(world: GatewayWorld) -> None:
    prompt = replace(world.prompt(APPROVE, LONG_MS), voucher_code="TGS813", language="sw")
    await world.handset.ask(prompt)
    shown = world.gateway.shown[0]
    assert (shown.msisdn, shown.amount.minor, shown.amount.currency) == (prompt.msisdn, 60_00, "TZS")
    assert (shown.amount.text, shown.shortcode, shown.description) == ("60.00", "000000", "Shoes")
    assert (shown.voucher_code, shown.language, shown.expires_at) == ("TGS813", "sw", prompt.expires_at)


async def test_a_market_without_a_gateway_is_not_sent_to_one() -> None:
    async with gateway_world(markets=("vodafoneGHA",)) as world:
        assert await world.ask(APPROVE) is None
        assert world.gateway.posts == 0


async def test_a_prompt_whose_time_is_up_reaches_nobody(world: GatewayWorld, caplog: pytest.LogCaptureFixture) -> None:
    assert await world.ask(APPROVE, MARGIN_MS) is None
    assert world.gateway.posts == 0
    assert [getattr(record, "trouble", "") for record in caplog.records] == ["no time is left"]


async def test_no_more_customers_are_asked_at_once_than_allowed() -> None:
    async with gateway_world(prompts_max=2) as world:
        typing = [asyncio.create_task(world.ask("silence", LONG_MS, name)) for name in ("p1", "p2")]
        async with asyncio.timeout(10):
            while world.gateway.posts < 2:
                await asyncio.sleep(0)
        assert await world.ask(APPROVE, SHORT_MS, "p3") is None
        assert world.gateway.posts == 2
        for task in typing:
            task.cancel()
        await asyncio.gather(*typing, return_exceptions=True)


async def test_what_was_stuck_leaves_room_for_others() -> None:
    async with gateway_world(prompts_max=1) as world:
        assert await world.ask("silence", SHORT_MS, "p1") is None
        assert await world.ask(APPROVE, LONG_MS, "p2") == YES


def test_a_secret_shows_nowhere() -> None:
    assert "know this" not in f"{UssdSettings('https://gateway/', (Secret(b'know this'),))!r}"


class TestOverTls:
    """The gateway's certificate is checked: against the authority that is named, or the public ones."""

    @pytest.mark.parametrize(("named", "answer"), [(True, YES), (False, None)])
    async def test_only_a_certificate_of_a_trusted_authority_is_believed(
        self, tmp_path: Path, named: bool, answer: Answer | None
    ) -> None:
        files = ensure_certificates(tmp_path)
        gateway = ReferenceGateway([SECRET])
        async with serving(gateway, None, files.certificate_file, files.key_file) as url:
            settings = UssdSettings(url, (SECRET,), ca_file=files.ca_file if named else None)
            handset, clock = UssdGateway(settings, SystemClock(), SystemIds()), SystemClock()
            assert await handset.ask(prompt_from(clock.now(), LONG_MS if named else SHORT_MS)) == answer
            await handset.close()
        assert len(gateway.shown) == named
