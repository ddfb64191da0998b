"""What is read of a request, without any server. Pure."""

from typing import Any

import pytest

from mkondo.adapters.http.intake import BODY_MAX, Head, Unreadable, read_body, read_head

Message = dict[str, Any]


def pieces(*messages: bytes, complete: bool = True) -> list[Message]:
    last = len(messages) - 1
    told = [
        {"type": "http.request", "body": body, "more_body": at < last or not complete}
        for at, body in enumerate(messages)
    ]
    return [*told, {"type": "http.disconnect"}]


async def body_of(messages: list[Message], head: Head | None = None) -> bytes | Unreadable:
    arriving = iter(messages)

    async def receive() -> Message:
        return next(arriving)

    return await read_body(head or Head(), receive)


async def test_a_body_in_pieces_is_put_together() -> None:
    assert await body_of(pieces(b"ab", b"", b"c")) == b"abc"


async def test_a_body_that_breaks_off_is_unreadable_and_ends_the_connection() -> None:
    assert await body_of(pieces(b"ab", complete=False)) == Unreadable(400, close=True)
    assert await body_of([{"type": "http.disconnect"}]) == Unreadable(400, close=True)


async def test_reading_stops_as_soon_as_there_is_too_much() -> None:
    assert await body_of(pieces(b"x" * BODY_MAX, b"x", b"never read")) == Unreadable(413)


async def test_what_is_announced_as_too_much_is_not_read_at_all() -> None:
    assert await body_of([], Head(length=BODY_MAX + 1)) == Unreadable(413)
    assert await body_of([], Head(length=BODY_MAX + 1, expects=True)) == Unreadable(413, close=True)


@pytest.mark.parametrize(
    ("name", "value", "encoded"),
    [
        (b"content-encoding", b"gzip", True),
        (b"content-encoding", b"Identity", False),
        (b"content-encoding", b"", False),
        (b"transfer-encoding", b"chunked", False),
        (b"transfer-encoding", b"gzip, chunked", True),
    ],
)
async def test_a_compressed_body_is_recognised(name: bytes, value: bytes, encoded: bool) -> None:
    head = read_head([(name, value)])
    assert await body_of(pieces(b"x"), head) == (Unreadable(415) if encoded else b"x")
    assert await body_of(pieces(b""), head) == b""


def test_several_lists_of_hops_are_one() -> None:
    head = read_head([(b"x-forwarded-for", b"1.1.1.1"), (b"x-forwarded-for", b"2.2.2.2")])
    assert head.forwarded_for == "1.1.1.1,2.2.2.2"


def test_an_absurd_length_is_too_long() -> None:
    assert read_head([(b"content-length", b"9" * 5_000)]).length > BODY_MAX
