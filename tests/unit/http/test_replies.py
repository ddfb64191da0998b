"""The reply desk: whose answer is whose, and what is nobody's."""

import asyncio

import pytest

from mkondo.domain.decider import ReplyTo
from mkondo.domain.ids import ApplicationId, Instant, SessionHash
from mkondo.domain.session import SessionOpened, SessionRefused
from mkondo.ports.errors import TryLater
from mkondo.runtime.replies import ReplyDesk, asker


def opened(reply_to: ReplyTo | None) -> SessionOpened:
    return SessionOpened(ApplicationId("a"), SessionHash("s"), Instant(0), Instant(1), reply_to)


async def test_the_first_reply_to_a_question_is_its_answer() -> None:
    desk = ReplyDesk("life-1")
    with desk.ask("s") as question:
        desk.deliver("life-1", opened(question.reply_to))
        desk.deliver("life-1", SessionRefused(question.reply_to, "INS-989", ""))
        assert await question.answer() == opened(question.reply_to)


async def test_a_reply_of_another_life_or_question_is_dropped() -> None:
    desk = ReplyDesk("life-2")
    with desk.ask("s") as question:
        desk.deliver("life-1", opened(question.reply_to))
        desk.deliver("life-2", opened(ReplyTo(0, "life-2", "other")))
        desk.deliver("life-2", opened(None))
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(0.01):
                await question.answer()


async def test_a_question_is_forgotten_when_its_asker_leaves() -> None:
    desk = ReplyDesk("life-1")

    async def asks_and_breaks() -> None:
        with desk.ask("s"):
            assert len(desk) == 1
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        await asks_and_breaks()
    assert len(desk) == 0


async def test_the_desk_is_bounded() -> None:
    desk = ReplyDesk("life-1", most=1)
    with desk.ask("a"):
        with pytest.raises(TryLater), desk.ask("b"):
            pass
        assert len(desk) == 1


def test_a_message_that_answers_nobody_has_no_asker() -> None:
    assert asker(opened(None)) is None
    assert asker(ReplyTo(0, "", "")) is None
