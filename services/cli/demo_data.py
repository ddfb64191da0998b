"""The demo: an organisation, an application in every market, customers rich and poor, in the sandbox and live.

`mkondo up` runs it on an empty data directory. Everything is made by ordinary commands to admission and the ledger.
Read next: platform.py.
"""

import hashlib
from collections.abc import Mapping
from typing import Any

import msgspec
from msgspec.structs import replace

from mkondo.contracts.journal import Partition
from mkondo.domain import admission, environments, ledger
from mkondo.domain.account import OpenAccount, till, wallet
from mkondo.domain.application import STRICT as STRICT_SWITCHES
from mkondo.domain.application import Configuration, ConfigureApplication, ProductScope
from mkondo.domain.environments import SANDBOX
from mkondo.domain.ids import AccountId, ApplicationId, partition_of
from mkondo.domain.limits import APPLICABLE
from mkondo.domain.markets import MARKETS, Market
from mkondo.openapi import mozambique
from mkondo.runtime.organisations import configure_organisation
from mkondo.runtime.parts import Parts
from mkondo.runtime.questions import ask
from mkondo.runtime.webhook_secrets import sealed_about

DEMO, STRICT, LIVE = ApplicationId("demo"), ApplicationId("demo-strict"), ApplicationId("demo-live")
ORGANISATION = "demo-shop"
PRODUCTS = tuple(APPLICABLE)
BY = "demo"
"""Who made it all, in the events."""
SHORTCODE, SECOND_SHORTCODE = "000000", "ORG002"
LIVE_SHORTCODE, LIVE_SUPPLIER_SHORTCODE = "171717", "171718"
FIRST_MARKET = "vodacomTZN"
POOR_BALANCE_MINOR = 5_00
LIVE_BALANCE_MINOR = 100_000_00
LIVE_CUSTOMER_NAME = ("Neema", "Mushi")
NETWORK = {mozambique.MARKET: "84"}
"""What a customer's number goes on with after the country's code, where that is not 7: the Mozambique gateway looks."""


class Credentials(msgspec.Struct, frozen=True):
    """The API keys of the demo's three applications, and the first one's webhook secret: kept in demo.json only."""

    demo: str
    strict: str
    live: str
    webhook_secret: str = ""


def rich_msisdn(market: Market) -> str:
    return _msisdn(market, "1")


def poor_msisdn(market: Market) -> str:
    return _msisdn(market, "2")


def _msisdn(market: Market, last: str) -> str:
    begins = market.msisdn_prefix + NETWORK.get(market.path, "7")
    return begins + "0" * (market.live_msisdn_length - len(begins) - 1) + last


def _configuration(name: str, api_key: str, **more: Any) -> Configuration:
    products = {operation: ProductScope() for operation in PRODUCTS}
    return Configuration(
        name=name,
        api_key_hash=hashlib.sha256(api_key.encode()).hexdigest(),
        products=products,
        organisation=ORGANISATION,
        **more,
    )


START_SECONDS_MAX = 60.0
"""Admission is starting too: on Kafka it takes partitions and topics one after the other, slowly when busy."""


async def make_sandbox(parts: Parts, credentials: Credentials) -> None:
    """The demo and the strict application, and a poor customer in every market.

    A request to the demo that names an `input_ResponseURL` is answered there, any other at once."""
    secret, about = credentials.webhook_secret, sealed_about(SANDBOX, DEMO)
    sealed = parts.sealing.seal(secret, about) if parts.sealing is not None and secret else ""
    demo = _configuration("Demo", credentials.demo, response_url_override=True, webhook_secret=sealed)
    pushed = {name: replace(scope, asynchronous=True) for name, scope in demo.products.items()}
    await configure_organisation(parts, ORGANISATION, dict.fromkeys(MARKETS, PRODUCTS), BY, START_SECONDS_MAX)
    await _configure(parts, DEMO, replace(demo, products=pushed))
    await _configure(parts, STRICT, _configuration("Demo, strict", credentials.strict, switches=STRICT_SWITCHES))
    for market in MARKETS.values():
        account = wallet(DEMO, poor_msisdn(market), market.currency)
        await _open(parts, account, market, POOR_BALANCE_MINOR)


async def make_live(parts: Parts, credentials: Credentials) -> None:
    """The live application, its shortcode's account, one customer and one other organisation in every market."""
    await configure_organisation(parts, ORGANISATION, dict.fromkeys(MARKETS, PRODUCTS), BY, START_SECONDS_MAX)
    configuration = _configuration(
        "Demo, live", credentials.live, switches=STRICT_SWITCHES, shortcodes=(LIVE_SHORTCODE,)
    )
    await _configure(parts, LIVE, configuration)
    for market in MARKETS.values():
        for shortcode in (LIVE_SHORTCODE, LIVE_SUPPLIER_SHORTCODE):
            await _open(parts, till("", shortcode, market.currency), market, 0)
        customer = wallet("", rich_msisdn(market), market.currency)
        await _open(parts, customer, market, LIVE_BALANCE_MINOR, LIVE_CUSTOMER_NAME)


async def lost(parts: Mapping[str, Parts]) -> list[str]:
    """Those of the demo's applications that the store does not know."""
    made = {environments.SANDBOX: (DEMO, STRICT), environments.LIVE: (LIVE,)}
    return [
        name
        for environment, names in made.items()
        for name in names
        if await parts[environment].facts.record(admission.application_key(name)) is None
    ]


async def _configure(parts: Parts, application: ApplicationId, configuration: Configuration) -> None:
    command = ConfigureApplication(application, configuration, None, by=BY)
    await ask(parts, admission.NAME, application, command, START_SECONDS_MAX)


async def _open(
    parts: Parts, account: AccountId, market: Market, minor: int, holder: tuple[str, str] | None = None
) -> None:
    """Commands of one partition are decided in order, so a payment that follows finds the account open."""
    command = OpenAccount(account, market.path, minor, holder=holder)
    await parts.log.send_command(Partition(ledger.NAME, partition_of(account)), command)


def demo_file(credentials: Credentials, public_keys: Mapping[str, str]) -> dict[str, Any]:
    """demo.json (interfaces.md) but for the addresses, which may change with every start. What is not built is null."""
    first = MARKETS[FIRST_MARKET]
    return {
        "http": "",
        "https": "",
        "ca_file": "",
        "environment": "sandbox",
        "market": first.path,
        "country": first.country,
        "currency": first.currency,
        "api_key": credentials.demo,
        "public_key": public_keys["sandbox"],
        "origin": "*",
        "service_provider_code": SHORTCODE,
        "second_service_provider_code": SECOND_SHORTCODE,
        "customer_msisdn": rich_msisdn(first),
        "poor_customer_msisdn": poor_msisdn(first),
        "markets": {market.path: _market(market) for market in MARKETS.values()},
        "strict_api_key": credentials.strict,
        "webhook_secret": credentials.webhook_secret,
        "live": {
            "api_key": credentials.live,
            "public_key": public_keys["openapi"],
            "service_provider_code": LIVE_SHORTCODE,
            "second_service_provider_code": LIVE_SUPPLIER_SHORTCODE,
            "customer_msisdn": rich_msisdn(first),
        },
        "portal": None,
        "users": None,
        "tokens": None,
    }


def _market(market: Market) -> dict[str, str]:
    return {
        "country": market.country,
        "currency": market.currency,
        "customer_msisdn": rich_msisdn(market),
        "poor_customer_msisdn": poor_msisdn(market),
    }
