"""Asking a decider's partition something and waiting for its answer, for whoever changes settings and not money.

Read next: replies.py, the desk where the answer comes in; services/payments_ingress/asking.py and
services/edge_auth/sessions.py, which ask in ways of their own: for payments, and for sessions.
"""

import asyncio

import msgspec
from msgspec.structs import replace

from mkondo.contracts.journal import Partition
from mkondo.domain.decider import Message
from mkondo.domain.ids import partition_of
from mkondo.ports.errors import TryLater
from mkondo.runtime.parts import Parts

ANSWER_SECONDS = 5.0


async def ask(
    parts: Parts, decider: str, key: str, command: msgspec.Struct, seconds_max: float = ANSWER_SECONDS
) -> Message:
    """What the owner of `key` answers to the command, whose `reply_to` is set here. Each question has a name of its
    own: two at once about one key must not take each other's answers. TryLater: nothing is heard, though it may have
    been done; `seconds_max` is real time."""
    with parts.desk.ask(f"{key}/{parts.ids.incarnation()}") as question:
        asked = replace(command, reply_to=question.reply_to)
        try:
            async with asyncio.timeout(seconds_max):
                await parts.log.send_command(Partition(decider, partition_of(key)), asked)
                return await question.answer()
        except TimeoutError:
            raise TryLater(f"{decider} does not answer") from None
