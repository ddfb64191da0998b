"""The Mozambique gateway on a running platform: six calls, every code of its table that can be caused, every way in.

Its own platform, with a port for each call; in the end its books are audited. Read next: mozambique.py.
"""

import asyncio
import socket
import subprocess
import sys
from collections import Counter
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import httpx
import pytest

from mkondo.domain.account import till, wallet
from mkondo.openapi.mozambique.codes import TABLE
from mkondo.openapi.mozambique.hosts import PORTS
from mkondo.openapi.mozambique.operations import OPERATIONS
from mkondo.testing.platform import ROOT, NotUp, RunningPlatform, verify
from tests.system.books import read_books
from tests.system.conftest import temporary_folder
from tests.system.merchant import merchant_of
from tests.system.mozambique import (
    CASES,
    LIVE_CUSTOMER,
    NO_BEARER,
    NOT_BY_CALL,
    NOT_BY_HTTP,
    RECEIVER,
    Answer,
    Case,
    call,
    fields,
    headers,
    own_port,
    public,
    trusting,
)

pytestmark = pytest.mark.timeout(120)
LIVE = "openapi"
NAME = "input_ThirdPartyReference"


@pytest.fixture(scope="module")
def gateway() -> Iterator[RunningPlatform]:
    with temporary_folder() as folder, RunningPlatform(folder / "data", "--mozambique-ports", "free") as platform:
        yield platform
        verified = verify(platform)
        assert verified.returncode == 0, verified
        assert "Traceback" not in platform.said()
        platform.stop()


@pytest.fixture
async def client(gateway: RunningPlatform) -> AsyncIterator[httpx.AsyncClient]:
    async with trusting(gateway) as client:
        yield client


async def ask(platform: RunningPlatform, client: httpx.AsyncClient, case: Case) -> Answer:
    """What comes back when the case is tried on the main port."""
    base, bearer = platform.addresses["http"], headers(platform)
    sent = fields(case.operation, **({case.field: case.value} if case.field else {}))
    if case.field == "ReversalAmount":
        sent[f"input_{case.field}"] = case.value
    match case.how:
        case "no bearer":
            return await call(client, base, NO_BEARER, case.operation, sent)
        case "unreadable":
            row = OPERATIONS[case.operation]
            response = await client.request(row.method, f"{base}/ipg/v1x/{row.path}", content=b"{", headers=bearer)
            return Answer(response.status_code, response.json())
        case "twice":
            assert (await call(client, base, bearer, case.operation, sent)).code == "INS-0"
        case "live":
            sent = fields(case.operation, ReceiverPartyCode="NOBODY")
            return await call(client, base, headers(platform, LIVE), case.operation, sent)
    return await call(client, base, bearer, case.operation, sent)


@pytest.mark.parametrize("case", CASES, ids=lambda case: f"{case.operation}-{case.code}-{case.value or case.how}")
async def test_each_call_is_brought_to_each_code(
    gateway: RunningPlatform, client: httpx.AsyncClient, case: Case
) -> None:
    answer = await ask(gateway, client, case)
    row = TABLE.rows[case.code]
    assert (answer.status, answer.code) == (TABLE.status_of(case.code, case.operation), case.code), answer
    assert answer.said("ResponseDesc") == row.text
    assert {"output_ConversationID", NAME.replace("input", "output")} <= set(answer.body)
    assert ("output_error" in answer.body) == (answer.status >= 400)


def test_every_row_of_the_table_is_caused_or_says_why_not() -> None:
    tried = {(case.code, case.operation) for case in CASES}
    listed = {(row.code, operation) for row in TABLE.rows.values() for operation in row.operations}
    excused = {cell for cell in listed if cell in NOT_BY_CALL or cell[0] in NOT_BY_HTTP}
    assert listed - tried == excused
    assert tried <= listed
    assert set(NOT_BY_CALL) <= listed


async def test_money_goes_the_way_of_each_call_and_comes_back(
    gateway: RunningPlatform, client: httpx.AsyncClient
) -> None:
    base, bearer = gateway.addresses["http"], headers(gateway)
    customer, shop, other = (
        wallet("demo", "258843330333", "MZN"),
        till("demo", "171717", "MZN"),
        till("demo", RECEIVER, "MZN"),
    )
    ways = {"c2b_single_stage": (customer, shop), "b2c_payment": (shop, customer), "b2b_payment": (shop, other)}
    for operation, way in ways.items():
        sent = fields(operation)
        paid = await call(client, base, bearer, operation, sent)
        assert (paid.status, paid.code) == (201, "INS-0")
        back = fields("reversal", TransactionID=paid.said("TransactionID"))
        reversed_whole = await call(client, base, bearer, "reversal", back)
        assert (reversed_whole.status, reversed_whole.code) == (201, "INS-0")
        books = await read_books(gateway)
        for name, (debited, credited) in ((sent[NAME], way), (back[NAME], (way[1], way[0]))):
            debit, credit = books.entries[name].postings
            assert (debit.account, credit.account, debit.minor, credit.minor) == (debited, credited, 10_00, 10_00)
        for reference in (paid.said("TransactionID"), paid.said("ConversationID"), sent[NAME]):
            query = fields("query_transaction_status", QueryReference=reference)
            found = await call(client, base, bearer, "query_transaction_status", query)
            assert found.said("ResponseTransactionStatus") == "Completed"
            assert found.said("OriginalTransactionID") == paid.said("TransactionID")
        async with asyncio.timeout(10):  # that it was reversed is told by the original's owner, a step later
            while found.said("Reversed") != "True":
                found = await call(client, base, bearer, "query_transaction_status", query)


