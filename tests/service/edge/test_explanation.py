"""`Mkondo-Explanation` over HTTP: beside each refusal for a limit in the sandbox, however it was learnt; never in live.

Figures and grammar of the header are tested in tests/unit/openapi/test_explain.py.
"""

import httpx
import pytest
from msgspec.structs import replace

from mkondo.adapters.http.bearer import hash_of
from mkondo.domain.application import ProductScope, UsageTime
from mkondo.domain.calendar import minute_of
from mkondo.domain.faults import Faults
from mkondo.domain.hours import Closed
from mkondo.domain.ids import ApplicationId, Instant
from mkondo.domain.limits import Breach
from mkondo.domain.payment import PaymentFailed, RequestPayment
from mkondo.domain.request import RequestRejected
from mkondo.openapi.mozambique.operations import OPERATIONS as MOZAMBIQUE
from services.payments_ingress.settings import Settings
from tests.service.edge.conftest import client_of
from tests.service.edge.test_mozambique import call, one_application
from tests.service.edge.test_pay import PATH
from tests.service.edge.world import API_KEY, Answering, Core, World, build, c2b

HEADER = "mkondo-explanation"
C2B = "c2b_single_stage"
BREACH = Breach("daily_value", "INS-994", 100_00, 90_00, 20_00, "TZS", Instant(1_795_132_800_000))
SAID = "daily_value;code=INS-994;ceiling=100.00;used=90.00;asked=20.00;left=10.00;currency=TZS;resets=1795132800"
SHUT = Closed(480, 1020, 479, Instant(1_795_132_800_000))
HOURS = "usage_time;code=INS-996;opens=T08:00;closes=T17:00;now=T07:59;resets=1795132800"
SHORT = Settings(deadline_ms=30, grace_ms=20)


def declined(command: RequestPayment, *breaches: Breach) -> PaymentFailed:
    return PaymentFailed(command.payment, "INS-994", "daily value: passed", "Declined", breaches=breaches)


async def declines(core: Core, command: RequestPayment) -> None:
    await core.end(declined(command, BREACH), command)


async def declines_without_a_reply(core: Core, command: RequestPayment) -> None:
    await core.admit(command)
    await core.finish(declined(command, BREACH))


async def declines_without_figures(core: Core, command: RequestPayment) -> None:
    await core.end(declined(command), command)


async def is_shut(core: Core, command: RequestPayment) -> None:
    p = command.payment
    core.reply(
        RequestRejected(p.reply_to, "INS-996", "closed", p.payment_id, p.operation, p.third_party_conversation_id, SHUT)
    )


WAYS: dict[str, tuple[Answering, str]] = {
    "a limit, told by admission": (declines, SAID),
    "a limit, read from the outcome after a lost reply": (declines_without_a_reply, SAID),
    "usage time, told by admission": (is_shut, HOURS),
}


async def pay(world: World, environment: str = "sandbox") -> httpx.Response:
    session = await world.session(environment=environment)
    async with client_of(world) as client:
        return await client.post(PATH.replace("sandbox", environment), json=c2b(), headers=world.bearer(session))


@pytest.mark.parametrize("way", WAYS)
async def test_in_the_sandbox_a_refusal_for_a_limit_is_explained(way: str) -> None:
    world = await build(pay=SHORT)
    world.core.answering, said = WAYS[way]
    response = await pay(world)
    assert (response.status_code, response.headers.get_list(HEADER)) == (400, [said])
    world.keys.close()


@pytest.mark.parametrize("way", WAYS)
async def test_in_live_nothing_is_explained(way: str) -> None:
    world = await build(pay=SHORT)
    await world.configure(environment="openapi", organisation="org-1", shortcodes=("000000",))
    world.cores["openapi"].answering, _ = WAYS[way]
    response = await pay(world, "openapi")
    assert (response.status_code, response.headers.get(HEADER)) == (400, None)
    world.keys.close()


