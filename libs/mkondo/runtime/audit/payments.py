"""Payments: one outcome each, one entry for each that completed, none after its deadline.

Service requests have one answer each. The fact rows that queries read, references and outcomes, must be the events' own
bytes (rule 8). Read next: limits.py.
"""

from collections import defaultdict
from collections.abc import Mapping

import msgspec

from mkondo.contracts.journal import JournalRow, PartitionState, StoredReference
from mkondo.contracts.records import StoredEvent
from mkondo.domain import admission
from mkondo.domain.account import JournalEntryPosted
from mkondo.domain.decider import Event
from mkondo.domain.facts import names_of
from mkondo.domain.mandates import CollectionAdmitted, MandateFound
from mkondo.domain.payment import Payment, PaymentAdmitted, PaymentCompleted, PaymentFailed
from mkondo.domain.request import Request, RequestAdmitted, RequestAnswered
from mkondo.domain.reversals import ReversalAdmitted
from mkondo.runtime.audit.chain import Journal
from mkondo.runtime.audit.match import Match
from mkondo.runtime.audit.report import Findings

encode = msgspec.msgpack.Encoder().encode


class Payments:
    """Follows every payment. `endings` matches what admission sent on with what the ledger ended."""

    def __init__(
        self,
        states: Mapping[str, PartitionState],
        references: Match,
        outcomes: Match,
        endings: Match,
        findings: Findings,
    ) -> None:
        self._states, self._findings = states, findings
        self._references, self._outcomes, self._endings = references, outcomes, endings
        self._entries: defaultdict[str, dict[str, JournalEntryPosted]] = defaultdict(dict)
        """By source, the entries of the batch at hand whose payment has not completed yet."""

    def see(self, journal: Journal, row: JournalRow, event: Event) -> None:
        for name in names_of(event):
            self._outcomes.expect(name, encode(StoredEvent(row.type, row.version, row.data)), _at(row))
        match event:
            case PaymentAdmitted():
                self._admitted(row, event)
            case CollectionAdmitted() | ReversalAdmitted():
                self._passed_on(row, event.admitted.payment.payment_id)
            case RequestAdmitted():
                self._asked(row, event.request)
            case MandateFound():
                self._passed_on(row, event.request.request_id)
            case RequestAnswered():
                self._answered(journal, row, event.request)
            case JournalEntryPosted() if event.payment_id:
                self._posted(journal, row, event)
            case PaymentCompleted():
                self._completed(journal, row, event)
            case PaymentFailed():
                self._failed(journal, row, event)
            case _:
                pass
        if row.seal is not None:
            self._end_batch(journal, row)

    def _admitted(self, row: JournalRow, event: PaymentAdmitted) -> None:
        self._findings.count("payments")
        self._findings.count("in progress")
        self._refer(row, event.payment)
        if self._is_taken(row):
            self._endings.expect(event.payment.payment_id, b"", _at(row))

    def _asked(self, row: JournalRow, request: Request) -> None:
        self._findings.count("requests")
        self._refer(row, request)
        if self._is_taken(row):
            self._endings.expect(request.request_id, b"", _at(row))

    def _answered(self, journal: Journal, row: JournalRow, request: Request) -> None:
        if journal.partition.decider == admission.NAME:
            self._findings.count("requests")
            self._refer(row, request)
        else:
            self._endings.find(request.request_id, b"", _at(row))

    def _passed_on(self, row: JournalRow, conversation_id: str) -> None:
        """On its way from one decider to the next it has not ended, and need not have."""
        if not self._is_taken(row):
            self._endings.find(conversation_id, b"", _at(row))

    def _is_taken(self, row: JournalRow) -> bool:
        states = (self._states.get(route.destination) for route in row.routes)
        return any(state is not None and state.positions.get(row.source, 0) >= row.sequence for state in states)

    def _posted(self, journal: Journal, row: JournalRow, entry: JournalEntryPosted) -> None:
        if entry.payment_id in self._entries[row.source]:
            journal.wrong(row.sequence, f"payment {entry.payment_id} has a second entry")
        self._entries[row.source][entry.payment_id] = entry

    def _completed(self, journal: Journal, row: JournalRow, event: PaymentCompleted) -> None:
        payment = event.payment
        entry = self._entries[row.source].pop(payment.payment_id, None)
        if entry is None:
            journal.wrong(row.sequence, f"payment {payment.payment_id} is completed without an entry in its batch")
        elif (entry.debit.account, entry.credit.account, entry.debit.minor, entry.currency) != (
            payment.debited,
            payment.credited,
            payment.amount.minor,
            payment.amount.currency,
        ):
            journal.wrong(row.sequence, f"the entry of payment {payment.payment_id} is not what was asked for")
        if row.time >= payment.deadline:
            journal.wrong(row.sequence, f"payment {payment.payment_id} was posted after its deadline")
        self._findings.count("completed")
        self._findings.count("in progress", -1)
        self._endings.find(payment.payment_id, b"", _at(row))

    def _failed(self, journal: Journal, row: JournalRow, event: PaymentFailed) -> None:
        payment = event.payment
        if payment.payment_id in self._entries[row.source]:
            journal.wrong(row.sequence, f"payment {payment.payment_id} failed, and was posted in the same batch")
        self._findings.count("failed")
        if journal.partition.decider == admission.NAME:
            self._findings.count("payments")
            self._refer(row, payment)
        else:
            self._findings.count("in progress", -1)
            self._endings.find(payment.payment_id, b"", _at(row))

    def _refer(self, row: JournalRow, about: Payment | Request) -> None:
        reference = StoredReference(
            about.application,
            about.third_party_conversation_id,
            about.transaction_id,
            about.conversation_id,
            encode(StoredEvent(row.type, row.version, row.data)),
        )
        self._references.expect(about.conversation_id, encode(reference), _at(row))

    def _end_batch(self, journal: Journal, row: JournalRow) -> None:
        for payment_id in self._entries.pop(row.source, {}):
            journal.wrong(row.sequence, f"payment {payment_id} was posted in this batch and not completed in it")

    def still_waits(self, conversation_id: str, where: str) -> None:
        """It was taken, and waits for its customer, for the merchant's decision, or for an operator."""
        self._endings.find(conversation_id, b"", where)


def _at(row: JournalRow) -> str:
    return f"{row.source} sequence {row.sequence}"
