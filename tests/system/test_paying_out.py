"""B2C and B2B over HTTP: money out of a till, in the sandbox and in live, down to the journal entry.

The shared platform's books are audited when all tests are done. Read next: services/payments_ingress/parties.py.
"""

import asyncio
import secrets
from collections import Counter
from typing import Any

import pytest

from mkondo.domain.account import till, wallet
from mkondo.testing.platform import RunningPlatform
from tests.system.books import read_books
from tests.system.merchant import Answer, Fields, Merchant, merchant_of

LIVE = "openapi"
NAME = "input_ThirdPartyConversationID"
MARKETS = ("vodafoneGHA", "vodacomTZN", "vodacomLES", "vodacomDRC", "vodacomMOZ")

both = pytest.mark.parametrize("operation", ["b2c", "b2b"])


def body(merchant: Merchant, operation: str, **different: Any) -> Fields:
    return merchant.b2c(**different) if operation == "b2c" else merchant.b2b(**different)


async def send(merchant: Merchant, operation: str, fields: Fields) -> Answer:
    return await (merchant.pay_customer(fields) if operation == "b2c" else merchant.pay_organisation(fields))


async def check_paid(platform: RunningPlatform, fields: Fields, debited: str, credited: str) -> None:
    """One entry, between these two accounts, of this amount."""
    environment = "sandbox" if "/demo" in debited else LIVE
    books = await read_books(platform, environment)
    name = fields[NAME]
    assert (books.admitted[name], books.posted[name], len(books.endings[name])) == (1, 1, 1)
    debit, credit = books.entries[name].postings
    assert (debit.account, credit.account, debit.minor, credit.minor) == (debited, credited, 10_00, 10_00)


async def check_unpaid(platform: RunningPlatform, fields: Fields, environment: str = "sandbox") -> None:
    assert not (await read_books(platform, environment)).posted[fields[NAME]]


async def test_a_customer_is_paid_from_the_merchant_s_till(platform: RunningPlatform, merchant: Merchant) -> None:
    fields = merchant.b2c()
    answer = await merchant.pay_customer(fields)
    assert (answer.status, answer.code) == (201, "INS-0")
    for reference in (answer.said("TransactionID"), answer.said("ConversationID"), fields[NAME]):
        found = await merchant.status(reference)
        assert found.said("ResponseTransactionStatus") == "Completed"
        assert found.said("OriginalTransactionID") == answer.said("TransactionID")
    await check_paid(platform, fields, till("demo", "000000", "TZS"), wallet("demo", merchant.customer, "TZS"))


async def test_an_organisation_is_paid_from_the_merchant_s_till(platform: RunningPlatform, merchant: Merchant) -> None:
    fields = merchant.b2b()
    answer = await merchant.pay_organisation(fields)
    assert (answer.status, answer.code) == (201, "INS-0")
    for reference in (answer.said("TransactionID"), answer.said("ConversationID"), fields[NAME]):
        assert (await merchant.status(reference)).said("ResponseTransactionStatus") == "Completed"
    await check_paid(platform, fields, till("demo", "000000", "TZS"), till("demo", "ORG002", "TZS"))


@both
async def test_the_same_request_again_is_a_duplicate_and_pays_nothing(
    platform: RunningPlatform, merchant: Merchant, operation: str
) -> None:
    fields = body(merchant, operation)
    answers = await asyncio.gather(*(send(merchant, operation, fields) for _ in range(8)))
    assert Counter((answer.status, answer.code) for answer in answers) == {(201, "INS-0"): 1, (409, "INS-10"): 7}
    assert {answer.said("TransactionID") for answer in answers if answer.status == 409} == {"N/A"}
    assert (await read_books(platform)).posted[fields[NAME]] == 1


async def test_an_id_is_used_up_by_whichever_operation_had_it_first(merchant: Merchant) -> None:
    fields = merchant.b2c()
    assert (await merchant.pay_customer(fields)).status == 201
    assert (await merchant.pay_organisation(merchant.b2b(ThirdPartyConversationID=fields[NAME]))).code == "INS-10"
    assert (await merchant.pay(merchant.c2b(ThirdPartyConversationID=fields[NAME]))).code == "INS-10"


