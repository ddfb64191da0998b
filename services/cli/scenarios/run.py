"""Runs scenarios: once answered at once, once pushed, and holds both against what the catalogue says.

Read next: page.py.
"""

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from typing import Any

import httpx
import msgspec

from mkondo.adapters.client.client import Body, MpesaClient
from mkondo.openapi.operations import OPERATIONS
from mkondo.openapi.samples import accepted
from services.cli.errors import CannotDo
from services.cli.management import SECONDS_MAX
from services.cli.scenarios.platform import Mailbox, SandboxUser
from services.cli.scenarios.ready import check_ready
from services.cli.scenarios.scenario import Advance, Call, Expected, Handset, Locked, Scenario, Step

AT_ONCE = 6
PUSHED_SECONDS_MAX = 30.0
CODE = "output_ResponseCode"


class Exchange(msgspec.Struct):
    """One request, its answer, and what was pushed afterwards."""

    request: Body
    status: int = 0
    answer: Body = {}
    callback: Body | None = None


class Ran(msgspec.Struct):
    """What came of one scenario. `troubles` says in words what is not as the catalogue has it."""

    scenario: Scenario
    exchanges: list[Exchange]
    troubles: list[str]


class Runner:
    """Runs scenarios as the demo application of a running platform."""

    def __init__(self, demo: dict[str, Any], http: httpx.AsyncClient, client: MpesaClient, mailbox: Mailbox) -> None:
        self._demo, self._http, self._client, self._mailbox = demo, http, client, mailbox
        self._changing = asyncio.Lock()

    def _user(self) -> SandboxUser:
        return SandboxUser(self._demo, self._http, self._client, self._changing)

    async def run_all(self, scenarios: Sequence[Scenario]) -> list[Ran]:
        """Those that move the clock come last, one after the other. CannotDo when the demo was changed too much."""
        user = self._user()
        try:
            await user.open_session()  # first: who is no platform is found out here
        except CannotDo:  # a demo that was changed may get none, and what was changed says more
            check_ready(await user.application(), self._demo["market"], scenarios)
            raise
        check_ready(await user.application(), self._demo["market"], scenarios)
        places = asyncio.Semaphore(AT_ONCE)

        async def one(scenario: Scenario) -> Ran:
            async with places:
                return await self.run(scenario)

        beside = await asyncio.gather(*(one(scenario) for scenario in scenarios if not scenario.moves_clock))
        alone = [await self.run(scenario) for scenario in scenarios if scenario.moves_clock]
        order = {scenario.name: number for number, scenario in enumerate(scenarios)}
        return sorted([*beside, *alone], key=lambda ran: order[ran.scenario.name])

    async def run(self, scenario: Scenario) -> Ran:
        """What the management API refuses is a trouble of this scenario: the others' results stay."""
        ran = Ran(scenario, [], [])
        try:
            for pushed in (False, True) if scenario.pushed else (False,):
                await self._once(scenario, ran, pushed=pushed)
        except CannotDo as trouble:
            ran.troubles.append(trouble.message)
        return ran

    async def _once(self, scenario: Scenario, ran: Ran, *, pushed: bool) -> None:
        user = self._user()
        try:
            await self._played(user, scenario, ran, pushed=pushed)
        finally:
            await user.leave()

    async def _played(self, user: SandboxUser, scenario: Scenario, ran: Ran, *, pushed: bool) -> None:
        for step in scenario.before:
            await self._step(user, step, ran)
        own = dict(scenario.fields)
        address, result = self._mailbox.expect()
        if pushed:
            own["ResponseURL"] = address
        exchange = Exchange(user.fields(scenario.operation, own))
        ran.exchanges.append(exchange)
        (exchange.status, exchange.answer), _ = await asyncio.gather(
            user.call(scenario.operation, exchange.request), self._meanwhile(user, scenario)
        )
        if pushed:
            await self._check_pushed(scenario, exchange, result, ran)
        else:
            _check(scenario.expected, exchange.status, exchange.answer.get(CODE), ran)
        await self._check_word(user, scenario.expected, exchange, ran)

    async def _meanwhile(self, user: SandboxUser, scenario: Scenario) -> None:
        if scenario.while_waiting:
            await user.asked()
        for advance in scenario.while_waiting:
            await user.advance(advance.seconds)

    async def _step(self, user: SandboxUser, step: Step, ran: Ran) -> None:
        match step:
            case Call(operation=operation, fields=fields, keep=keep):
                status, answer = await user.call(operation, user.fields(operation, fields))
                if status >= 400:
                    ran.troubles.append(f"before it, {operation} was answered {status} {answer}")
                user.known |= {name: str(answer.get(f"output_{output}")) for name, output in keep.items()}
            case Handset(behaviour=behaviour):
                await user.handset(behaviour)
            case Locked():
                await user.lock()
            case Advance(seconds=seconds):
                await user.advance(seconds)

    async def _check_pushed(
        self, scenario: Scenario, exchange: Exchange, result: "asyncio.Future[Body]", ran: Ran
    ) -> None:
        row = OPERATIONS[scenario.operation]
        wanted = accepted(row)
        same = exchange.answer.keys() == wanted.keys() and exchange.answer[CODE] == wanted[CODE]
        if exchange.status != row.ok_status or not same:
            ran.troubles.append(f"asked asynchronously, it was answered {exchange.status} {exchange.answer}")
            return
        try:
            async with asyncio.timeout(PUSHED_SECONDS_MAX):
                exchange.callback = await result
        except TimeoutError:
            ran.troubles.append(f"nothing was pushed within {PUSHED_SECONDS_MAX:g} s")
            return
        said = exchange.callback.get("input_ResultCode") or exchange.callback.get("input_ResponseCode")
        code = "INS-0" if scenario.expected.code == row.ok_code else scenario.expected.code
        if said != code:
            ran.troubles.append(f"{code} should have been pushed, not {said}")
        if tuple(exchange.callback) != row.callback_outputs:
            ran.troubles.append(f"the pushed keys are {', '.join(exchange.callback)}")

    async def _check_word(self, user: SandboxUser, expected: Expected, exchange: Exchange, ran: Ran) -> None:
        if not expected.word:
            return
        word = await user.status(str(exchange.answer.get("output_ConversationID")))
        if word != expected.word:
            ran.troubles.append(f"a status query says {word}, not {expected.word}")


def _check(expected: Expected, status: int, code: object, ran: Ran) -> None:
    if (status, code) != (expected.status, expected.code):
        ran.troubles.append(f"it was answered {status} {code}, not {expected.status} {expected.code}")


@asynccontextmanager
async def runner_of(demo: dict[str, Any]) -> AsyncIterator[Runner]:
    """A runner with a mailbox."""
    mailbox = Mailbox()
    await mailbox.open()
    client = MpesaClient(demo["http"], demo["environment"], demo["market"], demo["public_key"], demo["api_key"])
    try:
        async with httpx.AsyncClient(timeout=SECONDS_MAX, trust_env=False) as http, client:
            yield Runner(demo, http, client, mailbox)
    finally:
        mailbox.close()
