"""The Mozambique gateway's six calls: the same handlers behind another door (contract sections 9 and 12).

There is no session, so callers are known by their API key; the path names no environment, so the host does, or the key:
the sandbox is asked first. Read next: mkondo/openapi/mozambique/operations.py.
"""

from collections import OrderedDict
from collections.abc import Awaitable, Callable, Mapping, Sequence
from hashlib import sha256

import msgspec
from msgspec.structs import replace

from mkondo.adapters.http.callers import Callers
from mkondo.adapters.http.request import Handler, Request
from mkondo.domain.environments import ENVIRONMENTS, SANDBOX
from mkondo.openapi.mozambique.hosts import environment_of
from mkondo.openapi.mozambique.ids import masked
from mkondo.openapi.mozambique.operations import OPERATIONS
from mkondo.openapi.render import Answer
from mkondo.openapi.routing import Miss
from services.payments_ingress.query import Name

REMEMBERED_MAX = 20_000

Knows = Callable[[Request], Awaitable[bool]]


class Branch(msgspec.Struct, frozen=True):
    """One environment's side of the gateway."""

    callers: Callers
    handlers: Mapping[str, Handler]


def gateway(branches: Mapping[str, Branch]) -> dict[str, Handler]:
    """By operation name: handlers that find out which environment is meant, then let its own answer."""
    chooser = Chooser({name: branch.callers.knows for name, branch in branches.items()})
    return {
        operation: _handler(operation, {name: branch.handlers[operation] for name, branch in branches.items()}, chooser)
        for operation in OPERATIONS
    }


def _handler(operation: str, handlers: Mapping[str, Handler], chooser: "Chooser") -> Handler:
    async def handle(request: Request) -> Answer | Miss:
        environment = environment_of(request.host) or await chooser.by_key(request)
        found = replace(request, match=replace(request.match, environment=environment))
        return await handlers[environment](found)

    return handle


class Chooser:
    """Finds the environment in which the bearer's API key is known. What was found is remembered by the header's hash:
    a block for the other environment's key can't be remembered as a secret, and would be decrypted for every call."""

    def __init__(self, knows: Mapping[str, Knows]) -> None:
        self._knows = knows
        self._found: OrderedDict[bytes, str] = OrderedDict()

    async def by_key(self, request: Request) -> str:
        """The sandbox where nobody knows it: that says so. May raise TryLater."""
        header = sha256(request.authorization).digest()
        known = self._found.get(header)
        if known is not None:
            self._found.move_to_end(header)
            return known
        for environment in ENVIRONMENTS:
            if await self._knows[environment](request):
                self._remember(header, environment)
                return environment
        return SANDBOX

    def _remember(self, header: bytes, environment: str) -> None:
        self._found[header] = environment
        if len(self._found) > REMEMBERED_MAX:
            self._found.popitem(last=False)


def customer_name(msisdn: str, name: Name) -> Sequence[str]:
    """What a merchant may know of a customer here: the second name is masked."""
    first, second = name
    return msisdn, first, masked(second)
