"""Which addresses a callback may go to: the internet's, after the name was resolved (architecture section 8).

The address that was judged is the one that is called: a name that answers differently a moment later changes nothing.
Read next: names.py, connections.py.
"""

import re
from collections.abc import Sequence
from functools import lru_cache
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address
from urllib.parse import SplitResult, urlsplit

import msgspec

from mkondo.adapters.callbacks.names import Names
from mkondo.domain.environments import SANDBOX

NOT_PUBLIC = "not an address of the public internet"
URL_MAX = 2_048
PORTS = {"http": 80, "https": 443}
_PRINTABLE = re.compile(r"[!-~]*")
_IN_NUMBERS = re.compile(r"(.*\.)?(\d+|0x[\da-f]*)\.?")
"""A host whose last part is a number is an IPv4 address, or none (URL standard, "ends in a number")."""
_NAT64 = IPv6Network("64:ff9b::/96")
_UNICAST = IPv6Network("2000::/3")
"""All of IPv6 that is the internet's today: outside it Python calls some addresses global that wrap others."""
_NOBODYS = (IPv4Network("192.88.99.0/24"), IPv6Network("3fff::/20"))
"""Relays and examples that Python does not know yet."""


class NotAllowed(Exception):
    """This address is not called. The text says why, for the merchant's eyes."""


class Callee(msgspec.Struct, frozen=True):
    """What is called; `path` is with its query. Its name is turned into addresses, and those are judged, when a
    connection is opened."""

    scheme: str
    host: str
    port: int
    path: str

    @property
    def origin(self) -> str:
        """Whose connection it is: nobody else's may be used (RFC 6454)."""
        return f"{self.scheme}://{_shown(self.host)}:{self.port}"

    @property
    def authority(self) -> str:
        """What the Host header says."""
        return _shown(self.host) if self.port == PORTS[self.scheme] else f"{_shown(self.host)}:{self.port}"


def _shown(host: str) -> str:
    return f"[{host}]" if ":" in host else host


class Rules(msgspec.Struct, frozen=True):
    """What this environment allows. Both are off in live."""

    plain_http: bool = False
    loopback: bool = False


def rules_of(environment: str, *, loopback: bool) -> Rules:
    """The sandbox allows http, and this machine's own ports where its operator has said so."""
    return Rules(plain_http=True, loopback=loopback) if environment == SANDBOX else Rules()


@lru_cache(maxsize=1_000)
def callee_of(url: str, rules: Rules) -> Callee:
    """Where a callback to this URL goes. Raises NotAllowed, for a host that is an address by itself too."""
    split = _split(url, rules)
    host, port, path = str(split.hostname), split.port or PORTS[split.scheme], split.path or "/"
    if ":" in host or _IN_NUMBERS.fullmatch(host):
        judge(host, [_written_out(host)], rules)
    return Callee(split.scheme, host, port, f"{path}?{split.query}" if split.query else path)


def _written_out(host: str) -> str:
    """An address, not one of the spellings that only some programs take for one: decimal, octal, shortened."""
    try:
        return str(ip_address(host))
    except ValueError as trouble:
        raise NotAllowed("no address: one in numbers has to be written out in full") from trouble


async def addresses_of(host: str, port: int, rules: Rules, names: Names) -> Sequence[str]:
    """Every address of this name, all of them allowed, in the order to be tried. Raises NotAllowed."""
    try:
        addresses = await names.addresses(host, port)
    except (OSError, ValueError) as trouble:
        said = f": {trouble.strerror}" if isinstance(trouble, OSError) else ""
        raise NotAllowed(f"{host[:100]} can't be resolved{said}") from trouble
    if not addresses:
        raise NotAllowed(f"{host[:100]} has no address")
    judge(host, addresses, rules)
    return addresses


def judge(host: str, addresses: Sequence[str], rules: Rules) -> None:
    """Raises NotAllowed if one of them is not the internet's; which one is none of the merchant's business."""
    if not all(is_allowed(address, rules) for address in addresses):
        raise NotAllowed(f"{host[:100]} is {NOT_PUBLIC}")


def _split(url: str, rules: Rules) -> SplitResult:
    if len(url) > URL_MAX:
        raise NotAllowed("the address is longer than 2,048 characters")
    if not _PRINTABLE.fullmatch(url):
        raise NotAllowed("the address has to be written in printable ASCII: escape what is not")
    try:
        split = urlsplit(url)
        port = split.port
    except ValueError as trouble:
        raise NotAllowed("no address: its host or its port can't be read") from trouble  # a password may stand there
    if split.scheme not in PORTS or not split.hostname or port == 0:
        raise NotAllowed("the address has to begin with https:// and a host")
    if split.scheme == "http" and not rules.plain_http:
        raise NotAllowed("results are pushed over https only")
    if split.username is not None or split.password is not None:
        raise NotAllowed("the address holds a user or a password")
    return split


def is_allowed(text: str, rules: Rules) -> bool:
    """Whether a connection to this address may be opened. Raises ValueError if it is none."""
    address: IPv4Address | IPv6Address = ip_address(text.partition("%")[0])
    if isinstance(address, IPv6Address):
        address = address.ipv4_mapped or address
    if address.is_loopback and rules.loopback:
        return True
    if isinstance(address, IPv6Address):
        address = address.sixtofour or _translated(address) or address
    return _is_the_internets(address)


def _is_the_internets(address: IPv4Address | IPv6Address) -> bool:
    if isinstance(address, IPv6Address) and address not in _UNICAST:
        return False
    return address.is_global and not address.is_multicast and not any(address in network for network in _NOBODYS)


def _translated(address: IPv6Address) -> IPv4Address | None:
    """The IPv4 address that a translator (RFC 6052) would call."""
    return IPv4Address(int(address) & 0xFFFFFFFF) if address in _NAT64 else None