async def test_the_body_is_the_same_with_and_without(world: World) -> None:
    bodies = []
    for answering in (declines, declines_without_figures):
        world.core.answering = answering
        response = await pay(world)
        ids = (world.core.payments[-1].payment_id, world.core.payments[-1].transaction_id)
        text = response.text.replace(response.json()["output_ThirdPartyConversationID"], "ECHO")
        bodies.append((text.replace(ids[0], "ID").replace(ids[1], "TRANSACTION"), HEADER in response.headers))
    assert [explained for _, explained in bodies] == [True, False]
    assert bodies[0][0] == bodies[1][0]


def shut_now(world: World, market_zone: str) -> ProductScope:
    """A minute half a day away."""
    opens = (minute_of(world.clock.now(), market_zone) + 720) % 1440
    return ProductScope(usage_time=UsageTime(opens, (opens + 1) % 1440))


@pytest.mark.parametrize("environment", ["sandbox", "openapi"])
async def test_usage_time_is_explained_by_the_edge_in_the_sandbox_only(world: World, environment: str) -> None:
    products = {C2B: shut_now(world, "Africa/Dar_es_Salaam")}
    await world.configure(environment=environment, organisation="org-1", shortcodes=("000000",), products=products)
    response = await pay(world, environment)
    assert response.json()["output_ResponseCode"] == "INS-996"
    said = response.headers.get(HEADER)
    assert said is None if environment == "openapi" else said.startswith("usage_time;code=INS-996;opens=T")
    assert world.cores[environment].payments == []


async def test_a_time_out_on_purpose_does_not_tell_what_came_of_the_request(world: World) -> None:
    await world.configure(faults=Faults(gateway_timeout=1_000))
    world.core.answering = declines
    response = await pay(world)
    assert (response.status_code, response.headers.get(HEADER)) == (408, None)


async def test_a_success_explains_nothing(world: World) -> None:
    assert HEADER not in (await pay(world)).headers


class TestMozambique:
    """The header has the code of the body: there INS-994 to INS-996 mean other things (contract section 9)."""

    @pytest.mark.parametrize("way", WAYS)
    async def test_the_code_is_that_of_its_own_table(self, way: str) -> None:
        async with one_application(SHORT, products={C2B: ProductScope()}) as world, client_of(world) as client:
            world.core.answering, said = WAYS[way]
            response = await call(client, world.bearer(API_KEY))
        expected = said.replace("INS-994", "INS-26").replace("INS-996", "INS-26")
        assert response.headers[HEADER] == expected
        assert response.json()["output_ResponseCode"] == "INS-26"

    @pytest.mark.parametrize("operation", MOZAMBIQUE)
    async def test_usage_time_is_explained_by_the_edge(self, operation: str) -> None:
        async with one_application() as world, client_of(world) as client:
            products = {operation: shut_now(world, "Africa/Maputo")}
            await world.configure(products=products)
            response = await call(client, world.bearer(API_KEY), operation)
        assert response.json()["output_ResponseCode"] == "INS-26"
        assert response.json()["output_error"] == "API Being Used Outside Of Usage Time"
        assert response.headers[HEADER].startswith("usage_time;code=INS-26;opens=T")

    async def test_in_live_nothing_is_explained(self) -> None:
        async with one_application() as world, client_of(world) as client:
            live = replace(BREACH, currency="MZN")

            async def refuses(core: Core, command: RequestPayment) -> None:
                await core.end(declined(command, live), command)

            key = API_KEY[::-1]
            await world.configure(
                ApplicationId("live"),
                "openapi",
                api_key_hash=hash_of(key),
                products={C2B: ProductScope()},
                organisation="org",
                shortcodes=("171717",),
            )
            world.cores["openapi"].answering = refuses
            response = await call(client, world.bearer(key))
        assert (response.json()["output_ResponseCode"], response.headers.get(HEADER)) == ("INS-26", None)
