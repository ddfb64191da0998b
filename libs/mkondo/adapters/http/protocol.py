"""uvicorn's HTTP protocol, made to speak the contract where uvicorn speaks for itself, and to lose patience.

Bytes that are no HTTP get the contract's body (section 12: 400 INS-21). A request must be whole soon after its first
byte, a head has a largest size, a body that nobody wants is read on only so far, and connections are bounded. What
costs anything is done for requests that did not arrive in one piece. Read next: server.py.
"""

import asyncio
from collections.abc import Callable
from functools import partial
from typing import Any
from weakref import ref

import httptools
import msgspec
from uvicorn.config import Config
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol, RequestResponseCycle
from uvicorn.server import ServerState

from mkondo.adapters.http.respond import HANG_UP, HOLD, raw_response
from mkondo.openapi.render import Answer

_LINGER_SECONDS = 0.5


class Patience(msgspec.Struct, frozen=True):
    """How long and how much. `request_seconds_max`: from a request's first byte to its last. `unread_seconds_max`: how
    long a client may leave its answers unread once they have filled the buffers."""

    request_seconds_max: float = 10.0
    unread_seconds_max: float = 20.0
    head_bytes_max: int = 64 * 1024
    headers_max: int = 100
    unwanted_bytes_max: int = 1024 * 1024
    connections_max: int = 4_096


class Refusals(msgspec.Struct, frozen=True):
    """Makes the answers to what is no request: not HTTP, and one connection too many."""

    unreadable: Callable[[], Answer]
    busy: Callable[[], Answer]


class Corked:
    """The transport of a request's answer: holds the head until the body follows, so that one write carries both.

    A write is a system call, and two of them are two packets and wake the client twice.
    """

    def __init__(self, transport: asyncio.Transport) -> None:
        self._transport = transport
        self._held = b""

    def write(self, data: bytes) -> None:
        if self._held:
            data, self._held = self._held + data, b""
        elif data.startswith(b"HTTP/1.1 ") and not data.startswith(b"HTTP/1.1 100"):
            self._held = data
            return
        if not self._transport.is_closing():  # else nobody is left to hear it, which is no trouble of ours
            self._transport.write(data)

    def flush(self) -> None:
        if self._held:
            self.write(b"")

    def close(self) -> None:
        self.flush()
        self._transport.close()

    def is_closing(self) -> bool:
        return self._transport.is_closing()


