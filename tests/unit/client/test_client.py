"""What can be an address, what is encrypted for it, and what is told of an answer that did not come."""

import httpx
import pytest

from mkondo.adapters.client.address import is_address
from mkondo.adapters.client.client import encrypt, read_object
from mkondo.adapters.client.trouble import CannotEncrypt, NoAnswer, NotTheApi
from mkondo.adapters.client.wire import trouble_with


@pytest.mark.parametrize(
    "text",
    ["http://127.0.0.1:8080", "https://openapi.m-pesa.com", "http://[::1]:80/below", "http://localhost", "http://a."],
)
def test_these_are_addresses(text: str) -> None:
    assert is_address(text)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "nonsense",
        "127.0.0.1:80",
        "ftp://a",
        "http://",
        "http://:80",
        "http://127.0.0.1:99999",
        "http://127.0.0.1:0",
        "http://127.0.0.1:-1",
        "http://[::1",
        "http://a..b",
        f"http://{'a' * 64}",
        "http://a\r\nb",
        "http://a b",
        "http://ä",
        "http://a/?b",
    ],
)
def test_these_are_none(text: str) -> None:
    assert not is_address(text)


@pytest.mark.parametrize("key", ["", "notakey", "AAAA", "é", "A" * 400])
def test_what_is_no_public_key_encrypts_nothing(key: str) -> None:
    with pytest.raises(CannotEncrypt):
        encrypt("secret", key)


@pytest.mark.parametrize("body", [b"", b"[]", b"7", b"null", b"[" * 100_000, b'{"a":' * 100_000, b'"\xff"', b"{"])
def test_only_an_object_is_read(body: bytes) -> None:
    assert read_object(body) is None
    assert read_object(b'{"a":"b"}') == {"a": "b"}


@pytest.mark.parametrize(
    ("trouble", "kind", "says"),
    [
        (httpx.ReadTimeout(""), NoAnswer, "http://a did not answer within 30 s"),
        (httpx.ConnectError("refused"), NoAnswer, "nobody answers at http://a: refused"),
        (httpx.ReadError(""), NoAnswer, "nobody answers at http://a: ReadError"),
        (httpx.RemoteProtocolError("Server disconnected without sending a response."), NoAnswer, "without sending"),
        (httpx.RemoteProtocolError("illegal status line"), NotTheApi, "http://a answers, but not in HTTP"),
        (httpx.DecodingError("no gzip"), NotTheApi, "http://a answers, but not as the M-Pesa OpenAPI does"),
    ],
    ids=lambda each: type(each).__name__,
)
def test_an_answer_that_did_not_come_is_told_in_words(trouble: Exception, kind: type[Exception], says: str) -> None:
    told = trouble_with("http://a", trouble, 30.0)
    assert (type(told), says in str(told), str(told).endswith(".")) == (kind, True, False), told
