"""Whose address a request has, and whether that address may ask now: asked before anything is decrypted.

Read next: sources.py, rates.py.
"""

from collections.abc import Sequence
from typing import Any

from mkondo.adapters.http.rates import Rate
from mkondo.adapters.http.sources import client_address, line_of, parse_networks


class Addresses:
    """The clients of one process. `proxies` are the addresses and networks whose X-Forwarded-For is believed; without
    a `rate` everybody may ask."""

    def __init__(self, proxies: Sequence[str] = (), rate: Rate | None = None) -> None:
        self._proxies = parse_networks(proxies)
        self._rate = rate

    def of(self, scope: Any, forwarded_for: str) -> str:
        """The client's own, for an ASGI scope and what X-Forwarded-For says; empty when nobody knows."""
        peer: str = scope["client"][0] if scope["client"] else ""
        return client_address(peer, forwarded_for, self._proxies) if self._proxies else peer

    def take(self, address: str) -> None:
        """Raises TooMany."""
        if self._rate is not None:
            self._rate.take(line_of(address))
