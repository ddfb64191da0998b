"""Closes digests: signs, once a day and whenever somebody asks, for everything sealed since the digest before.

It covers exactly committed batches: how far, is read from the partitions' rows in one look, and every commit moves a
row from the end of one batch to the end of another. Of any number that close the same digest at once, one does, and the
others are given that one. Read next: contracts/digest.py, ports/digests.py, receipts.py.
"""

import asyncio
import logging
from collections.abc import Mapping, Sequence
from typing import Protocol

import msgspec

from mkondo.contracts.digest import (
    DigestBody,
    NotWhole,
    StoredDigest,
    body_of,
    canonical,
    day_leaves,
    id_of,
    key_id,
    source_root,
)
from mkondo.contracts.journal import PartitionState
from mkondo.contracts.merkle import root
from mkondo.domain.calendar import day_of
from mkondo.domain.ids import Instant
from mkondo.ports.clock import Clock
from mkondo.ports.digests import Digests
from mkondo.ports.errors import CommitUnknown, TryLater
from mkondo.ports.signing import Signer
from mkondo.ports.store import Store
from mkondo.runtime import metrics

log = logging.getLogger(__name__)

DAY_MS = 86_400_000
LOOK_SECONDS = 30.0
"""How often the end of a day is looked for: the clock may be moved, and other processes close digests too."""


class OtherKey(Exception):
    """The digest before was signed with another key than this platform has. The text names both, and the mend."""


class RecentSeals:
    """The seals of the stretches that receipts were last asked for: a busy source has very many in a day, and merchants
    ask for many receipts of the same one. What a closed digest covers never changes."""

    def __init__(self, stretches_max: int = 8) -> None:
        self._stretches_max = stretches_max
        self._stretches: dict[tuple[str, int, int], Sequence[tuple[int, bytes]]] = {}

    async def read(self, digests: Digests, source: str, after: int, until: int) -> Sequence[tuple[int, bytes]]:
        """As `Digests.seals`, of a stretch that a digest covers."""
        stretch = (source, after, until)
        seals = self._stretches.pop(stretch, None)
        if seals is None:
            seals = await digests.seals(*stretch)
        self._stretches[stretch] = seals
        while len(self._stretches) > self._stretches_max:
            del self._stretches[next(iter(self._stretches))]
        return seals


class Proofs(msgspec.Struct, frozen=True):
    """What it takes to sign for an environment, and to prove one of its payments."""

    digests: Digests
    signer: Signer
    seals: RecentSeals = msgspec.field(default_factory=RecentSeals)


class Prefixes(Protocol):
    """Of a store, how far each journal is committed (ports/store.py)."""

    async def states(self) -> Sequence[PartitionState]: ...


async def close_digest(
    environment: str, store: Prefixes, proofs: Proofs, now: Instant, day: str = "", new_key: bool = False
) -> StoredDigest | None:
    """Close the next digest, and return it; the last one where nothing new was sealed, None where nothing ever was.

    `day` is today unless it is said. `new_key`: go on with this platform's key though the digest before has another.
    Raises OtherKey, NotWhole when the digest before is damaged, TryLater, and CommitUnknown."""
    last = await proofs.digests.last()
    before = None if last is None else body_of(last)
    key = proofs.signer.public_key()
    if last is not None and last.public_key != key and not new_key:
        raise OtherKey(
            f"digest {last.number} of {environment} was signed with the key {key_id(last.public_key)}, this platform "
            f"has {key_id(key)}: restore keys/digest.pem from a backup, or go on with the new key: "
            "`mkondo digest close --new-key`"
        )
    until = {str(state.partition): state.last_sequence for state in await store.states() if state.last_sequence}
    covered: Mapping[str, int] = {} if before is None else before.until
    roots = {
        source: source_root([seal for _, seal in await proofs.digests.seals(source, covered.get(source, 0), sequence)])
        for source, sequence in sorted(until.items())
        if sequence > covered.get(source, 0)
    }
    if not roots:
        return last
    named = {source: found.hex() for source, found in roots.items()}
    body = DigestBody(
        environment,
        1 if last is None else last.number + 1,
        day or day_of(now, "UTC").isoformat(),
        now,
        until,
        root(day_leaves(named)).hex(),
        "" if last is None else id_of(last.body),
        key_id(key),
    )
    text = canonical(body)
    digest = StoredDigest(body.number, text, proofs.signer.sign(text), key, canonical(named))
    if await proofs.digests.add(digest):
        log.info("digest closed", extra={"environment": environment, "number": body.number, "day": body.day})
        return digest
    return await proofs.digests.get(body.number)  # Somebody else was quicker.


class DigestCloser:
    """Closes a digest at the turn of each UTC day, by the environment's clock, in which something was sealed."""

    def __init__(self, environment: str, store: Store, proofs: Proofs, clock: Clock) -> None:
        self._environment, self._store, self._proofs, self._clock = environment, store, proofs, clock
        self._wake = asyncio.Event()
        self._closing: asyncio.Task[StoredDigest | None] | None = None
        self._stopping = False

    async def run(self) -> None:
        """Until `stop`. What can't be done now is told and tried again; it holds no payment up."""
        while not self._stopping:
            self._wake.clear()
            self._closing = asyncio.create_task(self.close_if_due())
            try:
                await self._closing
            except asyncio.CancelledError:
                if not self._stopping:
                    raise
            except (TryLater, CommitUnknown) as trouble:
                metrics.DIGEST_TROUBLES.labels(self._environment).inc()
                log.warning("no digest could be closed", extra={"trouble": str(trouble)})
            except (NotWhole, OtherKey) as trouble:
                metrics.DIGEST_TROUBLES.labels(self._environment).inc()
                log.error("no digest is closed", extra={"trouble": str(trouble)})
            if not self._stopping:
                await self._pause()

    async def close_if_due(self) -> StoredDigest | None:
        """Close one if the day of the last one, or of the very first event, is over. Returns it, or None."""
        now = self._clock.now()
        since = await self._since()
        if since is None or day_of(now, "UTC") <= day_of(since, "UTC"):
            return None
        ended = day_of(Instant(now - DAY_MS), "UTC").isoformat()
        return await close_digest(self._environment, self._store, self._proofs, now, ended)

    async def _since(self) -> Instant | None:
        last = await self._proofs.digests.last()
        if last is not None:
            return body_of(last).closed_at
        begun = {str(state.partition): 0 for state in await self._store.states() if state.last_sequence}
        return min((row.time for row in await self._store.read_journals(begun, 1)), default=None)

    def wake(self) -> None:
        """A hint: the clock was moved."""
        self._wake.set()

    def stop(self) -> None:
        """`run` returns. What it is at can be left at any point: nothing is written but the digest, at once."""
        self._stopping = True
        self._wake.set()
        if self._closing is not None:
            self._closing.cancel()

    async def _pause(self) -> None:
        """Until the day may have turned. By real time, as the clock runs between two moves."""
        left_ms = DAY_MS - self._clock.now() % DAY_MS
        try:
            async with asyncio.timeout(min(LOOK_SECONDS, left_ms / 1000 + 0.05)):
                await self._wake.wait()
        except TimeoutError:
            return
