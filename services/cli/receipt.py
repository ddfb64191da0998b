"""`mkondo receipt`: get the proof of one payment, and check one with nothing but the platform's public key.

Read next: contracts/receipt.py; docs/proofs.md does the same by hand.
"""

import json
from datetime import UTC, datetime
from pathlib import Path
from urllib.parse import quote

import click

from mkondo.adapters.keys.ed25519 import is_signed
from mkondo.contracts.digest import key_id
from mkondo.contracts.receipt import NotProven, Proven, check_receipt
from mkondo.domain.markets import MARKETS
from mkondo.domain.money import Money, format_amount
from mkondo.domain.payment import PaymentCompleted
from services.cli.errors import CannotDo
from services.cli.kept import digest_of, key_of, key_option, output_option, read, write
from services.cli.management import step, text
from services.cli.options import FILE, data_option, environment_option, json_option

GIVEN, KEPT = "the one you gave", "that of the digest you keep"
CLAIMED = (
    "claimed by the receipt itself: whoever makes up a receipt makes up its key. Name the one you trust with --key"
)


@click.group()
def command() -> None:
    """A receipt proves that a payment ended as it says: it leads from the event to a digest that the platform signed.

    \b
    Example:  mkondo receipt get 3Gh7Kp9Qw2Zx -o receipt.json
              mkondo receipt check receipt.json --key platform.key
    """


@command.command()
@click.argument("reference")
@click.option("--application", default="", help="Whose payment, if it is named by its ThirdPartyConversationID.")
@output_option
@data_option
@environment_option
def get(reference: str, application: str, output: Path | None, data: Path, environment: str) -> None:
    """The receipt of a payment, by its TransactionID, ConversationID or ThirdPartyConversationID.

    There is one once the payment's day is closed: `mkondo digest close` closes it now.

    \b
    Example:  mkondo receipt get 3Gh7Kp9Qw2Zx -o receipt.json
    """
    whose = f"?application={quote(application, safe='')}" if application else ""
    payment = step(reference, "payment", "use one of its three references")
    write(text(data, f"{environment}/receipts/{payment}{whose}"), output)


@command.command()
@click.argument("file", type=FILE)
@key_option
@click.option("--digest", type=FILE, help="The digest that you keep: the receipt has to lead to this one.")
@json_option
def check(file: Path, key: str | None, digest: Path | None, as_json: bool) -> None:
    """Whether a receipt proves its payment, without the platform and its data. Exit 0: it does; 1: which step fails.

    \b
    Example:  mkondo receipt check receipt.json --key platform.key
              mkondo receipt check receipt.json --digest digest-1.json
    """
    trusted, kept = key_of(key), None if digest is None else digest_of(digest)
    try:
        proven = check_receipt(read(file), is_signed, trusted, kept)
    except NotProven as trouble:
        if as_json:
            click.echo(json.dumps({"proven": False, "step": trouble.step, "why": trouble.why}))
            raise SystemExit(1) from trouble
        raise CannotDo(f"not proven: {trouble}") from trouble
    told = _told(proven)
    if as_json:
        click.echo(json.dumps({"proven": True, "key_trusted": trusted is not None, **told}))
        return
    click.echo(f"proven: payment {told['transaction_id']} {told['outcome']}")
    for name in ("amount", "from", "to", "ended", "conversation_id", "third_party_conversation_id", "digest"):
        click.echo(f"  {name.replace('_', ' '):28} {told[name]}")
    said = GIVEN if trusted is not None else KEPT if kept is not None else CLAIMED
    click.echo(f"  {'signed with the key':28} {key_id(proven.public_key)}, {said}")


def _told(proven: Proven) -> dict[str, str]:
    payment, digest = proven.ended.payment, proven.digest
    completed = isinstance(proven.ended, PaymentCompleted)
    return {
        "transaction_id": payment.transaction_id,
        "conversation_id": payment.payment_id,
        "third_party_conversation_id": payment.third_party_conversation_id,
        "outcome": f"{'completed' if completed else 'moved no money'}, {proven.ended.code}",
        "amount": _amount(payment.amount),
        "from": payment.debited,
        "to": payment.credited,
        "ended": f"{_text(proven.time)} ({proven.where} of {digest.environment})",
        "digest": f"{digest.number} of {digest.environment}, day {digest.day}, id {proven.digest_id}",
        "public_key": proven.public_key.hex(),
    }


def _amount(amount: Money) -> str:
    decimals = next((market.decimals for market in MARKETS.values() if market.currency == amount.currency), None)
    if decimals is None:
        return f"{amount.minor} minor units of {amount.currency}"
    return f"{format_amount(amount.minor, decimals)} {amount.currency}"


def _text(instant: int) -> str:
    """Years far from ours are said in milliseconds: a receipt is anybody's text."""
    try:
        return datetime.fromtimestamp(instant / 1000, UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")
    except (OverflowError, ValueError, OSError):
        return f"{instant} ms since 1970"
