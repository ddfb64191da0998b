"""An application: a developer's integration record, and what it may do.

Pure. Keyed by application. The management API and the demo send ConfigureApplication with the whole configuration;
each accepted one is a new version, named by every payment it admits. Read next: session.py, admission.py.
"""

import msgspec

from mkondo.domain.decider import Rejection, ReplyTo
from mkondo.domain.ids import ApplicationId

HOUR_MS = 3_600_000


class ProductScope(msgspec.Struct, frozen=True, omit_defaults=True):
    """One product that is switched on. Ceilings are minor units of a named currency; an absent one does not limit.

    `single_value` maps a currency to the most that one payment may move (INS-995). `asynchronous`: requests are
    accepted at once and their results pushed to the response URL (contract section 6).
    """

    single_value: dict[str, int] = {}
    asynchronous: bool = False


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
    """By operation name; a product that is not here is switched off (INS-997)."""
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

    def is_asynchronous(self, product: str) -> bool:
        scope = self.products.get(product)
        return scope is not None and scope.asynchronous


class ConfigureApplication(msgspec.Struct, frozen=True, tag=True):
    """Create an application or replace its configuration. `expected` is the version the writer saw, 0 for none."""

    application: ApplicationId
    configuration: Configuration
    expected: int | None = None
    reply_to: ReplyTo | None = None


class ApplicationChanged(msgspec.Struct, frozen=True, tag=True, omit_defaults=True):
    """The application's configuration is now this one."""

    application: ApplicationId
    version: int
    configuration: Configuration
    reply_to: ReplyTo | None = None


class ConfigurationRejected(Rejection, frozen=True, tag=True):
    """The configuration was changed by somebody else meanwhile, or is impossible; nothing was changed now."""

    version: int


class ConfigurationUnchanged(Rejection, frozen=True, tag=True):
    """The configuration is already exactly this one: asking twice is harmless."""

    version: int


class Application(msgspec.Struct, frozen=True):
    """Record `application/ID`. Read by the ingress too, at most 1 s old; admission's own copy is the authority."""

    application: ApplicationId
    version: int
    configuration: Configuration


class ApiKey(msgspec.Struct, frozen=True):
    """Record `api-key/HASH`: whose API key this is. The key itself is not stored here."""

    application: ApplicationId
