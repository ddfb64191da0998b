"""Those who ask: they open sessions, make requests until somebody knows the answer, and query right after it. Some
close digests.

They stand outside the system: a crash is a dropped connection to them. Everything they were told is kept, and compared
with the journals at the end. Read next: merchants.py for what they ask, checks.py for the comparison.
"""

import asyncio
from collections.abc import Callable, Coroutine, Mapping
from functools import partial
from typing import Any, Protocol, TypeVar

import msgspec
from msgspec.structs import replace

from mkondo.adapters.memory.store import MemoryStore
from mkondo.contracts.digest import StoredDigest
from mkondo.contracts.journal import Partition
from mkondo.contracts.records import decode_event
from mkondo.domain.admission import Asked
from mkondo.domain.application import Configuration, ConfigureApplication
from mkondo.domain.decider import Event, Message
from mkondo.domain.faults import Faults
from mkondo.domain.ids import ApplicationId, Instant, PaymentId, SessionHash, TransactionId, partition_of
from mkondo.domain.limits import NEW_SESSION
from mkondo.domain.organisation import ConfigureOrganisation, key_of
from mkondo.domain.payment import Payment, PaymentAdmitted, PaymentFailed
from mkondo.domain.request import Request, RequestAdmitted, RequestAnswered
from mkondo.domain.session import OpenSession, SessionOpened
from mkondo.ports.errors import CommitUnknown, TryLater
from mkondo.testing.simulation.ingress import BUSY, DROPPED, Attempt, about_of, owner_of
from mkondo.testing.simulation.loop import at_once
from mkondo.testing.simulation.orders import MARKET, PRODUCTS, SHORTCODE, configuration
from mkondo.testing.simulation.process import Process
from mkondo.testing.simulation.queries import disagreements
from mkondo.testing.simulation.weather import SimulatedIds, Weather

T = TypeVar("T")
NO_SESSION = SessionHash("none")


class Envelope(msgspec.Struct, frozen=True):
    """What every request says of itself, whatever it is for."""

    id: PaymentId
    transaction_id: TransactionId
    session: SessionHash
    now: Instant


Command = Callable[[Envelope], Asked]
Beside = Callable[[Attempt], Coroutine[Any, Any, None]]
"""What somebody else does while the request is under way."""


class Doors(Protocol):
    """What clients see of the world."""

    weather: Weather
    ids: SimulatedIds
    store: MemoryStore
    attempts: list[Attempt]
    digests_shown: list[StoredDigest]
    faults: Mapping[ApplicationId, Faults]

    async def door(self) -> Process:
        """A living process that takes requests."""
        ...

    def is_stopped(self, application: ApplicationId) -> bool:
        """Whether its commands were deleted, so that its partition waits for a human."""
        ...

    def report(self, trouble: str) -> None: ...


