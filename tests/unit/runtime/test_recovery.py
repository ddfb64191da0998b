"""Whatever happens to a transaction or a hand-over: nothing twice, nothing lost, every caller answered once."""

import pytest

from mkondo.domain.account import CreditApplied, JournalEntryPosted
from mkondo.domain.ids import partition_of
from mkondo.domain.payment import PaymentAdmitted, PaymentCompleted
from mkondo.runtime.processor import ProcessorSettings
from mkondo.testing.builders import (
    APPLICATION,
    CUSTOMER,
    SESSION,
    SHOP,
    configure,
    enabling,
    open_with,
    opening,
    request,
    tzs,
)
from tests.unit.runtime.house import House, Trouble, house

TROUBLES: tuple[Trouble, ...] = ("fenced", "try later", "unknown, committed", "unknown, not committed")


async def ready(h: House) -> None:
    """The application may pay; the customer has 1,000.00 and the shop nothing."""
    await h.open_for_business()
    await h.send("ledger", open_with(CUSTOMER, 1_000_00), open_with(SHOP, 0))
    await h.until(lambda: h.happened("ledger", CreditApplied) == 1, "the accounts are open")


async def paid(h: House, *names: str) -> None:
    await h.ask("admission", *(request(name) for name in names), names=names)


async def settled(h: House, credits: int) -> None:
    await h.until(lambda: h.happened("ledger", CreditApplied) == 1 + credits, "the shop has its credits")
    await h.check_books()


async def test_a_payment_goes_all_the_way() -> None:
    async with house() as h:
        await h.member()
        await ready(h)
        await paid(h, "p1")
        await settled(h, credits=1)
        assert [type(message) for message in h.answered("p1")] == [PaymentCompleted]
        assert await h.balance(CUSTOMER) == 940_00
        assert await h.balance(SHOP) == 60_00
        assert await h.store.outcome("p1") is not None
        assert await h.store.reference(APPLICATION, "tp-p1") is not None


async def test_many_payments_at_once_are_decided_in_few_batches() -> None:
    async with house() as h:
        await h.member()
        await ready(h)
        names = [f"p{number}" for number in range(200)]
        await h.ask("admission", *(request(name, tzs(1_00)) for name in names), names=names)
        await settled(h, credits=200)
        assert await h.balance(SHOP) == 200_00


@pytest.mark.parametrize("trouble", TROUBLES)
@pytest.mark.parametrize("decider", ["admission", "ledger"])
async def test_a_transaction_in_trouble_answers_once_and_posts_once(decider: str, trouble: Trouble) -> None:
    async with house() as h:
        await h.member()
        await ready(h)
        h.store.troubles[decider].append(trouble)
        await paid(h, "p1", "p2", "p3")
        await settled(h, credits=3)
        assert [len(h.answered(name)) for name in ("p1", "p2", "p3")] == [1, 1, 1]
        assert await h.balance(CUSTOMER) == 820_00


@pytest.mark.parametrize("trouble", TROUBLES)
async def test_trouble_after_trouble_is_survived(trouble: Trouble) -> None:
    async with house() as h:
        await h.member()
        await ready(h)
        for troubles in h.store.troubles.values():
            troubles.extend([trouble] * 5)
        names = [f"p{number}" for number in range(20)]
        await h.ask("admission", *(request(name, tzs(1_00)) for name in names), names=names)
        await settled(h, credits=20)
        assert all(len(h.answered(name)) == 1 for name in names)


@pytest.mark.parametrize("trouble", TROUBLES)
async def test_direct_commands_are_answered_once(trouble: Trouble) -> None:
    async with house() as h:
        await h.member()
        h.store.troubles["admission"].append(trouble)
        await h.ask(
            "admission",
            enabling(),
            configure(),
            opening(),
            names=[APPLICATION, SESSION],
        )
        assert [len(h.answered(name)) for name in (APPLICATION, SESSION)] == [1, 1]


@pytest.mark.parametrize("trouble", TROUBLES)
async def test_commands_that_wait_behind_a_batch_in_trouble_are_answered_once_too(trouble: Trouble) -> None:
    async with house() as h:
        await h.member(settings=ProcessorSettings(batch_messages_max=1, idle_seconds=0.01))
        await ready(h)
        h.store.troubles["admission"].append(trouble)
        names = [f"p{number}" for number in range(10)]
        await h.ask("admission", *(request(name, tzs(1_00)) for name in names), names=names)
        await settled(h, credits=10)
        assert all(len(h.answered(name)) == 1 for name in names)


