"""`mkondo pay`: a payment over HTTP with the real cryptography, on behalf of the demo application.

Read next: mkondo/adapters/client/client.py.
"""

import asyncio
import json
import secrets
from collections.abc import Callable
from pathlib import Path
from typing import Any

import click

from mkondo.adapters.client.client import CODE, Body, MpesaClient
from mkondo.openapi.operations import OPERATIONS
from services.cli.errors import CannotDo
from services.cli.files import demo
from services.cli.options import data_option, json_option, market_option

_DESCRIPTION = "A demo payment"


def client_of(found: dict[str, Any], market: str) -> MpesaClient:
    """A client for the demo application."""
    return MpesaClient(found["http"], found["environment"], market, found["public_key"], found["api_key"])


def c2b_fields(found: dict[str, Any], market: str, amount: str, msisdn: str, conversation_id: str = "") -> Body:
    """The body of a C2B payment to the demo's shortcode."""
    return {
        **_fields(found, market, amount, conversation_id),
        "input_CustomerMSISDN": msisdn or found["markets"][market]["customer_msisdn"],
        "input_ServiceProviderCode": found["service_provider_code"],
        "input_PurchasedItemsDesc": _DESCRIPTION,
    }


def b2c_fields(found: dict[str, Any], market: str, amount: str, msisdn: str, conversation_id: str = "") -> Body:
    """The body of a B2C payment from the demo's shortcode."""
    return {
        **_fields(found, market, amount, conversation_id),
        "input_CustomerMSISDN": msisdn or found["markets"][market]["customer_msisdn"],
        "input_ServiceProviderCode": found["service_provider_code"],
        "input_PaymentItemsDesc": _DESCRIPTION,
    }


def b2b_fields(found: dict[str, Any], market: str, amount: str, receiver: str, conversation_id: str = "") -> Body:
    """The body of a B2B payment from the demo's shortcode."""
    return {
        **_fields(found, market, amount, conversation_id),
        "input_PrimaryPartyCode": found["service_provider_code"],
        "input_ReceiverPartyCode": receiver or found["second_service_provider_code"],
        "input_PurchasedItemsDesc": _DESCRIPTION,
    }


def _fields(found: dict[str, Any], market: str, amount: str, conversation_id: str) -> Body:
    """What every payment says."""
    return {
        "input_Amount": amount,
        "input_Country": found["markets"][market]["country"],
        "input_Currency": found["markets"][market]["currency"],
        "input_TransactionReference": f"T{secrets.token_hex(5)}",
        "input_ThirdPartyConversationID": conversation_id or secrets.token_hex(16),
    }


def check_market(found: dict[str, Any], market: str) -> str:
    if market and market not in found["markets"]:
        raise CannotDo(f"{market} is not a market: choose one of {', '.join(found['markets'])}")
    return market or str(found["market"])


async def session_of(client: MpesaClient) -> None:
    status, body = await client.open_session()
    if status != 200:
        raise CannotDo(f"no session: HTTP {status} {body[CODE]} {body.get('output_ResponseDesc')}")


def show(status: int, body: Body, as_json: bool, ok_code: str = "INS-0") -> None:
    """The answer, and exit status 1 unless it is a success: by its status and by its code."""
    if as_json:
        click.echo(json.dumps({"status": status, **body}))
    else:
        click.echo(f"HTTP {status}")
        for name, value in body.items():
            click.echo(f"  {name.removeprefix('output_'):28} {value}")
    if status >= 400 or body[CODE] != ok_code:
        raise SystemExit(1)


@click.group()
def command() -> None:
    """Make a payment over HTTP, with the real cryptography.

    \b
    Example:  mkondo pay c2b --amount 10.00
    """


_amount_option = click.option("--amount", default="10.00", show_default=True, help="In the currency of the market.")
_conversation_option = click.option("--conversation-id", default="", help="The same one twice is a duplicate.")


@command.command()
@data_option
@_amount_option
@click.option("--msisdn", default="", help="The paying customer; the demo's unless given.")
@market_option
@_conversation_option
@json_option
def c2b(data: Path, amount: str, msisdn: str, market: str, conversation_id: str, as_json: bool) -> None:
    """A customer pays the demo's shortcode.

    \b
    Example:  mkondo pay c2b --amount 10.00 --market vodafoneGHA
    """
    _pay("c2b_single_stage", c2b_fields, data, market, amount, msisdn, conversation_id, as_json)


@command.command()
@data_option
@_amount_option
@click.option("--msisdn", default="", help="The customer who is paid; the demo's unless given.")
@market_option
@_conversation_option
@json_option
def b2c(data: Path, amount: str, msisdn: str, market: str, conversation_id: str, as_json: bool) -> None:
    """The demo's shortcode pays a customer.

    \b
    Example:  mkondo pay b2c --amount 10.00 --msisdn 255700000002
    """
    _pay("b2c_payment", b2c_fields, data, market, amount, msisdn, conversation_id, as_json)


@command.command()
@data_option
@_amount_option
@click.option("--receiver", default="", help="The shortcode that is paid; the demo's second one unless given.")
@market_option
@_conversation_option
@json_option
def b2b(data: Path, amount: str, receiver: str, market: str, conversation_id: str, as_json: bool) -> None:
    """The demo's shortcode pays another one.

    \b
    Example:  mkondo pay b2b --amount 10.00 --receiver ORG002
    """
    _pay("b2b_payment", b2b_fields, data, market, amount, receiver, conversation_id, as_json)


def _pay(
    operation: str,
    fields_of: Callable[[dict[str, Any], str, str, str, str], Body],
    data: Path,
    market: str,
    amount: str,
    party: str,
    conversation_id: str,
    as_json: bool,
) -> None:
    """One session, one payment, its answer."""
    found = demo(data)
    market = check_market(found, market)
    call_and_show(found, market, operation, fields_of(found, market, amount, party, conversation_id), as_json)


def call_and_show(found: dict[str, Any], market: str, operation: str, fields: Body, as_json: bool) -> None:
    """One session, one request of the demo application, its answer."""
    status, answer = asyncio.run(_call(found, market, operation, fields))
    show(status, answer, as_json, OPERATIONS[operation].ok_code)


async def _call(found: dict[str, Any], market: str, operation: str, fields: Body) -> tuple[int, Body]:
    async with client_of(found, market) as client:
        await session_of(client)
        return await client.call(operation, fields)
