"""Asking callbacks' own partition for something: a replay, an endpoint enabled. Read next: replays.py, endpoints.py."""

import asyncio

from msgspec.structs import replace

from mkondo.contracts.journal import Partition
from mkondo.domain import deliveries
from mkondo.domain.decider import Message
from mkondo.domain.delivery import ReplayCallback
from mkondo.domain.endpoint import EnableEndpoint
from mkondo.domain.ids import partition_of
from mkondo.ports.errors import TryLater
from mkondo.runtime.parts import Parts

ANSWER_SECONDS = 5.0


async def ask_callbacks(parts: Parts, command: ReplayCallback | EnableEndpoint) -> Message:
    """Its answer. TryLater: nothing is heard; asking again is harmless."""
    key = deliveries.key(command)
    with parts.desk.ask(f"{key}/{parts.ids.incarnation()}") as question:
        asked = replace(command, reply_to=question.reply_to)
        try:
            async with asyncio.timeout(ANSWER_SECONDS):
                await parts.log.send_command(Partition(deliveries.NAME, partition_of(key)), asked)
                return await question.answer()
        except TimeoutError:
            raise TryLater("callbacks do not answer") from None
