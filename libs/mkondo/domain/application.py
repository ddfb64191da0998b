"""An application: a developer's integration record, and what it may do.

Pure. Keyed by application. The management API and the demo send ConfigureApplication with the whole configuration;
each accepted one is a new version, named by every payment it admits. Read next: limits.py, session.py, admission/.
"""

import msgspec

from mkondo.domain.decider import Rejection, ReplyTo
from mkondo.domain.faults import NO_FAULTS, Faults
from mkondo.domain.ids import ApplicationId, Instant
from mkondo.domain.markets import MARKETS

HOUR_MS = 3_600_000

INVALID, CONFLICT = "INVALID", "CONFLICT"
"""Why a configuration is rejected: impossible, or made for another version than there is."""


class UsageTime(msgspec.Struct, frozen=True):
    """The part of the market's day in which a product may be used: from the minute `opens` until before `closes`.

    Minutes since midnight, 0 to 1439. `closes` before `opens`: over midnight. The two are never the same."""

    opens: int
    closes: int

    def covers(self, minute: int) -> bool:
        if self.opens < self.closes:
            return self.opens <= minute < self.closes
        return minute >= self.opens or minute < self.closes


Ceilings = dict[str, int]
"""By currency, minor units. Empty: no such limit. A currency that is not there may not be used (INS-995)."""


class ProductScope(msgspec.Struct, frozen=True, omit_defaults=True):
    """One product: whether it is switched on, how it answers, and its limits; an absent one does not limit.

    `single_value` is the most that one payment may move; `daily_value` and `daily_count` what one session may do in a
    day of the market; `customer_daily_value` and `customer_daily_count` what one customer may, over all sessions.
    `asynchronous`: requests are accepted at once and their results pushed (contract section 6). Read next: limits.py.
    """

    single_value: Ceilings = {}
    asynchronous: bool = False
    on: bool = True
    daily_value: Ceilings = {}
    daily_count: int | None = None
    customer_daily_value: Ceilings = {}
    customer_daily_count: int | None = None
    usage_time: UsageTime | None = None

    @property
    def counts_session(self) -> bool:
        """Whether what its sessions do is counted."""
        return bool(self.daily_value) or self.daily_count is not None

    @property
    def counts_customer(self) -> bool:
        return bool(self.customer_daily_value) or self.customer_daily_count is not None


class Switches(msgspec.Struct, frozen=True, omit_defaults=True):
    """What an application asks for beside the documented behaviour, one by one (contract sections 4, 10.7 and 12).

    The first five let more in; the last three say how answers look.
    """

    raw_session: bool = True
    """An unencrypted session id passes as bearer."""
    b2c_single_stage_path: bool = True
    reversal_by_post: bool = True
    query_by_post: bool = True
    lenient_fields: bool = True
    """Hyphens in descriptions, any ThirdPartyConversationID as a query reference, tokens with + and /."""
    voucher_in_answer: bool = True
    """`output_VoucherCode` stands in the answer to a two-step payment; the handset shows it in any case."""
    sufficient_balance_as_text: bool = False
    reversed_as_boolean: bool = False

    def allows(self, name: str) -> bool:
        """Whether the switch of that name is on."""
        return bool(getattr(self, name))


STRICT = Switches(
    raw_session=False,
    b2c_single_stage_path=False,
    reversal_by_post=False,
    query_by_post=False,
    lenient_fields=False,
    voucher_in_answer=False,
)
"""The documented behaviour and nothing else."""


class Configuration(msgspec.Struct, frozen=True, omit_defaults=True):
    """What an application may do. Everything here may be changed later; the change is an event."""

    name: str
    api_key_hash: str
    """Lower-case hex SHA-256 of the 32-character API key."""
    products: dict[str, ProductScope]
    """By operation name; a product that is not here, or not on, may not be used (INS-997)."""
    organisation: str = ""
    shortcodes: tuple[str, ...] = ()
    """Live only: the organisation's shortcodes. In the sandbox any shortcode names the application's own account."""
    markets: tuple[str, ...] = ()
    """Market path values; empty means all."""
    session_lifetime_ms: int = HOUR_MS
    activation_delay_ms: int = 0
    trusted_sources: tuple[str, ...] = ("*",)
    switches: Switches = Switches()
    response_url: str = ""
    """Where asynchronous results go."""
    response_url_override: bool = False
    """Whether a request's `input_ResponseURL` takes its place."""
    test_msisdns: dict[str, str] = {}
    """Sandbox only: registered test handsets, and what each does when it is asked (approval.py)."""
    removed: bool = False
    description: str = ""
    release: str = ""
    """What its developer calls this version of it: several live side by side, each an application of its own."""
    faults: Faults = NO_FAULTS
    """Sandbox only."""
    webhook_secret: str = ""
    """With which results are signed, sealed (ports/sealing.py); empty: they are not signed."""

    def scope_of(self, product: str) -> ProductScope | None:
        """The product's scope, if it is switched on."""
        scope = self.products.get(product)
        return scope if scope is not None and scope.on else None

    def is_asynchronous(self, product: str) -> bool:
        scope = self.products.get(product)
        return scope is not None and scope.asynchronous

    def is_narrower_than(self, other: "Configuration") -> bool:
        """Whether something that could be asked for under the other one no longer can: sessions end with it."""
        lost = any(scope.on and self.scope_of(name) is None for name, scope in other.products.items())
        return lost or (bool(self.markets) and not set(other.markets or MARKETS) <= set(self.markets))


