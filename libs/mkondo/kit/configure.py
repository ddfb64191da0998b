"""Configures the first application for some cases, and afterwards as it was before. Needs the management API.

Read next: run.py.
"""

import asyncio
import json
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from typing import Any

from mkondo.adapters.client.client import read_object
from mkondo.adapters.client.wire import Sent, Wire
from mkondo.kit.case import Caller, Setting
from mkondo.kit.target import Target

RECEIVER = "<receiver>"
"""Stands in a setting for the address where the kit takes results."""
STALE_SECONDS = 1.2
"""How long a change may take to be seen by whoever answers: applications are remembered for a second there."""


class CannotConfigure(Exception):
    """The management API refused."""


@asynccontextmanager
async def configured(target: Target, wire: Wire, setting: Setting, receiver: str) -> AsyncIterator[None]:
    """While it lasts the application is configured like that."""
    before = await _ask(target, wire, "GET", {})
    undo = {name: before[name] for name in setting.change}
    if "limits" in undo:
        undo["limits"] = {**{product: {} for product in before["products"]}, **before["limits"]}
    if "products" in undo:
        undo |= {"asynchronous": before["asynchronous"], "limits": before["limits"]}
    change = {name: receiver if value == RECEIVER else value for name, value in setting.change.items()}
    await _ask(target, wire, "PATCH", change)
    try:
        await seen()
        yield
    finally:
        await _ask(target, wire, "PATCH", undo)


async def seen() -> None:
    """When whoever answers has seen the last change."""
    await asyncio.sleep(STALE_SECONDS)


async def _ask(target: Target, wire: Wire, method: str, change: Mapping[str, object]) -> dict[str, Any]:
    if target.management is None:
        raise CannotConfigure("there is no token of the management API")
    environment = target.sides[Caller.FIRST].environment
    url = f"{target.base_url}/api/v1/{environment}/applications/{target.management.application}"
    headers = {"Authorization": f"Bearer {target.management.token}", "Content-Type": "application/json"}
    answer = await wire.send(Sent(method, url, headers, json.dumps(change).encode() if change else b""))
    if answer.status != 200:
        raise CannotConfigure(f"{method} of the application: HTTP {answer.status} {answer.body[:200]!r}")
    said = read_object(answer.body)
    if said is None or not {"products", "asynchronous", "limits"} <= said.keys():
        raise CannotConfigure(f"{method} of the application: no application came back: {answer.body[:200]!r}")
    return said
