"""Scenarios leave nothing behind on the demo, and what goes wrong with one costs no other its result."""

import json
from typing import Any

import httpx

from mkondo.adapters.client.client import Body, MpesaClient
from services.cli.scenarios.catalogue import CATALOGUE
from services.cli.scenarios.platform import Mailbox
from services.cli.scenarios.run import Ran, Runner
from services.cli.scenarios.scenario import Advance, Call, Expected, Handset, Locked, Scenario
from tests.unit.cli.test_ready import DEMO

NAMES = {
    "http": "http://mkondo",
    "country": "TZN",
    "currency": "TZS",
    "market": "vodacomTZN",
    "service_provider_code": "000000",
    "second_service_provider_code": "ORG002",
    "poor_customer_msisdn": "255700000002",
    "tokens": {"application": "a", "operator": "o"},
}
PAYS = Scenario(("pays",), "", "c2b_single_stage", Expected(201, "INS-0"), pushed=False)


class Api:
    """The management API: registered handsets, each asked to show a payment `looks` times before it does."""

    def __init__(self, looks: int = 0, refuses: str = "") -> None:
        self.looks, self.refuses = looks, refuses
        self.asked: list[str] = []
        self.registered: set[str] = set()

    def __call__(self, request: httpx.Request) -> httpx.Response:
        path = request.url.path.removeprefix("/api/v1/sandbox/")
        kind, _, rest = path.partition("/")
        self.asked.append(f"{request.method} {kind}")
        if self.refuses == self.asked[-1]:
            return httpx.Response(503, json={"error": "the log is away", "mend": "Ask again in a moment."})
        if kind == "applications":
            return httpx.Response(200, json=DEMO)
        if kind == "handsets":
            return httpx.Response(200, json=self._handset(request, rest))
        return httpx.Response(200, json={"now": "later"})

    def _handset(self, request: httpx.Request, msisdn: str) -> dict[str, Any]:
        match request.method:
            case "PUT":
                assert json.loads(request.content)["behaviour"]
                self.registered.add(msisdn)
            case "DELETE":
                self.registered.remove(msisdn)
            case _:
                self.looks -= 1
        return {"prompts": [] if self.looks >= 0 else [{}]}


class Payments(MpesaClient):
    """Every request is answered so."""

    def __init__(self, status: int = 201, code: str = "INS-0") -> None:
        self._said = status, code

    async def open_session(self) -> tuple[int, Body]:
        return 200, {}

    async def call(self, operation: str, fields: Body) -> tuple[int, Body]:
        status, code = self._said
        return status, {"output_ResponseCode": code}


async def run(api: Api, *scenarios: Scenario, payments: Payments | None = None) -> list[Ran]:
    async with httpx.AsyncClient(transport=httpx.MockTransport(api)) as http:
        return await Runner(NAMES, http, payments or Payments(), Mailbox()).run_all(scenarios)


def with_handset(behaviour: str, *steps: Call | Locked, while_waiting: tuple[Advance, ...] = ()) -> Scenario:
    return Scenario(
        (behaviour,), "", "c2b_single_stage", Expected(201, "INS-0"), pushed=False,
        before=(Handset(behaviour), *steps), while_waiting=while_waiting,
    )  # fmt: skip


async def test_a_handset_is_registered_no_longer_when_its_scenario_is_over() -> None:
    api = Api()
    [ran] = await run(api, with_handset("approve"))
    assert (ran.troubles, api.registered) == ([], set())
    assert [asked for asked in api.asked if "handsets" in asked] == ["PUT handsets", "DELETE handsets"]


async def test_it_is_registered_no_longer_when_its_scenario_went_wrong_either() -> None:
    api = Api(refuses="PUT customers")
    [refused] = await run(api, with_handset("approve", Locked()))
    [wrong] = await run(api, with_handset("approve"), payments=Payments(401, "INS-6"))
    assert refused.troubles and wrong.troubles
    assert api.registered == set()


async def test_what_the_api_refuses_is_told_with_its_mend_beside_the_results_of_the_others() -> None:
    refused, paid = await run(Api(refuses="PUT customers"), with_handset("approve", Locked()), PAYS)
    assert refused.troubles == ["the log is away. Ask again in a moment."]
    assert (paid.troubles, paid.exchanges[0].status) == ([], 201)


async def test_the_clock_is_moved_when_the_handset_shows_the_payment() -> None:
    api = Api(looks=2)
    [ran] = await run(api, with_handset("ignore", while_waiting=(Advance(30),)))
    assert ran.troubles == []
    assert api.asked[1:] == ["PUT handsets", *["GET handsets"] * 3, "POST clock", "DELETE handsets"]


def test_time_that_passes_meanwhile_needs_a_handset_that_shows_the_payment() -> None:
    for scenario in CATALOGUE:
        if scenario.while_waiting:
            assert {Handset("ask"), Handset("ignore")}.intersection(scenario.before), scenario.name
