"""One batch: rows numbered, routed with `previous` and sealed; records encoded once; facts and positions picked out."""

import pytest
from msgspec.structs import replace

from mkondo.contracts import codec
from mkondo.contracts.journal import Partition, PartitionState, Route, StoredRecord, seal
from mkondo.contracts.records import decode_event, decode_record
from mkondo.domain import admission, ledger
from mkondo.domain.account import Account, Hold
from mkondo.domain.admission import organisation_key
from mkondo.domain.decider import Decider, Message, Record
from mkondo.domain.ids import Instant, RecordKey, partition_of
from mkondo.domain.ledger.keys import account_key, hold_key
from mkondo.domain.organisation import Organisation
from mkondo.domain.payment import PaymentAdmitted, PaymentCompleted, PaymentFailed
from mkondo.domain.request import Reference
from mkondo.domain.session import SessionOpened
from mkondo.ports.log import COMMANDS, Received
from mkondo.runtime.batch import BatchWriter, Decided
from mkondo.runtime.parking import ParkedMessages
from mkondo.testing.builders import (
    APPLICATION,
    CUSTOMER,
    DEADLINE_MS,
    HOUR_MS,
    NOW,
    ORGANISATION,
    SESSION,
    SHOP,
    admitted,
    configure,
    deciding,
    enabled,
    later,
    open_with,
    opening,
    payment,
    request,
    reserving,
    tzs,
)

ADMISSION = Partition("admission", partition_of(APPLICATION))
LEDGER = Partition("ledger", partition_of(CUSTOMER))
TO_LEDGER = str(LEDGER)


def command(message: Message, sequence: int = 0) -> Received:
    return Received(COMMANDS, sequence, 0, message)


def write(
    decider: Decider,
    before: PartitionState,
    *received: Received,
    memory: dict[RecordKey, Record] | None = None,
    now: Instant = NOW,
) -> Decided:
    parked = ParkedMessages(before.partition, {})
    memory = {} if memory is None else memory
    memory[organisation_key(ORGANISATION, APPLICATION)] = Organisation(enabled().grants)
    writer = BatchWriter(decider, before, memory, parked, now)
    for one in received:
        writer.take(one)
    return writer.finish()


def admissions(*names: str) -> list[Received]:
    """A configured application, its session, and one payment of each name."""
    messages: list[Message] = [configure(), opening()]
    return [command(message) for message in [*messages, *(request(name) for name in names)]]


FRESH = PartitionState(ADMISSION, epoch=1)


def test_rows_are_numbered_from_the_last_one() -> None:
    decided = write(admission, PartitionState(ADMISSION, epoch=1, last_sequence=40), *admissions("p1"))
    assert [row.sequence for row in decided.batch.rows] == [41, 42, 43]
    assert decided.batch.after.last_sequence == 43
    assert {row.source for row in decided.batch.rows} == {str(ADMISSION)}


def test_a_route_names_the_row_before_it_that_went_the_same_way() -> None:
    decided = write(admission, FRESH, *admissions("p1", "p2"))
    assert [row.routes for row in decided.batch.rows] == [(), (), (Route(TO_LEDGER, 0),), (Route(TO_LEDGER, 3),)]
    assert decided.batch.after.sent == {TO_LEDGER: 4}


def test_the_chain_of_previous_goes_on_in_the_next_batch() -> None:
    memory: dict[RecordKey, Record] = {}
    first = write(admission, FRESH, *admissions("p1"), memory=memory)
    second = write(admission, first.batch.after, command(request("p2")), memory=memory)
    assert second.batch.rows[0].routes == (Route(TO_LEDGER, first.batch.after.last_sequence),)


def test_each_destination_has_its_own_chain() -> None:
    decided = write(admission, FRESH, *admissions("p1"), command(request("p2", debited=SHOP)), command(request("p3")))
    assert partition_of(SHOP) != partition_of(CUSTOMER)
    ways = [row.routes[0] for row in decided.batch.rows if row.routes]
    assert ways == [Route(TO_LEDGER, 0), Route(f"ledger/{partition_of(SHOP)}", 0), Route(TO_LEDGER, 3)]


def test_the_last_row_of_a_batch_carries_the_seal_over_all_of_it() -> None:
    decided = write(admission, FRESH, *admissions("p1"))
    rows = decided.batch.rows
    assert [row.seal is not None for row in rows] == [False, False, True]
    assert rows[-1].seal == decided.batch.after.head == seal(b"", rows)


def test_the_next_seal_stands_on_the_one_before() -> None:
    memory: dict[RecordKey, Record] = {}
    first = write(admission, FRESH, *admissions("p1"), memory=memory)
    second = write(admission, first.batch.after, command(request("p2")), memory=memory)
    assert second.batch.after.head == seal(first.batch.after.head, second.batch.rows)
    assert second.batch.after.head != seal(b"", second.batch.rows)


