"""Reversals over real HTTP: what each product's gives back, in which entry, for how long, and what is refused.

Many at once: test_money_at_once.py. Read next: domain/reversals.py.
"""

import asyncio
import secrets
from collections import Counter
from collections.abc import AsyncIterator, Iterator

import pytest

from mkondo.domain.account import JournalEntryPosted
from mkondo.testing.platform import RunningPlatform, verify
from tests.system.books import read_books
from tests.system.conftest import temporary_folder
from tests.system.merchant import Answer, Merchant, merchant_of
from tests.system.operations import COLLECT, CREATE, DECIDE, TWO_STEP, ask
from tests.system.test_management import Api

PAY = "c2b_single_stage"
DAY = 86_400


@pytest.fixture(scope="module")
def own_platform() -> Iterator[RunningPlatform]:
    """Its clock is moved by months."""
    with temporary_folder() as folder, RunningPlatform(folder / "data") as platform:
        yield platform
        verified = verify(platform)
        assert verified.returncode == 0, verified
        platform.stop()


@pytest.fixture
async def seller(own_platform: RunningPlatform) -> AsyncIterator[Merchant]:
    async with merchant_of(own_platform, connections=64) as merchant:
        yield merchant


async def paid(merchant: Merchant, product: str, minor: str = "10.00") -> Answer:
    """A payment of this product that has completed."""
    if product == TWO_STEP:
        reserved = await ask(merchant, TWO_STEP, Amount=minor)
        await commit(merchant, reserved)
        return reserved
    if product == COLLECT:
        same = {"CustomerMSISDN": f"2557{secrets.randbelow(10**8):08}", "ThirdPartyReference": secrets.token_hex(8)}
        assert (await ask(merchant, CREATE, **same)).code == "INS-0"
        return await ask(merchant, COLLECT, Amount=minor, **same)
    return await ask(merchant, product, Amount=minor)


async def commit(merchant: Merchant, reserved: Answer) -> None:
    decision = {"TransactionID": reserved.said("TransactionID"), "VoucherCode": reserved.said("VoucherCode")}
    assert (await ask(merchant, DECIDE, CustomerMSISDN="1", **decision)).code == "INS-GAR-0"


async def reverse(merchant: Merchant, payment: Answer, **fields: str) -> Answer:
    return await ask(merchant, "reversal", TransactionID=payment.said("TransactionID"), **fields)


async def entry_of(platform: RunningPlatform, answer: Answer) -> JournalEntryPosted:
    return (await read_books(platform)).entries[answer.said("ThirdPartyConversationID")]


@pytest.mark.parametrize("product", [PAY, TWO_STEP, "b2c_payment", "b2b_payment", COLLECT])
async def test_a_reversal_posts_the_same_entry_swapped(
    own_platform: RunningPlatform, seller: Merchant, product: str
) -> None:
    payment = await paid(seller, product)
    async with asyncio.timeout(10):  # the credit that is to be given back follows the answer
        while (back := await reverse(seller, payment)).code == "INS-2006":
            pass
    assert (back.status, back.code) == (201, "INS-0")
    given, returned = await entry_of(own_platform, payment), await entry_of(own_platform, back)
    assert (returned.debit.account, returned.credit.account) == (given.credit.account, given.debit.account)
    assert returned.debit.minor == returned.credit.minor == given.debit.minor == 10_00, "there are no fees"
    assert (await seller.status(payment.said("TransactionID"))).said("Reversed") == "True"
    assert (await reverse(seller, payment)).code == "INS-6"
    assert (await reverse(seller, back)).code == "INS-6", "a reversal can't be reversed"


@pytest.mark.parametrize(
    ("amount", "code"),
    [("10.01", "INS-15"), ("0", "INS-15"), ("0.00", "INS-15"), ("-1", "INS-15"), ("1.001", "INS-15"), ("x", "INS-15"),
     ("1e1", "INS-15"), ("99999999999999999999", "INS-15"), ("10", "INS-0")],
)  # fmt: skip
async def test_what_may_be_asked_back_of_ten(seller: Merchant, amount: str, code: str) -> None:
    payment = await paid(seller, PAY)
    assert (await reverse(seller, payment, ReversalAmount=amount)).code == code
    assert (await reverse(seller, payment)).code == ("INS-6" if code == "INS-0" else "INS-0"), "nothing stays set aside"