@pytest.mark.parametrize("trouble", TROUBLES)
async def test_a_rejection_in_a_lost_batch_is_answered(trouble: Trouble) -> None:
    async with house() as h:
        await h.member()
        h.store.troubles["admission"].append(trouble)
        await h.ask("admission", opening(), names=[SESSION])
        assert len(h.answered(SESSION)) == 1


async def test_the_same_command_twice_is_one_payment_and_one_answer() -> None:
    async with house() as h:
        await h.member()
        await ready(h)
        await paid(h, "p1")
        await h.send("admission", request("p1"))
        await paid(h, "p2")
        await settled(h, credits=2)
        assert len(h.answered("p1")) == 1
        assert h.happened("admission", PaymentAdmitted) == 2


async def test_publishing_everything_twice_changes_nothing() -> None:
    async with house() as h:
        await h.member()
        await ready(h)
        h.log.twice = True
        await paid(h, "p1", "p2")
        await settled(h, credits=2)
        assert await h.balance(SHOP) == 120_00


async def test_a_message_lost_on_the_way_is_noticed_by_the_next_one() -> None:
    async with house() as h:
        await h.member()
        await ready(h)
        h.log.lose = 1
        await h.send("admission", request("p1"))
        await h.until(lambda: h.log.lose == 0, "the admitted payment is lost on the way")
        await paid(h, "p2")
        await h.until(lambda: bool(h.answered("p1")), "p1 is read from the journal")
        await settled(h, credits=2)


async def test_the_last_message_of_a_channel_lost_on_the_way_is_found_by_looking() -> None:
    """No next one comes to betray it: the senders' own rows say how far they have got."""
    async with house() as h:
        await h.member(settings=ProcessorSettings(idle_seconds=0.01, look_seconds=0.01))
        await ready(h)
        h.log.lose = 1
        await paid(h, "p1")
        assert h.log.lose == 0
        await settled(h, credits=1)


async def test_a_crash_between_commit_and_publish_loses_nothing() -> None:
    async with house() as h:
        first = await h.member("m1")
        await ready(h)
        h.log.lose = 1
        await h.send("admission", request("p1"))
        await h.until(lambda: h.log.lose == 0, "the payment is admitted and not passed on")
        await first.die()
        h.members.remove(first)
        h.clock.advance(2_001)
        await h.member("m2")
        await h.until(lambda: bool(h.answered("p1")), "the next owner goes on with it")
        await settled(h, credits=1)


async def test_a_crash_between_posting_and_crediting_loses_nothing() -> None:
    async with house() as h:
        first = await h.member("m1")
        await ready(h)
        await h.send("admission", request("p1"))
        await h.until(lambda: h.happened("admission", PaymentAdmitted) == 1, "the payment is admitted")
        h.log.lose = 1
        await h.until(lambda: h.happened("ledger", JournalEntryPosted) == 2, "the entry is posted")
        await first.die()
        h.members.remove(first)
        h.clock.advance(2_001)
        await h.member("m2")
        await settled(h, credits=1)
        assert await h.balance(SHOP) == 60_00


async def test_a_restart_goes_on_from_the_store() -> None:
    async with house() as h:
        first = await h.member("m1")
        await ready(h)
        await paid(h, "p1")
        await settled(h, credits=1)
        await first.stop()
        h.members.remove(first)
        await h.member("m2")
        await paid(h, "p2")
        await settled(h, credits=2)
        await h.send("admission", request("p1"))
        await paid(h, "p3")
        assert len(h.answered("p1")) == 1


async def test_a_paused_owner_that_wakes_up_changes_nothing() -> None:
    """Its leases ran out unnoticed: it still takes commands, and its transaction finds another epoch."""
    async with house() as h:
        await h.member("m1")
        await ready(h)
        h.store.troubles["ledger"].append("fenced")
        h.store.troubles["admission"].append("fenced")
        await paid(h, "p1")
        await settled(h, credits=1)
        states = {str(state.partition): state for state in await h.store.states()}
        assert states[f"ledger/{partition_of(CUSTOMER)}"].epoch >= 3


async def test_when_it_stops_it_finishes_what_is_in_hand() -> None:
    async with house() as h:
        member = await h.member()
        await ready(h)
        await h.send("admission", *(request(f"p{number}", tzs(1_00)) for number in range(50)))
        await member.stop()
        h.members.remove(member)
        assert h.happened("admission", PaymentAdmitted) == 50
