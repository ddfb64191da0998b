"""`mkondo conformance`: the coded cases of the contract, against this platform or any other implementation.

Read next: mkondo/kit/case.py.
"""

import asyncio
import sys
from collections import Counter
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import click

from mkondo.adapters.client.address import is_address
from mkondo.adapters.client.client import encrypt
from mkondo.adapters.client.trouble import CannotEncrypt, NoAnswer, NotTheApi
from mkondo.adapters.client.wire import Wire
from mkondo.domain.markets import MARKETS
from mkondo.kit import report
from mkondo.kit.case import Caller, Case
from mkondo.kit.cases import CASES
from mkondo.kit.page import page
from mkondo.kit.probe import probe
from mkondo.kit.run import Result, Verdict, run
from mkondo.kit.target import Management, Parties, Side, Target
from mkondo.openapi.operations import OPERATIONS
from services.cli.demo_data import DEMO
from services.cli.errors import CannotDo
from services.cli.files import OPERATOR_FILE, demo, write_file
from services.cli.options import FILE, data_option, json_option

A_SESSION = "0" * 32
NEEDED = ("api_key", "public_key", "market", "shortcode", "msisdn")


@click.command()
@data_option
@click.option("--base-url", metavar="URL", help="Another implementation; without it the platform of --data.")
@click.option(
    "--environment",
    type=click.Choice(("sandbox", "openapi")),
    default="sandbox",
    show_default=True,
    help="First part of its paths.",
)
@click.option("--api-key", help="The application to call as.")
@click.option("--public-key", help="The platform's public key: base64, no armour.")
@click.option("--market", type=click.Choice(tuple(MARKETS)), help="Market path value; the demo's if unset.")
@click.option("--shortcode", help="The application's shortcode, such as 000000.")
@click.option("--msisdn", help="A customer with money.")
@click.option("--receiver", default="000001", show_default=True, help="A shortcode that may be paid.")
@click.option("--poor-msisdn", default="", help="A customer who owns less than 100.00.")
@click.option("--strict-api-key", default="", help="A second application, with every compatibility switch off.")
@click.option("--compatible", is_flag=True, help="The application has the compatibility switches on.")
@click.option("--operation", "operations", multiple=True, type=click.Choice(tuple(OPERATIONS)), help="Only this one's.")
@click.option("--case", "names", multiple=True, metavar="ID", help="Only this case; the beginning of an id will do.")
@click.option("--junit", type=FILE, help="Write the results as JUnit XML.")
@click.option("--page", "page_file", type=FILE, help="Write the results as a page, with what was sent and came back.")
@json_option
def command(
    data: Path,
    base_url: str | None,
    operations: tuple[str, ...],
    names: tuple[str, ...],
    junit: Path | None,
    page_file: Path | None,
    as_json: bool,
    **other: Any,
) -> None:
    """The conformance cases of the M-Pesa OpenAPI, over HTTP. Exit 0: nothing failed.

    \b
    Example:  mkondo conformance
              mkondo conformance --case C2B-INS-2006 --page conformance.html
              mkondo conformance --base-url http://127.0.0.1:9000 --api-key KEY --public-key KEY \\
                  --market vodacomTZN --shortcode 000000 --msisdn 255700000001
    """
    target = demo_target(data, other["market"]) if base_url is None else _other_target(base_url, other)
    cases = chosen(operations, names)
    try:
        results = _run(target, cases)
    except (NoAnswer, NotTheApi) as trouble:
        raise CannotDo(f"{trouble}: start it, or correct {'--base-url' if base_url else '--data'}") from trouble
    click.echo(report.as_json(results).decode() if as_json else _lines(results))
    if junit:
        write_file(junit, report.as_junit(results))
    if page_file:
        write_file(page_file, page(results))
    if len(results) < len(cases):
        tried = sum(result.verdict is not Verdict.NOT_APPLICABLE for result in results)
        raise CannotDo(
            f"{target.base_url} answers no more: {tried} of {len(cases)} cases were run. Start it, and run them again"
        )
    if any(result.verdict is Verdict.FAILED for result in results):
        raise SystemExit(1)


