"""Who is calling: from a request to the application behind it, or to the contract's words for why not (section 12).

Applications and sessions are read from the store and may be a second old; admission checks again and is the authority.
Read next: services/payments_ingress/checks.py.
"""

from collections.abc import Awaitable, Callable

import msgspec

from mkondo.adapters.http.bearer import Bearers
from mkondo.adapters.http.rates import Rate
from mkondo.adapters.http.recent import Recent
from mkondo.adapters.http.request import Request
from mkondo.adapters.http.sources import is_trusted
from mkondo.contracts.records import decode_record
from mkondo.domain.application import ApiKey, Application
from mkondo.domain.decider import Record, record_key
from mkondo.domain.ids import SessionHash, partition_of
from mkondo.domain.markets import MARKETS
from mkondo.domain.organisation import Organisation, key_of
from mkondo.domain.session import Session
from mkondo.ports.clock import Clock
from mkondo.ports.keys import Keys
from mkondo.ports.store import Facts

INVALID = "Session is invalid"
INVALID_KEY = "Invalid API Key"
NOT_TRUSTED = "Request source is not trusted"


class Caller(msgspec.Struct, frozen=True):
    """An application that has shown a session it may use now, from a source it trusts.

    `by_api_key`: it showed its API key itself, whose hash stands in for the session. `organisation`: None where it was
    never set up."""

    application: Application
    session: SessionHash
    by_api_key: bool = False
    organisation: Organisation | None = None


class Stranger(msgspec.Struct, frozen=True):
    """Nobody we know. `text` is the answer's description."""

    text: str


class Callers:
    """Recognises the callers of one environment. Every method may raise TryLater.

    Every operation begins here, so this is where an application's `rate` is asked: as soon as it is certain who calls,
    and from where, because a request that anybody can make must not take an application's turn. Without one each may
    ask as often as it likes."""

    def __init__(self, keys: Keys, facts: Facts, clock: Clock, rate: Rate | None = None) -> None:
        self._facts = facts
        self._clock = clock
        self._rate = rate
        self._bearers = Bearers(keys)
        self._applications = Recent(self._application, clock)
        self._sessions = Recent(self._session, clock)
        self._api_keys = Recent(self._api_key, clock)
        self._organisations = Recent(self._organisation, clock, absent=True)

    async def of_session(self, request: Request) -> Caller | Stranger:
        """The caller of every operation but getSession: its bearer holds a session id."""
        secret = await self._bearers.secret(request.authorization)
        session = await self._sessions.get(secret.hash) if secret else None
        application = await self._application_of(session) if session else None
        if secret is None or session is None or application is None:
            return Stranger(INVALID)
        if secret.raw and not application.configuration.switches.raw_session:
            return Stranger(INVALID)
        trouble = session.trouble(application, self._clock.now())
        if trouble is not None:
            return Stranger(trouble)
        if not is_trusted(application.configuration.trusted_sources, request.address, request.origin):
            return Stranger(NOT_TRUSTED)
        self._take(application)
        return Caller(application, session.session, organisation=await self._organisation_of(application))

    def _take(self, application: Application) -> None:
        """Raises TooMany."""
        if self._rate is not None:
            self._rate.take(application.application)

    async def _application_of(self, session: Session) -> Application | None:
        """The session's application, at least as new as when the session was opened: a new API key works at once."""
        found = await self._applications.get(session.application)
        if found is not None and found.version < session.configuration:
            return await self._applications.renew(session.application)
        return found

    async def _organisation_of(self, application: Application) -> Organisation | None:
        name = application.configuration.organisation
        if not name:
            return None
        return await self._organisations.get(key_of(name, partition_of(application.application)))

    async def of_api_key(self, request: Request) -> Caller | Stranger:
        """The caller of getSession: its bearer holds the API key. Nobody checks that key again, so it is read anew."""
        return await self._of_api_key(request, self._api_key)

    async def without_session(self, request: Request) -> Caller | Stranger:
        """The same for a profile whose every call shows the API key (section 9); admission has the last word there."""
        return await self._of_api_key(request, self._api_keys.get)

    async def _of_api_key(self, request: Request, find: Callable[[str], Awaitable[ApiKey | None]]) -> Caller | Stranger:
        secret = await self._bearers.secret(request.authorization)
        key = await find(secret.hash) if secret and not secret.raw else None
        application = await self._applications.get(key.application) if key else None
        if secret is None or key is None or not key.works(self._clock.now()):
            return Stranger(INVALID_KEY)
        if application is None or application.configuration.removed:
            return Stranger(INVALID_KEY)
        if not is_trusted(application.configuration.trusted_sources, request.address, request.origin):
            return Stranger(NOT_TRUSTED)
        self._take(application)
        organisation = await self._organisation_of(application)
        return Caller(application, SessionHash(secret.hash), by_api_key=True, organisation=organisation)

    async def knows(self, request: Request) -> bool:
        """Whether the bearer holds the API key of an application here, wherever it comes from."""
        secret = await self._bearers.secret(request.authorization)
        return secret is not None and not secret.raw and await self._api_keys.get(secret.hash) is not None

    async def _session(self, name: str) -> Session | None:
        record = await self._record("session", name)
        return record if isinstance(record, Session) else None

    async def _api_key(self, name: str) -> ApiKey | None:
        record = await self._record("api-key", name)
        return record if isinstance(record, ApiKey) else None

    async def _organisation(self, name: str) -> Organisation | None:
        record = await self._record("organisation", name)
        return record if isinstance(record, Organisation) else None

    async def _application(self, name: str) -> Application | None:
        record = await self._record("application", name)
        return record if isinstance(record, Application) else None

    async def _record(self, kind: str, name: str) -> Record | None:
        key = record_key(kind, name)
        data = await self._facts.record(key)
        return None if data is None else decode_record(key, data)


def allows_market(application: Application, market: str) -> bool:
    """Whether the platform has this market and the application may use it."""
    return market in MARKETS and (not application.configuration.markets or market in application.configuration.markets)
