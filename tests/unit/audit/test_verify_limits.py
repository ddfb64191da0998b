"""Verify finds and names a limit that was passed, and room that did not come back as it was taken, however sealed."""

from msgspec.structs import replace

from mkondo.contracts.journal import JournalRow, StoredRecord, parse_partition
from mkondo.contracts.records import Parked, encode_record
from mkondo.domain.application import ApplicationChanged, ProductScope, UsageTime
from mkondo.domain.decider import Event
from mkondo.domain.ids import RecordKey
from mkondo.domain.payment import PaymentAdmitted, PaymentCompleted, PaymentFailed
from mkondo.domain.request import RequestAdmitted
from mkondo.domain.room import Room, RoomConfirmed, RoomGivenBack, session_room
from mkondo.testing.builders import C2B, SESSION
from tests.unit.audit.history import CEILING, DAILY, UPDATE
from tests.unit.audit.spoil import Spoiled, Spoiling, Spoilings, assert_found, event_of, eventful_and_projected, sources

spoilings = Spoilings()
SESSIONS = session_room(SESSION)


def last(spoiled: Spoiled, of: type[Event]) -> JournalRow:
    rows = [row for source in sources(spoiled, "admission") for row in spoiled.rows(source)]
    return next(row for row in reversed(rows) if row.type == of.__name__)


def limited_otherwise(spoiled: Spoiled, product: str = C2B, **limits: object) -> None:
    """As if the application had had other limits all the time: its configuration is rewritten in the journal."""
    row = spoiled.first(ApplicationChanged)
    changed = event_of(row)
    scope = replace(changed.configuration.products[product], **limits)
    products = {**changed.configuration.products, product: scope}
    spoiled.rewrite(row, replace(changed, configuration=replace(changed.configuration, products=products)))


def at(row: JournalRow) -> str:
    return f"{row.source} sequence {row.sequence}"


# A limit that was passed: by the last payment that was admitted, or by any when the ceiling should have been lower.


@spoilings.finds("passes its limit: single value")
def a_payment_above_the_single_value(spoiled: Spoiled) -> str:
    return with_amount(spoiled, last(spoiled, PaymentAdmitted), CEILING + 1)


@spoilings.finds("passes its limit: daily value")
def a_payment_above_the_daily_value(spoiled: Spoiled) -> str:
    return with_amount(spoiled, last(spoiled, PaymentAdmitted), DAILY + 1)


@spoilings.finds("passes its limit: customer daily value")
def a_payment_above_the_customers_daily_value(spoiled: Spoiled) -> str:
    return with_amount(spoiled, last(spoiled, PaymentAdmitted), DAILY + 1)


@spoilings.finds("passes its limit: daily count 0, 0 taken and 1 more")
def a_payment_beyond_the_number_of_transactions(spoiled: Spoiled) -> str:
    limited_otherwise(spoiled, daily_count=0)
    return at(spoiled.first(PaymentAdmitted))


@spoilings.finds("passes its limit: customer daily count 1, 1 taken and 1 more")
def a_payment_beyond_the_customers_number(spoiled: Spoiled) -> str:
    limited_otherwise(spoiled, customer_daily_count=1)
    first = event_of(spoiled.first(PaymentAdmitted)).payment
    return at(spoiled.first(PaymentAdmitted, lambda event: event.payment.payment_id != first.payment_id))


@spoilings.finds("passes its limit: daily count 1, 1 taken and 1 more")
def a_request_beyond_the_number_of_transactions(spoiled: Spoiled) -> str:
    limited_otherwise(spoiled, UPDATE, daily_count=1)
    first = event_of(spoiled.first(RequestAdmitted)).request
    return at(spoiled.first(RequestAdmitted, lambda event: event.request.request_id != first.request_id))


