"""Which addresses a callback may go to: the internet's, after the name was resolved (architecture section 8).

The address that was judged is the one that is called: a name that answers differently a moment later changes nothing.
Read next: sender.py.
"""

import asyncio
import socket
from ipaddress import IPv4Address, IPv6Address, IPv6Network, ip_address
from urllib.parse import SplitResult, urlsplit

import msgspec

URL_MAX = 2_048
PORTS = {"http": 80, "https": 443}
_NAT64 = IPv6Network("64:ff9b::/96")


class NotAllowed(Exception):
    """This address is not called. The text says why, for the merchant's eyes."""


class Place(msgspec.Struct, frozen=True):
    """Where to connect, and what to say there."""

    scheme: str
    address: str
    host: str
    port: int
    target: str

    @property
    def authority(self) -> str:
        """What the Host header says."""
        return self.host if self.port == PORTS[self.scheme] else f"{self.host}:{self.port}"

    @property
    def url(self) -> str:
        """The same with the address in place of the name."""
        shown = f"[{self.address}]" if ":" in self.address else self.address
        return f"{self.scheme}://{shown}:{self.port}{self.target}"


class Rules(msgspec.Struct, frozen=True):
    """What this environment allows. Both are off in live."""

    plain_http: bool = False
    loopback: bool = False


async def place_of(url: str, rules: Rules) -> Place:
    """Where a callback to this URL goes. Raises NotAllowed."""
    split = _split(url, rules)
    host, port = str(split.hostname), split.port or PORTS[split.scheme]
    try:
        found = await asyncio.get_running_loop().getaddrinfo(host, port, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError) as trouble:
        raise NotAllowed(f"{host} can't be resolved: {trouble}") from trouble
    addresses = [str(one[4][0]) for one in found]
    for address in addresses:
        _check(address, rules)
    target = split.path or "/"
    return Place(split.scheme, addresses[0], host, port, f"{target}?{split.query}" if split.query else target)


def _split(url: str, rules: Rules) -> SplitResult:
    if len(url) > URL_MAX:
        raise NotAllowed("the address is longer than 2,048 characters")
    try:
        split = urlsplit(url)
        port = split.port
    except ValueError as trouble:
        raise NotAllowed(f"no address: {trouble}") from trouble
    if split.scheme not in PORTS or not split.hostname or port == 0:
        raise NotAllowed("the address has to begin with https:// and a host")
    if split.scheme == "http" and not rules.plain_http:
        raise NotAllowed("results are pushed over https only")
    if split.username is not None or split.password is not None:
        raise NotAllowed("the address holds a user or a password")
    return split


def _check(text: str, rules: Rules) -> None:
    address: IPv4Address | IPv6Address = ip_address(text.partition("%")[0])
    if isinstance(address, IPv6Address):
        address = address.ipv4_mapped or address.sixtofour or _translated(address) or address
    if address.is_loopback and rules.loopback:
        return
    if not address.is_global or address.is_multicast:
        raise NotAllowed(f"{text} is not an address of the public internet")


def _translated(address: IPv6Address) -> IPv4Address | None:
    """The IPv4 address that a translator (RFC 6052) would call."""
    return IPv4Address(int(address) & 0xFFFFFFFF) if address in _NAT64 else None
