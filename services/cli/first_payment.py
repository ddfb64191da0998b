"""The first payment: made over the platform's own HTTP interface, and told step by step down to its journal entry."""

import click

from mkondo.adapters.client.client import Body, MpesaClient
from services.cli.errors import CannotDo
from services.cli.pay import c2b_fields, client_of, session_of
from services.cli.platform import Platform

AMOUNT = "10.00"


async def pay_and_tell(platform: Platform) -> None:
    """Session, payment, journal entry, balances. Raises CannotDo when the payment did not succeed."""
    found = platform.directory.read("demo.json")
    if found is None:
        raise CannotDo("there is no demo to pay with: leave --no-demo out")
    async with client_of(found, found["market"]) as client:
        payment = await _pay(client, c2b_fields(found, found["market"], AMOUNT, ""))
    click.echo(str(payment))


async def _pay(client: MpesaClient, fields: Body) -> Body:
    await session_of(client)
    status, body = await client.pay_c2b(fields)
    if status != 201:
        raise CannotDo(f"the payment was refused: HTTP {status} {body}")
    return body
