"""getSession: an encrypted API key in, a session id out (contract section 2).

The session id is made here and only its hash goes to admission, which opens the session; it is answered after that is
committed. The contract knows one failure, INS-989, whatever was wrong.
"""

import asyncio
from contextlib import suppress

from mkondo.adapters.http.bearer import hash_of
from mkondo.adapters.http.callers import Caller, Callers, Stranger, allows_market
from mkondo.adapters.http.request import Request
from mkondo.contracts.journal import Partition
from mkondo.domain import admission
from mkondo.domain.ids import SessionHash, partition_of
from mkondo.domain.session import OpenSession, SessionOpened
from mkondo.openapi import render
from mkondo.openapi.render import Answer
from mkondo.ports.errors import CommitUnknown
from mkondo.ports.ids import Ids
from mkondo.ports.log import Log
from mkondo.ports.store import Facts
from mkondo.runtime.replies import ReplyDesk
from services.edge_auth.settings import Settings


class Sessions:
    """Opens sessions in one environment."""

    def __init__(self, callers: Callers, facts: Facts, log: Log, desk: ReplyDesk, ids: Ids, settings: Settings) -> None:
        self._callers = callers
        self._facts = facts
        self._log = log
        self._desk = desk
        self._ids = ids
        self._settings = settings

    async def get(self, request: Request) -> Answer:
        """May raise TryLater."""
        caller = await self._callers.of_api_key(request)
        if isinstance(caller, Stranger) or not allows_market(caller.application, request.match.market):
            return render.session_refused()
        session_id = self._ids.session_id()
        opened = await self._open(caller, SessionHash(hash_of(session_id)))
        return render.session_opened(session_id) if opened else render.session_refused()

    async def _open(self, caller: Caller, session: SessionHash) -> bool:
        application = caller.application.application
        owner = Partition(admission.NAME, partition_of(application))
        with self._desk.ask(session) as question:
            command = OpenSession(application, session, question.reply_to, caller.session)
            try:
                async with asyncio.timeout(self._settings.open_seconds_max):
                    with suppress(CommitUnknown):  # it may have been sent: only a reply or the record tells
                        await self._log.send_command(owner, command)
                    return isinstance(await question.answer(), SessionOpened)
            except TimeoutError:
                return await self._facts.record(admission.session_key(session)) is not None