async def test_a_reversal_gives_back_no_more_than_remains(gateway: RunningPlatform, client: httpx.AsyncClient) -> None:
    base, bearer = gateway.addresses["http"], headers(gateway)
    paid = (await call(client, base, bearer, "c2b_single_stage")).said("TransactionID")

    async def back(amount: str) -> str:
        sent = fields("reversal", TransactionID=paid) | {"input_ReversalAmount": amount}
        return (await call(client, base, bearer, "reversal", sent)).code

    assert [await back("4"), await back("6.01"), await back("6"), await back("1")] == [
        "INS-0",
        "INS-15",
        "INS-0",
        "INS-6",
    ]


async def test_another_s_payment_is_not_to_be_reversed_or_seen(
    gateway: RunningPlatform, client: httpx.AsyncClient
) -> None:
    base, bearer = gateway.addresses["http"], headers(gateway)
    other = headers(gateway, key="api_key") | headers(gateway, key="strict_api_key")
    paid = (await call(client, base, bearer, "c2b_single_stage")).said("TransactionID")
    foreign = await call(client, base, other, "reversal", fields("reversal", TransactionID=paid))
    assert (foreign.status, foreign.code) == (400, "INS-26")
    assert foreign.said("error") == "This transaction do not belong to you"
    query = fields("query_transaction_status", QueryReference=paid)
    assert (await call(client, base, other, "query_transaction_status", query)).code == "INS-23"


async def test_a_reference_is_used_up_once_for_all_operations_of_either_wire(
    gateway: RunningPlatform, client: httpx.AsyncClient
) -> None:
    base, bearer, sent = gateway.addresses["http"], headers(gateway), fields("c2b_single_stage")
    answers = await asyncio.gather(*(call(client, base, bearer, "c2b_single_stage", sent) for _ in range(8)))
    assert Counter((answer.status, answer.code) for answer in answers) == {(201, "INS-0"): 1, (409, "INS-10"): 7}
    assert (await read_books(gateway)).posted[sent[NAME]] == 1
    async with merchant_of(gateway, market="vodacomMOZ") as merchant:
        again = await merchant.pay(merchant.c2b(ThirdPartyConversationID=sent[NAME]))
        assert again.code == "INS-10"
        found = await merchant.status(sent[NAME])
        assert found.said("ResponseTransactionStatus") == "Completed"


async def test_both_wires_move_the_same_money(gateway: RunningPlatform, client: httpx.AsyncClient) -> None:
    """What came in by the OpenAPI can be paid out and reversed here."""
    base, bearer = gateway.addresses["http"], headers(gateway)
    async with merchant_of(gateway, market="vodacomMOZ") as merchant:
        paid = await merchant.pay(merchant.c2b(CustomerMSISDN="258843330333", ServiceProviderCode="171717"))
    back = fields("reversal", TransactionID=paid.said("TransactionID"))
    assert (await call(client, base, bearer, "reversal", back)).code == "INS-0"


async def test_a_customer_is_named_with_the_second_name_masked(
    gateway: RunningPlatform, client: httpx.AsyncClient
) -> None:
    answer = await call(client, gateway.addresses["http"], headers(gateway), "query_beneficiary_name")
    assert (answer.status, answer.said("CustomerMSISDN")) == (200, "258843330333")
    assert answer.said("FirstName").isalpha()
    assert "*" in answer.said("SecondName")
    assert list(answer.body) == [
        "output_ResponseCode",
        "output_ResponseDesc",
        "output_CustomerMSISDN",
        "output_FirstName",
        "output_SecondName",
        "output_ConversationID",
        "output_ThirdPartyReference",
    ]