@spoilings.finds("was reached in this session")
def a_payment_in_a_session_that_was_shut(spoiled: Spoiled) -> str:
    """Those before it have filled it, and another day makes no room."""
    confirmed = [event_of(row) for row in spoiled.rows(last(spoiled, PaymentAdmitted).source) if "Confirm" in row.type]
    limited_otherwise(spoiled, daily_count=sum(event.part.product == C2B for event in confirmed))
    row = last(spoiled, PaymentAdmitted)
    spoiled.change(row, time=row.time + 12 * 3_600_000)
    row = last(spoiled, PaymentAdmitted)
    return spoiled.rewrite(row, replace(event_of(row), market_day="2024-12-01"))


@spoilings.finds("passes its limit: no daily value in TZS")
def a_payment_in_a_currency_without_a_ceiling(spoiled: Spoiled) -> str:
    limited_otherwise(spoiled, daily_value={"USD": 1})
    return at(spoiled.first(PaymentAdmitted))


@spoilings.finds("was admitted outside its usage time")
def a_payment_outside_the_usage_time(spoiled: Spoiled) -> str:
    limited_otherwise(spoiled, usage_time=UsageTime(60, 61))
    return at(spoiled.first(PaymentAdmitted))


@spoilings.finds("is not switched on")
def a_payment_of_a_product_that_was_off(spoiled: Spoiled) -> str:
    row = spoiled.first(ApplicationChanged)
    changed = event_of(row)
    products = {**changed.configuration.products, C2B: ProductScope(on=False)}
    spoiled.rewrite(row, replace(changed, configuration=replace(changed.configuration, products=products)))
    return at(spoiled.first(PaymentAdmitted))


@spoilings.finds("was not in force")
def a_request_under_a_configuration_that_never_was(spoiled: Spoiled) -> str:
    row = spoiled.first(RequestAdmitted)
    return spoiled.rewrite(row, replace(event_of(row), configuration=9))


# Room.


@spoilings.finds("reserved room in []")
def a_payment_that_took_no_room(spoiled: Spoiled) -> str:
    row = last(spoiled, PaymentAdmitted)
    return spoiled.rewrite(row, replace(event_of(row), buckets=(), market_day=""))


@spoilings.finds("reserved room of 2024-11-29, on 2024-11-30")
def a_payment_that_took_room_of_another_day(spoiled: Spoiled) -> str:
    row = spoiled.first(PaymentAdmitted)
    return spoiled.rewrite(row, replace(event_of(row), market_day="2024-11-29"))


@spoilings.finds("that could be settled")
def room_that_was_confirmed_twice(spoiled: Spoiled) -> str:
    row = spoiled.first(RoomConfirmed)
    spoiled.insert(row, event_of(row))
    return f"{row.source} sequence {row.sequence + 1}"


@spoilings.finds("1 expected, 2 found")
def room_that_was_given_back_twice(spoiled: Spoiled) -> str:
    row = spoiled.first(RoomGivenBack)
    spoiled.insert(row, event_of(row))
    return f"room of request {event_of(row).payment_id}"


@spoilings.finds("is not settled as it was reserved")
def more_room_given_back_than_was_taken(spoiled: Spoiled) -> str:
    row = spoiled.first(RoomGivenBack)
    event = event_of(row)
    return spoiled.rewrite(row, replace(event, part=replace(event.part, minor=event.part.minor + 1)))


@spoilings.finds("is not settled as it was reserved")
def room_given_back_to_another_day(spoiled: Spoiled) -> str:
    row = spoiled.first(RoomGivenBack)
    event = event_of(row)
    return spoiled.rewrite(row, replace(event, part=replace(event.part, day="2024-12-01")))


@spoilings.finds("is not settled as it was reserved")
def one_bucket_forgotten(spoiled: Spoiled) -> str:
    row = spoiled.first(RoomConfirmed, lambda event: len(event.buckets) > 1)
    event = event_of(row)
    return spoiled.rewrite(row, replace(event, buckets=event.buckets[:1]))


