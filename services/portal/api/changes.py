"""What may be changed of an application, as a table: a field of the request, what it must be, what it does.

Read next: domain/application.py, which says what each setting means.
"""

import re
from collections.abc import Callable, Mapping
from ipaddress import ip_network
from typing import Annotated, Any
from unicodedata import category

from msgspec.structs import replace
from pydantic import AfterValidator, Field
from pydantic_core import PydanticCustomError

from mkondo.adapters.http.sources import EVERYTHING
from mkondo.domain.application import Configuration, ProductScope, Switches
from mkondo.domain.environments import SANDBOX
from mkondo.domain.markets import MARKETS
from mkondo.domain.money import parse_amount
from mkondo.openapi.addresses import is_address
from mkondo.openapi.operations import OPERATIONS
from services.portal.api.bodies import Asked
from services.portal.api.errors import Refused

PRODUCTS = tuple(name for name in OPERATIONS if name != "get_session")
SWITCHES = Switches.__struct_fields__
MINUTE_MS, SECOND_MS = 60_000, 1_000
URL_MAX = 2_048
_LABEL = "[A-Za-z0-9](?:[A-Za-z0-9-]{0,61}[A-Za-z0-9])?"
_DOMAIN = re.compile(rf"(?:https?://)?(?=.{{1,253}}$)(?![0-9.:]+$){_LABEL}(?:\.{_LABEL})*(?::[0-9]{{1,5}})?")
"""A host name, or an origin as browsers send it; not a misspelt address."""


def _named(name: str) -> str:
    """A name can be read: it is not empty, and no control character is in it."""
    if not name or any(category(character) == "Cc" for character in name):
        raise PydanticCustomError("name", "must be a name that can be read: not empty, without control characters")
    return name


class ApplicationChange(Asked):
    """Only what is named is changed. `expected`: the version this change was made for; any other is a conflict."""

    expected: int | None = Field(None, ge=1)
    name: Annotated[str, AfterValidator(_named)] | None = Field(
        None, max_length=100, json_schema_extra={"pattern": r"^\P{Cc}+$"}
    )
    products: list[str] | None = Field(None, description="The operations that are switched on.")
    asynchronous: list[str] | None = Field(None, description="Those of them whose results are pushed.")
    limits: dict[str, dict[str, dict[str, str]]] | None = Field(
        None, description='By product: `{"single_value": {"TZS": "50.00"}}`, the most one payment may move.'
    )
    markets: list[str] | None = Field(None, description="Market path values; none: all.")
    trusted_sources: list[str] | None = Field(None, min_length=1, max_length=100)
    session_lifetime_minutes: int | None = Field(None, ge=1, le=30 * 24 * 60)
    activation_delay_seconds: int | None = Field(None, ge=0, le=30)
    response_url: str | None = Field(None, max_length=URL_MAX, description="Where results are pushed; empty: nowhere.")
    response_url_override: bool | None = Field(None, description="Whether input_ResponseURL takes its place.")
    switches: dict[str, bool] | None = Field(None, description="Compatibility, one by one.")


def _known(values: list[str], known: tuple[str, ...], what: str) -> list[str]:
    unknown = [value for value in values if value not in known]
    if unknown:
        raise Refused(422, f"no such {what}: {', '.join(unknown)}", f"Use some of {', '.join(known)}.")
    return values


def _products(configuration: Configuration, names: list[str]) -> Configuration:
    """One that stays on keeps its scope."""
    kept = configuration.products
    scopes = {name: kept.get(name, ProductScope()) for name in _known(names, PRODUCTS, "product")}
    return replace(configuration, products=scopes)


def _asynchronous(configuration: Configuration, names: list[str]) -> Configuration:
    _known(names, tuple(configuration.products), "product that is switched on")
    scopes = {name: replace(scope, asynchronous=name in names) for name, scope in configuration.products.items()}
    return replace(configuration, products=scopes)


def _limits(configuration: Configuration, limits: dict[str, dict[str, dict[str, str]]]) -> Configuration:
    _known(list(limits), tuple(configuration.products), "product that is switched on")
    scopes = dict(configuration.products)
    for product, named in limits.items():
        _known(list(named), ("single_value",), "limit")
        ceilings = {currency: _minor(currency, text) for currency, text in named.get("single_value", {}).items()}
        scopes[product] = replace(scopes[product], single_value=ceilings)
    return replace(configuration, products=scopes)


def _minor(currency: str, text: str) -> int:
    decimals = {market.currency: market.decimals for market in MARKETS.values()}
    minor = parse_amount(text, decimals[currency]) if currency in decimals else None
    if minor is None:
        raise Refused(
            422,
            f"{text[:80]!r} is no amount in {currency[:80]!r}",
            "Send digits such as 50.00 and a market's currency.",
        )
    return minor


def _markets(configuration: Configuration, names: list[str]) -> Configuration:
    return replace(configuration, markets=tuple(_known(names, tuple(MARKETS), "market")))


def _sources(configuration: Configuration, sources: list[str]) -> Configuration:
    for source in sources:
        if source != EVERYTHING and not _is_network(source) and not _DOMAIN.fullmatch(source):
            mend = "Send an address, a CIDR such as 10.0.0.0/8, a domain, or *."
            raise Refused(422, f"{source[:80]!r} is no source", mend)
    return replace(configuration, trusted_sources=tuple(sources))


def _is_network(text: str) -> bool:
    try:
        ip_network(text)
    except ValueError:
        return False
    return True


def _response_url(configuration: Configuration, url: str) -> Configuration:
    if url and not is_address(url, SANDBOX):
        raise Refused(
            422, f"{url[:80]!r} is no address", "Send http:// or https:// and a host, in ASCII, without a password."
        )
    return replace(configuration, response_url=url)


def _switches(configuration: Configuration, values: dict[str, bool]) -> Configuration:
    _known(list(values), SWITCHES, "switch")
    return replace(configuration, switches=replace(configuration.switches, **values))


CHANGES: Mapping[str, Callable[[Configuration, Any], Configuration]] = {
    "name": lambda configuration, name: replace(configuration, name=name),
    "products": _products,
    "markets": _markets,
    "limits": _limits,
    "trusted_sources": _sources,
    "session_lifetime_minutes": lambda configuration, n: replace(configuration, session_lifetime_ms=n * MINUTE_MS),
    "activation_delay_seconds": lambda configuration, n: replace(configuration, activation_delay_ms=n * SECOND_MS),
    "response_url": _response_url,
    "response_url_override": lambda configuration, on: replace(configuration, response_url_override=on),
    "asynchronous": _asynchronous,
    "switches": _switches,
}
"""In this order: what is asynchronous must be switched on, in the same request if need be."""


def apply(configuration: Configuration, change: ApplicationChange, environment: str) -> Configuration:
    """The configuration after a change. Raises Refused, naming the field's trouble; then nothing is changed."""
    for field, effect in CHANGES.items():
        value = getattr(change, field)
        if value is not None:
            configuration = effect(configuration, value)
    pushed = [name for name, scope in configuration.products.items() if scope.asynchronous]
    if pushed and not (configuration.response_url or configuration.response_url_override):
        mend = "Set response_url too, or response_url_override."
        raise Refused(422, f"nowhere to push the results of {', '.join(pushed)}", mend)
    if configuration.response_url and not is_address(configuration.response_url, environment):
        raise Refused(422, "in live results are pushed over https only", "Send an https:// address.")
    return configuration
