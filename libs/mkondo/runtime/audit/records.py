"""Records: what the owners keep must be what replaying the events from nothing gives, timers included.

Parked messages and open approvals are read here too: they say which messages were taken and not yet dealt with.
Read next: replay.py.
"""

from collections.abc import Mapping

import msgspec

from mkondo.contracts import codec
from mkondo.contracts.journal import Partition, StoredRecord
from mkondo.contracts.records import Parked, decode_record
from mkondo.domain.account import Hold, JournalEntryPosted
from mkondo.domain.approval import Approval
from mkondo.domain.decider import Decider, Record
from mkondo.domain.ids import RecordKey
from mkondo.domain.mandates import CollectionAdmitted, MandateFound
from mkondo.domain.payment import PaymentAdmitted, PaymentCompleted, PaymentFailed
from mkondo.domain.request import RequestAdmitted, RequestAnswered
from mkondo.domain.reversals import ReversalAdmitted
from mkondo.domain.room import Room
from mkondo.runtime.audit.chain import Journal
from mkondo.runtime.audit.limits import Limits
from mkondo.runtime.audit.money import Money
from mkondo.runtime.audit.payments import Payments
from mkondo.runtime.audit.report import Findings


class Records:
    """Compares stored records, one after the other, with the replayed ones."""

    def __init__(
        self,
        journals: Mapping[Partition, Journal],
        deciders: Mapping[str, Decider],
        money: Money,
        payments: Payments,
        limits: Limits,
        findings: Findings,
    ) -> None:
        self._journals, self._deciders = journals, deciders
        self._money, self._payments, self._limits, self._findings = money, payments, limits, findings
        self._stored: list[tuple[str, Record]] = []

    def see(self, key: RecordKey, partition: Partition, stored: StoredRecord) -> None:
        where = f"record {key} of {partition}"
        self._findings.count("records")
        try:
            record = decode_record(key, stored.data)
        except (KeyError, TypeError, ValueError, msgspec.DecodeError, codec.Unreadable) as trouble:
            self._findings.wrong(where, f"can't be read: {trouble!r}")
            return
        if isinstance(record, Parked):
            self._parked(record, where)
            return
        self._stored.append((where, record))
        self._compare(key, partition, stored, record, where)

    def _compare(self, key: RecordKey, partition: Partition, stored: StoredRecord, record: Record, where: str) -> None:
        journal, decider = self._journals.get(partition), self._deciders.get(partition.decider)
        replayed = journal.records.pop(key, None) if journal is not None else None
        if replayed is None or decider is None:
            self._findings.wrong(where, "no event has made it")
        elif record != replayed:
            self._findings.wrong(where, f"differs from what the events say: {_differences(record, replayed)}")
        elif stored.due != decider.due(record):
            self._findings.wrong(where, f"its timer is set to {stored.due}, not to {decider.due(record)}")
        if isinstance(record, Room):
            self._limits.check_record(key, record, where)
        if isinstance(replayed, Approval | Hold):
            self._payments.still_waits(replayed.admitted.payment.payment_id, where)

    def _parked(self, parked: Parked, where: str) -> None:
        self._findings.count("parked")
        try:
            message = codec.decode(parked.type, parked.version, parked.data)
        except (ValueError, codec.Unreadable) as trouble:
            self._findings.wrong(where, f"can't be read: {trouble!r}")
            return
        match message:
            case JournalEntryPosted():
                self._money.still_waits(message, where)
            case PaymentAdmitted():
                self._payments.still_waits(message.payment.payment_id, where)
            case CollectionAdmitted() | ReversalAdmitted():
                self._payments.still_waits(message.admitted.payment.payment_id, where)
            case RequestAdmitted() | MandateFound():
                self._payments.still_waits(message.request.request_id, where)
            case PaymentCompleted() | PaymentFailed() | RequestAnswered():
                self._limits.still_waits(message, where)
            case _:
                pass

    def finish(self) -> None:
        for partition, journal in self._journals.items():
            for key in journal.records:
                self._findings.wrong(f"record {key} of {partition}", "missing, though the events have made it")
        self._money.check_records(self._stored)


def _differences(record: Record, replayed: Record) -> str:
    """`posted is 10, should be 20`, field by field."""
    if type(record) is not type(replayed):
        return f"a {type(record).__name__}, should be a {type(replayed).__name__}"
    pairs = ((name, getattr(record, name), getattr(replayed, name)) for name in record.__struct_fields__)
    return ", ".join(f"{name} is {says}, should be {should}" for name, says, should in pairs if says != should)
