"""The composition root of payments_ingress: its handlers for one environment, made of the ports they need."""

from mkondo.adapters.http.callers import Callers
from mkondo.adapters.http.request import Handler
from mkondo.ports.clock import Clock
from mkondo.ports.ids import Ids
from mkondo.ports.log import Log
from mkondo.ports.store import Facts
from mkondo.runtime.replies import ReplyDesk
from services.payments_ingress import mozambique
from services.payments_ingress.asking import Asking
from services.payments_ingress.checks import Checks
from services.payments_ingress.conversations import Conversations
from services.payments_ingress.direct_debit import DirectDebits
from services.payments_ingress.parties import PARTIES
from services.payments_ingress.pay import Payments
from services.payments_ingress.query import Queries
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
    conversations = Conversations(ids, clock)
    checks = Checks(callers.of_session, conversations, clock)
    settings = settings or Settings()
    asking = Asking(facts, log, desk, clock, ids, settings)
    payments = Payments(checks, asking, facts, ids, settings.ussd_markets)
    reservations = Reservations(checks, asking, facts)
    reversals = Reversals(checks, asking, facts)
    direct_debits = DirectDebits(checks, asking, facts, ids)
    queries = Queries(checks, asking, facts, conversations)
    return {
        **dict.fromkeys(PARTIES, payments.pay),
        "update_transaction_status": reservations.update,
        "reversal": reversals.reverse,
        "query_transaction_status": queries.status,
        "query_beneficiary_name": queries.beneficiary,
        "direct_debit_creation": direct_debits.create,
        "direct_debit_payment": direct_debits.pay,
        "query_direct_debit": direct_debits.query,
        "direct_debit_cancel": direct_debits.cancel,
    }


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
    conversations = Conversations(ids, clock)
    checks = Checks(callers.without_session, conversations, clock)
    settings = settings or Settings()
    asking = Asking(facts, log, desk, clock, ids, settings)
    payments = Payments(checks, asking, facts, ids, settings.ussd_markets)
    reversals = Reversals(checks, asking, facts)
    queries = Queries(checks, asking, facts, conversations, mozambique.customer_name)
    return {
        "c2b_single_stage": payments.pay,
        "b2c_payment": payments.pay,
        "b2b_payment": payments.pay,
        "reversal": reversals.reverse,
        "query_transaction_status": queries.status,
        "query_beneficiary_name": queries.beneficiary,
    }
