"""What every merchant may rely on, tried over all operations in one process: ids, markets, what a query says next."""

from collections.abc import AsyncIterator

import pytest

from mkondo.domain.ids import ApplicationId
from tests.fuzz.faults import MANDATORY
from tests.fuzz.house import LENIENT_SHOP, House, open_house
from tests.fuzz.orders import NAME, Desk, desk
from tests.fuzz.shapes import SUCCESSES

READS = ("query_transaction_status", "query_beneficiary_name")
WRITES = tuple(name for name in MANDATORY if name not in READS)


@pytest.fixture
async def shop() -> AsyncIterator[Desk]:
    async with open_house() as house:
        yield at(house)


def at(house: House, market: str = "vodacomTZN", application: ApplicationId = LENIENT_SHOP) -> Desk:
    return desk(house, house.shops[application], market)


@pytest.mark.parametrize("first", WRITES)
async def test_an_id_that_any_write_has_used_serves_no_other_write_and_every_read(shop: Desk, first: str) -> None:
    """Query direct debit counts as a write here (contract section 12, "Duplicates")."""
    used = await shop.good(first)
    await shop.must(first, used)
    for second in MANDATORY:
        again = await shop.good(second) | {NAME: used[NAME]}
        code = (await shop.send(second, again)).code
        assert code == ("INS-0" if second in READS else "INS-10"), second


@pytest.mark.parametrize("read", READS)
async def test_reads_use_up_no_id(shop: Desk, read: str) -> None:
    for second in MANDATORY:
        asked = await shop.good(read)
        assert (await shop.send(read, asked)).code == "INS-0"
        assert (await shop.send(second, await shop.good(second) | {NAME: asked[NAME]})).code in SUCCESSES, second


async def test_a_payment_is_decided_and_reversed_in_its_own_market_only(shop: Desk) -> None:
    abroad = at(shop.house, "vodafoneGHA")
    for name in ("update_transaction_status", "reversal"):
        good = await shop.good(name)
        stranger = abroad.fields(name) | {key: good[key] for key in ("TransactionID", "VoucherCode") if key in good}
        assert (await abroad.send(name, stranger)).code == "INS-18"
        await shop.must(name, good)


@pytest.mark.parametrize("name", ["direct_debit_payment", "query_direct_debit", "direct_debit_cancel"])
async def test_a_mandate_is_known_in_its_own_market_only(shop: Desk, name: str) -> None:
    good, (agreed,) = await shop.good(name), shop.agreed
    abroad = at(shop.house, "vodafoneGHA")
    same = abroad.fields(name) | {"ThirdPartyReference": agreed.reference, "CustomerMSISDN": agreed.customer}
    by_token = same | {"CustomerMSISDN": "", "MsisdnToken": agreed.token}
    found = [
        (await abroad.send(name, fields)).code for fields in (same, by_token, same | {"MandateID": agreed.mandate_id})
    ]
    assert found == [*(("INS-58", "INS-56") if name == "query_direct_debit" else ("INS-6", "INS-50")), "INS-51"]
    await shop.must(name, good)


@pytest.mark.parametrize("parts", [("",), ("0.30", ""), ("0.10", "0.20", "0.70")])
async def test_a_query_right_after_the_last_reversal_says_so(shop: Desk, parts: tuple[str, ...]) -> None:
    for _ in range(20):
        paid = await shop.good("c2b_single_stage") | {"Amount": "1.00"}
        await shop.must("c2b_single_stage", paid)
        said = []
        for part in parts:
            await shop.must("reversal", shop.fields("reversal") | {"ReversalAmount": part})
            asked = shop.fields("query_transaction_status")
            said.append((await shop.must("query_transaction_status", asked)).says["output_Reversed"])
        assert said == ["False"] * (len(parts) - 1) + ["True"]
