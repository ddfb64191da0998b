"""All cases, in the order in which they are reported. Read next: payments.py."""

from mkondo.kit.case import Case
from mkondo.kit.cases import (
    direct_debits,
    fields,
    limits,
    mandate_terms,
    payments,
    places,
    pushed,
    queries,
    reversals,
    scripted,
    settings,
    tolerances,
    transport,
    two_step,
    who,
    whose,
)

CASES: tuple[Case, ...] = tuple(
    case
    for module in (
        who,
        payments,
        two_step,
        reversals,
        queries,
        direct_debits,
        mandate_terms,
        scripted,
        fields,
        transport,
        tolerances,
        whose,
        places,
        settings,
        limits,
        pushed,
    )
    for case in module.CASES
)