class ContractProtocol(HttpToolsProtocol):
    """One connection. `empty` is set while its server has none."""

    def __init__(
        self,
        config: Config,
        server_state: ServerState,
        app_state: dict[str, Any],
        _loop: asyncio.AbstractEventLoop | None = None,
        *,
        refusals: Refusals,
        patience: Patience,
        empty: asyncio.Event,
    ) -> None:
        super().__init__(config, server_state, app_state, _loop)
        self._refusals = refusals
        self._patience = patience
        self._empty = empty
        self._whole = True
        self._in_head = False
        self._deaf = False
        self._begun = False
        self._ended = False
        self._held: ref[RequestResponseCycle] | None = None
        self._bytes = 0
        self._timer: asyncio.TimerHandle | None = None
        self._unread_timer: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        super().connection_made(transport)
        self._empty.clear()
        self._corked = Corked(transport)
        if len(self.connections) > 2 * self._patience.connections_max:
            transport.abort()  # a flood: even a polite no, which takes a moment, would cost too many
        elif len(self.connections) > self._patience.connections_max:
            self._say(self._refusals.busy())
        else:
            self._wait_for_a_request()

    def connection_lost(self, exc: Exception | None) -> None:
        self._stop_timer()
        self._stop_unread_timer()
        self._unset_keepalive_if_required()
        self._end_what_is_held()
        super().connection_lost(exc)
        if not self.connections:
            self._empty.set()

    def pause_writing(self) -> None:
        """Nobody reads what we write. A connection that stays so would hold its place, and a stop, for ever."""
        super().pause_writing()
        self._stop_unread_timer()
        self._unread_timer = self.loop.call_later(self._patience.unread_seconds_max, self.transport.abort)

    def resume_writing(self) -> None:
        super().resume_writing()
        self._stop_unread_timer()

    def data_received(self, data: bytes) -> None:
        if self._deaf:
            return
        self._unset_keepalive_if_required()
        try:
            self.parser.feed_data(data)
        except httptools.HttpParserUpgrade:
            self.cycle.keep_alive = False  # the parser stops here: what follows would never be read
        except httptools.HttpParserError:
            self._refuse()
        self._mind_the_time(len(data))

    def _mind_the_time(self, count: int) -> None:
        if self._deaf:
            return
        if not self._whole:
            self._wait_for_the_rest(count)
        elif self._timer is not None:
            self._stop_timer()
        elif self._in_hand() is None:
            self._wait_for_a_request()

    def _in_hand(self) -> RequestResponseCycle | None:
        """The newest request, while it is not answered."""
        return self.cycle if self._begun and not self.cycle.response_complete else None

    def eof_received(self) -> bool:  # type: ignore[override]
        """The other side says no more. A whole request is still answered, unless it may be held open for long: then it
        is gone. Half of one never will be whole."""
        self._ended = True
        if not self._whole and not self._deaf:
            self._refuse()
        cycle = None if self._deaf else self._in_hand()
        if cycle is None or self._held is not None or not self.transport.can_write_eof():
            return False
        cycle.keep_alive = False
        return True

    def on_message_begin(self) -> None:
        self._whole, self._in_head, self._bytes = False, True, 0
        super().on_message_begin()

    def on_headers_complete(self) -> None:
        if len(self.headers) > self._patience.headers_max:
            raise ValueError("too many headers")
        super().on_headers_complete()
        self._in_head, self._begun = False, True
        self.cycle.transport = self._corked  # type: ignore[assignment]
        # Weak: the cycle holds its scope, and what then holds the cycle waits for the collector, at every request.
        cycle = ref(self.cycle)
        hang_up, hold = partial(self._hang_up, cycle), partial(self._hold, cycle)
        self.scope["extensions"] = {HANG_UP: hang_up, HOLD: hold}  # type: ignore[dict-item]

    def _hang_up(self, of: ref[RequestResponseCycle]) -> None:
        """End the connection instead of answering: its other requests will not be answered either."""
        if (cycle := of()) is not None:
            cycle.disconnected = True
        self.transport.close()

    def _hold(self, of: ref[RequestResponseCycle]) -> None:
        """Until it is answered; whatever was sent behind it waits for that too."""
        self._held = of
        if self._ended:
            self.transport.close()

    def _end_what_is_held(self) -> None:
        """uvicorn tells only the newest request that its client is gone: one behind which more was sent would go on."""
        cycle = None if self._held is None else self._held()
        if cycle is not None:
            cycle.disconnected = True
            cycle.message_event.set()

    def on_response_complete(self) -> None:
        self._held = None
        self._corked.flush()
        super().on_response_complete()

    def on_message_complete(self) -> None:
        self._whole = True
        self.cycle.more_body = False
        self.cycle.message_event.set()

    def _wait_for_a_request(self) -> None:
        if self.timeout_keep_alive_task is None and not self.transport.is_closing():
            self.timeout_keep_alive_task = self.loop.call_later(
                self.timeout_keep_alive, self.timeout_keep_alive_handler
            )

    def _wait_for_the_rest(self, count: int) -> None:
        """A request has begun and is not whole: bounded in bytes while nobody reads them, and in time."""
        self._bytes += count
        if self.transport.is_closing():
            return
        if self._in_head and self._bytes > self._patience.head_bytes_max:
            self._refuse()
        elif not self._in_head and self._in_hand() is None and self._bytes > self._patience.unwanted_bytes_max:
            self.transport.close()
        elif self._timer is None:
            self._timer = self.loop.call_later(self._patience.request_seconds_max, self._lose_patience)

    def _lose_patience(self) -> None:
        self._timer = None
        if not self.transport.is_closing() and not self._whole:
            self._refuse()

    def _stop_timer(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def _stop_unread_timer(self) -> None:
        if self._unread_timer is not None:
            self._unread_timer.cancel()
            self._unread_timer = None

    def _refuse(self) -> None:
        """Answer what can't be read, in its turn: while an earlier request is being answered, only close after it."""
        cycle = self._in_hand()
        in_body = not self._whole and not self._in_head
        if cycle is not None:
            if not in_body or self.pipeline or cycle.response_started:
                cycle.keep_alive = False
                return
            cycle.disconnected = True  # the broken body is this request's own: its handler learns that nobody listens
            cycle.waiting_for_100_continue = False  # nor asks for more, behind our last words
            cycle.message_event.set()
        elif in_body:
            self.transport.close()  # it has its answer already
            return
        self._say(self._refusals.unreadable())

    def _say(self, answer: Answer) -> None:
        """The last words on this connection. It stays half open for a moment: closing it with bytes unread would send a
        reset, and the other side could lose the answer."""
        self._deaf = True
        self._stop_timer()
        self.transport.write(raw_response(answer))
        if self.transport.can_write_eof():
            self.transport.write_eof()
        self._timer = self.loop.call_later(_LINGER_SECONDS, self.transport.close)
