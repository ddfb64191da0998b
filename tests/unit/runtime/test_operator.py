"""An operator's word beside processors at work, and where nobody works: carried out once, and noticed by them."""

import pytest

from mkondo.contracts.journal import Partition
from mkondo.contracts.parking import DiscardParked, RetryParked
from mkondo.domain import ledger
from mkondo.domain.account import CreditApplied
from mkondo.domain.decider import Message
from mkondo.domain.ids import partition_of
from mkondo.domain.ledger.keys import account_key
from mkondo.domain.payment import PaymentAdmitted, PaymentCompleted
from mkondo.ports.errors import TryLater
from mkondo.runtime import operator
from mkondo.testing.builders import CUSTOMER, NOW, SHOP, open_with, request, tzs
from tests.unit.runtime.house import House, Member, Poisoned, house

PARTITION = Partition("ledger", partition_of(CUSTOMER))
RETRY = RetryParked(account_key(CUSTOMER))


def admitted_p1(message: Message) -> bool:
    return isinstance(message, PaymentAdmitted) and message.payment.payment_id == "p1"


async def with_p1_and_p2_parked(h: House) -> Member:
    member = await h.member()
    await h.open_for_business()
    await h.send("ledger", open_with(CUSTOMER, 1_000_00), open_with(SHOP, 0))
    await h.send("admission", request("p1", tzs(1_00)), request("p2", tzs(1_00)))
    await h.until(lambda: len(h.store.parked) == 2, "p1 is parked and p2 waits behind it")
    return member


async def say(h: House, word: RetryParked | DiscardParked) -> int:
    return await operator.say(h.store, h.deciders["ledger"], PARTITION, word, NOW)


async def test_a_retry_beside_a_running_processor_is_done_once_and_noticed_by_it() -> None:
    poisoned = Poisoned(ledger, admitted_p1)
    async with house(ledger=poisoned) as h:
        await with_p1_and_p2_parked(h)
        poisoned.bad = lambda message: False
        assert await say(h, RETRY) == 0
        assert await say(h, RETRY) == 0
        await h.send("admission", request("p3", tzs(1_00)))
        await h.until(lambda: bool(h.answered("p3")), "the next payment of the account does not wait any more")
        await h.until(lambda: h.happened("ledger", CreditApplied) == 1 + 3, "the shop has all three credits")
        assert [type(message) for message in h.answered("p3")] == [PaymentCompleted]
        await h.check_books()


async def test_one_that_fails_again_stays_parked() -> None:
    async with house(ledger=Poisoned(ledger, admitted_p1)) as h:
        await with_p1_and_p2_parked(h)
        assert await say(h, RETRY) == 2
        assert next(iter(await operator.waiting(h.store))).parked.reason == "RuntimeError: poison"


async def test_what_is_discarded_is_gone_and_the_rest_can_be_retried_where_nobody_works() -> None:
    poisoned = Poisoned(ledger, admitted_p1)
    async with house(ledger=poisoned) as h:
        member = await with_p1_and_p2_parked(h)
        await member.stop()
        h.members.remove(member)
        first, _ = await operator.waiting(h.store)
        assert first.partition == PARTITION
        assert await say(h, DiscardParked(first.key)) == 1
        assert await say(h, RETRY) == 0
        assert await h.store.outcome("p1") is None
        assert await h.store.outcome("p2") is not None


async def test_an_owner_that_is_always_quicker_is_said_so() -> None:
    async with house() as h:
        h.store.troubles["ledger"].extend(["fenced"] * 20)
        with pytest.raises(TryLater, match="changes hands"):
            await say(h, RETRY)
