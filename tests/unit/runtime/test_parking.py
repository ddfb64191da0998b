"""A poison message stops as little as possible (architecture rule 14)."""

from mkondo.contracts.journal import Partition
from mkondo.contracts.parking import DiscardParked, RetryParked
from mkondo.contracts.records import PARKED, Parked, decode_record
from mkondo.domain import admission, ledger
from mkondo.domain.account import (
    CreditApplied,
    HoldCaptured,
    HoldExpired,
    HoldPlaced,
    JournalEntryPosted,
    wallet,
)
from mkondo.domain.application import ApplicationChanged, ConfigureApplication
from mkondo.domain.approval import AnswerApproval
from mkondo.domain.decider import Message, Rejection, TimerDue
from mkondo.domain.ids import AccountId, PaymentId, RecordKey, partition_of
from mkondo.domain.ledger.keys import account_key, approval_key
from mkondo.domain.payment import PaymentAdmitted, PaymentCompleted, PaymentFailed, RequestPayment
from mkondo.domain.request import RequestAdmitted
from mkondo.domain.session import OpenSession
from mkondo.ports.log import COMMANDS
from mkondo.testing.builders import (
    APPLICATION,
    CUSTOMER,
    HOUR_MS,
    SESSION,
    SHOP,
    configure,
    deciding,
    open_with,
    opening,
    payment,
    request,
    reserving,
    tzs,
)
from tests.unit.runtime.house import House, Member, Poisoned, house

LEDGER = Partition("ledger", partition_of(CUSTOMER))


def payments(*names: str) -> "PoisonList":
    return PoisonList(names)


class PoisonList:
    """The named payments are poison, on their way in or once admitted, until they are cured."""

    def __init__(self, names: tuple[str, ...]) -> None:
        self.names = set(names)

    def __call__(self, message: Message) -> bool:
        return isinstance(message, RequestPayment | PaymentAdmitted) and message.payment.payment_id in self.names

    def cure(self) -> None:
        self.names.clear()


async def ready(h: House) -> None:
    await h.open_for_business()
    await h.send("ledger", open_with(CUSTOMER, 1_000_00), open_with(SHOP, 0))
    await h.until(lambda: h.happened("ledger", CreditApplied) == 1, "the accounts are open")


async def parked(h: House, partition: Partition = LEDGER) -> list[tuple[RecordKey, Parked]]:
    stored = await h.store.load_kind(partition, PARKED)
    found = [(key, decode_record(key, stored[key].data)) for key in sorted(stored)]
    return [(key, record) for key, record in found if isinstance(record, Parked)]


async def restarted(h: House, member: Member) -> Member:
    await member.die()
    h.members.remove(member)
    h.clock.advance(2_001)
    return await h.member("after the crash")


async def pay(h: House, *names: str) -> None:
    await h.send("admission", *(request(name, tzs(1_00)) for name in names))


async def with_p1_parked(h: House, *behind: str) -> Member:
    """p1 is poison at the ledger; the payments behind it come from the same customer and wait."""
    member = await h.member()
    await ready(h)
    await pay(h, "p1", *behind)
    await h.until(lambda: len(h.store.parked) == 1 + len(behind), "they are parked")
    return member


async def test_a_poison_command_ends_as_ins_1_and_blocks_nobody() -> None:
    poisoned = Poisoned(admission, payments("p2"))
    async with house(admission=poisoned) as h:
        await h.member()
        await ready(h)
        await pay(h, "p1", "p2", "p3")
        await h.until(lambda: len(h.answers) >= 5, "all three are answered")
        (failed,) = h.answered("p2")
        assert isinstance(failed, PaymentFailed) and failed.code == "INS-1"
        for name in ("p1", "p3"):
            assert [type(message) for message in h.answered(name)] == [PaymentCompleted]
        assert await h.store.outcome("p2") is not None
        assert await parked(h, Partition("admission", partition_of(APPLICATION))) == []


async def test_a_message_is_tried_twice_before_it_is_poison() -> None:
    poisoned = Poisoned(admission, payments("p1"))
    async with house(admission=poisoned) as h:
        await h.member()
        await ready(h)
        await pay(h, "p1")
        await h.until(lambda: bool(h.answered("p1")), "it ended")
        assert poisoned.tried == {"RequestPayment": 2}


