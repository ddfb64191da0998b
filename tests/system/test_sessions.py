"""Sessions over HTTP: many at once, each by itself, never guessed. Read next: tests/unit/domain/test_session.py."""

import asyncio
import base64
import secrets

import pytest

from mkondo.testing.platform import RunningPlatform
from tests.system.merchant import Answer, Merchant, merchant_of


async def test_many_sessions_of_one_application_live_side_by_side(platform: RunningPlatform) -> None:
    """Several SDKs open a new one for every call (contract section 10.6)."""
    async with merchant_of(platform, connections=32) as merchant:
        opened = await asyncio.gather(*(merchant.open_session() for _ in range(200)))
        sessions = {answer.said("SessionID") for answer in opened}
        assert len(sessions) == 200
        assert all(len(session) == 32 and int(session, 16) >= 0 for session in sessions)
        bearers = [merchant.encrypted(session) for session in sessions]
        paid = await asyncio.gather(*(pay_as(merchant, bearer) for bearer in bearers))
        assert {answer.status for answer in paid} == {201}


async def test_a_session_pays_at_once_and_however_often_it_is_encrypted(merchant: Merchant) -> None:
    """The padding is random, so for most clients no two headers are the same (contract section 10.8)."""
    session = (await merchant.open_session()).said("SessionID")
    bearers = {merchant.encrypted(session) for _ in range(20)}
    assert len(bearers) == 20
    for answer in await asyncio.gather(*(pay_as(merchant, bearer) for bearer in bearers)):
        assert answer.status == 201


async def test_a_session_works_in_every_market_of_its_application(platform: RunningPlatform) -> None:
    async with merchant_of(platform) as merchant, merchant_of(platform, market="vodacomLES") as lesotho:
        assert (await pay_as(lesotho, merchant.bearer)).status == 201


@pytest.mark.parametrize(
    "bearer",
    [
        "",
        "Bearer",
        "Bearer ",
        "Basic dXNlcjpwYXNz",
        "Bearer not base64!",
        "Bearer " + base64.b64encode(b"too short").decode(),
        "Bearer " + base64.b64encode(bytes(256)).decode(),
        "Bearer " + base64.b64encode(bytes(512)).decode(),
        "Bearer " + "A" * 8_000,
        "Bearer " + secrets.token_hex(16),
    ],
)
async def test_whatever_is_no_session_is_told_so(merchant: Merchant, bearer: str) -> None:
    answer = await pay_as(merchant, bearer)
    assert (answer.status, answer.code, answer.text) == (401, "INS-989", "Session is invalid")
    assert answer.said("error") == answer.text
    refused = await merchant.call("GET", "getSession/", bearer)
    assert (refused.status, refused.code, refused.said("SessionID")) == (400, "INS-989", "N/A")


async def test_an_api_key_is_no_session_and_a_session_is_no_api_key(merchant: Merchant) -> None:
    assert (await pay_as(merchant, merchant.encrypted(merchant.api_key))).code == "INS-989"
    assert (await merchant.call("GET", "getSession/", merchant.bearer)).code == "INS-989"


async def test_an_unencrypted_session_is_for_compatible_applications_only(platform: RunningPlatform) -> None:
    async with (
        merchant_of(platform) as lenient,
        merchant_of(platform, api_key=platform.demo["strict_api_key"]) as strict,
    ):
        for merchant, status in ((lenient, 201), (strict, 401)):
            session = (await merchant.open_session()).said("SessionID")
            assert (await pay_as(merchant, f"Bearer {session}")).status == status


async def test_secrets_are_in_no_file_but_their_own(platform: RunningPlatform, merchant: Merchant) -> None:
    """Neither in a log nor anywhere in the data directory: stored as hashes."""
    session = (await merchant.open_session()).said("SessionID")
    assert (await pay_as(merchant, merchant.encrypted(session))).status == 201
    secret = [text.encode() for text in (session, merchant.api_key)]
    files = [file for file in (*platform.data.rglob("*"), platform.log_file) if file.is_file()]
    holding = [file.name for file in files if any(text in file.read_bytes() for text in secret)]
    assert set(holding) == {"demo.json"}


async def pay_as(merchant: Merchant, bearer: str) -> Answer:
    return await merchant.call("POST", "c2bPayment/singleStage/", bearer, merchant.c2b())
