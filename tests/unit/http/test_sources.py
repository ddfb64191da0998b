"""Trusted sources, and whose address a request really has. Pure; the same at the doors: tests/service/edge."""

import pytest

from mkondo.adapters.http.sources import client_address, host_of, is_trusted, line_of, parse_networks

PROXIES = parse_networks(("10.0.0.0/8", "::1", "2001:db8:aaaa::/48"))


@pytest.mark.parametrize(
    ("sources", "address", "trusted"),
    [
        (("*",), "", True),
        (("x.example", "*"), "not an address", True),
        ((), "196.1.2.3", False),
        # IPv4
        (("196.1.2.3",), "196.1.2.3", True),
        (("196.1.2.3",), "196.1.2.4", False),
        (("196.1.2.3",), "196.1.2.30", False),
        ((" 196.1.2.3 ",), "196.1.2.3", True),
        (("196.1.2.0/24",), "196.1.2.250", True),
        (("196.1.2.0/24",), "196.1.3.0", False),
        (("196.1.2.7/24",), "196.1.2.250", True),  # host bits are no trouble
        (("196.1.2.3/32",), "196.1.2.3", True),
        (("196.1.2.0/255.255.255.0",), "196.1.2.250", True),
        (("10.0.0.1", "196.1.2.0/24"), "196.1.2.3", True),
        (("0.0.0.0/0",), "196.1.2.3", True),
        (("0.0.0.0/0",), "2001:db8::1", False),
        (("0.0.0.0/0",), "not an address", False),
        (("0.0.0.0/0",), "", False),
        # What is no address is nobody's, whatever it may look like.
        (("196.1.2.3",), "196.1.2.3:443", False),
        (("196.1.2.3",), "196.001.002.003", False),
        (("127.0.0.1",), "2130706433", False),
        (("127.0.0.1",), "0x7f.1", False),
        (("127.0.0.1",), "localhost", False),
        (("196.1.2.0/33",), "196.1.2.0", False),
        (("196.1.2.3:443",), "196.1.2.3", False),
        # IPv6
        (("2001:db8::1",), "2001:db8::1", True),
        (("2001:db8::1",), "2001:0DB8:0:0::0001", True),
        (("2001:db8::1",), "2001:db8::2", False),
        (("2001:db8::/32",), "2001:db8:ffff::1", True),
        (("2001:db8::/32",), "2001:db9::1", False),
        (("2001:db8::7/32",), "2001:db8:ffff::1", True),
        (("2001:db8::/32",), "196.1.2.3", False),
        (("::/0",), "2001:db8::1", True),
        (("::/0",), "196.1.2.3", False),
        (("::1",), "127.0.0.1", False),
        (("[2001:db8::1]",), "2001:db8::1", False),
        # IPv4 in IPv6 clothes, on either side
        (("196.1.2.3",), "::ffff:196.1.2.3", True),
        (("196.1.2.3",), "::ffff:c401:203", True),
        (("196.1.2.0/24",), "::ffff:196.1.2.3", True),
        (("196.1.2.3",), "::ffff:196.1.2.4", False),
        (("::ffff:196.1.2.3",), "196.1.2.3", True),
        (("::ffff:196.1.2.3",), "::ffff:196.1.2.3", True),
        (("::ffff:196.1.2.3",), "196.1.2.4", False),
        (("::ffff:196.1.2.0/120",), "196.1.2.250", True),
        (("::ffff:196.1.2.7/120",), "196.1.2.250", True),
        (("::ffff:196.1.2.0/120",), "196.1.3.0", False),
        (("::ffff:0:0/96",), "196.1.2.3", True),
        (("::ffff:0:0/95",), "196.1.2.3", False),  # no network of IPv4 any more
        (("::196.1.2.3",), "196.1.2.3", False),  # "IPv4-compatible" addresses are another thing, long given up
        # Zones are one machine's names for its cables, and say nothing about who it is.
        (("fe80::1",), "fe80::1%eth0", True),
        (("fe80::1%eth0",), "fe80::1", True),
        (("fe80::1%eth0",), "fe80::1%eth1", True),
        (("fe80::/10",), "fe80::1%eth0", True),
        (("fe80::1",), "fe80::2%eth0", False),
        (("196.1.2.3",), "::ffff:196.1.2.3%eth0", True),
        (("196.1.2.3",), "196.1.2.3%eth0", False),
    ],
)
def test_addresses_are_compared_with_addresses_and_networks(
    sources: tuple[str, ...], address: str, trusted: bool
) -> None:
    assert is_trusted(sources, address, "") is trusted