class ConfigureApplication(msgspec.Struct, frozen=True, tag=True, omit_defaults=True):
    """Create an application or replace its configuration. `expected` is the version the writer saw, 0 for none.

    `by` is who asks. With a new API key or webhook secret, the one before it works on for `overlap_ms`.
    """

    application: ApplicationId
    configuration: Configuration
    expected: int | None = None
    reply_to: ReplyTo | None = None
    by: str = ""
    overlap_ms: int = 0


class ApplicationChanged(msgspec.Struct, frozen=True, tag=True, omit_defaults=True):
    """The application's configuration is now this one; `before` it was that. `by`: who changed it.

    `overlaps`: the API keys that were replaced and still work, until when; `webhook_overlaps`: the webhook secrets.
    """

    application: ApplicationId
    version: int
    configuration: Configuration
    reply_to: ReplyTo | None = None
    before: Configuration | None = None
    by: str = ""
    overlaps: dict[str, Instant] = {}
    webhook_overlaps: dict[str, Instant] = {}


class ApiKeyEnded(msgspec.Struct, frozen=True, tag=True):
    """An API key that was replaced no longer works, nor do the sessions that were opened with it."""

    application: ApplicationId
    api_key_hash: str


class ConfigurationRejected(Rejection, frozen=True, tag=True):
    """The configuration was changed by somebody else meanwhile, or is impossible; nothing was changed now."""

    version: int


class ConfigurationUnchanged(Rejection, frozen=True, tag=True):
    """The configuration is already exactly this one: asking twice is harmless."""

    version: int


class Application(msgspec.Struct, frozen=True, omit_defaults=True):
    """Record `application/ID`. Read by the ingress too, at most 1 s old; admission's own copy is the authority.

    `overlaps`: API keys that were replaced and still work, until when; `webhook_overlaps`: webhook secrets, sealed,
    that still sign beside the newest. `narrowed`: the version that last narrowed its scope; a session that was opened
    under an earlier one has ended.
    """

    application: ApplicationId
    version: int
    configuration: Configuration
    overlaps: dict[str, Instant] = {}
    narrowed: int = 0
    webhook_overlaps: dict[str, Instant] = {}

    def signing_secrets(self, now: Instant) -> tuple[str, ...]:
        """Sealed, the newest first: with each of them every result is signed."""
        newest = self.configuration.webhook_secret
        if not newest:
            return ()
        return newest, *(sealed for sealed, until in self.webhook_overlaps.items() if now < until)

    def accepts_key(self, api_key_hash: str, now: Instant) -> bool:
        """Whether this is its API key, or one that was replaced and may still be used."""
        if self.configuration.removed:
            return False
        return api_key_hash == self.configuration.api_key_hash or now < self.overlaps.get(api_key_hash, 0)


def changed(before: Application | None, event: ApplicationChanged) -> Application:
    """The application after a change; `before` None: it was made."""
    narrowed = 0
    if before is not None:
        narrows = event.configuration.removed or event.configuration.is_narrower_than(before.configuration)
        narrowed = event.version if narrows else before.narrowed
    return Application(
        event.application, event.version, event.configuration, event.overlaps, narrowed, event.webhook_overlaps
    )


class ApiKey(msgspec.Struct, frozen=True, omit_defaults=True):
    """Record `api-key/HASH`: whose API key this is. The key itself is not stored here.

    `until` above 0: it was replaced and works until then.
    """

    application: ApplicationId
    until: Instant = Instant(0)

    def works(self, now: Instant) -> bool:
        return not self.until or now < self.until
