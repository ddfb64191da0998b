"""Customers are asked beside the ledger, and what they answer reaches it; nothing that goes wrong there reaches it."""

import asyncio
import logging
from collections.abc import AsyncIterator, Callable, Sequence

import pytest
from msgspec.structs import replace

from mkondo.adapters.memory.handset import VirtualHandset
from mkondo.adapters.memory.log import MemoryLog
from mkondo.adapters.system.ids import SystemIds
from mkondo.contracts.journal import Partition
from mkondo.domain.approval import AnswerApproval, ApprovalAsked
from mkondo.domain.decider import Message
from mkondo.domain.handset import ANSWERS, APPROVE, ASK, CANCEL, IGNORE, OFF, WRONG_PIN
from mkondo.domain.ids import partition_of
from mkondo.ports.errors import CommitUnknown, TryLater
from mkondo.ports.handset import Answer, Prompt, prompt_of
from mkondo.ports.log import Received
from mkondo.runtime.approvals import Approvals
from mkondo.testing.builders import CUSTOMER, DEADLINE_MS, NOW, admitted, later, tzs
from tests.unit.runtime.still_clock import StillClock

LEDGER = Partition("ledger", partition_of(CUSTOMER))


class Ledger:
    """The inbox of the debited account's owner."""

    def __init__(self) -> None:
        self.heard: list[Message] = []

    def offer(self, received: Received) -> bool:
        self.heard.append(received.message)
        return True

    def command_position(self) -> int:
        return 0


class TroubledLog(MemoryLog):
    """Raises these first, one for each command; then a command waits until the log takes it."""

    def __init__(self) -> None:
        super().__init__()
        self.troubles: list[Exception] = []
        self.sent = 0
        self.takes = asyncio.Event()
        self.takes.set()

    async def send_command(self, partition: Partition, command: Message) -> None:
        self.sent += 1
        if self.troubles:
            raise self.troubles.pop(0)
        await self.takes.wait()
        await super().send_command(partition, command)


class PaperHandset:
    """Does what it is told for each payment, and remembers whom it was shown to."""

    def __init__(self, does: Callable[[Prompt], Answer | None] | None = None) -> None:
        self.shown: list[Prompt] = []
        self.answered = asyncio.Event()
        self._does = does

    async def ask(self, prompt: Prompt) -> Answer | None:
        self.shown.append(prompt)
        if self._does is None:
            await self.answered.wait()
            return ANSWERS[APPROVE]
        return self._does(prompt)


class World:
    """One process's approvals, the log they answer on, and the ledger's inbox."""

    def __init__(self) -> None:
        self.clock, self.log, self.ledger = StillClock(), TroubledLog(), Ledger()
        self.running: list[Approvals] = []

    def approvals(
        self, handset: PaperHandset | VirtualHandset, waiting_max: int = 100, telling_seconds_max: float = 5.0
    ) -> Approvals:
        made = Approvals(
            handset, self.log, self.clock, SystemIds(),
            waiting_max=waiting_max, telling_seconds_max=telling_seconds_max,
        )  # fmt: skip
        self.running.append(made)
        return made

    async def until(self, moment: Callable[[], object]) -> None:
        async with asyncio.timeout(5):
            while not moment():
                await asyncio.sleep(0)

    async def quiet(self) -> None:
        """Every task that could run has run."""
        for _ in range(50):
            await asyncio.sleep(0)


@pytest.fixture
async def world() -> AsyncIterator[World]:
    world = World()
    await world.log.attach(LEDGER, world.ledger)
    yield world
    world.log.takes.set()
    for approvals in world.running:
        await approvals.stop()


def asked(name: str = "p1", script: str = "", voucher_code: str = "") -> ApprovalAsked:
    waiting = admitted(name, tzs(60_00), approval="handset")
    return ApprovalAsked(replace(waiting, script=script, voucher_code=voucher_code))