ORIGINS = {
    ("shop.example", "shop.example"): True,
    ("shop.example", "https://shop.example"): True,
    ("shop.example", "http://shop.example"): True,
    ("shop.example", "https://shop.example:8443"): True,
    ("shop.example", "https://SHOP.Example"): True,
    ("shop.example", " https://shop.example "): True,
    ("Shop.Example", "https://shop.example"): True,
    ("https://shop.example", "shop.example"): True,
    ("https://shop.example", "http://shop.example:8080"): True,
    ("shop.example:8443", "https://shop.example"): True,
    # Another name
    ("shop.example", ""): False,
    ("shop.example", "*"): False,
    ("shop.example", "null"): False,
    ("shop.example", "https://"): False,
    ("shop.example", "https://evil.example"): False,
    ("shop.example", "https://www.shop.example"): False,  # a subdomain may be somebody else's
    ("www.shop.example", "https://shop.example"): False,
    ("shop.example", "https://evil-shop.example"): False,
    ("shop.example", "https://evilshop.example"): False,
    ("shop.example", "https://shop.example.evil"): False,
    ("shop.example", "https://shop.exampleevil"): False,
    ("shop.example", "https://shop.example."): False,
    ("shop.example", "https://.shop.example"): False,
    ("shop.example", "https://shop-example"): False,
    ("shop.example", "https://shop.example%00.evil"): False,
    ("shop.example", "https://sh\u00f6p.example"): False,
    ("shop.example", "https://shop\u3002example"): False,
    # Tricks with what stands around a name
    ("shop.example", "https://shop.example@evil.example"): False,
    ("shop.example", "https://shop.example:443@evil.example"): False,
    ("shop.example", "https://evil.example/shop.example"): False,
    ("shop.example", "https://evil.example?shop.example"): False,
    ("shop.example", "https://evil.example#shop.example"): False,
    ("shop.example", "https://evil.example#@shop.example"): False,
    ("shop.example", "https://evil.example?@shop.example"): False,
    ("shop.example", "https://evil.example/@shop.example"): False,
    ("shop.example", "https://evil.example\\@shop.example"): False,
    ("shop.example", "https:\\\\evil.example\\@shop.example"): False,
    ("shop.example", "evil.example//shop.example"): False,
    ("shop.example", "https://evil.example, https://shop.example"): False,
    ("shop.example", "https://evil.example https://shop.example"): False,
    ("shop.example", "https://shop.example, https://evil.example"): False,
    ("shop.example", "file:///shop.example"): False,
    ("shop.example", "http://["): False,
    # Nobody's
    ("null", "null"): False,
    ("", ""): False,
    ("", "null"): False,
    # An address in Origin proves nothing, whatever it was meant to match.
    ("10.0.0.1", "10.0.0.1"): False,
    ("10.0.0.1", "http://10.0.0.1"): False,
    ("10.0.0.0/8", "http://10.0.0.1"): False,
    ("10.0.0.0/33", "http://10.0.0.0"): False,
    ("10.0.0.1:8080", "http://10.0.0.1:8080"): False,
    ("http://10.0.0.1", "http://10.0.0.1"): False,
    ("2001:db8::1", "http://[2001:db8::1]"): False,
    ("[2001:db8::1]", "http://[2001:db8::1]"): False,
    ("http://[2001:db8::1]:80", "http://[2001:db8::1]:80"): False,
}


@pytest.mark.parametrize(("source", "origin"), ORIGINS)
def test_a_domain_is_compared_with_the_host_of_the_origin(source: str, origin: str) -> None:
    assert is_trusted((source,), "196.1.2.3", origin) is ORIGINS[source, origin]


@pytest.mark.parametrize(
    ("address", "origin", "trusted"),
    [
        ("196.1.2.3", "https://shop.example", True),
        ("196.1.2.3", "https://evil.example", True),
        ("196.9.9.9", "https://shop.example", True),
        ("196.9.9.9", "https://evil.example", False),
    ],
)
def test_one_match_is_enough(address: str, origin: str, trusted: bool) -> None:
    assert is_trusted(("196.1.2.3", "shop.example"), address, origin) is trusted


