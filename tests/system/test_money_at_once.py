"""Many at once for the same money: one wins, or as many as it reaches for. The books are audited after each.

That a hold ends with its expiry is shown where the clock can be moved (tests/fuzz/test_storm.py, tests/unit/domain).
Read next: domain/ledger/reservations.py, domain/mandates.py, domain/reversals.py.
"""

import asyncio
import secrets
from collections import Counter
from collections.abc import AsyncIterator

import pytest

from mkondo.contracts import codec
from mkondo.domain.account import HoldCaptured, HoldPlaced
from mkondo.domain.reversals import PaymentReversed
from mkondo.testing.platform import RunningPlatform, verify
from tests.system.books import read_books
from tests.system.merchant import Answer, Merchant, merchant_of
from tests.system.operations import COLLECT, CREATE, DECIDE, TWO_STEP, ask

PAY = "c2b_single_stage"


@pytest.fixture
async def crowd(platform: RunningPlatform) -> AsyncIterator[Merchant]:
    """A merchant with a connection for everybody; when the test is done its books are in order."""
    async with merchant_of(platform, connections=64) as merchant:
        yield merchant
    verified = verify(platform)
    assert verified.returncode == 0, verified


def codes(answers: list[Answer]) -> Counter[tuple[int, str]]:
    return Counter((answer.status, answer.code) for answer in answers)


def new_customer() -> str:
    """With the opening balance of ten million."""
    return f"2557{secrets.randbelow(10**8):08}"


async def posted(platform: RunningPlatform, answers: list[Answer]) -> int:
    """How many of the requests that were answered so have moved money."""
    books = await read_books(platform)
    return sum(books.posted[answer.said("ThirdPartyConversationID")] for answer in answers)


@pytest.mark.parametrize("copies", [2, 20])
async def test_of_many_confirmations_of_one_voucher_one_succeeds(
    platform: RunningPlatform, crowd: Merchant, copies: int
) -> None:
    reserved = await ask(crowd, TWO_STEP)
    decision = {"TransactionID": reserved.said("TransactionID"), "VoucherCode": reserved.said("VoucherCode")}
    answers = await asyncio.gather(*(ask(crowd, DECIDE, CustomerMSISDN="1", **decision) for _ in range(copies)))
    assert codes(answers) == {(201, "INS-GAR-0"): 1, (401, "INS-6"): copies - 1}
    assert await posted(platform, [reserved]) == 1


async def test_of_commits_and_cancellations_at_once_the_first_decides(
    platform: RunningPlatform, crowd: Merchant
) -> None:
    for _ in range(10):
        reserved = await ask(crowd, TWO_STEP)
        name = reserved.said("TransactionID")
        decision = {"TransactionID": name, "VoucherCode": reserved.said("VoucherCode")}
        answers = await asyncio.gather(
            *(ask(crowd, DECIDE, CustomerMSISDN=commit, **decision) for commit in "10101010")
        )
        assert codes(answers) == {(201, "INS-GAR-0"): 1, (401, "INS-6"): 7}
        word = (await crowd.status(name)).said("ResponseTransactionStatus")
        committed = [answer.code for answer in answers].index("INS-GAR-0") % 2 == 0
        assert (word, await posted(platform, [reserved])) == (("Completed", 1) if committed else ("Cancelled", 0))


async def test_reservations_never_hold_more_than_there_is_and_captures_never_more_than_was_held(
    platform: RunningPlatform, crowd: Merchant
) -> None:
    """Of thirty reservations of a million ten fit; while they are committed, payments want the same money."""
    customer = new_customer()
    asked = [ask(crowd, TWO_STEP, CustomerMSISDN=customer, Amount="1000000") for _ in range(30)]
    reserved = await asyncio.gather(*asked)
    assert codes(reserved) == {(201, "INS-0"): 10, (422, "INS-2006"): 20}
    held = [answer for answer in reserved if answer.code == "INS-0"]
    commits = [
        ask(
            crowd, DECIDE, CustomerMSISDN="1", TransactionID=answer.said("TransactionID"),
            VoucherCode=answer.said("VoucherCode"),
        )
        for answer in held for _ in range(2)
    ]  # fmt: skip
    payments = [ask(crowd, PAY, CustomerMSISDN=customer, Amount="0.01") for _ in range(20)]
    answers = await asyncio.gather(*commits, *payments)
    assert codes(answers[:20]) == {(201, "INS-GAR-0"): 10, (401, "INS-6"): 10}
    assert codes(answers[20:]) == {(422, "INS-2006"): 20}
    assert await posted(platform, reserved) == 10
    events = [codec.decode(row.type, row.version, row.data) for row in await platform.journal()]
    placed = {event.hold.hold: event.hold.minor for event in events if isinstance(event, HoldPlaced)}
    captured = [event for event in events if isinstance(event, HoldCaptured)]
    assert all(event.minor <= placed[event.hold] for event in captured)