async def test_a_poison_configuration_is_answered_and_blocks_no_payment() -> None:
    poisoned = Poisoned(
        admission, lambda message: isinstance(message, ConfigureApplication) and message.configuration.name == "poison"
    )
    async with house(admission=poisoned) as h:
        await h.member()
        await ready(h)
        h.answers.clear()
        await h.send("admission", configure(name="poison"))
        await pay(h, "p1")
        await h.until(lambda: bool(h.answered("p1")), "the payment behind it ended")
        assert [type(message) for message in h.answered("p1")] == [PaymentCompleted]
        (answer,) = h.answered(APPLICATION)
        assert isinstance(answer, Rejection) and answer.code == "INS-1"
        assert h.happened("admission", ApplicationChanged) == 1


async def test_a_poison_session_is_answered() -> None:
    poisoned = Poisoned(admission, lambda message: isinstance(message, OpenSession))
    async with house(admission=poisoned) as h:
        await h.member()
        await h.ask("admission", opening(), names=[SESSION])
        (answer,) = h.answered(SESSION)
        assert isinstance(answer, Rejection) and answer.code == "INS-1"


async def test_a_poison_admitted_payment_is_parked_with_its_reason() -> None:
    async with house(ledger=Poisoned(ledger, payments("p1"))) as h:
        await with_p1_parked(h)
        ((_, message),) = await parked(h)
        assert (message.type, message.about, message.reason) == (
            "PaymentAdmitted",
            account_key(CUSTOMER),
            "RuntimeError: poison",
        )
        assert h.answered("p1") == []


async def test_later_messages_about_that_record_wait_in_their_order() -> None:
    async with house(ledger=Poisoned(ledger, payments("p1"))) as h:
        await with_p1_parked(h, "p2", "p3")
        (first, p1), (_, p2), (_, p3) = await parked(h)
        assert b'"p1"' in p1.data and b'"p2"' in p2.data and b'"p3"' in p3.data
        assert p2.reason == p3.reason == f"waits behind {first}"


async def test_messages_about_other_records_go_on() -> None:
    async with house(ledger=Poisoned(ledger, payments("p1"))) as h:
        await with_p1_parked(h)
        other = neighbour()
        await h.send("ledger", open_with(other, 5_00))
        await h.send("admission", request("p2", tzs(1_00), debited=other))
        await h.until(lambda: bool(h.answered("p2")), "a payment from the next account of the same partition ends")
        assert [type(message) for message in h.answered("p2")] == [PaymentCompleted]


def neighbour() -> AccountId:
    """Another account of the customer's partition."""
    others = (wallet(APPLICATION, f"25574400{number:04d}", "TZS") for number in range(2, 100))
    return next(account for account in others if partition_of(account) == LEDGER.number)


async def test_a_retry_decides_them_in_their_order() -> None:
    poison = payments("p1")
    async with house(ledger=Poisoned(ledger, poison)) as h:
        await with_p1_parked(h, "p2", "p3")
        poison.cure()
        await h.send_to(LEDGER, RetryParked(account_key(CUSTOMER)))
        await h.until(lambda: bool(h.answered("p3")), "all three have ended")
        ended = [asked for asked, message in h.answers if isinstance(message, PaymentCompleted)]
        assert ended == ["p1", "p2", "p3"]
        assert await parked(h) == []
        await h.until(lambda: h.happened("ledger", CreditApplied) == 4, "the shop has its credits")
        await h.check_books()


async def test_a_retry_that_fails_again_leaves_them_where_they_are() -> None:
    poisoned = Poisoned(ledger, payments("p1"))
    async with house(ledger=poisoned) as h:
        await with_p1_parked(h, "p2")
        tried = poisoned.tried["PaymentAdmitted"]
        await h.send_to(LEDGER, RetryParked(account_key(CUSTOMER)))
        await h.until(lambda: poisoned.tried["PaymentAdmitted"] == tried + 2, "it was tried again")
        await pay(h, "p3")
        await h.until(lambda: len(h.store.parked) == 3, "the next one waits too")
        assert len(await parked(h)) == 3
        assert [name for name in ("p1", "p2", "p3") if h.answered(name)] == []


async def test_a_discarded_message_is_forgotten_and_those_behind_it_can_be_retried() -> None:
    async with house(ledger=Poisoned(ledger, payments("p1"))) as h:
        await with_p1_parked(h, "p2")
        (first, _), _ = await parked(h)
        await h.send_to(LEDGER, DiscardParked(first), RetryParked(account_key(CUSTOMER)))
        await h.until(lambda: bool(h.answered("p2")), "the one behind it has ended")
        assert h.answered("p1") == []
        assert await parked(h) == []
        await pay(h, "p3")
        await h.until(lambda: bool(h.answered("p3")), "nobody waits any more")


