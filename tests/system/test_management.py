"""The management API of a running platform: the clock, applications, handsets, customers, mandates."""

import asyncio
import json
from pathlib import Path
from typing import Any

import httpx
import pytest

from mkondo.testing.platform import RunningPlatform, verify
from tests.system.merchant import Merchant, merchant_of
from tests.system.test_commands import mkondo

MSISDN = "255700000077"


class Api:
    """Calls with a token of demo.json."""

    def __init__(self, platform: RunningPlatform, role: str = "operator") -> None:
        self.root = f"{platform.addresses['http']}/api/v1/sandbox"
        self.headers = {"Authorization": f"Bearer {platform.demo['tokens'][role]}"}

    def call(self, method: str, path: str, body: Any = None) -> httpx.Response:
        return httpx.request(method, f"{self.root}/{path}", json=body, headers=self.headers, timeout=40)

    def said(self, method: str, path: str, body: Any = None) -> Any:
        answer = self.call(method, path, body)
        assert answer.is_success, answer.text
        return answer.json()


@pytest.fixture
def api(platform: RunningPlatform) -> Api:
    return Api(platform, "application")


async def test_a_session_has_ended_as_soon_as_the_clock_was_moved_past_it_and_it_never_comes_back(folder: Path) -> None:
    data = ("--data", str(folder / "data"))
    with RunningPlatform(folder / "data") as platform:
        async with merchant_of(platform) as merchant:
            assert (await merchant.pay(merchant.c2b())).status == 201
            moved = mkondo("clock", "advance", "2h", "--json", *data)
            assert json.loads(moved.stdout)["ahead_ms"] == 7_200_000, moved
            answer = await merchant.pay(merchant.c2b())
            assert (answer.status, answer.text) == (401, "Session has expired")
        for nonsense, says in (("soon", "no length of time"), ("-1d", "only moves forward"), ("99999w", "ten years")):
            refused = mkondo("clock", "advance", nonsense, *data)
            assert refused.returncode == 1 and says in refused.stderr.strip().splitlines()[-1], refused
        assert Api(platform).call("POST", "clock/advance", {"seconds": -1}).status_code == 422
        platform.kill9()
        platform.start()
        assert Api(platform).said("GET", "clock")["ahead_ms"] == 7_200_000
        async with merchant_of(platform) as merchant:
            assert (await merchant.pay(merchant.c2b())).status == 201
        assert verify(platform).returncode == 0


async def test_a_reservation_and_a_mandate_end_when_their_time_has_come(folder: Path) -> None:
    with RunningPlatform(folder / "data") as platform:
        async with merchant_of(platform) as merchant:
            reserved = await merchant.ask("c2b_multi_stage", merchant.c2b(APIVersion="3.1"))
            assert reserved.status == 201
            Api(platform).said("POST", "clock/advance", {"seconds": 86_400})
        async with merchant_of(platform) as merchant:
            found = await merchant.status(reserved.said("TransactionID"))
            assert found.said("ResponseTransactionStatus") == "Expired"
        assert verify(platform).returncode == 0


async def test_of_many_changes_at_once_none_is_refused(platform: RunningPlatform) -> None:
    api, before = Api(platform), Api(platform).said("GET", "applications/demo-strict")
    url, headers = f"{api.root}/applications/demo-strict", api.headers
    async with httpx.AsyncClient(headers=headers, timeout=40) as client:
        changes = (client.patch(url, json={"name": f"Shop {number}"}) for number in range(64))
        answers = await asyncio.gather(*changes)
    assert {answer.status_code for answer in answers} == {200}
    assert max(answer.json()["version"] for answer in answers) == before["version"] + 64