async def test_of_fifty_payments_under_a_single_use_mandate_one_succeeds(
    platform: RunningPlatform, crowd: Merchant
) -> None:
    same = {"CustomerMSISDN": new_customer(), "ThirdPartyReference": f"R{secrets.token_hex(8)}"}
    assert (await ask(crowd, CREATE, **same, Frequency="01")).code == "INS-0"
    answers = await asyncio.gather(*(ask(crowd, COLLECT, **same) for _ in range(50)))
    assert codes(answers) == {(201, "INS-0"): 1, (401, "INS-6"): 49}
    assert await posted(platform, answers) == 1


async def test_a_single_use_mandate_whose_payment_failed_may_be_collected_once_more(
    platform: RunningPlatform, crowd: Merchant
) -> None:
    same = {"CustomerMSISDN": new_customer(), "ThirdPartyReference": f"R{secrets.token_hex(8)}"}
    assert (await ask(crowd, CREATE, **same, Frequency="01")).code == "INS-0"
    assert (await ask(crowd, COLLECT, **same, Amount="10000001")).code == "INS-2006"
    async with asyncio.timeout(10):  # the ledger's word reaches the mandate after the merchant
        while (first := await ask(crowd, COLLECT, **same)).code != "INS-0":
            assert first.code == "INS-6"
    answers = await asyncio.gather(*(ask(crowd, COLLECT, **same) for _ in range(20)))
    assert codes(answers) == {(401, "INS-6"): 20}


async def test_of_64_full_reversals_of_one_payment_exactly_one_succeeds(
    platform: RunningPlatform, crowd: Merchant
) -> None:
    paid = await ask(crowd, PAY, Amount="64.00")
    name = paid.said("TransactionID")
    answers = await asyncio.gather(*(ask(crowd, "reversal", TransactionID=name) for _ in range(64)))
    assert codes(answers) == {(201, "INS-0"): 1, (401, "INS-6"): 63}
    assert await posted(platform, answers) == 1
    assert (await crowd.status(name)).said("Reversed") == "True"


async def test_a_query_right_behind_a_full_reversal_says_so(crowd: Merchant) -> None:
    """However many are under way: the answer and the fact are of one transaction (G10)."""

    async def reverse_and_ask() -> str:
        name = (await ask(crowd, PAY)).said("TransactionID")
        assert (await ask(crowd, "reversal", TransactionID=name)).code == "INS-0"
        return (await crowd.status(name)).said("Reversed")

    said = await asyncio.gather(*(reverse_and_ask() for _ in range(200)))
    assert Counter(said) == {"True": 200}


async def until_reversed(merchant: Merchant, name: str) -> None:
    """Of several parts at once only their owner knows which was the last, a moment behind the answers."""
    async with asyncio.timeout(10):
        while (await merchant.status(name)).said("Reversed") != "True":
            pass


async def test_partial_reversals_at_once_never_pass_the_original(platform: RunningPlatform, crowd: Merchant) -> None:
    """Ten of fifty reversals of a tenth fit, or fewer of other sizes; never is a cent too much given back."""
    paid = await ask(crowd, PAY, Amount="100.00")
    name, payment = paid.said("TransactionID"), paid.said("ConversationID")
    amounts = ["10.00", "33.33", "0.01", "99.99", "50"] * 10
    answers = await asyncio.gather(
        *(ask(crowd, "reversal", TransactionID=name, ReversalAmount=amount) for amount in amounts)
    )
    assert set(codes(answers)) <= {(201, "INS-0"), (400, "INS-15"), (401, "INS-6")}
    assert codes(answers)[201, "INS-0"] >= 1
    rest = await ask(crowd, "reversal", TransactionID=name)
    assert rest.code in ("INS-0", "INS-6")
    await until_reversed(crowd, name)
    events = [codec.decode(row.type, row.version, row.data) for row in await platform.journal()]
    given_back = [event for event in events if isinstance(event, PaymentReversed) and event.original == payment]
    assert sum(event.minor for event in given_back) == 100_00
    assert min(event.remaining for event in given_back) == 0
    assert await posted(platform, [*answers, rest]) == len(given_back)


async def test_a_reversal_needs_the_money_to_be_there_still(platform: RunningPlatform, crowd: Merchant) -> None:
    """The till has paid it out meanwhile: nothing is given back, and nothing stays set aside."""
    shop = f"T{secrets.token_hex(4)}"
    paid = await ask(crowd, PAY, ServiceProviderCode=shop, Amount="10.00")
    name = paid.said("TransactionID")
    for amount in ("10000000", "5", "5"):
        async with asyncio.timeout(10):  # the credit follows the answer
            while (await ask(crowd, "b2c_payment", ServiceProviderCode=shop, Amount=amount)).code != "INS-0":
                pass
    answers = await asyncio.gather(*(ask(crowd, "reversal", TransactionID=name) for _ in range(8)))
    assert codes(answers)[422, "INS-2006"] >= 1
    assert set(codes(answers)) <= {(422, "INS-2006"), (401, "INS-6")}
    assert await posted(platform, answers) == 0
    assert (await ask(crowd, PAY, ServiceProviderCode=shop, Amount="10.00")).code == "INS-0"
    async with asyncio.timeout(10):
        while (await ask(crowd, "reversal", TransactionID=name)).code != "INS-0":
            pass