def chosen(operations: tuple[str, ...], names: tuple[str, ...]) -> tuple[Case, ...]:
    """The cases of these operations whose ids begin like one of these names; no name means all."""
    found = tuple(
        case
        for case in CASES
        if (not operations or case.operation in operations) and (not names or case.id.startswith(names))
    )
    if not found:
        raise click.UsageError("no case is called like that: leave --case out to see them all")
    return found


def demo_target(data: Path, market: str | None = None) -> Target:
    """The running platform of a data directory, with everything its demo made."""
    found = demo(data)
    markets = {
        name: Parties(row["country"], row["currency"], row["customer_msisdn"], row["poor_customer_msisdn"])
        for name, row in found["markets"].items()
    }
    code, second = found["service_provider_code"], found["second_service_provider_code"]
    live = found["live"]
    sides = {
        Caller.FIRST: Side("sandbox", found["public_key"], found["api_key"], code, second),
        Caller.STRICT: Side("sandbox", found["public_key"], found["strict_api_key"], code, second),
        Caller.LIVE: Side(
            "openapi",
            live["public_key"],
            live["api_key"],
            live["service_provider_code"],
            live["second_service_provider_code"],
        ),
    }
    return Target(found["http"], market or found["market"], sides, markets, "*", True, _management(data))


def _management(data: Path) -> Management | None:
    try:
        return Management(DEMO, (data / OPERATOR_FILE).read_text().strip())
    except OSError:
        return None


def _other_target(base_url: str, given: dict[str, Any]) -> Target:
    missing = [name for name in NEEDED if not given[name]]
    if missing:
        options = ", ".join(f"--{name.replace('_', '-')}" for name in missing)
        raise click.UsageError(f"--base-url needs {options} too")
    if not is_address(base_url):
        raise click.UsageError(f"{base_url!r} is no address: write http:// or https://, a host and perhaps a port.")
    market = MARKETS[given["market"]]
    parties = Parties(market.country, market.currency, given["msisdn"], given["poor_msisdn"])
    first = Side(given["environment"], given["public_key"], given["api_key"], given["shortcode"], given["receiver"])
    sides = {Caller.FIRST: first}
    if given["strict_api_key"]:
        sides[Caller.STRICT] = Side(
            first.environment, first.public_key, given["strict_api_key"], first.shortcode, first.receiver
        )
    _check_keys(sides.values())
    return Target(base_url.rstrip("/"), market.path, sides, {market.path: parties}, "*", given["compatible"])


def _check_keys(sides: Iterable[Side]) -> None:
    try:
        for side in sides:
            for secret in (side.api_key, A_SESSION):
                encrypt(secret, side.public_key)
    except CannotEncrypt as trouble:
        raise click.UsageError(f"{trouble}: correct --public-key or the API key.") from trouble


def _run(target: Target, cases: tuple[Case, ...]) -> tuple[Result, ...]:
    """The results, with a bar that fills where somebody watches."""
    bar = click.progressbar(length=len(cases), label=f"{len(cases)} cases", file=sys.stderr)

    async def probed() -> tuple[Result, ...]:
        async with Wire(1) as wire:
            await probe(target, wire)
        with bar:
            return await run(target, cases, lambda _: bar.update(1))

    return asyncio.run(probed())


def _lines(results: tuple[Result, ...]) -> str:
    """What failed, a line each; what could not be tried, a line for each reason; and the figures."""
    failed = [result for result in results if result.verdict is Verdict.FAILED]
    lacking = Counter(
        reason for result in results if result.verdict is Verdict.NOT_APPLICABLE for reason in result.reasons
    )
    lines = [f"FAILED  {result.case.id}: {'; '.join(report.reasons(result))}" for result in failed]
    lines += [f"{count} not applicable: {reason}" for reason, count in lacking.items()]
    return "\n".join((*lines, report.summary(results)))
