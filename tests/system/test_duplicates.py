"""Ten copies each of a thousand requests, all at once: one payment each, and nine answers that say so."""

import asyncio
import random
import resource
from collections import Counter

import pytest

from mkondo.testing.platform import RunningPlatform
from tests.system.books import read_books
from tests.system.merchant import Answer, Fields, Merchant, merchant_of

REQUESTS, COPIES = 1_000, 10
CONNECTIONS_MAX = 2_400
"""More than the platform takes at once, where the machine allows that many: some are told 503, and try again."""


@pytest.mark.timeout(180)
async def test_ten_copies_of_a_thousand_requests_make_a_thousand_payments(platform: RunningPlatform) -> None:
    room = resource.getrlimit(resource.RLIMIT_NOFILE)[0] - 200
    async with merchant_of(platform, connections=min(CONNECTIONS_MAX, room)) as merchant:
        requests = [merchant.c2b(Amount="1.00") for _ in range(REQUESTS)]
        copies = requests * COPIES
        random.Random(5).shuffle(copies)
        answers = await asyncio.gather(*(until_taken(merchant, fields) for fields in copies))

    by_request: dict[str, list[Answer]] = {fields["input_ThirdPartyConversationID"]: [] for fields in requests}
    for answer in answers:
        by_request[answer.said("ThirdPartyConversationID")].append(answer)
    for name, found in by_request.items():
        assert Counter((answer.status, answer.code) for answer in found) == {(201, "INS-0"): 1, (409, "INS-10"): 9}
        assert all((answer.said("TransactionID") == "N/A") == (answer.status == 409) for answer in found), name

    books = await read_books(platform)
    ours = {name: (books.admitted[name], books.posted[name], len(books.endings[name])) for name in by_request}
    assert set(ours.values()) == {(1, 1, 1)}


async def until_taken(merchant: Merchant, fields: Fields) -> Answer:
    """As the contract advises: 503 means that nothing was sent, so the same request is made again."""
    for attempt in range(100):
        answer = await merchant.pay(fields)
        if answer.status != 503:
            return answer
        assert answer.headers["retry-after"] == "1"
        await asyncio.sleep(min(0.05 * 2**attempt, 1.0) * random.random())
    raise AssertionError("refused a hundred times")
