"""Configures the first application for some cases, and afterwards as it was before. Needs the management API.

Read next: run.py.
"""

import asyncio
import json
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from datetime import datetime, timedelta
from typing import Any

from mkondo.adapters.client.client import read_object
from mkondo.adapters.client.wire import Sent, Wire
from mkondo.kit.case import Caller, Setting
from mkondo.kit.target import Target

RECEIVER = "<receiver>"
"""Stands in a setting for the address where the kit takes results."""
STALE_SECONDS = 1.2
"""How long a change may take to be seen by whoever answers: applications are remembered for a second there."""

_HALF_A_DAY, _MINUTE = timedelta(hours=12), timedelta(minutes=1)


class CannotConfigure(Exception):
    """The management API refused."""


@asynccontextmanager
async def configured(target: Target, wire: Wire, setting: Setting, receiver: str) -> AsyncIterator[None]:
    """While it lasts the application is configured like that."""
    before = await _application(target, wire, "GET", {})
    now = datetime.fromisoformat((await _ask(target, wire, "GET", "clock"))["now"])
    change = filled(setting.change, {RECEIVER: receiver, **usage_times(now)})
    await _application(target, wire, "PATCH", change)
    try:
        await seen()
        yield
    finally:
        await _application(target, wire, "PATCH", undoing(setting.change, before))


def undoing(change: Mapping[str, Any], before: Mapping[str, Any]) -> dict[str, Any]:
    """The change that takes `change` back. A limit that was not there before is taken away by naming it."""
    undo = {name: before[name] for name in change}
    if "limits" in change:
        undo["limits"] = {
            product: {name: before["limits"].get(product, {}).get(name) for name in limits}
            for product, limits in change["limits"].items()
        }
    if "products" in change:
        undo["asynchronous"] = before["asynchronous"]
    return undo


def usage_times(now: datetime) -> dict[str, dict[str, str]]:
    """One minute half a day away, in which it is not now in any market: their zones are nearer to UTC than that. And
    the whole day but that minute."""
    begins, ends = ((now + _HALF_A_DAY + shift).strftime("%H:%M") for shift in (-_MINUTE, _MINUTE))
    return {"<closed>": {"opens": begins, "closes": ends}, "<open>": {"opens": ends, "closes": begins}}


def filled(value: Any, words: Mapping[str, Any]) -> Any:
    """The value with every word replaced by what it stands for."""
    if isinstance(value, Mapping):
        return {name: filled(each, words) for name, each in value.items()}
    return words.get(value, value) if isinstance(value, str) else value


async def seen() -> None:
    """When whoever answers has seen the last change."""
    await asyncio.sleep(STALE_SECONDS)


async def _application(target: Target, wire: Wire, method: str, change: Mapping[str, object]) -> dict[str, Any]:
    application = target.management.application if target.management else ""
    return await _ask(target, wire, method, f"applications/{application}", change)


async def _ask(
    target: Target, wire: Wire, method: str, what: str, change: Mapping[str, object] | None = None
) -> dict[str, Any]:
    if target.management is None:
        raise CannotConfigure("there is no token of the management API")
    environment = target.sides[Caller.FIRST].environment
    url = f"{target.base_url}/api/v1/{environment}/{what}"
    headers = {"Authorization": f"Bearer {target.management.token}", "Content-Type": "application/json"}
    answer = await wire.send(Sent(method, url, headers, json.dumps(change).encode() if change else b""))
    if answer.status != 200:
        raise CannotConfigure(f"{method} of {what}: HTTP {answer.status} {answer.body[:200]!r}")
    said = read_object(answer.body)
    if said is None:
        raise CannotConfigure(f"{method} of {what}: no object came back: {answer.body[:200]!r}")
    return said
