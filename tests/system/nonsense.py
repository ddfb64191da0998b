"""Seeded nonsense: random bytes, and requests that are nearly right but never right enough to move money."""

import json
import random

from tests.system.merchant import Merchant

_METHODS = (b"GET", b"POST", b"PUT", b"OPTIONS", b"DELETE", b"TRACE", b"CONNECT", b"PRI", b"get", b"G\0T", b"")
_PATHS = (
    "/sandbox/ipg/v2/vodacomTZN/c2bPayment/singleStage/",
    "/sandbox/ipg/v2/vodacomTZN/c2bPayment/singleStage/",
    "/sandbox/ipg/v2/vodacomTZN/queryTransactionStatus/",
    "/sandbox/ipg/v2/vodacomTZN/reversal/",
    "/openapi/ipg/v2/vodacomTZN/c2bPayment/singleStage/",
    "/sandbox/ipg/v2/nowhere/getSession/",
    "/sandbox//ipg///v2/vodacomTZN/c2bPayment/singleStage",
    "/sandbox/ipg/v2/",
    "/health/live",
    "/metrics",
    "/docs/codes",
    "/docs/m-pesa-openapi.json",
    "/portal/",
    "/",
    "*",
    "/%00%ff/../../etc/passwd",
)
_HEADERS = (
    b"Content-Encoding: gzip",
    b"Transfer-Encoding: gzip, chunked",
    b"Expect: 100-continue",
    b"Upgrade: h2c\r\nConnection: Upgrade",
    b"Content-Length: -1",
    b"Content-Length: 99999999999999999999999",
    b"Authorization: Bearer \xff\xfe",
    b"Origin: '\"",
    b"X-Forwarded-For: ::, x, 1.2.3.4.5",
    b": nothing",
    b"Cookie: a=b",
)
_VALUES: tuple[object, ...] = (
    *(None, True, 0, -1, 1e300, 10**40, "", "0", "\0", "é😀", "\ud800"),
    *([], {}, [[[]]], {"a": {"b": 1}}, "x" * 5_000),
)


def noise(chance: random.Random) -> bytes:
    return chance.randbytes(chance.randrange(1, 400)) + chance.choice((b"", b"\r\n", b"\r\n\r\n"))


def broken_request(chance: random.Random, merchant: Merchant) -> bytes:
    """One request with a real session. Amount, country, customer and shortcode are each wrong, whatever else is."""
    body = _body(chance, merchant)
    method = chance.choice(_METHODS) if chance.random() < 0.15 else chance.choice((b"GET", b"POST", b"POST", b"POST"))
    query = chance.choice(("", "", "?", "?%ff&=&&", f"?input_Country={chance.randbytes(3).hex()}"))
    lines = [b"%s %s HTTP/1.1" % (method, (chance.choice(_PATHS) + query).encode())]
    if chance.random() < 0.7:
        lines.append(b"Authorization: " + merchant.bearer.encode())
    if chance.random() < 0.2:
        lines.append(chance.choice(_HEADERS))
    if chance.random() < 0.15:
        lines.append(b"Transfer-Encoding: chunked")
        body = b"%x\r\n%s\r\n0\r\n\r\n" % (len(body), body) if body else b"0\r\n\r\n"
    else:
        lines.append(b"Content-Length: %d" % max(0, len(body) + chance.choice((0, 0, 0, 0, 0, -1, 1))))
    return _scratched(chance, b"\r\n".join((*lines, b"", body)))


def _body(chance: random.Random, merchant: Merchant) -> bytes:
    kind = chance.random()
    if kind < 0.1:
        return b""
    if kind < 0.2:
        return noise(chance)
    wrong = {"Amount": "0", "Country": "XXX", "CustomerMSISDN": "nobody", "ServiceProviderCode": "!"}
    fields = merchant.c2b(**wrong)
    fields["input_QueryReference"] = "Nobody"
    names = sorted(set(fields) - {f"input_{name}" for name in wrong})
    for name in chance.sample(names, chance.randrange(len(names))):
        fields[name] = chance.choice(_VALUES)
    return json.dumps(fields).encode()


def _scratched(chance: random.Random, request: bytes) -> bytes:
    """A few bytes replaced, doubled or lost, one time in three."""
    for _ in range(chance.choice((0, 0, 0, 0, 1, 3))):
        at, cut = chance.randrange(len(request)), chance.randrange(4)
        request = request[:at] + chance.randbytes(chance.randrange(4)) + request[at + cut :]
    return request