def answer(name: str, action: str) -> AnswerApproval:
    meant = ANSWERS[action]
    assert meant is not None
    return AnswerApproval(asked(name).admitted.payment.payment_id, CUSTOMER, meant.code, meant.text, meant.status)


def troubles(caplog: pytest.LogCaptureFixture) -> Sequence[str]:
    return [record.message for record in caplog.records if record.levelno >= logging.WARNING]


async def test_the_answer_reaches_the_ledger_of_the_debited_account(world: World) -> None:
    world.approvals(PaperHandset(lambda prompt: ANSWERS[CANCEL])).asked(asked())
    await world.until(lambda: world.ledger.heard)
    assert world.ledger.heard == [answer("p1", CANCEL)]


async def test_no_answer_tells_the_ledger_nothing(world: World) -> None:
    handset = PaperHandset(lambda prompt: None)
    world.approvals(handset).asked(asked())
    await world.until(lambda: handset.shown)
    await world.quiet()
    assert world.log.sent == 0


@pytest.mark.parametrize("script", [ASK, IGNORE])
async def test_the_virtual_handset_leaves_it_to_a_person_or_to_time(world: World, script: str) -> None:
    world.approvals(VirtualHandset(world.clock)).asked(asked(script=script))
    await world.quiet()
    assert world.log.sent == 0


@pytest.mark.parametrize("script", [APPROVE, WRONG_PIN, CANCEL, OFF])
async def test_the_virtual_handset_does_as_its_number_is_told(world: World, script: str) -> None:
    world.approvals(VirtualHandset(world.clock)).asked(asked(script=script))
    await world.until(lambda: world.ledger.heard)
    assert world.ledger.heard == [answer("p1", script)]


def test_the_customer_is_shown_what_the_payment_says() -> None:
    prompt = prompt_of(asked(script="ask", voucher_code="TGS813"))
    assert (prompt.payment_id, prompt.msisdn, prompt.amount, prompt.amount_text) == (
        "p1", "255744000001", tzs(60_00), "60.00",
    )  # fmt: skip
    assert (prompt.shortcode, prompt.market, prompt.language) == ("000000", "vodacomTZN", "en")
    assert (prompt.reference, prompt.description) == ("T12344C", "Shoes")
    assert (prompt.asked_at, prompt.expires_at) == (NOW, later(DEADLINE_MS))
    assert (prompt.voucher_code, prompt.script) == ("TGS813", "ask")


async def test_a_busy_log_is_tried_again(world: World) -> None:
    world.log.troubles = [TryLater("busy")] * 3
    world.approvals(PaperHandset(lambda prompt: ANSWERS[APPROVE])).asked(asked())
    await world.until(lambda: world.ledger.heard)
    assert (world.ledger.heard, world.log.sent) == ([answer("p1", APPROVE)], 4)


async def test_perhaps_sent_is_sent_again(world: World) -> None:
    world.log.troubles = [CommitUnknown()]
    world.approvals(PaperHandset(lambda prompt: ANSWERS[APPROVE])).asked(asked())
    await world.until(lambda: world.ledger.heard)
    assert world.log.sent == 2


async def test_trying_ends_at_the_deadline_and_is_logged(world: World, caplog: pytest.LogCaptureFixture) -> None:
    await world.log.detach(LEDGER)
    world.approvals(PaperHandset(lambda prompt: ANSWERS[APPROVE])).asked(asked())
    await world.until(lambda: troubles(caplog))
    assert troubles(caplog) == ["the customer's answer came to nobody in time"]
    assert later(DEADLINE_MS) <= world.clock.now() <= later(DEADLINE_MS + 2_000)
    assert 10 <= world.log.sent <= 40  # it backs off


async def test_a_payment_that_is_asked_twice_is_shown_once_at_a_time(world: World) -> None:
    handset = PaperHandset()
    approvals = world.approvals(handset)
    approvals.asked(asked())
    approvals.asked(asked())
    await world.quiet()
    handset.answered.set()
    await world.until(lambda: world.ledger.heard)
    await world.quiet()
    assert (len(handset.shown), len(world.ledger.heard)) == (1, 1)


