"""Sandbox and live share a process and nothing else: keys, sessions, customers, shortcodes and money are their own."""

import secrets

import pytest

from mkondo.testing.platform import RunningPlatform
from tests.system.books import read_books
from tests.system.merchant import Merchant, merchant_of

LIVE = "openapi"
MARKETS = ("vodafoneGHA", "vodacomTZN", "vodacomLES", "vodacomDRC", "vodacomMOZ")


def test_each_environment_has_a_public_key_and_api_keys_of_its_own(platform: RunningPlatform) -> None:
    demo = platform.demo
    assert demo["public_key"] != demo["live"]["public_key"]
    assert len({demo["api_key"], demo["strict_api_key"], demo["live"]["api_key"]}) == 3
    assert (platform.data / "demo.json").stat().st_mode & 0o077 == 0


@pytest.mark.parametrize(
    ("environment", "api_key", "public_key"),
    [
        (LIVE, "sandbox", LIVE),
        ("sandbox", LIVE, "sandbox"),
        (LIVE, LIVE, "sandbox"),
        ("sandbox", "sandbox", LIVE),
        (LIVE, "sandbox", "sandbox"),
    ],
)
async def test_a_key_of_the_other_environment_opens_no_session(
    platform: RunningPlatform, environment: str, api_key: str, public_key: str
) -> None:
    of = {"sandbox": platform.demo, LIVE: platform.demo["live"]}
    keys = {"api_key": of[api_key]["api_key"], "public_key": of[public_key]["public_key"]}
    merchant = Merchant(platform, environment=environment, **keys)
    answer = await merchant.open_session()
    merchant.close()
    assert (answer.status, answer.code, answer.said("SessionID")) == (400, "INS-989", "N/A")
    assert answer.text == "Session Creation Failed"


async def test_a_session_of_the_other_environment_is_no_session(platform: RunningPlatform) -> None:
    async with merchant_of(platform) as sandbox:
        session = (await sandbox.open_session()).said("SessionID")
        live = Merchant(platform, environment=LIVE)
        for public_key in (live.public_key, sandbox.public_key):
            live.public_key = public_key
            live.bearer = live.encrypted(session)
            answer = await live.pay()
            assert (answer.status, answer.code, answer.text) == (401, "INS-989", "Session is invalid")
            assert answer.said("error") == "Session is invalid"
        live.close()


async def test_live_pays_between_known_parties_only(platform: RunningPlatform) -> None:
    async with merchant_of(platform, environment=LIVE) as merchant:
        assert (await merchant.pay()).status == 201
        refused = {
            "a foreign shortcode": (merchant.c2b(ServiceProviderCode="000000"), 400, "INS-13"),
            "an unknown customer": (merchant.c2b(CustomerMSISDN="255799999999"), 400, "INS-2051"),
            "a number of another market": (merchant.c2b(CustomerMSISDN="233700000001"), 400, "INS-2051"),
            "a sandbox trigger": (merchant.c2b(CustomerMSISDN="000000000001"), 400, "INS-2051"),
        }
        for case, (fields, status, code) in refused.items():
            answer = await merchant.pay(fields)
            assert (answer.status, answer.code) == (status, code), case
            assert not (await read_books(platform, LIVE)).posted[fields["input_ThirdPartyConversationID"]], case


async def test_live_queries_its_own_shortcodes_only(platform: RunningPlatform) -> None:
    async with merchant_of(platform, environment=LIVE) as merchant:
        paid = await merchant.pay()
        found = await merchant.status(paid.said("TransactionID"))
        assert found.said("ResponseTransactionStatus") == "Completed"
        foreign = await merchant.status(paid.said("TransactionID"), ServiceProviderCode="000000")
        assert (foreign.status, foreign.code) == (400, "INS-13")


async def test_neither_environment_sees_or_moves_what_is_the_others(platform: RunningPlatform) -> None:
    name = secrets.token_hex(16)
    live_before = await read_books(platform, LIVE)
    async with merchant_of(platform) as sandbox, merchant_of(platform, environment=LIVE) as live:
        paid = await sandbox.pay(sandbox.c2b(ThirdPartyConversationID=name))
        assert paid.status == 201
        for reference in (paid.said("TransactionID"), paid.said("ConversationID"), name):
            answer = await live.status(reference)
            assert (answer.status, answer.code) == (400, "INS-23")
        assert (await read_books(platform, LIVE)).posted == live_before.posted
        # The same id is not used up in the other environment.
        assert (await live.pay(live.c2b(ThirdPartyConversationID=name))).status == 201


async def test_another_application_sees_nothing_of_a_payment(platform: RunningPlatform) -> None:
    name = secrets.token_hex(16)
    async with (
        merchant_of(platform) as mine,
        merchant_of(platform, api_key=platform.demo["strict_api_key"]) as other,
    ):
        paid = await mine.pay(mine.c2b(ThirdPartyConversationID=name))
        for reference in (paid.said("TransactionID"), paid.said("ConversationID"), name):
            answer = await other.status(reference)
            assert (answer.status, answer.code) == (400, "INS-23")
        assert (await other.pay(other.c2b(ThirdPartyConversationID=name))).status == 201


@pytest.mark.parametrize("market", MARKETS)
@pytest.mark.parametrize("environment", ["sandbox", LIVE])
async def test_every_market_takes_a_payment_in_its_own_money(
    platform: RunningPlatform, environment: str, market: str
) -> None:
    async with merchant_of(platform, environment=environment, market=market) as merchant:
        paid = await merchant.pay()
        assert (paid.status, paid.code) == (201, "INS-0")
        foreign = await merchant.pay(merchant.c2b(Currency="ZZZ"))
        assert foreign.status == 400
        found = await merchant.status(paid.said("ConversationID"))
        assert found.said("ResponseTransactionStatus") == "Completed"


async def test_a_poor_customer_is_told_so_and_owes_nothing(platform: RunningPlatform, merchant: Merchant) -> None:
    fields = merchant.c2b(CustomerMSISDN=platform.demo["poor_customer_msisdn"], Amount="5.01")
    answer = await merchant.pay(fields)
    assert (answer.status, answer.code) == (422, "INS-2006")
    name = fields["input_ThirdPartyConversationID"]
    assert (await merchant.status(name)).said("ResponseTransactionStatus") == "Declined"
    assert not (await read_books(platform)).posted[name]