def test_a_batch_without_events_keeps_the_head_and_moves_the_positions() -> None:
    before = PartitionState(ADMISSION, 1, 9, head=b"head", positions={COMMANDS: 3})
    decided = write(admission, before, command(request(), sequence=4))
    assert decided.batch.rows == ()
    assert decided.batch.after.head == b"head"
    assert decided.batch.after.last_sequence == 9
    assert decided.batch.after.positions == {COMMANDS: 4}


def test_a_direct_command_moves_no_position() -> None:
    assert write(admission, FRESH, *admissions("p1")).batch.after.positions == {}


def test_the_state_before_is_left_as_it_was() -> None:
    before = PartitionState(ADMISSION, 1)
    write(admission, before, *admissions("p1"), command(request("p2"), sequence=7))
    assert (before.positions, before.sent) == ({}, {})


def test_partition_time_never_goes_back() -> None:
    before = PartitionState(LEDGER, 1, time=later(DEADLINE_MS))
    memory = {account_key(CUSTOMER): Account(CUSTOMER, "TZS", posted=100_00)}
    decided = write(ledger, before, command(admitted()), memory=dict(memory), now=NOW)
    assert decided.batch.after.time == later(DEADLINE_MS)
    assert {row.time for row in decided.batch.rows} == {later(DEADLINE_MS)}
    assert [type(event) for event in decided.events] == [PaymentFailed]


def test_partition_time_follows_the_clock() -> None:
    assert write(admission, FRESH, *admissions("p1"), now=later(5)).batch.after.time == later(5)


def test_a_record_that_changes_several_times_is_written_once_as_it_ends() -> None:
    decided = write(
        ledger,
        PartitionState(LEDGER, 1),
        command(open_with(CUSTOMER, 100_00)),
        command(admitted("p1", tzs(10_00))),
        command(admitted("p2", tzs(20_00))),
    )
    stored = decided.batch.records[account_key(CUSTOMER)]
    assert stored is not None
    assert decode_record(account_key(CUSTOMER), stored.data) == Account(CUSTOMER, "TZS", posted=70_00)


def test_records_are_stored_with_their_timers_and_deleted_when_they_end() -> None:
    memory: dict[RecordKey, Record] = {}
    key, state, asked = hold_key("p1", CUSTOMER), PartitionState(LEDGER, 1), reserving("p1")
    placed = write(ledger, state, command(open_with(CUSTOMER, 100_00)), command(asked), memory=memory)
    stored = placed.batch.records[key]
    assert isinstance(stored, StoredRecord) and stored.due == later(HOUR_MS)
    assert placed.touched[key] == later(HOUR_MS)
    assert isinstance(memory[key], Hold)
    released = write(ledger, placed.batch.after, command(deciding("u1", asked.payment, commits=False)), memory=memory)
    assert released.batch.records[key] is None
    assert released.touched[key] is None
    assert key not in memory


def test_an_admission_writes_a_reference_and_no_record_of_it() -> None:
    memory: dict[RecordKey, Record] = {}
    decided = write(admission, FRESH, *admissions("p1"), memory=memory)
    (reference,) = decided.batch.references
    made = payment("p1")
    assert (reference.application, reference.third_party_conversation_id) == (APPLICATION, "tp-p1")
    assert (reference.transaction_id, reference.payment_id) == (made.transaction_id, made.payment_id)
    assert decode_event(reference.data) == PaymentAdmitted(made, SESSION, 1)
    assert not any(key.startswith("reference/") for key in decided.batch.records)
    assert memory[admission.reference_key(made)] == Reference(made)


def test_a_duplicate_inside_one_batch_is_noticed() -> None:
    decided = write(admission, FRESH, *admissions("p1"), command(request("p2", third_party_conversation_id="tp-p1")))
    assert len(decided.batch.references) == 1
    assert [getattr(message, "code", None) for _, message in decided.replies][-1] == "INS-10"


@pytest.mark.parametrize("amount", [60_00, 600_00])
def test_an_ending_writes_the_outcome_and_answers_whoever_asked(amount: int) -> None:
    decided = write(
        ledger, PartitionState(LEDGER, 1), command(open_with(CUSTOMER, 100_00)), command(admitted("p1", tzs(amount)))
    )
    ending = decided.events[-1]
    assert isinstance(ending, PaymentCompleted | PaymentFailed)
    (outcome,) = decided.batch.outcomes
    assert (outcome.name, decode_event(outcome.data)) == ("p1", ending)
    assert decided.replies == [(ending.payment.reply_to, ending)]


def test_who_opened_a_session_or_configured_is_answered() -> None:
    decided = write(admission, FRESH, *(command(m) for m in (configure(), replace(opening(), reply_to=None))))
    assert [type(message).__name__ for _, message in decided.replies] == ["ApplicationChanged"]
    assert isinstance(decided.events[1], SessionOpened)


def test_a_row_holds_its_event_as_the_codec_wrote_it() -> None:
    decided = write(admission, FRESH, *admissions("p1"))
    for row, event in zip(decided.batch.rows, decided.events, strict=True):
        assert codec.decode(row.type, row.version, row.data) == event
        assert row.key == APPLICATION