def test_a_change_is_in_force_at_once_and_a_wrong_one_changes_nothing(platform: RunningPlatform, api: Api) -> None:
    before = api.said("GET", "applications/demo")
    changed = api.said("PATCH", "applications/demo", {"session_lifetime_minutes": 45, "name": "Duka"})
    assert (changed["session_lifetime_minutes"], changed["name"]) == (45, "Duka")
    assert changed["version"] == before["version"] + 1
    wrong: list[dict[str, Any]] = [
        {"products": ["nothing"]}, {"markets": ["vodacomXYZ"]}, {"session_lifetime_minutes": 0}, {"unheard_of": 1},
        {"trusted_sources": ["10.0.0.0/33"]}, {"trusted_sources": []}, {"response_url": "ftp://x/"},
        {"response_url": "http://[::1"}, {"response_url": "http://x:99999/"}, {"response_url": "http://x/a b"},
        {"response_url": "http://bücher.example/"}, {"response_url": "http://x:0/"},
        {"response_url": "https://user:secret@x/"}, {"response_url": "https://x/" + "a" * 2_048},
        {"asynchronous": ["c2b_single_stage"], "response_url_override": False}, {"switches": {"time_travel": True}},
        {"limits": {"c2b_single_stage": {"single_value": {"TZS": "-1"}}}},
        {"limits": {"c2b_single_stage": {"single_value": {"XXX": "1"}}}},
        {"limits": {"c2b_single_stage": {"wishes": {}}}}, {"name": ""},
        {"trusted_sources": ["10.0.0.300"]}, {"trusted_sources": ["no domain!"]}, {"trusted_sources": ["10.0.0"]},
        {"session_lifetime_minutes": "30"}, {"response_url_override": 1}, {"name": "a\0b"},
    ]  # fmt: skip
    for change in wrong:
        answer = api.call("PATCH", "applications/demo", {"name": "no", **change})
        assert answer.status_code == 422 and answer.json().keys() == {"error", "mend"}, change
    assert api.said("GET", "applications/demo") == changed
    assert api.call("PATCH", "applications/demo", {"expected": before["version"], "name": "x"}).status_code == 409
    api.said("PATCH", "applications/demo", {"session_lifetime_minutes": 60, "name": before["name"]})


async def test_a_limit_and_a_product_are_set_over_the_api(
    platform: RunningPlatform, api: Api, merchant: Merchant
) -> None:
    api.said("PATCH", "applications/demo", {"limits": {"c2b_single_stage": {"single_value": {"TZS": "50.00"}}}})
    answer = await merchant.pay(merchant.c2b(Amount="50.01"))
    assert (answer.status, answer.code) == (400, "INS-995")
    assert (await merchant.pay(merchant.c2b(Amount="50.00"))).status == 201
    api.said("PATCH", "applications/demo", {"limits": {"c2b_single_stage": {"single_value": {}}}})
    before = api.said("GET", "applications/demo")
    others = [name for name in before["products"] if name != "c2b_single_stage"]
    api.said("PATCH", "applications/demo", {"products": others})
    ended = await merchant.pay(merchant.c2b())
    async with merchant_of(platform) as anew:
        refused = await anew.pay(anew.c2b())
    api.said("PATCH", "applications/demo", {name: before[name] for name in ("products", "asynchronous")})
    assert (ended.code, ended.text) == ("INS-989", "Session is invalid"), "its scope was wider"
    assert refused.code == "INS-997"
    after = api.said("GET", "applications/demo")
    assert {name: sorted(after[name]) for name in ("products", "asynchronous")} == {
        name: sorted(before[name]) for name in ("products", "asynchronous")
    }, "the platform is shared: the next test finds it as this one did"


ACTS = {
    "approve": ({"action": "approve", "pin": "1234"}, (201, "INS-0"), "Completed"),
    "a wrong PIN": ({"action": "approve", "pin": "4321"}, (401, "INS-6"), "Declined"),
    "cancel": ({"action": "cancel"}, (401, "INS-6"), "Cancelled"),
    "switched off": ({"action": "off"}, (408, "INS-9"), "Expired"),
}


@pytest.mark.parametrize("act", ACTS)
async def test_a_payment_waits_for_what_its_customer_does(api: Api, merchant: Merchant, act: str) -> None:
    body, expected, word = ACTS[act]
    api.said("PUT", f"handsets/{MSISDN}", {"behaviour": "ask"})
    paying = asyncio.create_task(merchant.pay(merchant.c2b(CustomerMSISDN=MSISDN)))
    async with asyncio.timeout(10):
        while not (shown := (await asyncio.to_thread(api.said, "GET", f"handsets/{MSISDN}"))["prompts"]):
            await asyncio.sleep(0.02)
    assert [(prompt["amount"], prompt["shortcode"]) for prompt in shown] == [("10.00", "000000")]
    assert not paying.done()
    await asyncio.to_thread(api.said, "POST", f"handsets/{MSISDN}/answers", body)
    answer = await paying
    assert (answer.status, answer.code) == expected
    assert (await merchant.status(answer.said("TransactionID"))).said("ResponseTransactionStatus") == word


