"""What people look at, as one table of read models. A new view is a file here and a line in VIEWS.

Pure. Whatever order the sources are read in, a row comes out the same, as long as each source keeps its own order (G7):
an event changes a row by what it says itself, and events of two sources never write the same field.
Reading order: view.py, then payments.py, entries.py, statements.py, balances.py, reversed.py, mandates.py,
handsets.py, deliveries.py, results.py, endpoints.py, changes.py, rooms.py.
Read next: runtime/projector.py.
"""

from mkondo.domain.views.balances import BALANCES
from mkondo.domain.views.changes import CHANGES
from mkondo.domain.views.deliveries import DELIVERIES
from mkondo.domain.views.endpoints import ENDPOINTS
from mkondo.domain.views.entries import ENTRIES
from mkondo.domain.views.handsets import HANDSETS
from mkondo.domain.views.mandates import MANDATES
from mkondo.domain.views.payments import PAYMENTS
from mkondo.domain.views.results import RESULTS
from mkondo.domain.views.reversed import REVERSED
from mkondo.domain.views.rooms import ROOMS
from mkondo.domain.views.statements import STATEMENTS
from mkondo.domain.views.view import View

VIEWS: dict[str, View] = {
    view.name: view
    for view in (
        PAYMENTS,
        ENTRIES,
        STATEMENTS,
        BALANCES,
        REVERSED,
        MANDATES,
        HANDSETS,
        DELIVERIES,
        RESULTS,
        ENDPOINTS,
        CHANGES,
        ROOMS,
    )
}

__all__ = ["VIEWS"]
