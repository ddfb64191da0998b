"""The addresses that results are never pushed to, as one table, by the real sender (architecture section 8)."""

import ssl
from collections.abc import AsyncIterator, Iterator, Sequence

import pytest

from mkondo.adapters.callbacks.addresses import Rules, callee_of, rules_of
from mkondo.adapters.callbacks.names import Names
from mkondo.adapters.callbacks.sender import HttpCallbackSender
from mkondo.domain.delivery import Receipt
from mkondo.ports.callback_sender import Callback
from mkondo.testing.merchant_endpoint import MerchantEndpoint

LIVE = rules_of("openapi", loopback=True)
SANDBOX = rules_of("sandbox", loopback=True)
TRUSTED = ssl.create_default_context()
SHARED_SANDBOX = rules_of("sandbox", loopback=False)

LOOPBACK = {
    "loopback": ["127.0.0.1", "127.255.255.254", "localhost", "LOCALHOST", "[::1]"],
    "loopback, mapped": ["[::ffff:127.0.0.1]", "[::ffff:7f00:1]"],
}
"""What a sandbox may call where its operator has said so."""
REFUSED = {
    "private": ["10.0.0.1", "10.255.255.255", "172.16.0.1", "172.31.255.254", "192.168.1.1", "[fd00::1]", "[fc00::1]"],
    "link-local": ["169.254.169.254", "169.254.0.1", "[fe80::1]", "[fe80::1%25lo]", "[fe80::1%lo]", "[fec0::1]"],
    "IPv6-mapped": ["[::ffff:10.0.0.1]", "[::ffff:a00:1]", "[::ffff:169.254.169.254]", "[::FFFF:192.168.0.1]"],
    "in other wrappings": [
        "[64:ff9b::7f00:1]", "[64:ff9b::a00:1]", "[64:ff9b:1::7f00:1]", "[2002:7f00:1::]", "[2002:a9fe:a9fe::]",
        "[::7f00:1]", "[::ffff:0:7f00:1]", "[2001::1]", "[5f00::1]",
    ],
    "decimal": ["2130706433", "167772161", "2852039166", "3232235777", "127.1", "10.1", "0", "134744072", "8.8.2056"],
    "octal": ["0177.0.0.1", "017700000001", "012.0.0.1", "0251.0376.0251.0376", "0300.0250.1.1", "010.8.8.8"],
    "hexadecimal": ["0x7f000001", "0x7f.0.0.1", "0x7F.1", "0xa9fea9fe", "0xa.0.0.1", "0x"],
    "nobody's or everybody's": [
        "0.0.0.0", "[::]", "100.64.0.1", "224.0.0.1", "[ff02::1]", "255.255.255.255", "240.0.0.1", "192.0.2.1",
        "198.18.0.1", "192.88.99.1", "[2001:db8::1]", "[3fff::1]",
    ],
    "spelt strangely": [
        "127.0.0.1.", "10.0.0.1.", "%31%30.0.0.1", "10.0.0.256", "1.2.3.4.5", "[::1", "[10.0.0.1]",
        "[::ffff:10.1]", "①⑩.0.0.1", "10。0。0。1",
    ],
    "with a user before it": ["8.8.8.8@10.0.0.1", "8.8.8.8:80@10.0.0.1", "8.8.8.8\\@10.0.0.1", "@10.0.0.1"],
}  # fmt: skip
ANSWERS = {
    "a private address": ["10.0.0.1"],
    "a public and a private one": ["8.8.8.8", "10.0.0.1"],
    "a private one behind the one that is called": ["127.0.0.1", "192.168.1.1"],
    "the machine's own data": ["169.254.169.254"],
    "a private one, mapped": ["8.8.8.8", "::ffff:10.0.0.1"],
    "link-local, with its interface": ["fe80::1%1"],
    "nobody": ["0.0.0.0"],
    "nothing": [],
}
"""What a merchant's name server says."""


def rows(*tables: dict[str, list[str]]) -> list[object]:
    return [
        pytest.param(host, id=f"{kind}-{host.encode('unicode_escape').decode()}")
        for table in tables
        for kind, hosts in table.items()
        for host in hosts
    ]


@pytest.fixture
async def endpoint() -> AsyncIterator[MerchantEndpoint]:
    async with MerchantEndpoint.running() as endpoint:
        yield endpoint


async def sent(url: str, rules: Rules, names: Names | None = None, times: int = 1) -> list[Receipt]:
    sender = HttpCallbackSender(rules, 2, names=names, trusted=TRUSTED)
    try:
        return [await sender.send(Callback("id", url, b"{}", "0")) for _ in range(times)]
    finally:
        await sender.close()


REASONS = ("not an address of the public internet", "the address ", "no address")


def assert_refused(receipt: Receipt) -> None:
    """Before anything was opened, and the reason is the address: not that nobody was there."""
    assert (receipt.delivered, receipt.status) == (False, 0)
    assert any(words in receipt.reason for words in REASONS), receipt.reason


@pytest.mark.parametrize("host", rows(LOOPBACK, REFUSED))
@pytest.mark.parametrize(("scheme", "rules"), [("https", LIVE), ("http", SHARED_SANDBOX)], ids=["live", "sandbox"])
async def test_no_address_that_is_not_the_internets_is_called(
    host: str, scheme: str, rules: Rules, endpoint: MerchantEndpoint
) -> None:
    (receipt,) = await sent(f"{scheme}://{host}:{endpoint.port}/acknowledge", rules)
    assert_refused(receipt)
    assert endpoint.received == []


