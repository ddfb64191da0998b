"""The views `changes` and `rooms`: every version of an application, and what is used of its limits."""

from collections.abc import Mapping
from random import Random

import pytest
from msgspec.structs import replace

from mkondo.adapters.memory.views import MemoryViews
from mkondo.adapters.system.ids import SystemIds
from mkondo.contracts.journal import Partition
from mkondo.contracts.records import decode_record
from mkondo.contracts.views import decode_row
from mkondo.domain.application import ApplicationChanged, ProductScope
from mkondo.domain.ids import Instant, partition_of
from mkondo.domain.room import Part, RoomConfirmed, RoomGivenBack, Use, customer_room, session_room
from mkondo.domain.session import SessionRevoked
from mkondo.domain.views import VIEWS
from mkondo.domain.views.changes import ChangeRow, line_key
from mkondo.domain.views.rooms import RoomRow, row_key
from mkondo.domain.views.view import Change
from mkondo.runtime.projector import Projector
from mkondo.testing.builders import (
    API_KEY_HASH,
    APPLICATION,
    C2B,
    CUSTOMER,
    MULTI,
    SESSION,
    SHOP,
    admitted,
    configuration,
    configure,
    enabling,
    later,
    open_with,
    opening,
)
from services.projector.root import SOURCES
from tests.conformance.worlds import HandClock
from tests.unit.audit.history import History, deciding_of, paying, reserving
from tests.unit.views.test_interleaving import ShuffledStore, replay
from tests.unit.views.test_rows import told

DAY = "2024-11-30"
MINE = session_room(SESSION)
THEIRS = customer_room(APPLICATION, "255744000001")
LINE = f"{C2B}/TZS"
PART = Part(C2B, "TZS", DAY, 60_00)
PAID = replace(admitted(), market_day=DAY, buckets=(MINE, THEIRS))
CONFIRMED = RoomConfirmed(APPLICATION, PAID.payment.payment_id, PAID.buckets, PART)
GIVEN_BACK = RoomGivenBack(APPLICATION, PAID.payment.payment_id, PAID.buckets, PART)
OVER = SessionRevoked(APPLICATION, SESSION, "expired")
LIMITED = ProductScope(daily_value={"TZS": 100_00}, customer_daily_count=4)


def uses(*events: object) -> dict[str, Use]:
    rows: Mapping[str, RoomRow] = told("rooms", *events)  # type: ignore[arg-type]
    return {name: row.room.lines[LINE].days[DAY] for name, row in rows.items()}


def test_a_payment_is_pending_in_each_of_its_buckets_and_then_counted_or_given_back() -> None:
    names = {row_key(APPLICATION, bucket) for bucket in (MINE, THEIRS)}
    assert uses(PAID) == dict.fromkeys(names, Use(pending_minor=60_00, pending_count=1))
    assert uses(PAID, CONFIRMED) == dict.fromkeys(names, Use(60_00, 1))
    assert uses(PAID, GIVEN_BACK) == dict.fromkeys(names, Use())


def test_a_payment_without_limits_makes_no_row_and_nor_does_the_end_of_its_session() -> None:
    assert told("rooms", admitted(), OVER) == {}


def test_a_row_is_final_when_its_session_is_over_and_nothing_is_under_way_in_it() -> None:
    final, mine = VIEWS["rooms"].final, row_key(APPLICATION, MINE)
    rows = [told("rooms", *events)[mine] for events in ((PAID, CONFIRMED), (PAID, OVER), (PAID, OVER, CONFIRMED))]
    assert [final(row) for row in rows] == [False, False, True]


def test_a_version_tells_who_changed_what_and_no_key() -> None:
    before, after = configuration(), configuration(api_key_hash="new", name="Duka")
    first = ApplicationChanged(APPLICATION, 1, before, by="asha")
    second = ApplicationChanged(APPLICATION, 2, after, None, before, "juma", {API_KEY_HASH: later(60_000)})
    shown = {"before": replace(before, api_key_hash=""), "after": replace(after, api_key_hash="")}
    assert told("changes", first, second) == {
        line_key(APPLICATION, 1): ChangeRow(APPLICATION, 1, later(1_000), "asha", shown["before"], None, True),
        line_key(APPLICATION, 2): ChangeRow(
            APPLICATION, 2, later(2_000), "juma", shown["after"], shown["before"], True, later(60_000)
        ),
    }


async def history(store: ShuffledStore) -> History:
    """An application with limits whose payments end in every way, changed again and again; some are under way."""
    made = History(store)
    limited = dict.fromkeys((C2B, MULTI, "update_transaction_status"), LIMITED)
    made.ask("admission", enabling(), configure(products=limited), opening())
    made.ask("ledger", open_with(CUSTOMER, 90_00), open_with(SHOP, 0))
    await made.settle()
    for number, minor in enumerate((60_00, 40_00, 1_00)):  # one after another; the second is more than there is
        made.ask("admission", paying(f"p{number}", minor))
        await made.settle()
    made.ask("admission", reserving("taken", {}), reserving("open", {}))
    await made.settle()
    made.ask("admission", deciding_of("taken", {}))
    made.ask("admission", replace(configure(products=limited, name="Other", api_key_hash="k2"), overlap_ms=5_000))
    await made.settle()
    made.advance(6_000)
    await made.settle()
    made.ask("admission", configure(products=limited, name="Third", api_key_hash="k2"))
    made.ask("admission", paying("last", 1_00, {"deadline": Instant(made.now + 20_000)}))
    await made.turn()
    return made


@pytest.mark.parametrize("seed", range(8))
async def test_rows_are_the_same_for_every_interleaving_and_as_the_records_count(seed: int) -> None:
    store = ShuffledStore(HandClock())
    await history(store)
    views = MemoryViews()
    for source in SOURCES:
        await Projector("sandbox", [source], store, views, HandClock(), SystemIds()).catch_up()
    plain = dict(views._rows)
    assert await replay(store, Random(seed)) == plain
    assert {decode_row("changes", row).version for row in plain["changes"].values()} == {1, 2, 3}
    rooms = {name: decode_row("rooms", row) for name, row in plain["rooms"].items()}
    home = Partition("admission", partition_of(APPLICATION))
    stored = {
        row_key(APPLICATION, key): decode_record(key, record.data)
        for kind in ("session-room", "customer-room")
        for key, record in (await store.load_kind(home, kind)).items()
    }
    assert {name: row.room for name, row in rooms.items()} == stored and len(stored) == 2


async def test_the_test_above_finds_a_view_that_forgets_what_is_given_back() -> None:
    rooms = VIEWS["rooms"]
    lazy = Change(rooms.changes[RoomGivenBack].key, lambda row, event, at: row)
    store = ShuffledStore(HandClock())
    await history(store)
    honest = await replay(store, Random(1))
    spoilt = await replay(
        store, Random(1), {**VIEWS, "rooms": replace(rooms, changes={**rooms.changes, RoomGivenBack: lazy})}
    )
    assert honest["changes"] == spoilt["changes"] and honest["rooms"] != spoilt["rooms"]


def test_of_a_webhook_secret_only_that_it_changed_is_in_a_row_not_even_sealed() -> None:
    before, after = configuration(webhook_secret="v1.k1.old"), configuration(webhook_secret="v1.k1.new")
    changed = ApplicationChanged(APPLICATION, 2, after, before=before, webhook_overlaps={"v1.k1.old": later(5)})
    (row,) = told("changes", changed).values()
    assert isinstance(row, ChangeRow)
    assert (row.new_webhook_secret, row.old_webhook_secret_until, row.new_key) == (True, later(5), False)
    assert "v1.k1" not in str(row)
