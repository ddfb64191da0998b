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

from mkondo.adapters.http.sources import EVERYTHING, NOBODYS, host_of
from mkondo.domain.application import Configuration, ProductScope, Switches
from mkondo.domain.environments import LIVE, SANDBOX
from mkondo.domain.faults import PERMILLE, Faults
from mkondo.domain.limits import APPLICABLE
from mkondo.domain.markets import MARKETS
from mkondo.openapi.addresses import is_address
from services.portal.api.bodies import Asked
from services.portal.api.errors import Refused
from services.portal.api.limits import LimitsChange, limited

PRODUCTS = tuple(APPLICABLE)
SWITCHES = Switches.__struct_fields__
MINUTE_MS, SECOND_MS = 60_000, 1_000
URL_MAX = 2_048
NAME = r"^\P{Cc}*[^\p{C}\p{Z}]\P{Cc}*$"
"""`readable`, for whoever reads the API's description."""
_LABEL = "[A-Za-z0-9](?:[A-Za-z0-9-]{0,61}[A-Za-z0-9])?"
_DOMAIN = re.compile(rf"(?:https?://)?(?=.{{1,253}}$)(?![0-9.:]+$){_LABEL}(?:\.{_LABEL})*(?::[0-9]{{1,5}})?")
"""A host name, or an origin as browsers send it; not a misspelt address."""


def readable(name: str) -> str:
    """A name can be read: something is to be seen of it, and no control character is in it."""
    kinds = {category(character) for character in name}
    if "Cc" in kinds or all(kind[0] in "CZ" for kind in kinds):
        raise PydanticCustomError("name", "must be a name that can be read: not empty, without control characters")
    return name


Permille = Annotated[int, Field(ge=0, le=PERMILLE)]


class FaultsChange(Asked):
    """Of a thousand requests so many are hit by each fault; which of them, the seed says."""

    seed: int = Field(0, ge=0, lt=1 << 32)
    answer_lost: Permille = 0
    gateway_timeout: Permille = 0
    callback_late: Permille = 0
    callback_twice: Permille = 0
    callback_out_of_order: Permille = 0
    callback_never: Permille = 0


class ApplicationChange(Asked):
    """Only what is named is changed. `expected`: the version this change was made for; any other is a conflict."""

    expected: int | None = Field(None, ge=1)
    name: Annotated[str, AfterValidator(readable)] | None = Field(
        None, max_length=100, json_schema_extra={"pattern": NAME}
    )
    description: str | None = Field(None, max_length=1_000, pattern=r"^[^\x00]*$")
    release: str | None = Field(None, max_length=40, pattern=r"^\P{Cc}*$", description="What its developer calls it.")
    products: list[str] | dict[str, bool] | None = Field(
        None, description="The operations that are switched on, all of them; or one by one, such as {NAME: false}."
    )
    asynchronous: list[str] | None = Field(None, description="Those of them whose results are pushed.")
    limits: dict[str, LimitsChange] | None = Field(None, description="By product. What is not named stays as it is.")
    markets: list[str] | None = Field(None, description="Market path values; none: all.")
    trusted_sources: list[str] | None = Field(None, min_length=1, max_length=100)
    session_lifetime_minutes: int | None = Field(
        None, ge=1, le=30 * 24 * 60, description="In live 5 minutes to 24 hours."
    )
    activation_delay_seconds: int | None = Field(None, ge=0, le=30)
    response_url: str | None = Field(None, max_length=URL_MAX, description="Where results are pushed; empty: nowhere.")
    response_url_override: bool | None = Field(None, description="Whether input_ResponseURL takes its place.")
    switches: dict[str, bool] | None = Field(None, description="Compatibility, one by one.")
    faults: FaultsChange | None = Field(None, description="Sandbox only: what goes wrong. All that is not named is 0.")


def known(values: list[str], there: tuple[str, ...], what: str) -> list[str]:
    """The values, if all of them are there. Raises Refused."""
    unknown = [value[:80] for value in values if value not in there]
    if unknown:
        raise Refused(422, f"no such {what}: {', '.join(unknown)}", f"Use some of {', '.join(there)}.")
    return values


def _products(configuration: Configuration, asked: list[str] | dict[str, bool]) -> Configuration:
    """One that is switched off keeps its scope, for the day when it is switched on again."""
    names = known(list(asked), PRODUCTS, "product")
    if isinstance(asked, dict):
        kept_on = [name for name in _switched_on(configuration) if name not in asked]
        names = kept_on + [name for name, on in asked.items() if on]
    kept = {name: replace(scope, on=name in names) for name, scope in configuration.products.items()}
    made = {name: ProductScope() for name in names if name not in kept}
    return replace(configuration, products=kept | made)


