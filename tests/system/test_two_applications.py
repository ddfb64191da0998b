"""Two applications with one shortcode, one customer and the same references of every kind live side by side.

Neither sees, uses up, touches or hinders anything of the other's, over every operation (contract section 12, "Whose
data").
"""

import secrets
from collections.abc import AsyncIterator
from typing import NamedTuple

import pytest

from mkondo.testing.platform import RunningPlatform
from tests.system.books import read_books
from tests.system.merchant import Answer, Merchant, merchant_of
from tests.system.operations import CANCEL, COLLECT, CREATE, DECIDE, FIND, NAME, TWO_STEP, ask, good, send, vouchers

PAYMENTS = ("c2b_single_stage", TWO_STEP, "b2c_payment", "b2b_payment")
OK = ("INS-0", "INS-GAR-0")


class Pair(NamedTuple):
    """Two applications of the sandbox."""

    mine: Merchant
    other: Merchant


@pytest.fixture
async def pair(platform: RunningPlatform) -> AsyncIterator[Pair]:
    async with (
        merchant_of(platform) as mine,
        merchant_of(platform, api_key=platform.demo["strict_api_key"]) as other,
    ):
        yield Pair(mine, other)


def new_customer() -> str:
    """Nobody has touched this number yet, so it holds the opening balance of ten million in each application."""
    return f"2557{secrets.randbelow(10**8):08}"


@pytest.mark.parametrize("operation", PAYMENTS)
async def test_the_same_payment_of_both_is_two_payments_between_four_accounts(
    platform: RunningPlatform, pair: Pair, operation: str
) -> None:
    fields = good(pair.mine, operation)
    said = [await send(merchant, operation, fields) for merchant in pair]
    assert [answer.code for answer in said] == ["INS-0", "INS-0"]
    assert [(await send(merchant, operation, fields)).code for merchant in pair] == ["INS-10", "INS-10"]
    if operation == TWO_STEP:
        codes = await vouchers(platform)
        for merchant, answer in zip(pair, said, strict=True):
            assert (await decide(merchant, answer, codes[answer.said("TransactionID")])).code == "INS-GAR-0"
    ended = (await read_books(platform)).endings[fields[NAME]]
    assert len({account for event in ended for account in (event.payment.debited, event.payment.credited)}) == 4


async def decide(merchant: Merchant, reserved: Answer, voucher: str, commit: str = "1") -> Answer:
    return await ask(
        merchant, DECIDE, TransactionID=reserved.said("TransactionID"), VoucherCode=voucher, CustomerMSISDN=commit
    )


@pytest.mark.parametrize("operation", PAYMENTS)
async def test_neither_finds_the_other_s_payment_by_any_of_its_references(pair: Pair, operation: str) -> None:
    fields = good(pair.mine, operation)
    paid = await send(pair.mine, operation, fields)
    for reference in (paid.said("TransactionID"), paid.said("ConversationID"), fields[NAME]):
        assert (await pair.mine.status(reference)).said("OriginalTransactionID") == paid.said("TransactionID")
        stranger = await pair.other.status(reference)
        assert (stranger.status, stranger.code, stranger.said("OriginalTransactionID")) == (400, "INS-23", "N/A")


async def test_the_same_name_finds_each_one_s_own_payment(pair: Pair) -> None:
    fields = good(pair.mine, "c2b_single_stage")
    own = [(await send(merchant, "c2b_single_stage", fields)).said("TransactionID") for merchant in pair]
    assert [(await merchant.status(fields[NAME])).said("OriginalTransactionID") for merchant in pair] == own
    assert own[0] != own[1]


async def test_neither_decides_the_other_s_reservation_even_with_its_voucher(
    platform: RunningPlatform, pair: Pair
) -> None:
    reserved = await ask(pair.mine, TWO_STEP)
    voucher = reserved.said("VoucherCode")
    for commit in "10":
        stranger = await decide(pair.other, reserved, voucher, commit)
        assert (stranger.status, stranger.code) == (400, "INS-18")
    assert (await pair.mine.status(reserved.said("TransactionID"))).said("ResponseTransactionStatus") == "Pending"
    assert (await decide(pair.mine, reserved, voucher)).code == "INS-GAR-0"


