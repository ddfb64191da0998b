"""Who you are: getSession, sessions and trusted sources, with every ruling of contract section 12."""

import asyncio

import httpx
import pytest

from mkondo.adapters.http.bearer import hash_of
from mkondo.domain.application import STRICT, Switches
from mkondo.domain.session import OpenSession, SessionRefused
from mkondo.ports.errors import TryLater
from services.edge_auth.settings import Settings as AuthSettings
from tests.service.edge.conftest import client_of
from tests.service.edge.world import API_KEY, Core, World, build, c2b, encrypt, status_of

GET_SESSION = "/sandbox/ipg/v2/vodacomTZN/getSession/"
PAY = "/sandbox/ipg/v2/vodacomTZN/c2bPayment/singleStage/"
QUERY = "/sandbox/ipg/v2/vodacomTZN/queryTransactionStatus/"
REFUSED = {
    "output_ResponseCode": "INS-989",
    "output_ResponseDesc": "Session Creation Failed",
    "output_SessionID": "N/A",
}


class TestGetSession:
    async def test_an_encrypted_api_key_opens_a_session_that_works_at_once(
        self, world: World, client: httpx.AsyncClient
    ) -> None:
        response = await client.get(GET_SESSION, headers=world.bearer(API_KEY))
        assert response.status_code == 200
        assert list(response.json()) == ["output_ResponseCode", "output_ResponseDesc", "output_SessionID"]
        session = response.json()["output_SessionID"]
        assert (await client.post(PAY, json=c2b(), headers=world.bearer(session))).status_code == 201

    async def test_admission_gets_the_hash_only(self, world: World, client: httpx.AsyncClient) -> None:
        session = (await client.get(GET_SESSION, headers=world.bearer(API_KEY))).json()["output_SessionID"]
        [command] = world.core.commands
        assert isinstance(command, OpenSession)
        assert command.session != session
        assert len(command.session) == 64

    async def test_many_sessions_of_one_application_live_side_by_side(
        self, world: World, client: httpx.AsyncClient
    ) -> None:
        headers = world.bearer(API_KEY)
        answers = await asyncio.gather(*(client.get(GET_SESSION, headers=headers) for _ in range(8)))
        sessions = {answer.json()["output_SessionID"] for answer in answers}
        assert len(sessions) == 8
        for session in sessions:
            assert (await client.post(PAY, json=c2b(), headers=world.bearer(session))).status_code == 201

    @pytest.mark.parametrize(
        "authorization",
        ["", "Bearer", "Bearer ", "Basic abc", f"Bearer {API_KEY}", "Bearer " + "A" * 344, "Bearer " + "0" * 32],
        ids=["none", "no token", "empty", "basic", "unencrypted", "garbage", "raw hex"],
    )
    async def test_any_other_bearer_is_the_one_documented_failure(
        self, world: World, client: httpx.AsyncClient, authorization: str
    ) -> None:
        response = await client.get(GET_SESSION, headers={"Authorization": authorization} if authorization else {})
        assert response.status_code == 400
        assert response.json() == REFUSED
        assert world.core.commands == []

    async def test_an_api_key_must_be_encrypted_even_where_a_session_id_need_not_be(
        self, world: World, client: httpx.AsyncClient
    ) -> None:
        key = "f" * 32
        await world.configure(api_key_hash=hash_of(key), switches=Switches())
        assert (await client.get(GET_SESSION, headers=world.bearer(key))).status_code == 200
        assert (await client.get(GET_SESSION, headers={"Authorization": f"Bearer {key}"})).json() == REFUSED

    async def test_an_unknown_key_is_refused(self, world: World, client: httpx.AsyncClient) -> None:
        assert (await client.get(GET_SESSION, headers=world.bearer("f" * 32))).json() == REFUSED

    async def test_an_unknown_market_is_refused(self, world: World, client: httpx.AsyncClient) -> None:
        path = GET_SESSION.replace("vodacomTZN", "vodacomXXX")
        assert (await client.get(path, headers=world.bearer(API_KEY))).json() == REFUSED

    async def test_an_untrusted_source_is_refused(self, world: World, client: httpx.AsyncClient) -> None:
        await world.configure(trusted_sources=("10.0.0.1",))
        assert (await client.get(GET_SESSION, headers=world.bearer(API_KEY))).json() == REFUSED

    async def test_a_removed_application_is_refused(self, world: World, client: httpx.AsyncClient) -> None:
        await world.configure(removed=True)
        assert (await client.get(GET_SESSION, headers=world.bearer(API_KEY))).json() == REFUSED

    async def test_what_admission_refuses_is_refused(self, world: World, client: httpx.AsyncClient) -> None:
        async def refuses(core: Core, command: OpenSession) -> None:
            core.reply(SessionRefused(command.reply_to, "INS-989", "gone"))

        world.core.opening = refuses
        response = await client.get(GET_SESSION, headers=world.bearer(API_KEY))
        assert (response.status_code, response.json()) == (400, REFUSED)

    async def test_a_busy_core_is_503_try_again(self, world: World, client: httpx.AsyncClient) -> None:
        async def busy(_: Core, __: OpenSession) -> None:
            raise TryLater("no room")

        world.core.opening = busy
        response = await client.get(GET_SESSION, headers=world.bearer(API_KEY))
        assert (response.status_code, response.headers["retry-after"]) == (503, "1")
        assert response.json()["output_ResponseCode"] == "INS-1"

    async def test_a_query_string_and_a_body_do_no_harm(self, world: World, client: httpx.AsyncClient) -> None:
        headers = world.bearer(API_KEY) | {"Content-Type": "application/json"}
        response = await client.request("GET", GET_SESSION + "?x=1&y", content=b"{}", headers=headers)
        assert response.status_code == 200


