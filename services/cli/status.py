"""`mkondo status REF`: what became of a payment."""

from pathlib import Path

import click

from services.cli.files import demo
from services.cli.options import data_option, json_option, market_option
from services.cli.pay import call_and_show, check_market


@click.command()
@click.argument("reference")
@data_option
@market_option
@json_option
def command(reference: str, data: Path, market: str, as_json: bool) -> None:
    """Ask for a payment by TransactionID, ConversationID or ThirdPartyConversationID.

    \b
    Example:  mkondo status G27DEn1DLoQ3
    """
    found = demo(data)
    market = check_market(found, market)
    fields = {
        "input_QueryReference": reference,
        "input_Country": found["markets"][market]["country"],
        "input_ServiceProviderCode": found["service_provider_code"],
    }
    call_and_show(found, market, "query_transaction_status", fields, as_json)
