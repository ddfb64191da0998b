"""What every operation asks of a request, in the contract's order (section 5): who, market, product, usage time,
fields, shortcode.

A request that passes is Checked; one that does not has its answer. Read next: pay.py, query.py.
"""

from collections.abc import Awaitable, Callable

import msgspec
from msgspec.structs import replace

from mkondo.adapters.http.callers import Caller, Stranger, allows_market
from mkondo.adapters.http.request import Request
from mkondo.domain import reasons
from mkondo.domain.application import Configuration
from mkondo.domain.environments import LIVE
from mkondo.domain.hours import closed
from mkondo.domain.markets import MARKETS, Market
from mkondo.domain.organisation import is_enabled
from mkondo.openapi import render
from mkondo.openapi.explain import explain_hours
from mkondo.openapi.parse import Fields, Refusal, parse, third_party_conversation_id
from mkondo.openapi.render import Answer
from mkondo.openapi.routing import Miss
from mkondo.ports.clock import Clock
from services.payments_ingress.conversations import Conversations

UNKNOWN = "unknown"
"""The circumstance of a name that fits its grammar and is nobody's: a profile may have a code of its own for it."""

_SHORTCODES = ("input_ServiceProviderCode", "input_PrimaryPartyCode")
"""The fields with which a caller says which organisation it is."""


Recognise = Callable[[Request], Awaitable[Caller | Stranger]]
"""Who sent a request: by its session, or by its API key."""


class Checked(msgspec.Struct, frozen=True):
    """A request whose caller, market, product and fields are in order."""

    caller: Caller
    market: Market
    fields: Fields


class Checks:
    """The checks of one environment, for callers who are known in one way."""

    def __init__(self, recognise: Recognise, conversations: Conversations, clock: Clock) -> None:
        self._recognise = recognise
        self._conversations = conversations
        self._clock = clock

    async def check(self, request: Request) -> Checked | Answer | Miss:
        """May raise TryLater."""
        values = request.values()
        if values is None:
            return self.refuse(request, None, reasons.UNREADABLE)
        caller = await self._recognise(request)
        if isinstance(caller, Stranger):
            return self.refuse(request, values, reasons.BAD_SESSION, caller.text)
        configuration, asked = caller.application.configuration, request.match
        if asked.strict_miss is not None and not configuration.switches.allows(asked.switch):
            return asked.strict_miss
        if not allows_market(caller.application, asked.market):
            return self.refuse(request, values, reasons.BAD_MARKET)
        scope, sandbox = configuration.scope_of(asked.operation.name), asked.environment != LIVE
        if scope is None or not is_enabled(caller.organisation, asked.operation.name, asked.market, sandbox=sandbox):
            return self.refuse(request, values, reasons.NOT_ENABLED)
        shut = closed(asked.operation.name, scope, asked.market, self._clock.now())
        if shut is not None:
            refused = self.refuse(request, values, reasons.OUT_OF_HOURS)
            return replace(refused, explanation=explain_hours(shut, asked.operation.codes)) if sandbox else refused
        market = MARKETS[asked.market]
        lenient = configuration.switches.lenient_fields
        fields = parse(asked.operation, values, market, asked.environment, lenient=lenient)
        if isinstance(fields, Refusal):
            return self.refuse(request, values, fields.code, fields.text)
        if asked.environment == LIVE and not _owns_shortcodes(configuration, fields):
            return self.refuse(request, values, reasons.BAD_SHORTCODE)
        return Checked(caller, market, fields)

    def refuse(
        self,
        request: Request,
        values: dict[str, object] | None,
        code: str,
        text: str | None = None,
        *,
        circumstance: str = "",
    ) -> Answer:
        operation = request.match.operation
        return render.refusal(
            operation,
            code,
            text=text,
            circumstance=circumstance,
            conversation_id=self._conversations.begin(request.match),
            third_party_conversation_id=third_party_conversation_id(values, operation.id_field),
        )


def _owns_shortcodes(configuration: Configuration, fields: Fields) -> bool:
    return all(fields[name] in configuration.shortcodes for name in _SHORTCODES if name in fields)
