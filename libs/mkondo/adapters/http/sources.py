"""Where a request may come from: an application's trusted sources (contract section 1, architecture section 8).

An address or network is compared with the client's own address, a domain with the Origin header; one match is enough,
and `*` matches everything. An address in Origin proves nothing, so it never matches an address.
"""

import re
from collections.abc import Sequence
from functools import lru_cache
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address, ip_network
from urllib.parse import urlsplit

EVERYTHING = "*"

NOBODYS = frozenset({"", "null"})
"""No Origin, and that of a page which any site can make."""

Network = IPv4Network | IPv6Network

_HOP = re.compile(r"\[(?P<six>[^\[\]]*)\](?::[0-9]+)?|(?P<four>[0-9.]+):[0-9]+")


def is_trusted(sources: Sequence[str], address: str, origin: str) -> bool:
    """Whether a request from this address with this Origin may use an application with these trusted sources."""
    if EVERYTHING in sources:
        return True
    networks, domains = _compiled(tuple(sources))
    return host_of(origin) in domains or within(address, networks)


def within(address: str, networks: Sequence[Network]) -> bool:
    parsed = parse_address(address)
    return parsed is not None and any(parsed in network for network in networks)


def parse_address(text: str) -> IPv4Address | IPv6Address | None:
    """An IP address; one of version 4 in version 6 clothes is taken for what it is."""
    try:
        address = ip_address(text.strip())
    except ValueError:
        return None
    mapped = address.ipv4_mapped if isinstance(address, IPv6Address) else None
    return mapped or address


def parse_networks(texts: Sequence[str]) -> tuple[Network, ...]:
    """The addresses and networks among these texts, in CIDR notation or single."""
    return tuple(network for text in texts if (network := _network(text)) is not None)


def line_of(address: str) -> str:
    """What one subscriber has: an IPv4 address, or the /64 that everybody with IPv6 gets, whose addresses he may change
    as he likes."""
    return address if ":" not in address else _line(address)


@lru_cache(maxsize=4096)
def _line(address: str) -> str:
    parsed = parse_address(address)
    return parsed.packed[:8].hex() if isinstance(parsed, IPv6Address) else str(parsed or address)


def host_of(origin: str) -> str:
    """`shop.example` of `https://shop.example:8443` or of the bare name; empty when there is none."""
    text = origin.strip().lower().replace("\\", "/")  # as browsers read it: what follows is a path
    try:
        return urlsplit(text if "//" in text else f"//{text}").hostname or ""
    except ValueError:
        return ""


def client_address(peer: str, forwarded_for: str, proxies: Sequence[Network]) -> str:
    """The client's own address: the last hop in X-Forwarded-For that is not one of our configured proxies."""
    address = peer
    for hop in reversed(forwarded_for.split(",")):
        if not within(address, proxies):
            break
        parsed = _parse_hop(hop)
        if parsed is None:
            break
        address = str(parsed)
    return address


def _parse_hop(text: str) -> IPv4Address | IPv6Address | None:
    """Some proxies write the port too, and IPv6 in brackets."""
    found = _HOP.fullmatch(text.strip())
    return parse_address(found["six"] or found["four"] if found else text)


def _network(text: str) -> Network | None:
    """IPv4 in IPv6 clothes is taken for what it is, as in addresses: else the two would never meet."""
    try:
        network = ip_network(text.strip(), strict=False)
    except ValueError:
        return None
    mapped = network.network_address.ipv4_mapped if isinstance(network, IPv6Network) else None
    return network if mapped is None or network.prefixlen < 96 else IPv4Network((mapped, network.prefixlen - 96))


@lru_cache(maxsize=4096)
def _compiled(sources: tuple[str, ...]) -> tuple[tuple[Network, ...], frozenset[str]]:
    hosts = {host_of(source) for source in sources if _network(source) is None}
    domains = {host for host in hosts if parse_address(host) is None}  # a misspelt network is nobody's Origin
    return parse_networks(sources), frozenset(domains - NOBODYS)
