"""With which secrets an application's results are signed now: from its newest configuration, at most 1 s old.

They are in clear in memory only, and only while they sign. Read next: deliverer.py, ports/sealing.py.
"""

import asyncio
from collections.abc import Sequence

from mkondo.contracts.records import decode_record
from mkondo.contracts.signature import Secret, read_secret
from mkondo.domain.admission import application_key
from mkondo.domain.application import Application
from mkondo.domain.ids import ApplicationId
from mkondo.ports.clock import Clock
from mkondo.ports.sealing import CannotOpen, Sealing
from mkondo.ports.store import Facts

SECONDS_KEPT = 1.0
KEPT_MAX = 10_000


def sealed_about(environment: str, application: str) -> str:
    """What a secret is sealed about: it opens for no other application, and in no other environment."""
    return f"webhook-secret/{environment}/{application}"


class WebhookSecrets:
    """Reads and opens them. May raise TryLater, and CannotOpen when a key is lost, or this process has no keys at all:
    what is promised signed never goes out unsigned."""

    def __init__(self, environment: str, facts: Facts, sealing: Sealing | None, clock: Clock) -> None:
        self._environment, self._facts, self._sealing, self._clock = environment, facts, sealing, clock
        self._kept: dict[ApplicationId, tuple[float, Application | None]] = {}
        self._opened: dict[ApplicationId, dict[str, Secret]] = {}

    async def of(self, application: ApplicationId) -> Sequence[Secret]:
        """The newest first; none where the application has none, or is gone."""
        record = await self._record(application)
        sealed = record.signing_secrets(self._clock.now()) if record is not None else ()
        before = self._opened.get(application, {})
        self._opened[application] = {one: before.get(one) or self._open(application, one) for one in sealed}
        return tuple(self._opened[application].values())

    async def _record(self, application: ApplicationId) -> Application | None:
        now = asyncio.get_running_loop().time()
        kept = self._kept.get(application)
        if kept is not None and now < kept[0]:
            return kept[1]
        data = await self._facts.record(application_key(application))
        record = decode_record(application_key(application), data) if data is not None else None
        found = record if isinstance(record, Application) else None
        if len(self._kept) >= KEPT_MAX:
            self._kept.clear()
            self._opened.clear()
        self._kept[application] = now + SECONDS_KEPT, found
        return found

    def _open(self, application: ApplicationId, sealed: str) -> Secret:
        if self._sealing is None:
            raise CannotOpen("this process has no sealing keys: give it the platform's directory of keys")
        return read_secret(self._sealing.open(sealed, sealed_about(self._environment, application)))