async def quickly() -> World:
    return await build(auth=AuthSettings(open_seconds_max=0.03))


async def test_a_session_whose_reply_was_lost_is_found_in_the_store() -> None:
    async def loses_the_reply(core: Core, command: OpenSession) -> None:
        await core.open_session(command)

    world = await quickly()
    world.core.opening = loses_the_reply
    async with client_of(world) as client:
        assert (await client.get(GET_SESSION, headers=world.bearer(API_KEY))).status_code == 200
    world.keys.close()


async def test_a_session_that_nobody_opened_is_refused_in_time() -> None:
    async def silent(_: Core, __: OpenSession) -> None: ...

    world = await quickly()
    world.core.opening = silent
    async with client_of(world) as client:
        assert (await client.get(GET_SESSION, headers=world.bearer(API_KEY))).json() == REFUSED
    world.keys.close()


class TestSessions:
    async def told(self, client: httpx.AsyncClient, headers: dict[str, str]) -> httpx.Response:
        response = await client.post(PAY, json=c2b(input_ThirdPartyConversationID="mine"), headers=headers)
        assert response.status_code == 401
        assert response.json() | {"output_ConversationID": ""} == {
            "output_ResponseCode": "INS-989",
            "output_ResponseDesc": response.json()["output_error"],
            "output_TransactionID": "N/A",
            "output_ConversationID": "",
            "output_ThirdPartyConversationID": "mine",
            "output_error": response.json()["output_error"],
        }
        return response

    async def test_no_bearer_an_unknown_and_a_revoked_session_are_invalid(
        self, world: World, client: httpx.AsyncClient
    ) -> None:
        for headers in ({}, world.bearer("f" * 32), world.bearer(await world.session(revoked=True))):
            assert (await self.told(client, headers)).json()["output_error"] == "Session is invalid"

    async def test_a_session_before_its_activation_is_not_active_yet(
        self, world: World, client: httpx.AsyncClient
    ) -> None:
        response = await self.told(client, world.bearer(await world.session(live_in_ms=30_000)))
        assert response.json()["output_error"] == "Session is invalid, not active yet"

    async def test_a_session_past_its_end_has_expired(self, world: World, client: httpx.AsyncClient) -> None:
        response = await self.told(client, world.bearer(await world.session(live_in_ms=-10, lasts_ms=5)))
        assert response.json()["output_error"] == "Session has expired"

    async def test_an_api_key_is_not_a_session(self, world: World, client: httpx.AsyncClient) -> None:
        assert (await self.told(client, world.bearer(API_KEY))).json()["output_error"] == "Session is invalid"

    async def test_one_header_may_be_used_again_and_again(self, world: World, client: httpx.AsyncClient) -> None:
        headers = world.bearer(await world.session())
        for _ in range(3):
            assert (await client.post(PAY, json=c2b(), headers=headers)).status_code == 201

    async def test_a_new_header_for_every_request_works_too(self, world: World, client: httpx.AsyncClient) -> None:
        session = await world.session()
        for _ in range(3):
            assert (await client.post(PAY, json=c2b(), headers=world.bearer(session))).status_code == 201

    async def test_the_scheme_may_be_written_in_any_case(self, world: World, client: httpx.AsyncClient) -> None:
        block = encrypt(world.keys.public_key(), await world.session())
        headers = {"Authorization": f"bearer  {block} "}
        assert (await client.post(PAY, json=c2b(), headers=headers)).status_code == 201

    async def test_a_revocation_is_noticed_within_a_second(self, world: World, client: httpx.AsyncClient) -> None:
        headers = world.bearer(await world.session())
        assert (await client.post(PAY, json=c2b(), headers=headers)).status_code == 201
        await world.configure(removed=True)
        world.clock.move_to(1_000)
        assert (await client.post(PAY, json=c2b(), headers=headers)).status_code == 401


