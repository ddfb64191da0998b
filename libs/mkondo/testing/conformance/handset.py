"""What every Handset adapter promises (ports/handset.py). A test module subclasses it and gives the fixture `world`."""

import asyncio
import logging
from collections.abc import Callable
from dataclasses import dataclass

import pytest
from msgspec.structs import replace

from mkondo.domain.approval import ApprovalAsked
from mkondo.domain.handset import APPROVE, CANCEL, IGNORE, OFF, WRONG_PIN
from mkondo.domain.ids import Instant
from mkondo.ports.clock import Clock
from mkondo.ports.handset import Answer, Handset, Prompt, prompt_of
from mkondo.testing.builders import admitted

LONG_MS, SHORT_MS = 20_000, 900

YES = Answer("INS-0", "Request processed successfully", "Completed")


@dataclass(frozen=True, slots=True)
class HandsetWorld:
    """A handset, and how to meet a customer of a given behaviour. `untrusted` are behaviours of something between the
    customer and us that lies; a handset with nothing in between has none."""

    handset: Handset
    clock: Clock
    behaving: Callable[[Prompt, str], Prompt]
    untrusted: tuple[str, ...] = ()

    def prompt(self, behaviour: str, left_ms: int = LONG_MS, name: str = "p1") -> Prompt:
        return self.behaving(prompt_from(self.clock.now(), left_ms, name), behaviour)


def prompt_from(now: Instant, left_ms: int = LONG_MS, name: str = "p1") -> Prompt:
    """A prompt as the ledger's event gives it, with so much time left."""
    asked = admitted(name, approval="handset", asked_at=now, deadline=Instant(now + left_ms))
    return replace(prompt_of(ApprovalAsked(asked)), msisdn="255700000000")


class HandsetConformance:
    async def test_the_right_pin_is_yes(self, world: HandsetWorld) -> None:
        assert await world.handset.ask(world.prompt(APPROVE)) == YES

    async def test_a_wrong_pin_is_transaction_failed_and_declined(self, world: HandsetWorld) -> None:
        answer = await world.handset.ask(world.prompt(WRONG_PIN))
        assert answer == Answer("INS-6", "Transaction Failed", "Declined")

    async def test_a_customer_who_cancels_has_cancelled(self, world: HandsetWorld) -> None:
        answer = await world.handset.ask(world.prompt(CANCEL))
        assert answer == Answer("INS-6", "Transaction cancelled by customer", "Cancelled")

    async def test_a_handset_that_is_off_has_expired_at_once(self, world: HandsetWorld) -> None:
        prompt = world.prompt(OFF)
        answer = await world.handset.ask(prompt)
        assert answer and (answer.code, answer.status) == ("INS-9", "Expired")
        assert world.clock.now() < prompt.expires_at - LONG_MS // 2

    async def test_a_customer_who_ignores_the_prompt_gives_none_before_its_expiry(self, world: HandsetWorld) -> None:
        prompt = world.prompt(IGNORE, SHORT_MS)
        assert await world.handset.ask(prompt) is None
        assert world.clock.now() <= prompt.expires_at

    @pytest.mark.parametrize("left_ms", [0, -1, -3_600_000])
    async def test_a_prompt_whose_time_is_up_is_none_at_once(self, world: HandsetWorld, left_ms: int) -> None:
        began = world.clock.now()
        assert await world.handset.ask(world.prompt(APPROVE, left_ms)) is None
        assert world.clock.now() - began < SHORT_MS

    @pytest.mark.parametrize("behaviour", [APPROVE, WRONG_PIN, CANCEL, OFF, IGNORE])
    async def test_asking_twice_hears_the_same(self, world: HandsetWorld, behaviour: str) -> None:
        prompt = world.prompt(behaviour, SHORT_MS)
        ask = world.handset.ask
        first, second = await asyncio.gather(ask(prompt), ask(prompt))
        assert first == second
        if first is not None:
            assert await ask(prompt) == first

    async def test_many_customers_are_asked_at_once(self, world: HandsetWorld) -> None:
        prompts = [world.prompt(APPROVE if number % 2 else CANCEL, name=f"p{number}") for number in range(40)]
        answers = await asyncio.gather(*(world.handset.ask(prompt) for prompt in prompts))
        assert [answer and answer.code for answer in answers] == ["INS-6", "INS-0"] * 20

    async def test_what_cannot_be_trusted_is_no_answer_and_is_logged(
        self, world: HandsetWorld, caplog: pytest.LogCaptureFixture
    ) -> None:
        caplog.set_level(logging.WARNING)
        prompts = [world.prompt(lie, SHORT_MS, f"lie-{number}") for number, lie in enumerate(world.untrusted)]
        answers = await asyncio.gather(*(world.handset.ask(prompt) for prompt in prompts))
        assert dict(zip(world.untrusted, answers, strict=True)) == dict.fromkeys(world.untrusted)
        logged = {getattr(record, "payment", "") for record in caplog.records}
        assert {prompt.payment_id for prompt in prompts} - logged == set()
        assert world.clock.now() <= max((prompt.expires_at for prompt in prompts), default=world.clock.now())