@pytest.mark.parametrize(
    ("origin", "host"),
    [
        ("shop.example", "shop.example"),
        ("https://Shop.Example:8443/path", "shop.example"),
        ("https://user@shop.example", "shop.example"),
        ("https://shop.example@evil.example", "evil.example"),
        ("https://evil.example\\@shop.example", "evil.example"),
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
        # From anybody else it is a forgery.
        ("196.1.2.3", "", "196.1.2.3"),
        ("196.1.2.3", "127.0.0.1", "196.1.2.3"),
        ("196.1.2.3", "8.8.8.8, 10.0.0.1", "196.1.2.3"),
        ("2001:db8::7", "127.0.0.1", "2001:db8::7"),
        ("", "196.1.2.3", ""),
        # One hop; what stands before it was the client's to write.
        ("10.0.0.1", "196.1.2.3", "196.1.2.3"),
        ("10.0.0.1", "1.1.1.1, 196.1.2.3", "196.1.2.3"),
        ("10.0.0.1", "nonsense, 196.1.2.3", "196.1.2.3"),
        ("10.0.0.1", "10.0.0.2, 196.1.2.3", "196.1.2.3"),
        ("::1", " 196.1.2.3 ", "196.1.2.3"),
        ("::ffff:10.0.0.1", "196.1.2.3", "196.1.2.3"),
        # Several hops, all of them ours
        ("10.0.0.1", "1.1.1.1, 196.1.2.3, 10.0.0.2", "196.1.2.3"),
        ("10.0.0.1", "1.1.1.1,196.1.2.3,10.0.0.3 ,\t10.0.0.2", "196.1.2.3"),
        ("10.0.0.1", "1.1.1.1, 196.1.2.3, ::ffff:10.0.0.2", "196.1.2.3"),
        ("10.0.0.1", "1.1.1.1, 196.1.2.3, 2001:db8:aaaa::1", "196.1.2.3"),
        ("10.0.0.1", "10.0.0.3", "10.0.0.3"),  # a client on our side of the proxies
        ("10.0.0.1", "10.0.0.3, 10.0.0.2", "10.0.0.3"),
        # Behind what nobody can read nothing is believed: the nearest that is known counts.
        ("10.0.0.1", "", "10.0.0.1"),
        ("10.0.0.1", "nonsense", "10.0.0.1"),
        ("10.0.0.1", "unknown", "10.0.0.1"),
        ("10.0.0.1", "196.1.2.3, nonsense", "10.0.0.1"),
        ("10.0.0.1", "196.1.2.3,", "10.0.0.1"),
        ("10.0.0.1", "196.1.2.3, , 10.0.0.2", "10.0.0.2"),
        ("10.0.0.1", "196.1.2.3, _hidden, 10.0.0.2", "10.0.0.2"),
        ("10.0.0.1", "196.1.2.300", "10.0.0.1"),
        ("10.0.0.1", "10.0.0.0/8", "10.0.0.1"),
        # IPv6, brackets, ports
        ("10.0.0.1", "2001:db8::7", "2001:db8::7"),
        ("10.0.0.1", "2001:0DB8:0::7", "2001:db8::7"),
        ("10.0.0.1", "[2001:db8::7]", "2001:db8::7"),
        ("10.0.0.1", "[2001:db8::7]:4711", "2001:db8::7"),
        ("10.0.0.1", "196.1.2.3:4711", "196.1.2.3"),
        ("10.0.0.1", "1.1.1.1:80, 196.1.2.3:4711, 10.0.0.2:80", "196.1.2.3"),
        ("10.0.0.1", "::ffff:196.1.2.3", "196.1.2.3"),
        ("10.0.0.1", "[::ffff:196.1.2.3]:80", "196.1.2.3"),
        ("10.0.0.1", "fe80::7%eth0", "fe80::7%eth0"),
        ("10.0.0.1", "[2001:db8::7", "10.0.0.1"),
        ("10.0.0.1", "[2001:db8::7]x", "10.0.0.1"),
        ("10.0.0.1", "[2001:db8::7]:", "10.0.0.1"),
        ("10.0.0.1", "196.1.2.3:http", "10.0.0.1"),
        ("10.0.0.1", "196.1.2.3:", "10.0.0.1"),
    ],
)
def test_forwarded_addresses_are_believed_from_configured_proxies_only(peer: str, forwarded: str, address: str) -> None:
    assert client_address(peer, forwarded, PROXIES) == address


@pytest.mark.parametrize("forwarded", ["196.1.2.3", "10.0.0.2, 196.1.2.3", "nonsense"])
def test_without_proxies_nothing_is_believed(forwarded: str) -> None:
    assert client_address("10.0.0.1", forwarded, ()) == "10.0.0.1"


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        ("196.1.2.3", "196.1.2.3", True),
        ("196.1.2.3", "196.1.2.4", False),
        ("196.1.2.3", "::ffff:196.1.2.3", True),
        ("2001:db8::1", "2001:db8::ffff:ffff:ffff:ffff", True),
        ("2001:db8:0:1::1", "2001:db8:0:2::1", False),
        ("2001:DB8::1", "2001:0db8:0:0::2", True),
        ("fe80::1%eth0", "fe80::2%eth1", True),
        ("", "", True),
        ("", "196.1.2.3", False),
    ],
)
def test_a_line_is_an_address_or_the_64_bits_that_every_subscriber_of_ipv6_has(
    one: str, other: str, same: bool
) -> None:
    assert (line_of(one) == line_of(other)) is same