class TestCompatibilitySwitches:
    async def test_a_raw_session_id_is_a_bearer_where_they_are_on(
        self, world: World, client: httpx.AsyncClient
    ) -> None:
        headers = {"Authorization": f"Bearer {await world.session()}"}
        assert (await client.post(PAY, json=c2b(), headers=headers)).status_code == 201

    async def test_and_is_invalid_where_they_are_off(self, world: World, client: httpx.AsyncClient) -> None:
        await world.configure(switches=STRICT)
        headers = {"Authorization": f"Bearer {await world.session()}"}
        assert (await client.post(PAY, json=c2b(), headers=headers)).status_code == 401

    async def test_a_status_query_may_be_posted_where_they_are_on(
        self, world: World, client: httpx.AsyncClient
    ) -> None:
        headers = world.bearer(await world.session())
        response = await client.post(QUERY, json=status_of("nothing"), headers=headers)
        assert response.json()["output_ResponseCode"] == "INS-23"

    async def test_and_is_405_where_they_are_off(self, world: World, client: httpx.AsyncClient) -> None:
        await world.configure(switches=STRICT)
        headers = world.bearer(await world.session())
        response = await client.post(QUERY, json=status_of("nothing"), headers=headers)
        assert (response.status_code, response.json()["output_ResponseCode"]) == (405, "INS-21")
        assert response.headers["allow"] == "GET, OPTIONS"


class TestTrustedSources:
    async def status(
        self, world: World, client: httpx.AsyncClient, sources: tuple[str, ...], origin: str | None = None
    ) -> int:
        await world.configure(trusted_sources=sources)
        headers = {**world.bearer(await world.session())}
        del headers["Origin"]
        response = await client.post(PAY, json=c2b(), headers=headers | ({"Origin": origin} if origin else {}))
        if response.status_code == 401:
            assert response.json()["output_error"] == "Request source is not trusted"
        return response.status_code

    @pytest.mark.parametrize("sources", [("*",), ("127.0.0.1",), ("10.0.0.1", "127.0.0.0/8"), ("x.example", "*")])
    async def test_an_address_in_the_list_is_trusted_without_an_origin(
        self, world: World, client: httpx.AsyncClient, sources: tuple[str, ...]
    ) -> None:
        assert await self.status(world, client, sources) == 201

    @pytest.mark.parametrize("sources", [(), ("10.0.0.1",), ("10.0.0.0/8",), ("shop.example",), ("not an address",)])
    async def test_any_other_is_not(self, world: World, client: httpx.AsyncClient, sources: tuple[str, ...]) -> None:
        assert await self.status(world, client, sources) == 401

    @pytest.mark.parametrize("origin", ["shop.example", "https://shop.example", "http://SHOP.example:8443"])
    async def test_a_domain_is_compared_with_the_origin(
        self, world: World, client: httpx.AsyncClient, origin: str
    ) -> None:
        assert await self.status(world, client, ("10.0.0.1", "shop.example"), origin) == 201

    @pytest.mark.parametrize("origin", ["*", "evil.example", "shop.example.evil.example", "10.0.0.1", "http://[", ""])
    async def test_another_origin_is_not_trusted_and_an_address_in_it_proves_nothing(
        self, world: World, client: httpx.AsyncClient, origin: str
    ) -> None:
        assert await self.status(world, client, ("10.0.0.1", "shop.example"), origin) == 401


async def test_two_callers_that_read_one_row_at_once_ask_the_store_once(world: World) -> None:
    session, reads = await world.session(), 0
    record = world.store.record

    async def counting(key: object) -> bytes | None:
        nonlocal reads
        reads += 1
        await asyncio.sleep(0)
        return await record(key)  # type: ignore[arg-type]

    world.store.record = counting  # type: ignore[method-assign]
    headers = world.bearer(session)
    async with client_of(world) as client:
        answers = await asyncio.gather(*(client.post(PAY, json=c2b(), headers=headers) for _ in range(16)))
    assert {answer.status_code for answer in answers} == {201}
    assert reads == 2


async def test_a_store_that_is_down_means_503_and_nothing_sent(world: World, client: httpx.AsyncClient) -> None:
    async def down(_: object) -> bytes | None:
        raise TryLater("the store is down")

    headers = world.bearer(await world.session())
    world.store.record = down  # type: ignore[assignment, method-assign]
    response = await client.post(PAY, json=c2b(input_ThirdPartyConversationID="kept"), headers=headers)
    assert response.status_code == 503
    assert response.json()["output_ThirdPartyConversationID"] == "kept"
    assert world.core.commands == []
