"""Trusted sources, and whose address a request really has. Pure."""

import pytest

from mkondo.adapters.http.sources import client_address, host_of, is_trusted, parse_networks

PROXIES = parse_networks(("10.0.0.0/8", "::1"))


@pytest.mark.parametrize(
    ("sources", "address", "trusted"),
    [
        (("*",), "", True),
        (("196.1.2.3",), "196.1.2.3", True),
        (("196.1.2.3",), "::ffff:196.1.2.3", True),
        (("196.1.2.3",), "196.1.2.4", False),
        (("196.1.2.0/24",), "196.1.2.250", True),
        (("196.1.2.7/24",), "196.1.2.250", True),
        (("2001:db8::/32",), "2001:db8::1", True),
        (("2001:db8::/32",), "196.1.2.3", False),
        (("0.0.0.0/0",), "not an address", False),
        ((), "196.1.2.3", False),
    ],
)
def test_addresses_are_compared_with_addresses_and_networks(
    sources: tuple[str, ...], address: str, trusted: bool
) -> None:
    assert is_trusted(sources, address, "") is trusted


@pytest.mark.parametrize(
    ("origin", "host"),
    [
        ("shop.example", "shop.example"),
        ("https://Shop.Example:8443/path", "shop.example"),
        ("https://user@shop.example", "shop.example"),
        ("https://shop.example@evil.example", "evil.example"),
        ("*", "*"),
        ("null", "null"),
        ("", ""),
        ("http://[", ""),
    ],
)
def test_an_origin_has_one_host(origin: str, host: str) -> None:
    assert host_of(origin) == host


@pytest.mark.parametrize(
    ("peer", "forwarded", "address"),
    [
        ("196.1.2.3", "", "196.1.2.3"),
        ("196.1.2.3", "127.0.0.1", "196.1.2.3"),
        ("10.0.0.1", "196.1.2.3", "196.1.2.3"),
        ("10.0.0.1", "1.1.1.1, 196.1.2.3", "196.1.2.3"),
        ("10.0.0.1", "1.1.1.1, 196.1.2.3, 10.0.0.2", "196.1.2.3"),
        ("::1", " 196.1.2.3 ", "196.1.2.3"),
        ("10.0.0.1", "nonsense", "10.0.0.1"),
        ("10.0.0.1", "10.0.0.3", "10.0.0.3"),
        ("", "196.1.2.3", ""),
    ],
)
def test_forwarded_addresses_are_believed_from_configured_proxies_only(peer: str, forwarded: str, address: str) -> None:
    assert client_address(peer, forwarded, PROXIES) == address