@spoilings.finds("differs from what the events say")
def a_completed_payment_that_was_given_back(spoiled: Spoiled) -> str:
    row = spoiled.first(RoomConfirmed)
    event = event_of(row)
    spoiled.change(row, type="RoomGivenBack")
    given_back = RoomGivenBack(event.application, event.payment_id, event.buckets, event.part)
    spoiled.rewrite(spoiled.rows(row.source)[row.sequence - 1], given_back)
    return f"room of request {event.payment_id}"


@spoilings.finds("settled, though it has not ended")
def room_of_a_payment_that_has_not_ended(spoiled: Spoiled) -> str:
    row = last(spoiled, PaymentAdmitted)
    admitted = event_of(row)
    like = event_of(spoiled.first(RoomConfirmed, lambda event: event.part.product == C2B))
    part = replace(like.part, minor=admitted.payment.amount.minor)
    spoiled.insert(row, replace(like, payment_id=admitted.payment.payment_id, buckets=admitted.buckets, part=part))
    return f"room of request {admitted.payment.payment_id}"


@spoilings.finds("it has ended, but its room was never settled")
def an_ending_that_was_taken_and_forgotten(spoiled: Spoiled) -> str:
    return f"room of request {event_of(taken(spoiled)).payment.payment_id}"


async def test_room_waits_for_an_ending_that_is_parked() -> None:
    spoiled = await eventful_and_projected()
    row = taken(spoiled)
    owner = next(route.destination for route in row.routes if route.destination.startswith("admission"))
    parked = Parked(row.source, row.sequence, row.type, row.version, row.data, "a bug", SESSIONS)
    key = RecordKey(f"parked/{owner}/000000000001")
    spoiled.store._records[parse_partition(owner)][key] = StoredRecord(encode_record(parked))
    assert (await spoiled.verify()).problems == ()


def taken(spoiled: Spoiled) -> JournalRow:
    """The first ending that is under way to admission: now it is as if its owner had taken it."""
    row = next(
        row
        for source in sources(spoiled, "ledger")
        for row in spoiled.rows(source)
        if row.type in (PaymentCompleted.__name__, PaymentFailed.__name__) and is_under_way(spoiled, row)
    )
    owner = next(route.destination for route in row.routes if route.destination.startswith("admission"))
    state = spoiled.store._states[parse_partition(owner)]
    spoiled.state(owner, positions=state.positions | {row.source: row.sequence})
    return row


def is_under_way(spoiled: Spoiled, row: JournalRow) -> bool:
    owners = [route.destination for route in row.routes if route.destination.startswith("admission")]
    states = [spoiled.store._states[parse_partition(owner)] for owner in owners]
    return any(state.positions.get(row.source, 0) < row.sequence for state in states)


# What the records count.


@spoilings.finds("differs from what the events say")
def a_used_counter_that_was_raised(spoiled: Spoiled) -> str:
    return spoiled.record(SESSIONS, lambda room: counting(room, 1))


@spoilings.finds("counts (")
def a_used_counter_that_was_lowered(spoiled: Spoiled) -> str:
    return spoiled.record(SESSIONS, lambda room: counting(room, -1))


@spoilings.finds("missing, though the events have made it")
def a_room_that_was_thrown_away(spoiled: Spoiled) -> str:
    return spoiled.record(SESSIONS, None)


def counting(room: Room, more: int) -> Room:
    name = f"{C2B}/TZS"
    line = room.lines[name]
    days = {day: replace(use, count=use.count + more, minor=use.minor + more) for day, use in line.days.items()}
    return Room({**room.lines, name: replace(line, days=days)})


def with_amount(spoiled: Spoiled, row: JournalRow, minor: int) -> str:
    admitted = event_of(row)
    amount = replace(admitted.payment.amount, minor=minor)
    return spoiled.rewrite(row, replace(admitted, payment=replace(admitted.payment, amount=amount)))


@spoilings.every()
async def test_verify_finds_and_names(what: str, spoiling: Spoiling) -> None:
    await assert_found(what, spoiling)
