"""The composition root of payments_ingress: its handlers for one environment, made of the ports they need."""

from mkondo.adapters.http.callers import Callers
from mkondo.adapters.http.request import Handler
from mkondo.ports.clock import Clock
from mkondo.ports.ids import Ids
from mkondo.ports.log import Log
from mkondo.ports.store import Facts
from mkondo.runtime.replies import ReplyDesk
from services.payments_ingress.checks import Checks
from services.payments_ingress.parties import PARTIES
from services.payments_ingress.pay import Payments
from services.payments_ingress.query import Queries
from services.payments_ingress.settings import Settings


def handlers(
    *,
    callers: Callers,
    facts: Facts,
    log: Log,
    desk: ReplyDesk,
    clock: Clock,
    ids: Ids,
    settings: Settings | None = None,
) -> dict[str, Handler]:
    """By operation name."""
    checks = Checks(callers, ids)
    payments = Payments(checks, facts, log, desk, clock, ids, settings or Settings())
    queries = Queries(checks, facts, ids)
    return {**dict.fromkeys(PARTIES, payments.pay), "query_transaction_status": queries.status}
