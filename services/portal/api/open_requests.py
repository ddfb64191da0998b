"""How many requests are open at once: streams of events, and those that wait for a result.

Each costs a connection and looks at the store for as long as its client likes, so a token has few of them, and so has
an environment for all. They are counted in this process. Read next: events.py, results.py.
"""

from collections import Counter
from collections.abc import AsyncIterator, Iterator
from contextlib import AbstractContextManager, contextmanager

from fastapi import Request
from fastapi.responses import StreamingResponse
from starlette.types import Receive, Scope, Send

from mkondo.adapters.http.respond import HOLD
from services.portal.api.errors import Refused

OF_TOKEN_MAX = 50
OF_ENVIRONMENT_MAX = 500
"""Well below the connections that a process takes: others come through when all of these are in use."""
_MEND = "End one of them; or read page by page: events with `Accept: application/json`, results without `wait`."


class OpenRequests:
    """Those of one process, by environment and token; a subject has one token, so its name stands for it."""

    def __init__(self, of_token_max: int = OF_TOKEN_MAX, of_environment_max: int = OF_ENVIRONMENT_MAX) -> None:
        self._of_token_max, self._of_environment_max = of_token_max, of_environment_max
        self._open: Counter[tuple[str, ...]] = Counter()

    @contextmanager
    def slot(self, scope: Scope, environment: str, subject: str) -> Iterator[None]:
        """Taken inside, and free however that is left. Raises Refused when all are taken."""
        token, everybody = (environment, subject), (environment,)
        if self._open[token] >= self._of_token_max:
            raise Refused(429, f"{self._of_token_max} requests of this token are open already", _MEND)
        if self._open[everybody] >= self._of_environment_max:
            raise Refused(429, f"{self._of_environment_max} requests are open here already", _MEND)
        self._open.update((token, everybody))
        try:
            scope.get("extensions", {}).get(HOLD, _no_matter)()
            yield
        finally:
            self._open.subtract((token, everybody))
            self._open = +self._open  # a name that has none is forgotten


def _no_matter() -> None:
    """Where no connection of our own is below."""


class Stream(StreamingResponse):
    """Server-sent events in a slot of their own. The slot is taken when sending begins and freed however it ends."""

    media_type = "text/event-stream"

    def __init__(self, lines: AsyncIterator[bytes], slot: AbstractContextManager[None]) -> None:
        super().__init__(lines, headers={"Cache-Control": "no-store"})
        self._slot = slot

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        with self._slot:
            await super().__call__(scope, receive, send)


def open_requests_of(request: Request) -> OpenRequests:
    found: OpenRequests = request.app.state.open_requests
    return found