@pytest.mark.parametrize("host", rows(REFUSED))
async def test_a_sandbox_that_may_call_this_machine_calls_no_neighbour(host: str, endpoint: MerchantEndpoint) -> None:
    (receipt,) = await sent(f"http://{host}:{endpoint.port}/acknowledge", SANDBOX)
    assert_refused(receipt)
    assert endpoint.received == []


async def test_a_sandbox_that_may_call_this_machine_does(endpoint: MerchantEndpoint) -> None:
    (receipt,) = await sent(endpoint.url(), SANDBOX)
    assert receipt.delivered, receipt


@pytest.mark.parametrize("answer", ANSWERS.values(), ids=ANSWERS.keys())
async def test_a_name_is_called_only_if_every_address_of_it_is_allowed(
    answer: list[str], endpoint: MerchantEndpoint
) -> None:
    names = Names(lambda host, port: answer)
    (receipt,) = await sent(f"http://merchant.example:{endpoint.port}/acknowledge", SANDBOX, names)
    assert not receipt.delivered
    assert "merchant.example" in receipt.reason
    assert not any(address in receipt.reason for address in answer), "what our own name servers know is not told"
    assert endpoint.received == []


class Turning:
    """A name server that gives another answer every time it is asked, and the last one for ever."""

    def __init__(self, *answers: str) -> None:
        self.answers, self.asked = list(answers), 0

    def __call__(self, host: str, port: int) -> Sequence[str]:
        self.asked += 1
        return [self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]]


async def test_a_name_that_changes_its_answer_before_the_connection_is_opened_changes_nothing(
    endpoint: MerchantEndpoint,
) -> None:
    server = Turning("127.0.0.1", "10.0.0.1")
    url = f"http://merchant.example:{endpoint.port}/acknowledge"
    first, second = await sent(url, SANDBOX, Names(server), times=2)
    assert first.delivered, "the address that was judged was not the one that was called"
    assert_refused(second)
    assert (server.asked, len(endpoint.received)) == (2, 1), "asked once for each connection"


async def test_a_kept_connection_stays_with_the_address_that_was_judged_whatever_the_name_says_now(
    endpoint: MerchantEndpoint,
) -> None:
    endpoint.keeps = True
    server = Turning("127.0.0.1", "10.0.0.1")
    receipts = await sent(f"http://merchant.example:{endpoint.port}/acknowledge", SANDBOX, Names(server), times=3)
    assert [receipt.delivered for receipt in receipts] == [True, True, True], receipts
    assert (server.asked, endpoint.connections) == (1, 1)


async def test_a_name_that_was_refused_is_not_called_because_it_is_asked_again(endpoint: MerchantEndpoint) -> None:
    server = Turning("10.0.0.1", "127.0.0.1")
    (receipt,) = await sent(f"http://merchant.example:{endpoint.port}/acknowledge", SANDBOX, Names(server))
    assert_refused(receipt)
    assert (server.asked, endpoint.received) == (1, [])


class Shifting(list[str]):
    """Says one thing to who judges it, and another to whoever reads it afterwards."""

    read = 0

    def __iter__(self) -> Iterator[str]:
        self.read += 1
        return iter(["127.0.0.1"] if self.read == 1 else ["10.0.0.1"])


async def test_no_socket_is_made_for_an_address_that_is_not_allowed_wherever_it_came_from() -> None:
    shifting = Shifting(["127.0.0.1"])
    (receipt,) = await sent("http://merchant.example:9/", SANDBOX, Names(lambda host, port: shifting))
    assert shifting.read > 1
    assert_refused(receipt)


@pytest.mark.parametrize("url", [
    "", "merchant.example", "ftp://8.8.8.8/", "http://8.8.8.8/", "https://user:secret@8.8.8.8/", "https:///x",
    "https://8.8.8.8:0/", "https://8.8.8.8:99999/", "https://8.8.8.8/" + "a" * 2_048, "https://[::1", "//8.8.8.8/",
    "https://nowhere.invalid/",
])  # fmt: skip
async def test_what_is_no_address_of_a_merchant_is_told_in_words(url: str) -> None:
    (receipt,) = await sent(url, LIVE)
    assert (receipt.delivered, receipt.status) == (False, 0)
    assert receipt.reason


@pytest.mark.parametrize(("url", "authority", "origin"), [
    ("http://merchant.example:9/result?a=b", "merchant.example:9", "http://merchant.example:9"),
    ("HTTP://Merchant.Example/", "merchant.example", "http://merchant.example:80"),
    ("https://8.8.8.8/a", "8.8.8.8", "https://8.8.8.8:443"),
    ("https://[2606:4700::1]/result", "[2606:4700::1]", "https://[2606:4700::1]:443"),
    ("https://[2606:4700::1]:80/result", "[2606:4700::1]:80", "https://[2606:4700::1]:80"),
])  # fmt: skip
def test_it_is_called_by_the_name_that_was_asked_for(url: str, authority: str, origin: str) -> None:
    callee = callee_of(url, SANDBOX)
    assert (callee.authority, callee.origin) == (authority, origin)
