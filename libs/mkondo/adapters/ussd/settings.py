"""Settings of the USSD gateway, read once at start from the environment and checked there.

A setting that is wrong stops the start with the name of its variable. Read next: gateway.py.
"""

import ssl
from collections.abc import Mapping
from ipaddress import ip_address
from pathlib import Path

import httpx
import msgspec

from mkondo.contracts.signature import Secret, read_secret
from mkondo.domain.markets import MARKETS

URL = "MKONDO_USSD_URL"
KEY = "MKONDO_USSD_SECRET"
KEY_FILE = "MKONDO_USSD_SECRET_FILE"
MARKET_SCOPE = "MKONDO_USSD_MARKETS"
LOOPBACK_HTTP = "MKONDO_USSD_LOOPBACK_HTTP"
CA_FILE = "MKONDO_USSD_CA_FILE"

VARIABLES: Mapping[str, str] = {
    URL: "https address that prompts are posted to; unset: no gateway",
    KEY: "shared secret, `whsec_` and base64 of 24 to 64 bytes; two, a space between, while one replaces the other",
    KEY_FILE: "a file with the secret instead",
    MARKET_SCOPE: f"markets it serves, with commas between; unset: all of {', '.join(MARKETS)}",
    LOOPBACK_HTTP: "`on` allows plain http to a loopback address, for a gateway beside the platform; else `off`",
    CA_FILE: "PEM file with the authorities that sign the gateway's certificate; unset: the public ones",
}

_PORT_MAX = 65_535


class BadSetting(Exception):
    """A variable has a value that can't be used. The text names it and says what it takes."""


class UssdSettings(msgspec.Struct, frozen=True):
    """One gateway. `margin_ms`: how long before a prompt's expiry we stop listening, so that the answer still reaches
    the ledger in time. `prompts_max`: how many customers may be asked at once; each holds a connection while they type.
    """

    url: str
    secrets: tuple[Secret, ...]
    markets: tuple[str, ...] = tuple(MARKETS)
    ca_file: Path | None = None
    margin_ms: int = 500
    prompts_max: int = 1_000
    connect_seconds: float = 5.0


def read_settings(environment: Mapping[str, str]) -> UssdSettings | None:
    """None: there is no gateway. Raises BadSetting."""
    url = environment.get(URL, "")
    if not url:
        return None
    _check_url(url, _switch(environment, LOOPBACK_HTTP))
    return UssdSettings(url, _secrets(environment), _markets(environment), _ca_file(environment))


def _check_url(url: str, loopback_http: bool) -> None:
    try:
        parts = httpx.URL(url)
    except httpx.InvalidURL:
        raise BadSetting(f"{URL} is no address: it takes https://HOST[:PORT]/PATH") from None
    if not parts.host or parts.scheme not in ("http", "https") or (parts.port or 1) > _PORT_MAX:
        raise BadSetting(f"{URL} takes https://HOST[:PORT]/PATH")
    if parts.userinfo:
        raise BadSetting(f"{URL} takes no user and password: an address is shown in logs, {KEY} is not")
    if parts.scheme == "http" and not (loopback_http and _is_loopback(parts.host)):
        raise BadSetting(f"{URL} takes https; http only to a loopback address and with {LOOPBACK_HTTP}=on")


def _is_loopback(host: str) -> bool:
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def _switch(environment: Mapping[str, str], name: str) -> bool:
    value = environment.get(name, "off")
    if value not in ("on", "off"):
        raise BadSetting(f"{name} takes on or off")
    return value == "on"


def _secrets(environment: Mapping[str, str]) -> tuple[Secret, ...]:
    name, text = KEY, environment.get(KEY, "")
    if not text and KEY_FILE in environment:
        name, text = KEY_FILE, _read_file(KEY_FILE, environment[KEY_FILE])
    if not text.split():
        raise BadSetting(f"{URL} is set, so {KEY} or {KEY_FILE} must be: the secret shared with the gateway")
    try:
        return tuple(read_secret(word) for word in text.split())
    except ValueError as trouble:
        raise BadSetting(f"{name}: {trouble}") from None


def _read_file(name: str, path: str) -> str:
    try:
        return Path(path).read_text(encoding="ascii")
    except (OSError, UnicodeDecodeError):
        raise BadSetting(f"{name} names a file that can't be read: {path}") from None


def _markets(environment: Mapping[str, str]) -> tuple[str, ...]:
    named = tuple(word.strip() for word in environment.get(MARKET_SCOPE, "").split(",") if word.strip())
    unknown = [name for name in named if name not in MARKETS]
    if unknown:
        raise BadSetting(f"{MARKET_SCOPE} has {unknown[0]}: it takes {', '.join(MARKETS)}")
    return named or tuple(MARKETS)


def _ca_file(environment: Mapping[str, str]) -> Path | None:
    path = environment.get(CA_FILE, "")
    if not path:
        return None
    try:
        ssl.create_default_context(cafile=path)
    except OSError:  # an unreadable file, or nothing in it that is a certificate
        raise BadSetting(f"{CA_FILE} takes a PEM file with certificates, {path} is none") from None
    return Path(path)
