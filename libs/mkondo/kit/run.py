"""Runs cases against a target: some at a time, each by itself, and says of every one how it went and why.

Every case makes its own ids, so cases do not know of each other, and the kit can be run again on the same data.
Cases that need the application to be configured in some way run last, one way after the other. Read next: report.py.
"""

import asyncio
import secrets
from collections.abc import Callable, Mapping, Sequence
from enum import Enum
from time import monotonic

import msgspec

from mkondo.adapters.client.client import encrypt
from mkondo.adapters.client.receiver import Receiver, receiving
from mkondo.adapters.client.trouble import CannotEncrypt, NoAnswer, NotTheApi
from mkondo.adapters.client.wire import Received, Sent, Wire
from mkondo.kit.case import Bearer, Call, Caller, Case, Pushed, Step
from mkondo.kit.configure import CannotConfigure, configured, seen
from mkondo.kit.contract import SESSION
from mkondo.kit.fill import Unfilled, request
from mkondo.kit.judge import faults, pushed_faults, read_members
from mkondo.kit.phrases import CONVERSATION as CONVERSATION_KEY
from mkondo.kit.phrases import NO_ID, call
from mkondo.kit.probe import probe
from mkondo.kit.target import Target
from mkondo.openapi.fields import CONVERSATION

AT_ONCE = 8
SECONDS_MAX = 25.0
PUSH_SECONDS = 15.0
PATIENCE_SECONDS, PAUSE_SECONDS = 5.0, 0.05
"""How long a patient step is made anew, and how often."""
UNANSWERED_MAX = 10
"""So many cases in a row without any answer, and the target is probed: there may be nobody left to judge."""


class Verdict(Enum):
    PASSED = "passed"
    FAILED = "failed"
    NOT_APPLICABLE = "not applicable"


class Exchange(msgspec.Struct, frozen=True):
    """One request and its answer, None where there was none. `name` is the step's; the case's own call has none."""

    name: str
    sent: Sent
    received: Received | None
    seconds: float = 0.0

    @property
    def is_late(self) -> bool:
        """Clients give up after thirty seconds (contract section 10.9)."""
        return self.seconds > SECONDS_MAX


class Result(msgspec.Struct, frozen=True):
    """How a case went. `reasons`: what is wrong, or why it can't be tried here."""

    case: Case
    verdict: Verdict
    reasons: tuple[str, ...] = ()
    exchanges: tuple[Exchange, ...] = ()


Tell = Callable[[Result], None]
"""Hears of every result as it comes."""


Sessions = dict[Bearer, str]
"""Those that one case has opened for itself."""


class Broken(Exception):
    """A case could not be brought to its end."""


async def run(target: Target, cases: Sequence[Case], tell: Tell) -> tuple[Result, ...]:
    """The results in the order of the cases; those for which nobody was left to answer are missing."""
    results: dict[str, Result] = {}

    def note(result: Result) -> None:
        results[result.case.id] = result
        tell(result)

    possible = [case for case in cases if not target.lacks(case)]
    for case in cases:
        if lack := target.lacks(case):
            note(Result(case, Verdict.NOT_APPLICABLE, (f"needs {lack}",)))
    async with Wire(AT_ONCE) as wire:
        runner = _Runner(target, wire)
        await runner.run_all([case for case in possible if case.setting is None], note)
        settings = {case.setting.name: case.setting for case in possible if case.setting}
        for name, setting in settings.items():
            if runner.is_over:
                break
            under = [case for case in possible if case.setting and case.setting.name == name]
            try:
                async with receiving() as receiver, configured(target, wire, setting, receiver.url):
                    runner.receiver = receiver
                    runner.forget_sessions()
                    await runner.run_all(under, note)
            except (CannotConfigure, NoAnswer) as trouble:
                for case in under:
                    if case.id not in results and not runner.is_over:
                        note(Result(case, Verdict.FAILED, (str(trouble),)))
        if settings:
            await seen()  # whoever comes next meets the application as it was
    return tuple(results[case.id] for case in cases if case.id in results)