async def test_nothing_is_kept_from_one_life_for_the_next(world: World) -> None:
    for _ in range(2):
        world.approvals(PaperHandset(lambda prompt: ANSWERS[APPROVE])).asked(asked())
    await world.until(lambda: len(world.ledger.heard) == 2)
    assert world.ledger.heard == [answer("p1", APPROVE)] * 2


async def test_too_many_customers_are_not_waited_for(world: World, caplog: pytest.LogCaptureFixture) -> None:
    handset = PaperHandset()
    approvals = world.approvals(handset, waiting_max=2)
    for name in ("p1", "p2", "p3"):
        approvals.asked(asked(name))
    assert troubles(caplog) == ["customer not asked: too many are waited for"]
    handset.answered.set()
    await world.until(lambda: len(world.ledger.heard) == 2)
    await world.quiet()
    approvals.asked(asked("p4"))
    await world.until(lambda: len(world.ledger.heard) == 3)
    assert [prompt.payment_id for prompt in handset.shown] == ["p1", "p2", "p4"]


async def test_one_customer_does_not_wait_for_another(world: World) -> None:
    handset = PaperHandset()
    slow, quick = world.approvals(handset), world.approvals(PaperHandset(lambda prompt: ANSWERS[APPROVE]))
    slow.asked(asked("p1"))
    quick.asked(asked("p2"))
    await world.until(lambda: world.ledger.heard)
    assert world.ledger.heard == [answer("p2", APPROVE)]


async def test_a_bug_in_a_handset_is_logged_and_ends_nothing_else(
    world: World, caplog: pytest.LogCaptureFixture
) -> None:
    def breaks_for_the_first(prompt: Prompt) -> Answer | None:
        if prompt.payment_id == "p1":
            raise RuntimeError("a bug")
        return ANSWERS[APPROVE]

    approvals = world.approvals(PaperHandset(breaks_for_the_first))
    approvals.asked(asked("p1"))
    approvals.asked(asked("p2"))
    await world.until(lambda: world.ledger.heard and troubles(caplog))
    assert world.ledger.heard == [answer("p2", APPROVE)]
    assert troubles(caplog) == ["customer not asked: a bug"]


async def test_stopping_hears_nobody_any_more_and_leaves_nothing_running(world: World) -> None:
    handset = PaperHandset()
    approvals = world.approvals(handset)
    approvals.asked(asked("p1"))
    await world.until(lambda: handset.shown)
    await approvals.stop()
    handset.answered.set()
    approvals.asked(asked("p2"))
    await world.quiet()
    assert (world.ledger.heard, len(handset.shown)) == ([], 1)
    assert asyncio.all_tasks() == {asyncio.current_task()}


async def test_who_has_answered_is_told_of_though_the_process_stops_while_the_log_is_busy(world: World) -> None:
    world.log.troubles = [TryLater("busy")] * 3
    approvals = world.approvals(PaperHandset(lambda prompt: ANSWERS[APPROVE]))
    approvals.asked(asked())
    await world.until(lambda: world.log.sent)
    await approvals.stop()
    assert world.ledger.heard == [answer("p1", APPROVE)]


async def test_a_log_that_takes_nothing_holds_up_no_stop(world: World, caplog: pytest.LogCaptureFixture) -> None:
    world.log.takes.clear()
    approvals = world.approvals(PaperHandset(lambda prompt: ANSWERS[APPROVE]), telling_seconds_max=0.01)
    approvals.asked(asked())
    await world.until(lambda: world.log.sent)
    async with asyncio.timeout(5):
        await approvals.stop()
    assert (world.ledger.heard, asyncio.all_tasks()) == ([], {asyncio.current_task()})
    assert troubles(caplog) == ["the customer's answer came to nobody: stopped before the log took it"]
