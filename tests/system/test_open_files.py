"""Idle connections up to the system's limit: the platform keeps what it needs for itself and tells the rest so."""

import asyncio
from pathlib import Path
from urllib.parse import urlsplit

from mkondo.testing.platform import RunningPlatform
from tests.system.merchant import Connection, merchant_of

FEW = ("bash", "-c", 'ulimit -n 512; exec "$@"', "few")
"""512 files, and no more however much is asked for."""


async def test_more_idle_connections_than_files_leave_room_for_those_who_were_there(folder: Path) -> None:
    with RunningPlatform(folder / "data", before=FEW) as platform:
        async with merchant_of(platform, connections=1) as merchant:
            address = urlsplit(platform.addresses["http"])
            idle = [await asyncio.open_connection(address.hostname, address.port) for _ in range(600)]
            assert (await merchant.pay()).status == 201
            async with asyncio.timeout(10):
                while await told(platform) != 503:  # the flood is still being sent away
                    continue
            for _, writer in idle:
                writer.close()
        assert "Too many open files" not in platform.said()


async def told(platform: RunningPlatform) -> int:
    """What one more caller is told; 0 for a closed door."""
    connection = Connection(platform.addresses["http"])
    try:
        return (await connection.call("GET", "/health/live", {})).status
    except (OSError, asyncio.IncompleteReadError):
        return 0
    finally:
        connection.close()
