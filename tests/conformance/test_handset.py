"""Every handset keeps the promises of ports/handset.py: the sandbox's, and real ones behind a gateway."""

from collections.abc import AsyncIterator

import pytest
from msgspec.structs import replace

from mkondo.adapters.memory.handset import VirtualHandset
from mkondo.adapters.system.clock import SystemClock
from mkondo.ports.handset import Prompt
from mkondo.testing.conformance.handset import HandsetConformance, HandsetWorld
from mkondo.testing.ussd_liars import UNTRUSTED
from tests.service.ussd.world import gateway_world


class TestVirtualHandset(HandsetConformance):
    @pytest.fixture
    def world(self) -> HandsetWorld:
        clock = SystemClock()
        return HandsetWorld(VirtualHandset(clock), clock, _scripted)


def _scripted(prompt: Prompt, behaviour: str) -> Prompt:
    return replace(prompt, script=behaviour)


class TestUssdGateway(HandsetConformance):
    @pytest.fixture
    async def world(self) -> AsyncIterator[HandsetWorld]:
        async with gateway_world() as world:
            yield HandsetWorld(world.handset, world.clock, world.behaving, UNTRUSTED)