async def test_a_voucher_is_shown_until_it_is_decided(api: Api, merchant: Merchant) -> None:
    reserved = await merchant.ask("c2b_multi_stage", merchant.c2b(CustomerMSISDN="255700000078", APIVersion="3.1"))
    async with asyncio.timeout(10):
        while not (shown := (await asyncio.to_thread(api.said, "GET", "handsets/255700000078"))["vouchers"]):
            await asyncio.sleep(0.02)
    assert shown[0]["voucher_code"] == reserved.said("VoucherCode")


async def test_a_locked_customer_pays_nothing_until_unlocked(api: Api, merchant: Merchant) -> None:
    for status, expected in (("Locked", 401), ("Active", 201)):
        said = api.said("PUT", "customers/255700000079/status", {"currency": "TZS", "status": status})
        assert [(it["currency"], it["status"]) for it in said["wallets"]] == [("TZS", status)]
        assert (await merchant.pay(merchant.c2b(CustomerMSISDN="255700000079"))).status == expected


async def test_a_mandate_that_waits_for_its_customer_is_approved_over_the_api(api: Api, merchant: Merchant) -> None:
    mandate = {"CustomerMSISDN": "255700000080", "ThirdPartyReference": "Gym1"}
    created = await merchant.ask("direct_debit_creation", merchant.fields(**mandate, AgreedTC="0"))
    collection = {**mandate, "Amount": "5", "Currency": "TZS"}
    assert (await merchant.ask("direct_debit_payment", merchant.fields(**collection))).status == 401
    mandate_id = created.said("MandateID")
    assert (await asyncio.to_thread(api.said, "GET", f"mandates/{mandate_id}"))["reference"] == "Gym1"
    await asyncio.to_thread(api.said, "POST", f"mandates/{mandate_id}/answers", {"agreed": True})
    async with asyncio.timeout(10):
        while (await merchant.ask("direct_debit_payment", merchant.fields(**collection))).status != 201:
            await asyncio.sleep(0.02)
    async with asyncio.timeout(10):
        while (await asyncio.to_thread(api.said, "GET", f"mandates/{mandate_id}"))["status"] != "Active":
            await asyncio.sleep(0.02)
    assert api.call("POST", f"mandates/{mandate_id}/answers", {"agreed": True}).status_code == 409


def test_an_account_is_made_for_a_number_of_a_known_application_only(platform: RunningPlatform) -> None:
    locked = {"currency": "TZS", "status": "Locked"}
    operator = Api(platform)
    for number, application, status in (("1" * 300, "demo", 422), ("%D9%A1", "demo", 422), (MSISDN, "nobody", 404)):
        answer = operator.call("PUT", f"customers/{number}/status?application={application}", locked)
        assert answer.status_code == status, answer.text


def test_what_nobody_could_write_down_stops_nobody(platform: RunningPlatform, api: Api) -> None:
    """Half a surrogate pair is text to Python's JSON decoder; whoever had to encode it would die of it."""
    address = f"{platform.addresses['http']}/api/v1/sandbox/applications/demo"
    headers = {"Authorization": f"Bearer {platform.demo['tokens']['application']}", "Content-Type": "application/json"}
    for body in (b'{"trusted_sources": ["\\ud800"]}', b'{"switches": {"\\ud800": true}}'):
        assert httpx.patch(address, content=body, headers=headers).status_code == 422
    assert api.said("GET", "applications/demo")["trusted_sources"] == ["*"]


@pytest.mark.parametrize("name", ["", "a\tb", "a\nb", "\x85"])
def test_a_name_that_can_t_be_read_is_refused_in_words(platform: RunningPlatform, name: str) -> None:
    said = mkondo("apps", "set", "demo", f"name={name}", "--data", str(platform.data))
    assert (said.returncode, said.stderr.count("\n")) == (1, 1), said
    assert "name: must be a name that can be read: not empty, without control characters" in said.stderr