def _asynchronous(configuration: Configuration, names: list[str]) -> Configuration:
    known(names, _switched_on(configuration), "product that is switched on")
    scopes = {
        name: replace(scope, asynchronous=name in names) if scope.on else scope
        for name, scope in configuration.products.items()
    }
    return replace(configuration, products=scopes)


def _limits(configuration: Configuration, limits: dict[str, LimitsChange]) -> Configuration:
    known(list(limits), _switched_on(configuration), "product that is switched on")
    scopes = {name: limited(name, configuration.products[name], change) for name, change in limits.items()}
    return replace(configuration, products=configuration.products | scopes)


def _switched_on(configuration: Configuration) -> tuple[str, ...]:
    return tuple(name for name, scope in configuration.products.items() if scope.on)


def _markets(configuration: Configuration, names: list[str]) -> Configuration:
    return replace(configuration, markets=tuple(known(names, tuple(MARKETS), "market")))


def _sources(configuration: Configuration, sources: list[str]) -> Configuration:
    for source in sources:
        if not (source == EVERYTHING or _is_network(source) or _is_domain(source)):
            mend = "Send an address, a CIDR such as 10.0.0.0/8, a domain, or *."
            raise Refused(422, f"{source[:80]!r} is no source", mend)
    return replace(configuration, trusted_sources=tuple(sources))


def _is_network(text: str) -> bool:
    """Without a zone (`fe80::1%eth0`): that is a name of one machine's own, of any length and any characters."""
    try:
        ip_network(text)
    except ValueError:
        return False
    return "%" not in text


def _is_domain(text: str) -> bool:
    """One that an Origin can be of: `null` is every page's that has none, so it is never matched."""
    return _DOMAIN.fullmatch(text) is not None and host_of(text) not in NOBODYS


def _response_url(configuration: Configuration, url: str) -> Configuration:
    if url and not is_address(url, SANDBOX):
        raise Refused(
            422, f"{url[:80]!r} is no address", "Send http:// or https:// and a host, in ASCII, without a password."
        )
    return replace(configuration, response_url=url)


def _switches(configuration: Configuration, values: dict[str, bool]) -> Configuration:
    known(list(values), SWITCHES, "switch")
    return replace(configuration, switches=replace(configuration.switches, **values))


CHANGES: Mapping[str, Callable[[Configuration, Any], Configuration]] = {
    "name": lambda configuration, name: replace(configuration, name=name),
    "description": lambda configuration, text: replace(configuration, description=text),
    "release": lambda configuration, text: replace(configuration, release=text),
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
    "faults": lambda configuration, faults: replace(configuration, faults=Faults(**faults.model_dump())),
}
"""In this order: what is asynchronous must be switched on, in the same request if need be."""


LIFETIME_MINUTES = {SANDBOX: (1, 30 * 24 * 60), LIVE: (5, 24 * 60)}
"""The shortest and the longest session of each environment."""


def apply(configuration: Configuration, change: ApplicationChange, environment: str) -> Configuration:
    """The configuration after a change. Raises Refused, naming the field's trouble; then nothing is changed."""
    shortest, longest = LIFETIME_MINUTES[environment]
    if change.session_lifetime_minutes is not None and not shortest <= change.session_lifetime_minutes <= longest:
        raise Refused(
            422,
            f"session_lifetime_minutes: {change.session_lifetime_minutes} is out of bounds in this environment",
            f"Send {shortest} to {longest}.",
        )
    if change.faults is not None and environment == LIVE:
        raise Refused(422, "faults: nothing goes wrong on purpose in live", "Use the sandbox.")
    for field, effect in CHANGES.items():
        value = getattr(change, field)
        if value is not None:
            configuration = effect(configuration, value)
    pushed = [name for name, scope in configuration.products.items() if scope.on and scope.asynchronous]
    if pushed and not (configuration.response_url or configuration.response_url_override):
        mend = "Set response_url too, or response_url_override."
        raise Refused(422, f"nowhere to push the results of {', '.join(pushed)}", mend)
    if configuration.response_url and not is_address(configuration.response_url, environment):
        raise Refused(422, "in live results are pushed over https only", "Send an https:// address.")
    return configuration
