"""A session: a time-limited access that an application opens with its API key.

Pure. Keyed by application, so that opening, revoking, reconfiguring and paying are ordered by construction.
Read next: admission/.
"""

import msgspec

from mkondo.domain.application import Application
from mkondo.domain.decider import Rejection, ReplyTo
from mkondo.domain.ids import ApplicationId, Instant, SessionHash

ALWAYS = Instant(0)
"""Live from the start. Without an activation delay no clock is asked: the edge's may be behind the partition's time,
and a session must work at once (contract section 10.6)."""


class OpenSession(msgspec.Struct, frozen=True, tag=True, omit_defaults=True):
    """The edge has checked the API key of this hash. The session id itself stays there: only its hash travels."""

    application: ApplicationId
    session: SessionHash
    reply_to: ReplyTo | None = None
    api_key_hash: str = ""


class SessionOpened(msgspec.Struct, frozen=True, tag=True, omit_defaults=True):
    """The session may be used from `live_from` until `expires_at`, as long as its API key works and its application's
    scope is not narrower than at version `configuration`."""

    application: ApplicationId
    session: SessionHash
    live_from: Instant
    expires_at: Instant
    reply_to: ReplyTo | None = None
    api_key_hash: str = ""
    configuration: int = 0


class SessionRefused(Rejection, frozen=True, tag=True):
    """No session: the application is gone, or its API key works no more (INS-989)."""


class SessionRevoked(msgspec.Struct, frozen=True, tag=True):
    """The session may no longer be used, and why."""

    application: ApplicationId
    session: SessionHash
    reason: str


class Session(msgspec.Struct, frozen=True, omit_defaults=True):
    """Record `session/HASH`. Kept for a day past its end, so that "expired" can be told from "unknown".

    What revokes many sessions at once (an application removed, an API key's end, a narrower scope) is written in the
    application and not in each of them: it is in force everywhere as soon as the application's row is read.
    """

    application: ApplicationId
    session: SessionHash
    live_from: Instant
    expires_at: Instant
    api_key_hash: str = ""
    configuration: int = 0

    def trouble(self, application: Application, now: Instant) -> str | None:
        """Why the session can't be used now, in the contract's words (section 12, "Who you are"), or None."""
        if not application.accepts_key(self.api_key_hash, now) or self.configuration < application.narrowed:
            return "Session is invalid"
        if now < self.live_from:
            return "Session is invalid, not active yet"
        if now >= self.expires_at:
            return "Session has expired"
        return None
