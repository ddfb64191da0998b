"""The composition root of edge_auth: its handlers for one environment, made of the ports they need."""

from mkondo.adapters.http.callers import Callers
from mkondo.adapters.http.request import Handler
from mkondo.ports.ids import Ids
from mkondo.ports.log import Log
from mkondo.ports.store import Facts
from mkondo.runtime.replies import ReplyDesk
from services.edge_auth.sessions import Sessions
from services.edge_auth.settings import Settings


def handlers(
    *, callers: Callers, facts: Facts, log: Log, desk: ReplyDesk, ids: Ids, settings: Settings | None = None
) -> dict[str, Handler]:
    """By operation name."""
    sessions = Sessions(callers, facts, log, desk, ids, settings or Settings())
    return {"get_session": sessions.get}
