"""A small history for tests: commands are decided by the real deciders and committed by the real batch writer.

Nothing runs by itself: `settle` decides what waits until nothing does, in batches of a chosen size, `stop_short` leaves
messages under way. Read next: test_verify.py.
"""

from collections import defaultdict, deque
from collections.abc import Mapping
from random import Random

from mkondo.contracts.journal import Partition, PartitionState, parse_partition
from mkondo.domain.account import till, wallet
from mkondo.domain.application import ProductScope, UsageTime
from mkondo.domain.approval import HANDSET, IMPLICIT, AnswerApproval
from mkondo.domain.decider import Message, Record, TimerDue
from mkondo.domain.ids import AccountId, Instant, RecordKey, partition_of
from mkondo.domain.payment import RequestPayment
from mkondo.domain.request import MakeRequest
from mkondo.ports.log import COMMANDS, Received
from mkondo.ports.store import Store
from mkondo.runtime.batch import BatchWriter
from mkondo.runtime.parking import ParkedMessages
from mkondo.testing.builders import (
    APPLICATION,
    C2B,
    CUSTOMER,
    DEADLINE_MS,
    HOUR_MS,
    MULTI,
    NOW,
    SESSION,
    SHOP,
    VOUCHER,
    configure,
    deciding,
    enabling,
    open_with,
    opening,
    payment,
    tzs,
)
from mkondo.topology import DECIDERS

CEILING = 500_00
DAILY = 9_000_00
LIMITED = ProductScope(
    single_value={"TZS": CEILING},
    daily_value={"TZS": DAILY},
    daily_count=60,
    customer_daily_value={"TZS": DAILY},
    customer_daily_count=60,
    usage_time=UsageTime(6 * 60, 5 * 60),
)
"""Ceilings that one of these histories may meet, and that let most of it through."""
UPDATE = "update_transaction_status"
APPROVED, REFUSED, IGNORED = "h-approved", "h-refused", "h-ignored"


class History:
    """Owns every partition of a store, one batch at a time."""

    def __init__(self, store: Store) -> None:
        self.store = store
        self.now = NOW
        self.states: dict[Partition, PartitionState] = {}
        self._records: defaultdict[Partition, dict[RecordKey, Record]] = defaultdict(dict)
        self._due: defaultdict[Partition, dict[RecordKey, Instant]] = defaultdict(dict)
        self._waiting: defaultdict[Partition, deque[Received]] = defaultdict(deque)

    def ask(self, decider: str, *commands: Message) -> None:
        for command in commands:
            partition = Partition(decider, partition_of(DECIDERS[decider].key(command)))
            self._waiting[partition].append(Received(COMMANDS, 0, 0, command))

    async def settle(self, most: int = 16) -> None:
        while await self.turn(most):
            pass

    async def turn(self, most: int = 16) -> bool:
        """One transaction over all partitions that have something to do. False: none had."""
        decided = []
        for partition in [partition for partition, waiting in self._waiting.items() if waiting]:
            if partition not in self.states:
                self.states[partition] = await self.store.acquire(partition, "history")
            writer = BatchWriter(
                DECIDERS[partition.decider],
                self.states[partition],
                self._records[partition],
                ParkedMessages(partition, {}),
                self.now,
            )
            waiting = self._waiting[partition]
            for _ in range(min(most, len(waiting))):
                writer.take(waiting.popleft())
            decided.append(writer.finish())
        await self.store.commit([one.batch for one in decided])
        for one in decided:
            partition = one.batch.before.partition
            self.states[partition] = one.batch.after
            for key, due in one.touched.items():
                self._due[partition].pop(key, None)
                if due is not None:
                    self._due[partition][key] = due
            for row, event in zip(one.batch.rows, one.events, strict=True):
                for route in row.routes:
                    received = Received(row.source, row.sequence, route.previous, event)
                    self._waiting[parse_partition(route.destination)].append(received)
        return bool(decided)

    def advance(self, milliseconds: int) -> None:
        """Let time pass: timers that are due wait to be decided."""
        self.now = Instant(self.now + milliseconds)
        for partition, due in self._due.items():
            for key in [key for key, instant in due.items() if instant <= self.now]:
                del due[key]
                self._waiting[partition].append(Received("timer", 0, 0, TimerDue(key)))


