"""The composition root of payments_ingress: its handlers for one environment, made of the ports they need."""

from mkondo.adapters.http.callers import Callers
from mkondo.adapters.http.request import Handler
from mkondo.openapi.mozambique.operations import OPERATIONS as MOZAMBIQUE
from mkondo.ports.clock import Clock
from mkondo.ports.ids import Ids
from mkondo.ports.log import Log
from mkondo.ports.store import Facts
from mkondo.runtime.replies import ReplyDesk
from services.payments_ingress import mozambique
from services.payments_ingress.asking import Asking
from services.payments_ingress.checks import Checks, Recognise
from services.payments_ingress.conversations import Conversations
from services.payments_ingress.direct_debit import DirectDebits
from services.payments_ingress.parties import PARTIES
from services.payments_ingress.pay import Payments
from services.payments_ingress.query import Queries, TellName, whole_name
from services.payments_ingress.reservations import Reservations
from services.payments_ingress.reverse import Reversals
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
    """The M-Pesa OpenAPI's, by operation name."""
    return _every(callers.of_session, whole_name, facts, log, desk, clock, ids, settings or Settings())


def mozambique_handlers(
    *,
    callers: Callers,
    facts: Facts,
    log: Log,
    desk: ReplyDesk,
    clock: Clock,
    ids: Ids,
    settings: Settings | None = None,
) -> dict[str, Handler]:
    """The Mozambique gateway's, by operation name."""
    recognise, tell = callers.without_session, mozambique.customer_name
    every = _every(recognise, tell, facts, log, desk, clock, ids, settings or Settings())
    return {operation: every[operation] for operation in MOZAMBIQUE}


def _every(
    recognise: Recognise,
    tell: TellName,
    facts: Facts,
    log: Log,
    desk: ReplyDesk,
    clock: Clock,
    ids: Ids,
    settings: Settings,
) -> dict[str, Handler]:
    """What there is, by operation name, for callers who are recognised and told a customer's name in one way."""
    conversations = Conversations(ids, clock)
    checks = Checks(recognise, conversations, clock)
    asking = Asking(facts, log, desk, clock, ids, conversations, settings)
    direct_debits = DirectDebits(checks, asking, facts, ids)
    queries = Queries(checks, asking, facts, conversations, tell)
    return {
        **dict.fromkeys(PARTIES, Payments(checks, asking, facts, ids, settings.ussd_markets).pay),
        "update_transaction_status": Reservations(checks, asking, facts).update,
        "reversal": Reversals(checks, asking, facts).reverse,
        "query_transaction_status": queries.status,
        "query_beneficiary_name": queries.beneficiary,
        "direct_debit_creation": direct_debits.create,
        "direct_debit_payment": direct_debits.pay,
        "query_direct_debit": direct_debits.query,
        "direct_debit_cancel": direct_debits.cancel,
    }
