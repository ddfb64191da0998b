"""The first payment: made over the platform's own HTTP interface, and told step by step down to its journal entry."""

import asyncio
from typing import Any

import click

from mkondo.adapters.client.client import Body, MpesaClient
from mkondo.contracts.views import decode_row
from mkondo.domain.environments import SANDBOX
from mkondo.domain.markets import MARKETS
from mkondo.domain.money import format_amount
from mkondo.ports.views import Views
from services.cli.errors import CannotDo
from services.cli.pay import c2b_fields, client_of, session_of
from services.cli.platform import Platform

AMOUNT = "10.00"
_SECONDS_MAX = 15
_LOOK_SECONDS = 0.02


async def pay_and_tell(platform: Platform) -> None:
    """Session, payment, journal entry, balances. Raises CannotDo when the payment did not succeed."""
    found = platform.directory.read("demo.json")
    if found is None:
        raise CannotDo("there is no demo to pay with: leave --no-demo out")
    market = MARKETS[found["market"]]
    async with client_of(found, market.path) as client:
        payment = await _pay(client, c2b_fields(found, market.path, AMOUNT, ""))
    await _tell_entry(platform.hosted[SANDBOX].parts.views, payment["output_ConversationID"], market.decimals)


async def _pay(client: MpesaClient, fields: Body) -> Body:
    await session_of(client)
    click.echo(f"\nSession    {client.session[:6]}…  (the API key was encrypted with the platform's RSA key)")
    status, answer = await client.call("c2b_single_stage", fields)
    if status != 201:
        raise CannotDo(f"the payment was refused: HTTP {status} {answer['output_ResponseCode']}")
    who, where = fields["input_CustomerMSISDN"], fields["input_ServiceProviderCode"]
    click.echo(f"Payment    customer {who} pays {fields['input_Amount']} {fields['input_Currency']} to {where}")
    click.echo(f"Answer     HTTP {status} {answer['output_ResponseCode']} {answer['output_ResponseDesc']}")
    click.echo(f"           TransactionID {answer['output_TransactionID']}")
    return answer


async def _tell_entry(views: Views, payment_id: str, decimals: int) -> None:
    entry = await _row(views, "entries", payment_id)
    click.echo(f"\nJournal entry {entry.entry}  ({entry.source}, event {entry.sequence})")
    click.echo(f"  {'account':54} {'debit':>14} {'credit':>14} {entry.currency}")
    for posting in entry.postings:
        amount = format_amount(posting.minor, decimals)
        debit, credit = (amount, "") if posting.side == "debit" else ("", amount)
        click.echo(f"  {posting.account:54} {debit:>14} {credit:>14}")
    click.echo("\nBalances")
    for posting in entry.postings:
        # The credit is applied by its account's own partition a moment after the debit; until then it is in transit.
        balance = await _row(views, "balances", posting.account, since=entry.posted_at)
        click.echo(f"  {posting.account:54} {format_amount(balance.posted, decimals):>14} {balance.currency}")
    click.echo()


async def _row(views: Views, view: str, key: str, since: int = 0) -> Any:
    """A row, as soon as the projector has written it, with a time not before `since`."""
    try:
        async with asyncio.timeout(_SECONDS_MAX):
            while True:
                found = await views.read(view, [key])
                row = decode_row(view, found[key]) if key in found else None
                if row is not None and (not since or row.time >= since):
                    return row
                await asyncio.sleep(_LOOK_SECONDS)
    except TimeoutError:
        raise CannotDo(f"the payment is made, but the view {view} does not show it after {_SECONDS_MAX} s") from None