async def test_neither_reverses_the_other_s_payment(platform: RunningPlatform, pair: Pair) -> None:
    paid = await ask(pair.mine, "c2b_single_stage")
    fields = good(pair.other, "reversal", TransactionID=paid.said("TransactionID"))
    stranger = await send(pair.other, "reversal", fields)
    assert (stranger.status, stranger.code) == (400, "INS-35")
    assert (await ask(pair.other, "reversal", TransactionID="49XCD123F6")).code == "INS-18"
    assert (await pair.mine.status(paid.said("TransactionID"))).said("Reversed") == "False"
    (ended,) = (await read_books(platform)).endings[fields[NAME]]
    secrets_of_mine = "/demo/", paid.said("ConversationID"), pair.mine.customer
    assert not any(secret in str(ended) for secret in secrets_of_mine)
    assert (await ask(pair.mine, "reversal", TransactionID=paid.said("TransactionID"))).code == "INS-0"


async def test_each_has_a_mandate_of_its_own_under_the_same_reference(pair: Pair) -> None:
    customer, reference = new_customer(), f"R{secrets.token_hex(8)}"
    same = {"CustomerMSISDN": customer, "ThirdPartyReference": reference}
    mine, other = [await ask(merchant, CREATE, **same) for merchant in pair]
    assert mine.said("MandateID") != other.said("MandateID")
    assert mine.said("MsisdnToken") != other.said("MsisdnToken")

    for merchant, created in zip(pair, (mine, other), strict=True):
        assert (await ask(merchant, FIND, **same)).said("MandateID") == created.said("MandateID")
    assert (await ask(pair.mine, CANCEL, **same)).code == "INS-0"
    assert (await ask(pair.mine, FIND, **same)).code == "INS-58"
    assert (await ask(pair.other, FIND, **same)).said("MandateStatus") == "Active"
    assert (await ask(pair.mine, COLLECT, **same)).code == "INS-6"
    assert (await ask(pair.other, COLLECT, **same)).code == "INS-0"


async def test_neither_collects_finds_or_cancels_under_the_other_s_mandate(pair: Pair) -> None:
    customer, reference = new_customer(), f"R{secrets.token_hex(8)}"
    same = {"CustomerMSISDN": customer, "ThirdPartyReference": reference}
    created = await ask(pair.mine, CREATE, **same)
    by_token = {"MsisdnToken": created.said("MsisdnToken"), "CustomerMSISDN": "", "ThirdPartyReference": reference}
    by_id = {"MandateID": created.said("MandateID"), **same}
    expected = {COLLECT: ("INS-6", "INS-50", "INS-51"), FIND: ("INS-58", "INS-56", "INS-51"),
                CANCEL: ("INS-6", "INS-50", "INS-51")}  # fmt: skip
    for operation, codes in expected.items():
        said = [await ask(pair.other, operation, **given) for given in (same, by_token, by_id)]
        assert tuple(answer.code for answer in said) == codes, operation
    assert (await ask(pair.mine, FIND, **by_id)).said("MandateStatus") == "Active"
    assert (await ask(pair.mine, COLLECT, **by_token)).code == "INS-0"


async def test_a_customer_who_is_poor_in_one_is_as_rich_as_ever_in_the_other(pair: Pair) -> None:
    customer, reference = new_customer(), f"R{secrets.token_hex(8)}"
    same = {"CustomerMSISDN": customer, "ThirdPartyReference": reference}
    for merchant in pair:
        assert (await ask(merchant, CREATE, **same)).code == "INS-0"
    assert (await ask(pair.mine, "c2b_single_stage", CustomerMSISDN=customer, Amount="9999990")).code == "INS-0"
    said = [await ask(merchant, FIND, **same, QueryBalanceAmount="True", BalanceAmount="11") for merchant in pair]
    assert [answer.said("SufficientBalance") for answer in said] == ["False", "True"]
    answers = [await ask(merchant, "c2b_single_stage", CustomerMSISDN=customer, Amount="11") for merchant in pair]
    assert [answer.code for answer in answers] == ["INS-2006", "INS-0"]


async def test_a_till_that_is_empty_in_one_still_pays_in_the_other(pair: Pair) -> None:
    shortcode = f"T{secrets.token_hex(4)}"
    mine, _ = pair
    assert (await ask(mine, "b2c_payment", ServiceProviderCode=shortcode, Amount="10000000")).code == "INS-0"
    answers = [await ask(merchant, "b2c_payment", ServiceProviderCode=shortcode, Amount="1") for merchant in pair]
    assert [answer.code for answer in answers] == ["INS-2006", "INS-0"]


async def test_both_are_told_the_name_of_a_customer_and_nothing_else(pair: Pair) -> None:
    fields = good(pair.mine, "query_beneficiary_name")
    said = [await send(merchant, "query_beneficiary_name", fields) for merchant in pair]
    assert said[0].said("CustomerFirstName") == said[1].said("CustomerFirstName")
    assert said[0].said("ConversationID") != said[1].said("ConversationID")
    assert all(answer.code in OK for answer in said)