class _Runner:
    def __init__(self, target: Target, wire: Wire) -> None:
        self._target = target
        self._wire = wire
        self._sessions: dict[Caller, asyncio.Task[str]] = {}
        self.receiver: Receiver | None = None
        self.is_over = False
        self._unanswered = 0
        self._encrypted: dict[tuple[str, str], str] = {}

    def forget_sessions(self) -> None:
        """A session ends when its application may do less than when it was opened."""
        self._sessions.clear()

    async def run_all(self, cases: Sequence[Case], note: Tell) -> None:
        waiting = iter(cases)

        async def work() -> None:
            for case in waiting:
                if self.is_over:
                    return
                note(await self._run(case))

        await asyncio.gather(*(work() for _ in range(AT_ONCE)))

    async def _run(self, case: Case) -> Result:
        exchanges: list[Exchange] = []
        try:
            wrong = await self._try(case, exchanges)
        except NoAnswer as trouble:
            wrong = [str(trouble)]
            await self._count()
        except (Broken, Unfilled, CannotEncrypt) as trouble:
            wrong = [str(trouble)]
        except RecursionError:
            wrong = ["an answer is nested too deeply"]
        return Result(case, Verdict.FAILED if wrong else Verdict.PASSED, tuple(wrong), tuple(exchanges))

    async def _try(self, case: Case, exchanges: list[Exchange]) -> list[str]:
        """What is wrong."""
        words = self._words(case.call)
        own: Sessions = {}
        for each in case.steps:
            await self._take(each, words, own, exchanges)
        received = await self._send("", case.call, words, own, exchanges)
        wrong = faults(case.call, case.answer, received, words, words["sent"])
        if case.pushed is not None and not wrong:
            wrong += await self._pushed(case.pushed, received, words["sent"], exchanges)
        return wrong + [f"{each.name or 'the answer'} took {each.seconds:.1f} s" for each in exchanges if each.is_late]

    async def _count(self) -> None:
        """One more without any answer. Who drops only what it can't bear answers the probe, and is asked on."""
        self._unanswered += 1
        if self._unanswered < UNANSWERED_MAX:
            return
        self._unanswered = 0
        try:
            await probe(self._target, self._wire)
        except (NoAnswer, NotTheApi):
            self.is_over = True

    async def _take(self, step: Step, words: dict[str, str], own: "Sessions", exchanges: list[Exchange]) -> None:
        until = monotonic() + (PATIENCE_SECONDS if step.patient else 0.0)
        while (received := await self._send(step.name, step.call, words, own, exchanges)).status != step.status:
            if monotonic() >= until:
                raise Broken(f"step {step.name}: HTTP {received.status} instead of {step.status}")
            exchanges.pop()
            await asyncio.sleep(PAUSE_SECONDS)

    async def _pushed(self, pushed: Pushed, accepted: Received, sent_id: str, exchanges: list[Exchange]) -> list[str]:
        """What is wrong with the result that follows an acceptance."""
        conversation = str(dict(read_members(accepted.body) or []).get(CONVERSATION_KEY))
        body = await self.receiver.result(conversation, PUSH_SECONDS) if self.receiver else None
        if body is None:
            return [f"no result was pushed within {PUSH_SECONDS:.0f} s"]
        exchanges.append(Exchange("pushed", Sent("POST", "http://merchant/results", {}, body), None))
        return pushed_faults(pushed, body, conversation, sent_id)

    def _words(self, made: Call) -> dict[str, str]:
        side = self._target.side(made)
        parties = self._target.markets[made.market if made.market in self._target.markets else self._target.market]
        return {
            "customer": parties.customer,
            "poor": parties.poor_customer,
            "newcomer": _stranger(parties.customer),
            "second": _stranger(parties.customer),
            "country": parties.country,
            "currency": parties.currency,
            "shortcode": side.shortcode,
            "receiver": side.receiver,
            "reference": f"R{secrets.token_hex(10)}",
        }

    async def _send(
        self, name: str, made: Call, words: dict[str, str], own: "Sessions", exchanges: list[Exchange]
    ) -> Received:
        """Send one call, keep what was said, and add its fields and outputs to the words."""
        words["id"] = secrets.token_hex(16)
        words["digits"] = str(secrets.randbelow(9 * 10**15) + 10**15)
        secrets_of = await self._secrets(made, own)
        ready = request(made, self._target, words, secrets_of.get)
        words["sent"] = echo_of(ready.fields)
        exchanges.append(Exchange(name, ready.sent, None))
        began = monotonic()
        received = await self._wire.send(ready.sent)
        self._unanswered = 0
        exchanges[-1] = Exchange(name, ready.sent, received, monotonic() - began)
        said = {**ready.fields, **dict(read_members(received.body) or [])}
        words |= {f"{name}.{key}": str(value) for key, value in said.items()}
        return received

    async def _secrets(self, made: Call, own: "Sessions") -> Mapping[Bearer, str | None]:
        side = self._target.side(made)
        basic = {
            Bearer.ABSENT: None,
            Bearer.GARBAGE: "Bearer ---",
            Bearer.BASIC: "Basic dXNlcjpzZWNyZXQ=",
            Bearer.UNKNOWN: f"Bearer {self._encrypt('0' * 32, side.public_key)}",
            Bearer.API_KEY: f"Bearer {self._encrypt(side.api_key, side.public_key)}",
        }
        if made.bearer in basic:
            return basic
        if made.bearer in (Bearer.OWN, Bearer.NEXT):
            if made.bearer not in own:
                own[made.bearer] = await self._open(made.caller)
            return {made.bearer: f"Bearer {self._encrypt(own[made.bearer], side.public_key)}"}
        session = await self._session(made.caller)
        if made.bearer is Bearer.RAW_SESSION:
            return {Bearer.RAW_SESSION: f"Bearer {session}"}
        if made.bearer is Bearer.FRESH:
            return {Bearer.FRESH: f"Bearer {encrypt(session, side.public_key)}"}
        return {Bearer.SESSION: f"Bearer {self._encrypt(session, side.public_key)}"}

    def _encrypt(self, text: str, public_key: str) -> str:
        if (text, public_key) not in self._encrypted:
            self._encrypted[text, public_key] = encrypt(text, public_key)
        return self._encrypted[text, public_key]

    async def _session(self, caller: Caller) -> str:
        if caller not in self._sessions:
            self._sessions[caller] = asyncio.create_task(self._open(caller))
        try:
            return await self._sessions[caller]
        except NoAnswer:
            self._sessions.pop(caller, None)  # whoever comes next asks again
            raise

    async def _open(self, caller: Caller) -> str:
        made = msgspec.structs.replace(call(SESSION, caller), bearer=Bearer.API_KEY)
        secrets_of = await self._secrets(made, {})
        received = await self._wire.send(request(made, self._target, self._words(made), secrets_of.get).sent)
        session = dict(read_members(received.body) or []).get("output_SessionID")
        if received.status != 200 or not isinstance(session, str):
            raise Broken(f"no session: HTTP {received.status}")
        return session


def _stranger(customer: str) -> str:
    """A number of the same country that no case has named before."""
    return f"{customer[:3]}{secrets.randbelow(10**9):09}"


def echo_of(sent: Mapping[str, object]) -> str:
    """What an answer repeats of a request's ThirdPartyConversationID: N/A where there is nothing to read."""
    value = sent.get(CONVERSATION.name)
    return str(value) if isinstance(value, str | int) and value != "" else NO_ID
