"""What is measured: the platform as processes of its own, in the ways it can be run.

Read next: measure.py.
"""

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import msgspec

from mkondo.adapters.client.client import MpesaClient, encrypt
from mkondo.testing.platform import RunningPlatform


class Target(msgspec.Struct, frozen=True):
    """Where the load goes, and whose CPU counts. `bearer` is a session, encrypted once."""

    url: str
    path: str
    bearer: str
    session: str
    public_key: str
    pids: Mapping[str, int]
    dsn: str


async def target_of(demo: Mapping[str, Any], http: str, pids: Mapping[str, int], dsn: str) -> Target:
    """The demo's first market, with a session opened."""
    environment, market, key = demo["environment"], demo["market"], demo["public_key"]
    async with MpesaClient(http, environment, market, key, demo["api_key"]) as client:
        status, body = await client.open_session()
        if status != 200:
            raise RuntimeError(f"getSession: {status} {body}")
        path = f"/{environment}/ipg/v2/{market}/c2bPayment/singleStage/"
        return Target(http, path, encrypt(client.session, key), client.session, key, pids, dsn)


@asynccontextmanager
async def embedded(folder: Path) -> AsyncIterator[Target]:
    """`mkondo up` on an empty data directory."""
    with RunningPlatform(folder / "embedded") as platform:
        pids = {"mkondo": platform.pid}
        yield await target_of(platform.demo, platform.addresses["http"], pids, platform.dsn())
        platform.stop()