@both
async def test_a_till_pays_out_no_more_than_it_holds_however_many_ask_at_once(
    platform: RunningPlatform, merchant: Merchant, operation: str
) -> None:
    """A test till begins with ten million: ten of twenty payments of a million fit."""
    field = "ServiceProviderCode" if operation == "b2c" else "PrimaryPartyCode"
    shortcode = f"T{secrets.token_hex(4)}"
    asked = [body(merchant, operation, Amount="1000000", **{field: shortcode}) for _ in range(20)]
    answers = await asyncio.gather(*(send(merchant, operation, fields) for fields in asked))
    assert Counter((answer.status, answer.code) for answer in answers) == {(201, "INS-0"): 10, (422, "INS-2006"): 10}
    books = await read_books(platform)
    for fields, answer in zip(asked, answers, strict=True):
        assert books.posted[fields[NAME]] == (answer.status == 201)
        word = (await merchant.status(fields[NAME])).said("ResponseTransactionStatus")
        assert word == ("Completed" if answer.status == 201 else "Declined")


@both
async def test_each_test_value_ends_as_documented_and_only_the_first_pays(
    platform: RunningPlatform, merchant: Merchant, operation: str
) -> None:
    field, length = ("CustomerMSISDN", 12) if operation == "b2c" else ("ReceiverPartyCode", 6)
    expected = {
        1: (201, "INS-0", "Completed"),
        2: (400, "INS-1", "Failed"),
        3: (401, "INS-6", "Declined"),
        4: (408, "INS-9", "Expired"),
        5: (400, "INS-15", "Declined"),
        6: (422, "INS-2006", "Declined"),
        7: (503, "INS-16", "Failed"),
    }
    names = {}
    for number, (status, code, word) in expected.items():
        fields = body(merchant, operation, **{field: str(number).zfill(length)})
        answer = await send(merchant, operation, fields)
        assert (answer.status, answer.code) == (status, code), number
        assert answer.said("TransactionID") != "N/A"
        found = await merchant.status(answer.said("TransactionID"))
        assert found.said("ResponseTransactionStatus") == word, number
        names[number] = fields[NAME]
    posted = (await read_books(platform)).posted
    assert [number for number, name in names.items() if posted[name]] == [1]


@pytest.mark.parametrize(
    ("operation", "different", "status", "code"),
    [
        ("b2c", {"PaymentItemsDesc": ""}, 400, "INS-20"),
        ("b2c", {"ServiceProviderCode": "12"}, 400, "INS-13"),
        ("b2c", {"Amount": "0"}, 400, "INS-15"),
        ("b2c", {"TransactionReference": "x" * 21}, 400, "INS-17"),
        ("b2c", {"Currency": "GHS"}, 400, "INS-26"),
        ("b2c", {"ThirdPartyConversationID": "a-b"}, 400, "INS-28"),
        ("b2c", {"PaymentItemsDesc": "a;b"}, 400, "INS-31"),
        ("b2c", {"CustomerMSISDN": "255"}, 400, "INS-2051"),
        ("b2c", {"Country": "GHA"}, 400, "INS-21"),
        ("b2b", {"ReceiverPartyCode": ""}, 400, "INS-20"),
        ("b2b", {"ReceiverPartyCode": "a-b-c"}, 400, "INS-13"),
        ("b2b", {"PrimaryPartyCode": "12"}, 400, "INS-13"),
        ("b2b", {"Amount": "10.005"}, 400, "INS-15"),
        ("b2b", {"Currency": "GHS"}, 400, "INS-26"),
        ("b2b", {"PurchasedItemsDesc": "a;b"}, 400, "INS-30"),
    ],
)
async def test_what_is_wrong_with_a_field_has_its_own_code_and_leaves_the_id_free(
    merchant: Merchant, operation: str, different: Fields, status: int, code: str
) -> None:
    name = secrets.token_hex(16)
    fields = body(merchant, operation, **{"ThirdPartyConversationID": name} | different)
    refused = await send(merchant, operation, fields)
    assert (refused.status, refused.code, refused.said("TransactionID")) == (status, code, "N/A")
    assert (await send(merchant, operation, body(merchant, operation, ThirdPartyConversationID=name))).status == 201


async def test_a_till_that_pays_itself_is_as_rich_as_before(platform: RunningPlatform, merchant: Merchant) -> None:
    fields = merchant.b2b(ReceiverPartyCode="000000")
    assert (await merchant.pay_organisation(fields)).status == 201
    own = till("demo", "000000", "TZS")
    await check_paid(platform, fields, own, own)


async def test_the_single_stage_path_of_b2c_is_for_compatible_applications(
    platform: RunningPlatform, merchant: Merchant
) -> None:
    path = "b2cPayment/singleStage/"
    assert (await merchant.call("POST", path, merchant.bearer, merchant.b2c())).status == 201
    async with merchant_of(platform, api_key=platform.demo["strict_api_key"]) as strict:
        assert (await strict.call("POST", path, strict.bearer, strict.b2c())).status == 404
        assert (await strict.pay_customer(strict.b2c())).status == 201


