"""How many requests are held open at once: streams of events, and those that wait for a result.

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


class Held:
    """Those of one process, by environment and token; a subject has one token, so its name stands for it."""

    def __init__(self, of_token_max: int = OF_TOKEN_MAX, of_environment_max: int = OF_ENVIRONMENT_MAX) -> None:
        self._of_token_max, self._of_environment_max = of_token_max, of_environment_max
        self._open: Counter[tuple[str, ...]] = Counter()

    @contextmanager
    def place(self, scope: Scope, environment: str, subject: str) -> Iterator[None]:
        """Taken inside, and free however that is left. Raises Refused when all are taken."""
        token, everybody = (environment, subject), (environment,)
        if self._open[token] >= self._of_token_max:
            raise Refused(429, f"{self._of_token_max} requests of this token are held open already", _MEND)
        if self._open[everybody] >= self._of_environment_max:
            raise Refused(429, f"{self._of_environment_max} requests are held open here already", _MEND)
        self._open.update((token, everybody))
        try:
            scope.get("extensions", {}).get(HOLD, _no_matter)()
            yield
        finally:
            self._open.subtract((token, everybody))
            self._open = +self._open  # a name that holds nothing is forgotten


def _no_matter() -> None:
    """Where no connection of our own is below."""


class Stream(StreamingResponse):
    """Server-sent events in a place of their own. It is taken and left here, around all that sends them: whatever ends
    them, before the first one too, this is left."""

    media_type = "text/event-stream"

    def __init__(self, lines: AsyncIterator[bytes], place: AbstractContextManager[None]) -> None:
        super().__init__(lines, headers={"Cache-Control": "no-store"})
        self._place = place

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        with self._place:
            await super().__call__(scope, receive, send)


def held_by(request: Request) -> Held:
    held: Held = request.app.state.held
    return held
