"""`mkondo reverse TRANSACTION`: give a payment back, whole or in part."""

from pathlib import Path

import click

from services.cli.files import demo
from services.cli.options import data_option, json_option, market_option
from services.cli.pay import call_and_show, check_market


@click.command()
@click.argument("transaction")
@click.option("--amount", default="", help="How much of it; all that remains unless given.")
@data_option
@market_option
@json_option
def command(transaction: str, amount: str, data: Path, market: str, as_json: bool) -> None:
    """Reverse a payment of the demo application by its TransactionID.

    \b
    Example:  mkondo reverse G27DEn1DLoQ3
              mkondo reverse G27DEn1DLoQ3 --amount 2.50
    """
    found = demo(data)
    market = check_market(found, market)
    fields = {
        "input_TransactionID": transaction,
        "input_Country": found["markets"][market]["country"],
        "input_ServiceProviderCode": found["service_provider_code"],
        **({"input_ReversalAmount": amount} if amount else {}),
    }
    call_and_show(found, market, "reversal", fields, as_json)
