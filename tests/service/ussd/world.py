"""A gateway on a real socket, the adapter that asks it, and customers by number."""

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass

from msgspec.structs import replace

from mkondo.adapters.system.clock import SystemClock
from mkondo.adapters.system.ids import SystemIds
from mkondo.adapters.ussd.gateway import UssdGateway
from mkondo.adapters.ussd.settings import UssdSettings
from mkondo.contracts.signature import Secret
from mkondo.domain.handset import ANSWERS
from mkondo.ports.handset import Answer, Prompt
from mkondo.testing.conformance.handset import prompt_from
from mkondo.testing.serving import serving
from mkondo.testing.ussd_liars import LIES, LyingGateway

SECRET = Secret(b"the gateway and we know this")
SHORT_MS = 900
MARGIN_MS = 100

NUMBERS: Mapping[str, str] = {
    behaviour: f"2557{number:08}" for number, behaviour in enumerate((*ANSWERS, *LIES), start=1)
}
"""One customer for each behaviour, honest or not."""

PHONES = {number: behaviour for behaviour, number in NUMBERS.items()}


@dataclass(frozen=True, slots=True)
class GatewayWorld:
    handset: UssdGateway
    gateway: LyingGateway
    clock: SystemClock
    url: str

    def behaving(self, prompt: Prompt, behaviour: str) -> Prompt:
        return replace(prompt, msisdn=NUMBERS[behaviour])

    def prompt(self, behaviour: str, left_ms: int = SHORT_MS, name: str = "p1") -> Prompt:
        return self.behaving(prompt_from(self.clock.now(), left_ms, name), behaviour)

    async def ask(self, behaviour: str, left_ms: int = SHORT_MS, name: str = "p1") -> Answer | None:
        return await self.handset.ask(self.prompt(behaviour, left_ms, name))


@asynccontextmanager
async def gateway_world(**changes: object) -> AsyncIterator[GatewayWorld]:
    """`changes` are settings that differ."""
    gateway, clock = LyingGateway([SECRET], PHONES), SystemClock()
    async with serving(gateway) as url:
        settings = UssdSettings(f"{url}/prompts", (SECRET,), margin_ms=MARGIN_MS)
        handset = UssdGateway(replace(settings, **changes), clock, SystemIds())
        yield GatewayWorld(handset, gateway, clock, settings.url)
        await handset.close()