class Clients:
    """All of them."""

    def __init__(self, doors: Doors) -> None:
        self._doors = doors
        self._sessions: dict[ApplicationId, SessionHash] = {}
        self._keys: dict[ApplicationId, str] = {}

    # Applications and sessions ------------------------------------------------------------------------------------

    async def set_up(self, application: ApplicationId) -> None:
        """Configure the application and its organisation, and open the first session, however often it takes."""
        organisation = key_of(SHORTCODE, partition_of(application))
        enable = partial(ConfigureOrganisation, organisation, {MARKET: PRODUCTS}, "")
        await self._insist(application, organisation, enable)
        configure = partial(ConfigureApplication, application, self._configuration(application), None)
        await self._insist(application, application, configure)
        await self.open_session(application)

    async def change_key(self, application: ApplicationId) -> None:
        """The application gets another API key; for two seconds the one before it works on."""
        new = f"new-{configuration(application).api_key_hash}"
        wanted = replace(self._configuration(application), api_key_hash=new)
        configure = partial(ConfigureApplication, application, wanted, None, overlap_ms=2_000)
        await self._insist(application, application, configure)
        self._keys[application] = new

    def _configuration(self, application: ApplicationId) -> Configuration:
        return configuration(application, self._doors.faults[application])

    async def _insist(self, application: ApplicationId, asked: str, command: Callable[..., Message]) -> None:
        while await self._ask(application, asked, command) is None and not self._doors.is_stopped(application):
            await asyncio.sleep(0.1)

    async def open_session(self, application: ApplicationId) -> None:
        while not self._doors.is_stopped(application):
            session = SessionHash(self._doors.ids.session_id())
            key = self._keys.get(application, configuration(application).api_key_hash)
            command = partial(OpenSession, application, session, api_key_hash=key)
            if isinstance(await self._ask(application, session, command), SessionOpened):
                self._sessions[application] = session
                return
            await asyncio.sleep(0.1)

    async def _ask(self, application: ApplicationId, asked: str, command: Callable[..., Message]) -> Message | None:
        process = await self._doors.door()
        return await _through(process, process.ingress.ask(owner_of(application), asked, command))

    # Requests -----------------------------------------------------------------------------------------------------

    async def request(self, application: ApplicationId, command: Command, beside: Beside | None = None) -> Attempt:
        """Until somebody knows, or nobody will: 503 and dropped connections are tried again."""
        chance = self._doors.weather.random
        name = self._doors.ids.payment_id()
        for _ in range(25):
            attempt = await self._try(application, name, command, beside)
            for sentence in disagreements(self._doors.store, attempt):
                self._doors.report(sentence)
            if attempt.told not in (BUSY, DROPPED):
                break
            if attempt.told == DROPPED or chance.random() < 0.5:
                name = self._doors.ids.payment_id()
            await asyncio.sleep(0.05 + chance.random() * 0.4)
        await self._change_session(attempt)
        return attempt

    async def _change_session(self, attempt: Attempt) -> None:
        """Whoever is told that there is no room before a new session, opens one sooner or later."""
        answer = attempt.answer
        told = answer.breaches if isinstance(answer, PaymentFailed | RequestAnswered) else ()
        shut = any(breach.resets_at == NEW_SESSION for breach in told)
        if shut and self._sessions.get(attempt.application) == attempt.session:
            await asyncio.sleep(self._doors.weather.random.random())
            if self._sessions.get(attempt.application) == attempt.session:
                await self.open_session(attempt.application)

    async def _try(
        self, application: ApplicationId, name: PaymentId, command: Command, beside: Beside | None
    ) -> Attempt:
        process = await self._doors.door()
        session = self._sessions.get(application, NO_SESSION)
        asked = command(Envelope(name, self._doors.ids.transaction_id(), session, process.life.now()))
        attempt = Attempt(about_of(asked), session, process.life)
        self._doors.attempts.append(attempt)
        meanwhile = asyncio.create_task(beside(attempt)) if beside is not None else None
        await _through(process, process.ingress.request(attempt, asked))
        if meanwhile is not None:
            await meanwhile
        return attempt

    # Facts and other commands -------------------------------------------------------------------------------------

    def known(self, application: ApplicationId, text: str) -> Payment | Request | None:
        """The request of that name, as a status query finds it."""
        stored = at_once(self._doors.store.reference(application, text))
        match decode_event(stored.data) if stored is not None else None:
            case PaymentAdmitted(payment=payment) | PaymentFailed(payment=payment):
                return payment
            case RequestAdmitted(request=request) | RequestAnswered(request=request):
                return request
            case _:
                return None

    def fact(self, name: str) -> Event | None:
        stored = at_once(self._doors.store.outcome(name))
        return decode_event(stored.data) if stored is not None else None

    async def tell(self, decider: str, key: str, command: Message) -> None:
        """A command that nobody answers, until certainly or perhaps sent."""
        owner = Partition(decider, partition_of(key))

        async def send(process: Process) -> bool:
            try:
                await process.log.send_command(owner, command)
            except TryLater:
                return False
            except CommitUnknown:
                return True
            return True

        for _ in range(40):
            process = await self._doors.door()
            if await _through(process, send(process)) is not False:
                return
            await asyncio.sleep(0.1)

    # Digests ------------------------------------------------------------------------------------------------------

    async def close_digest(self) -> StoredDigest | None:
        """An operator closes one. None: nobody knows whether one was closed."""
        process = await self._doors.door()
        digest = await _through(process, process.close_digest())
        if digest is not None:
            self._doors.digests_shown.append(digest)
        return digest


async def _through(process: Process, work: Coroutine[Any, Any, T]) -> T | None:
    """Let a process do something; None when it dies meanwhile, perhaps of that, which its life reports."""
    task = process.life.spawn(work)
    await asyncio.wait({task})
    return None if task.cancelled() or task.exception() is not None else task.result()