def paying(
    name: str, minor: int = 60_00, changes: Mapping[str, object] | None = None, approval: str = IMPLICIT
) -> RequestPayment:
    return RequestPayment(payment(name, tzs(minor), **(changes or {})), SESSION, approval)


def reserving(name: str, changes: Mapping[str, object]) -> RequestPayment:
    """A two-step payment that nobody decides in time if it is called so."""
    asked = payment(name, tzs(5_00), operation=MULTI, **changes)
    lasts_ms = 3_000 if name == "expires" else HOUR_MS
    return RequestPayment(asked, SESSION, reservation_ms=lasts_ms, voucher_code=VOUCHER)


def deciding_of(name: str, changes: Mapping[str, object], commits: bool = True) -> MakeRequest:
    return MakeRequest(deciding(f"decides-{name}", payment(name), commits, VOUCHER, **changes).request, SESSION)


def customer(number: int) -> AccountId:
    return wallet(APPLICATION, f"2557440{number:05d}", "TZS")


async def begin(store: Store) -> History:
    """An application with every kind of limit, a session, a customer and a shop."""
    history = History(store)
    history.ask("admission", configure(products=dict.fromkeys((C2B, MULTI, UPDATE), LIMITED)))
    history.ask("admission", enabling())
    history.ask("admission", opening())
    history.ask("ledger", open_with(CUSTOMER, 10_000_00), open_with(SHOP, 0))
    await history.settle()
    return history


async def eventful(store: Store, payments: int = 60, seed: int = 1) -> History:
    """A bit of everything that can happen to a payment, an account or a hold; at the end some credits are under way."""
    random = Random(seed)
    history = await begin(store)
    for number in range(payments):
        changes = _someone(random) | {"asked_at": history.now, "deadline": history.now + DEADLINE_MS}
        history.ask("admission", paying(f"p{number}", random.choice((10_00, 60_00, 300_00, 600_00)), changes))
        if random.random() < 0.2:
            history.ask("admission", paying(f"p{number}", 10_00))  # The same once more.
        if random.random() < 0.3:
            await history.turn(random.randrange(1, 8))
    await history.settle(random.randrange(1, 20))
    late = Instant(history.now - 1)
    soon = {"deadline": Instant(history.now + DEADLINE_MS)}
    history.ask("admission", paying("late", 1_00, {"deadline": late}))
    history.ask("admission", paying("nowhere", 1_00, soon | {"credited": till(APPLICATION, "999999", "TZS")}))
    history.ask("admission", *(paying(name, 1_00, soon, HANDSET) for name in (APPROVED, REFUSED, IGNORED)))
    history.ask("admission", *(reserving(name, soon) for name in ("taken", "given-back", "expires", "open")))
    await history.settle()
    history.ask(
        "ledger",
        AnswerApproval(payment(APPROVED).payment_id, CUSTOMER, "INS-0"),
        AnswerApproval(payment(REFUSED).payment_id, CUSTOMER, "INS-6", "no", "Cancelled"),
    )
    history.ask("admission", deciding_of("taken", soon), deciding_of("given-back", soon, commits=False))
    await history.settle()
    history.advance(DEADLINE_MS)
    await history.settle()
    soon = {"deadline": Instant(history.now + DEADLINE_MS)}
    history.ask("admission", *(paying(f"last{number}", 1_00, soon) for number in range(3)))
    for _ in range(2):
        await history.turn(2)  # Admission, the ledger; not the credits, and not the third payment.
    return history


def _someone(random: Random) -> dict[str, object]:
    """The known customer, one who is opened by touch, or one who does not exist."""
    kind = random.randrange(4)
    if kind == 0:
        return {}
    return {"debited": customer(random.randrange(12)), "opens_accounts": kind != 3}