@pytest.mark.parametrize("way", ["http", "https", "own port"])
async def test_one_bearer_is_good_for_a_hundred_calls(
    gateway: RunningPlatform, client: httpx.AsyncClient, way: str
) -> None:
    bearer, operations = headers(gateway), [*OPERATIONS] * 17
    bases = {name: own_port(gateway, name) if way == "own port" else gateway.addresses[way] for name in OPERATIONS}
    several = asyncio.Semaphore(8)

    async def one(operation: str) -> tuple[str, str]:
        async with several:
            return operation, (await call(client, bases[operation], bearer, operation)).code

    answers = await asyncio.gather(*(one(operation) for operation in operations[:100]))
    assert Counter(code for _, code in answers) == {"INS-0": 100}


class TestWaysIn:
    @pytest.mark.parametrize("operation", OPERATIONS)
    async def test_each_call_through_the_proxy_under_its_public_host_and_port(
        self, gateway: RunningPlatform, operation: str
    ) -> None:
        async with trusting(gateway, proxy=gateway.addresses["proxy"]) as client:
            answer = await call(client, public("api.sandbox.vm.co.mz", operation), headers(gateway), operation)
            assert answer.code == "INS-0", answer

    @pytest.mark.parametrize("host", ["api.vm.co.mz", "api.mpesa.vm.co.mz"])
    async def test_the_live_hosts_are_live_and_know_no_sandbox_key(self, gateway: RunningPlatform, host: str) -> None:
        name = "c2b_single_stage"
        sent = fields(name, CustomerMSISDN=LIVE_CUSTOMER)
        async with trusting(gateway, proxy=gateway.addresses["proxy"]) as client:
            paid = await call(client, public(host, name), headers(gateway, LIVE), name, sent)
            assert (paid.status, paid.code) == (201, "INS-0")
            stranger = await call(client, public(host, name), headers(gateway), name)
            assert (stranger.status, stranger.code) == (401, "INS-2")
            wrong = public("api.sandbox.vm.co.mz", name)
            assert (await call(client, wrong, headers(gateway, LIVE), name, sent)).code == "INS-2"
        books = await read_books(gateway, LIVE)
        assert books.entries[sent[NAME]].debit.account == wallet("", LIVE_CUSTOMER, "MZN")
        assert sent[NAME] not in (await read_books(gateway)).admitted

    async def test_without_such_a_host_the_key_says_which_environment(
        self, gateway: RunningPlatform, client: httpx.AsyncClient
    ) -> None:
        name = "c2b_single_stage"
        for environment in ("sandbox", LIVE):
            sent = fields(name, CustomerMSISDN=LIVE_CUSTOMER)
            answer = await call(client, gateway.addresses["http"], headers(gateway, environment), name, sent)
            assert answer.code == "INS-0"
            assert (await read_books(gateway, environment)).posted[sent[NAME]] == 1

    async def test_live_has_its_own_rules_for_numbers_and_shortcodes_and_no_test_values(
        self, gateway: RunningPlatform, client: httpx.AsyncClient
    ) -> None:
        live = headers(gateway, LIVE) | {"Host": "api.vm.co.mz:18352"}
        for different, code in (
            ({"CustomerMSISDN": "258821234567"}, "INS-2051"),
            ({"CustomerMSISDN": "000000000001"}, "INS-2051"),
            ({"CustomerMSISDN": LIVE_CUSTOMER, "ServiceProviderCode": "000000"}, "INS-13"),
        ):
            sent = fields("c2b_single_stage", **different)
            answer = await call(client, gateway.addresses["http"], live, "c2b_single_stage", sent)
            assert answer.code == code

    async def test_the_ready_file_names_a_port_for_each_call(self, gateway: RunningPlatform) -> None:
        ports = gateway.addresses["mozambique"]
        assert set(ports) == set(PORTS)
        assert len(set(ports.values())) == len(PORTS)


def test_the_public_ports_are_taken_when_asked_for_and_a_busy_one_is_named() -> None:
    with temporary_folder() as folder:
        platform = RunningPlatform(folder / "data", "--mozambique-ports", "default", "--no-demo")
        port = PORTS["b2c_payment"]
        with platform, socket.socket() as another:
            assert platform.addresses["mozambique"] == PORTS
            platform.stop()
            another.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            another.bind(("127.0.0.1", port))
            another.listen()
            with pytest.raises(NotUp, match=f"port {port} of 127.0.0.1 is in use.*--mozambique-ports free"):
                platform.start()


def test_the_document_s_program_runs_as_it_stands(gateway: RunningPlatform, folder: Path) -> None:
    text = (ROOT / "docs" / "mozambique.md").read_text(encoding="utf-8")
    program = text.partition("```python\n")[2].partition("```")[0]
    (folder / ".mkondo").symlink_to(gateway.data)
    done = subprocess.run([sys.executable, "-c", program], cwd=folder, capture_output=True, text=True, timeout=30)
    assert done.returncode == 0, done.stderr
    assert done.stdout.startswith("201 {'output_ResponseCode': 'INS-0'")
    assert done.stdout.rstrip().endswith("Completed")