async def test_parked_messages_survive_a_crash_and_still_block() -> None:
    poison = payments("p1")
    async with house(ledger=Poisoned(ledger, poison)) as h:
        member = await with_p1_parked(h, "p2")
        await restarted(h, member)
        await pay(h, "p3")
        await h.until(lambda: len(h.store.parked) == 3, "the next one waits behind them")
        assert [key.rpartition("/")[2] for key, _ in await parked(h)] == [f"{n:012d}" for n in (1, 2, 3)]


async def test_a_retry_after_a_crash_sees_the_records_as_they_stand() -> None:
    """Nothing of the account is in memory then: it has to be loaded for the parked messages too."""
    poison = payments("p1")
    async with house(ledger=Poisoned(ledger, poison)) as h:
        member = await with_p1_parked(h, "p2")
        poison.cure()
        await restarted(h, member)
        await h.send_to(LEDGER, RetryParked(account_key(CUSTOMER)))
        await h.until(lambda: bool(h.answered("p1") and h.answered("p2")), "both have ended")
        assert [type(message) for name in ("p1", "p2") for message in h.answered(name)] == [PaymentCompleted] * 2
        assert await h.balance(CUSTOMER) == 998_00


async def test_a_lost_commit_of_a_parking_parks_once() -> None:
    async with house(ledger=Poisoned(ledger, payments("p1"))) as h:
        await h.member()
        await ready(h)
        h.store.troubles["ledger"].append("unknown, committed")
        await pay(h, "p1", "p2")
        await h.until(lambda: len(h.store.parked) == 2, "they are parked")
        assert len(await parked(h)) == 2


async def test_a_timer_that_can_not_be_decided_fires_again() -> None:
    sick = [True]
    poisoned = Poisoned(ledger, lambda message: isinstance(message, TimerDue) and sick[0])
    async with house(ledger=poisoned) as h:
        member = await h.member()
        await ready(h)
        await h.send("ledger", reserving("p9", tzs(10_00)))
        await h.until(lambda: h.happened("ledger", HoldPlaced) == 1, "the hold is placed")
        h.clock.advance(HOUR_MS)
        member.processors["ledger"].wake()
        await h.until(lambda: poisoned.tried["TimerDue"] == 2, "its timer could not be decided")
        sick[0] = False
        h.clock.advance(60_000)
        member.processors["ledger"].wake()
        await h.until(lambda: h.happened("ledger", HoldExpired) == 1, "it has expired all the same")
        assert await parked(h) == []


async def test_a_timer_waits_for_parked_messages_about_its_record() -> None:
    sick = [True]
    poisoned = Poisoned(ledger, lambda message: isinstance(message, RequestAdmitted) and sick[0])
    async with house(ledger=poisoned) as h:
        member = await h.member()
        await ready(h)
        await h.send("ledger", reserving("p9", tzs(10_00)), deciding("u1", payment("p9")))
        await h.until(lambda: len(h.store.parked) == 1, "the confirmation is parked")
        h.clock.advance(HOUR_MS)
        member.processors["ledger"].wake()
        ((key, _),) = await parked(h)
        await h.send_to(LEDGER, DiscardParked(key))
        await h.until(lambda: not h.store.parked, "the confirmation is discarded")
        h.clock.advance(60_000)
        member.processors["ledger"].wake()
        await h.until(lambda: h.happened("ledger", HoldExpired) == 1, "the hold expires")
        assert h.happened("ledger", HoldCaptured) == 0


async def test_a_numbered_command_that_was_parked_is_not_taken_again() -> None:
    """Its channel has moved on in the transaction that parked it."""
    answer = AnswerApproval(PaymentId("p9"), CUSTOMER, "INS-0")
    async with house(ledger=Poisoned(ledger, lambda message: isinstance(message, AnswerApproval))) as h:
        await h.member()
        await ready(h)
        assert h.log.offer_numbered(LEDGER, 1, answer)
        await h.until(lambda: len(h.store.parked) == 1, "it is parked")
        assert h.log.offer_numbered(LEDGER, 1, answer)
        await pay(h, "p1")
        await h.until(lambda: bool(h.answered("p1")), "another message has gone by")
        assert len(await parked(h)) == 1
        state = next(state for state in await h.store.states() if state.partition == LEDGER)
        assert state.positions[COMMANDS] == 1
        assert h.happened("ledger", JournalEntryPosted) == 2
        assert approval_key("p9") == (await parked(h))[0][1].about
