"""With which secrets a callback goes out: the application's newest, opened, or not at all when they can't be read."""

from collections.abc import AsyncIterator, Mapping

import pytest
from prometheus_client import REGISTRY

from mkondo.adapters.keys.sealing import AesSealing
from mkondo.adapters.memory.store import MemoryStore
from mkondo.adapters.system.ids import SystemIds
from mkondo.contracts.records import encode_record
from mkondo.contracts.signature import Secret, read_secret
from mkondo.domain.application import Application
from mkondo.domain.delivery import CallbackQueued, Receipt
from mkondo.domain.endpoint import EndpointDisabled
from mkondo.domain.ids import RecordKey
from mkondo.ports.callback_sender import Callback
from mkondo.ports.errors import TryLater
from mkondo.ports.sealing import CannotOpen
from mkondo.runtime.deliverer import Deliverer
from mkondo.runtime.webhook_secrets import WebhookSecrets, sealed_about
from mkondo.testing.builders import APPLICATION, NOW, configuration, later
from tests.unit.runtime.deliverer_world import OWNER, World, delivery
from tests.unit.runtime.still_clock import StillClock

SEALING, OTHER = AesSealing({"k1": b"k" * 32}), AesSealing({"k2": b"o" * 32})
NOT_SENT = "mkondo_callbacks_total", {"outcome": "not sent"}
FIRST, SECOND = (SystemIds().webhook_secret() for _ in range(2))


def sealed(text: str) -> str:
    return SEALING.seal(text, sealed_about("sandbox", APPLICATION))


class Facts(MemoryStore):
    """One application's record, or trouble."""

    def __init__(self) -> None:
        super().__init__(StillClock())
        self.found: Application | None = None
        self.trouble: Exception | None = None
        self.asked = 0

    async def record(self, key: RecordKey) -> bytes | None:
        self.asked += 1
        if self.trouble is not None:
            raise self.trouble
        return None if self.found is None else encode_record(self.found)


class Counting(AesSealing):
    """Notes what is opened."""

    def __init__(self, keys: Mapping[str, bytes]) -> None:
        super().__init__(keys)
        self.opened: list[str] = []

    def open(self, sealed: str, about: str) -> str:
        self.opened.append(sealed)
        return super().open(sealed, about)


class SigningWorld(World):
    """Its merchants keep the secrets with which they were called."""

    def __init__(self, facts: Facts, sealing: AesSealing) -> None:
        super().__init__()
        self.signed: list[tuple[Secret, ...]] = []
        self.secrets = WebhookSecrets("sandbox", facts, sealing, self.clock)
        self.deliverer = Deliverer(self, self.log, self.clock, SystemIds(), self.secrets.of)

    async def send(self, callback: Callback) -> Receipt:
        self.signed.append(callback.secrets)
        return Receipt(True, 200)

    async def close(self) -> None:
        """Nothing is kept open."""


@pytest.fixture
def facts() -> Facts:
    return Facts()


@pytest.fixture
async def world(facts: Facts) -> AsyncIterator[SigningWorld]:
    world = SigningWorld(facts, SEALING)
    await world.log.attach(OWNER, world.owner)
    yield world
    await world.deliverer.stop()


async def test_it_is_signed_with_every_secret_that_still_signs(world: SigningWorld, facts: Facts) -> None:
    signing = configuration(webhook_secret=sealed(SECOND))
    overlaps = {sealed(FIRST): later(1_000)}
    facts.found = Application(APPLICATION, 2, signing, webhook_overlaps=overlaps)
    world.queue("p1")
    await world.told(1)
    world.clock.moment = later(1_000)
    world.queue("p2")
    await world.told(2)
    assert world.signed == [(read_secret(SECOND), read_secret(FIRST)), (read_secret(SECOND),)]
    assert facts.asked == 1, "the record is kept for a second"


async def test_each_secret_is_opened_once_and_not_kept_when_it_signs_no_more(facts: Facts) -> None:
    sealing = Counting({"k1": b"k" * 32})
    world, opened = SigningWorld(facts, sealing), sealing.opened
    old, new = sealed(FIRST), sealed(SECOND)
    facts.found = Application(APPLICATION, 2, configuration(webhook_secret=new), webhook_overlaps={old: later(1_000)})
    for _ in range(2):
        assert await world.secrets.of(APPLICATION) == (read_secret(SECOND), read_secret(FIRST))
    assert opened == [new, old]
    for moment in (later(1_000), NOW):  # a clock that was set back shows what is still in memory
        world.clock.moment = moment
        await world.secrets.of(APPLICATION)
    assert opened == [new, old, old]


async def test_an_application_without_one_is_told_without_a_signature(world: SigningWorld, facts: Facts) -> None:
    facts.found = Application(APPLICATION, 1, configuration())
    world.queue("p1")
    await world.told(1)
    assert world.signed == [()]


async def test_with_a_lost_key_nothing_goes_out_unsigned_and_it_is_said(
    facts: Facts, caplog: pytest.LogCaptureFixture
) -> None:
    world = SigningWorld(facts, OTHER)
    await world.log.attach(OWNER, world.owner)
    facts.found = Application(APPLICATION, 1, configuration(webhook_secret=sealed(FIRST)))
    before = REGISTRY.get_sample_value(*NOT_SENT) or 0
    world.queue("p1")
    (told,) = await world.told(1)
    assert (told.receipt.delivered, told.unsent, world.signed) == (False, True, [])
    assert REGISTRY.get_sample_value(*NOT_SENT) == before + 1, "whoever operates the platform is told by a figure"
    assert "the webhook secret can't be read" in told.receipt.reason
    assert "the key k1, which is not among the keys here" in caplog.text and FIRST not in caplog.text
    await world.deliverer.stop()


async def test_a_process_without_keys_sends_unsigned_only_what_is_promised_to_nobody_signed(facts: Facts) -> None:
    secrets = WebhookSecrets("sandbox", facts, None, World().clock)
    facts.found = Application(APPLICATION, 1, configuration())
    assert await secrets.of(APPLICATION) == ()
    secrets = WebhookSecrets("sandbox", facts, None, World().clock)
    facts.found = Application(APPLICATION, 2, configuration(webhook_secret=sealed(FIRST)))
    with pytest.raises(CannotOpen, match="no sealing keys"):
        await secrets.of(APPLICATION)


async def test_while_the_store_is_out_of_reach_the_attempt_fails_and_is_made_again_later(
    world: SigningWorld, facts: Facts
) -> None:
    facts.trouble = TryLater("the store is away")
    world.queue("p1")
    (told,) = await world.told(1)
    assert (told.receipt.delivered, told.unsent, world.signed) == (False, True, [])


async def test_what_is_not_to_be_tried_is_not(world: SigningWorld) -> None:
    world.deliverer.heard(CallbackQueued(delivery("p1", attempt=0)))
    await world.quiet()
    assert world.signed == [] and world.owner.told == []


async def test_a_disabled_endpoint_is_told_in_the_log(world: SigningWorld, caplog: pytest.LogCaptureFixture) -> None:
    url = "https://a.example/mpesa?token=t0ps3cret"
    world.deliverer.heard(EndpointDisabled(APPLICATION, url, "the endpoint answered 410 Gone"))
    (said,) = caplog.records
    assert "nothing is pushed to an endpoint any more" in said.getMessage()
    assert vars(said)["address"] == "https://a.example/mpesa" and "t0ps3cret" not in str(vars(said))
