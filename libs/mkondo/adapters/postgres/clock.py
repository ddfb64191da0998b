"""The sandbox's clock offset in Postgres: one row, and who works with which offset. Read next: ports/clock.py."""

from mkondo.adapters.postgres.connections import Connections, committing, reading
from mkondo.ports.clock import AHEAD_MS_MAX, TooFarAhead

_AHEAD = "SELECT coalesce(max(ahead_ms), 0) FROM clock"
_ADVANCE = """
INSERT INTO clock AS c (ahead_ms) SELECT $1::bigint WHERE $1::bigint <= $2::bigint
ON CONFLICT (only_row) DO UPDATE SET ahead_ms = c.ahead_ms + excluded.ahead_ms
WHERE c.ahead_ms + excluded.ahead_ms <= $2::bigint RETURNING ahead_ms
"""
"""No row comes back where the clock would be too far ahead: whoever moves it at the same time is counted too."""
_FOLLOW = """
INSERT INTO clock_follower VALUES ($1, $2, clock_timestamp() + make_interval(secs => $3))
ON CONFLICT (name) DO UPDATE SET ahead_ms = excluded.ahead_ms, lives_until = excluded.lives_until
"""
_LEAVE = "DELETE FROM clock_follower WHERE name = $1 OR lives_until < clock_timestamp() - interval '1 hour'"
_BEHIND = "SELECT EXISTS (SELECT FROM clock_follower WHERE ahead_ms < $1 AND lives_until > clock_timestamp())"


async def connect_clock_setting(dsn: str) -> "PostgresClockSetting":
    """The clock setting beside an initialised environment's store."""
    return PostgresClockSetting(Connections(dsn, 1))


class PostgresClockSetting:
    """ClockSetting of one environment (ports/clock.py)."""

    def __init__(self, connections: Connections) -> None:
        self._connections = connections

    async def ahead_ms(self) -> int:
        async with reading(self._connections) as connection:
            return int(await connection.fetchval(_AHEAD))

    async def advance(self, milliseconds: int) -> int:
        if milliseconds < 0:
            raise ValueError("the clock only moves forward")
        async with committing(self._connections) as connection:
            ahead_ms = await connection.fetchval(_ADVANCE, milliseconds, AHEAD_MS_MAX)
        if ahead_ms is None:
            raise TooFarAhead
        return int(ahead_ms)

    async def follow(self, follower: str, ahead_ms: int, lives_seconds: float) -> None:
        async with reading(self._connections) as connection:
            await connection.execute(_FOLLOW, follower, ahead_ms, lives_seconds)

    async def leave(self, follower: str) -> None:
        async with reading(self._connections) as connection:
            await connection.execute(_LEAVE, follower)

    async def everybody_has(self, ahead_ms: int) -> bool:
        async with reading(self._connections) as connection:
            return not await connection.fetchval(_BEHIND, ahead_ms)

    async def close(self) -> None:
        await self._connections.close()