async def test_what_is_no_payment_that_could_be_given_back(own_platform: RunningPlatform, seller: Merchant) -> None:
    """Unknown, failed, only reserved, and another application's: the contract's code for each."""
    failed = await ask(seller, PAY, CustomerMSISDN="000000000008")
    assert failed.code == "INS-2006"
    found = (await seller.status(failed.said("ThirdPartyConversationID"))).said("OriginalTransactionID")
    reserved = await ask(seller, TWO_STEP)
    strict = Merchant(own_platform, api_key=own_platform.demo["strict_api_key"])
    assert (await strict.open_session()).status == 200
    foreign = await paid(strict, PAY)
    strict.close()
    cases = {
        secrets.token_hex(6): (400, "INS-18"),
        found: (401, "INS-6"),
        reserved.said("TransactionID"): (401, "INS-6"),
        foreign.said("TransactionID"): (400, "INS-35"),
    }
    for name, expected in cases.items():
        answer = await ask(seller, "reversal", TransactionID=name)
        assert (answer.status, answer.code) == expected


async def test_of_64_reversals_of_more_than_half_exactly_one_succeeds(
    own_platform: RunningPlatform, seller: Merchant
) -> None:
    payment = await paid(seller, PAY)
    answers = await asyncio.gather(*(reverse(seller, payment, ReversalAmount="5.01") for _ in range(64)))
    assert Counter((answer.status, answer.code) for answer in answers) == {(201, "INS-0"): 1, (400, "INS-15"): 63}
    books = await read_books(own_platform)
    assert sum(books.posted[answer.said("ThirdPartyConversationID")] for answer in answers) == 1
    assert (await reverse(seller, payment, ReversalAmount="5.00")).code == "INS-15"
    assert (await reverse(seller, payment, ReversalAmount="4.99")).code == "INS-0"


async def test_a_reversal_gives_nothing_back_to_a_limit(own_platform: RunningPlatform, seller: Merchant) -> None:
    """What was moved was moved (docs/limits.md)."""
    change = {"limits": {PAY: {"daily_value": {"TZS": "100.00"}, "customer_daily_count": 2}}}
    Api(own_platform).said("PATCH", "applications/demo", change)
    Api(own_platform).said("POST", "clock/advance", {"seconds": 2})
    customer = f"2557{secrets.randbelow(10**8):08}"
    payment = await ask(seller, PAY, Amount="100.00", CustomerMSISDN=customer)
    assert payment.code == "INS-0"
    assert (await reverse(seller, payment)).code == "INS-0", "a reversal has no such limits itself"
    assert (await ask(seller, PAY, Amount="0.01", CustomerMSISDN=customer)).code == "INS-994"
    async with merchant_of(own_platform) as again:
        assert (await ask(again, PAY, Amount="1", CustomerMSISDN=customer)).code == "INS-0"
        assert (await ask(again, PAY, Amount="1", CustomerMSISDN=customer)).code == "INS-991"
    change = {"limits": {PAY: {"daily_value": None, "customer_daily_count": None}}}
    Api(own_platform).said("PATCH", "applications/demo", change)


async def test_a_window_is_counted_from_the_commit_and_direct_debits_have_a_longer_one(
    own_platform: RunningPlatform, seller: Merchant
) -> None:
    """Moved to shortly before and after each end, by a clock that takes some of the test's own time with it."""
    simple, reserved, collected = await paid(seller, PAY), await ask(seller, TWO_STEP), await paid(seller, COLLECT)
    margin = 600
    said: list[tuple[str, str, str]] = []
    for seconds, commits in ((DAY - margin, True), (29 * DAY, False), (margin, False), (DAY - margin, False)):
        Api(own_platform).said("POST", "clock/advance", {"seconds": seconds})
        async with merchant_of(own_platform) as merchant:
            if commits:
                await commit(merchant, reserved)
                continue
            answers = [await reverse(merchant, one, ReversalAmount="0.01") for one in (simple, reserved, collected)]
            said.append((answers[0].code, answers[1].code, answers[2].code))
    assert said == [("INS-0", "INS-0", "INS-0"), ("INS-6", "INS-0", "INS-0"), ("INS-6", "INS-6", "INS-0")]
    Api(own_platform).said("POST", "clock/advance", {"seconds": 26 * DAY})
    async with merchant_of(own_platform) as merchant:
        assert (await reverse(merchant, collected)).code == "INS-6"