@both
async def test_another_application_has_tills_and_ids_of_its_own(platform: RunningPlatform, operation: str) -> None:
    async with (
        merchant_of(platform) as mine,
        merchant_of(platform, api_key=platform.demo["strict_api_key"]) as other,
    ):
        fields = body(mine, operation)
        paid = await send(mine, operation, fields)
        assert (await other.status(paid.said("TransactionID"))).code == "INS-23"
        assert (await send(other, operation, fields)).status == 201
    accounts = [
        (event.payment.debited, event.payment.credited) for event in (await read_books(platform)).endings[fields[NAME]]
    ]
    assert len(accounts) == 2
    assert len({account for pair in accounts for account in pair}) == 4


class TestLive:
    """Only the organisation's own till pays; whom it pays must exist, or the money waits in suspense."""

    async def fund(self, platform: RunningPlatform, live: Merchant) -> None:
        """Returns when the money is in the till: the credit follows the answer."""
        fields = live.c2b(Amount="100.00")
        assert (await live.pay(fields)).status == 201
        async with asyncio.timeout(10):
            while fields[NAME] not in (await read_books(platform, LIVE)).credited:
                await asyncio.sleep(0.02)

    async def test_money_that_came_in_can_be_paid_out(self, platform: RunningPlatform) -> None:
        async with merchant_of(platform, environment=LIVE) as live:
            await self.fund(platform, live)
            to_customer, to_supplier = live.b2c(), live.b2b()
            assert (await live.pay_customer(to_customer)).status == 201
            assert (await live.pay_organisation(to_supplier)).status == 201
            own = till("", live.shortcode, "TZS")
            await check_paid(platform, to_customer, own, wallet("", live.customer, "TZS"))
            await check_paid(platform, to_supplier, own, till("", live.second_shortcode, "TZS"))

    async def test_nothing_is_paid_from_a_foreign_till_or_to_nobody(self, platform: RunningPlatform) -> None:
        async with merchant_of(platform, environment=LIVE) as live:
            foreign = live.second_shortcode
            refused = {
                "b2c from a foreign till": ("b2c", live.b2c(ServiceProviderCode=foreign), "INS-13"),
                "b2c from a sandbox till": ("b2c", live.b2c(ServiceProviderCode="000000"), "INS-13"),
                "b2c to another market": ("b2c", live.b2c(CustomerMSISDN="233700000001"), "INS-2051"),
                "a sandbox trigger": ("b2c", live.b2c(CustomerMSISDN="000000000001"), "INS-2051"),
                "b2b from a foreign till": ("b2b", live.b2b(PrimaryPartyCode=foreign), "INS-13"),
                "b2b to nobody": ("b2b", live.b2b(ReceiverPartyCode="999999"), "INS-13"),
                "b2b to a sandbox till": ("b2b", live.b2b(ReceiverPartyCode="000001"), "INS-13"),
            }
            for case, (operation, fields, code) in refused.items():
                answer = await send(live, operation, fields)
                assert (answer.status, answer.code) == (400, code), case
                assert (await live.status(fields[NAME])).code == "INS-23", case
                await check_unpaid(platform, fields, LIVE)

    @both
    async def test_a_live_till_that_holds_too_little_pays_nothing(
        self, platform: RunningPlatform, operation: str
    ) -> None:
        async with merchant_of(platform, environment=LIVE, market="vodacomLES") as live:
            fields = body(live, operation, Amount="999999.99")
            answer = await send(live, operation, fields)
            assert (answer.status, answer.code) == (422, "INS-2006")
            assert (await live.status(fields[NAME])).said("ResponseTransactionStatus") == "Declined"
            await check_unpaid(platform, fields, LIVE)

    async def test_a_customer_without_a_wallet_is_paid_nothing_and_the_id_is_free(
        self, platform: RunningPlatform
    ) -> None:
        """Nothing is sent: money that nobody can receive would stand in suspense."""
        async with merchant_of(platform, environment=LIVE) as live:
            await self.fund(platform, live)
            fields = live.b2c(CustomerMSISDN="255799999999")
            answer = await live.pay_customer(fields)
            assert (answer.status, answer.code) == (400, "INS-2051")
            assert (await live.status(fields[NAME])).code == "INS-23"
            await check_unpaid(platform, fields, LIVE)


@pytest.mark.parametrize("market", MARKETS)
@both
async def test_every_market_pays_out_in_its_own_money(platform: RunningPlatform, market: str, operation: str) -> None:
    async with merchant_of(platform, market=market) as merchant:
        assert (await send(merchant, operation, body(merchant, operation))).status == 201
