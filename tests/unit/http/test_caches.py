"""What the edge remembers: rows for a second, bearers by their hash, and never a secret."""

import asyncio
import gc

import pytest

from mkondo.adapters.http.bearer import Bearers, Secret, hash_of
from mkondo.adapters.http.recent import Recent
from mkondo.domain.ids import Instant
from mkondo.ports.errors import TryLater

SESSION = "4ee35a0f5ac54dd8a2ed2b9d5ba4e0d2"


class Clock:
    def __init__(self) -> None:
        self.milliseconds = 0

    def now(self) -> Instant:
        return Instant(self.milliseconds)

    async def wait(self, seconds: float) -> None:
        self.milliseconds += int(seconds * 1_000)


class Rows:
    """A store of names to numbers that counts how often it is asked."""

    def __init__(self) -> None:
        self.rows: dict[str, int] = {"a": 1}
        self.asked = 0
        self.gate = asyncio.Event()
        self.gate.set()

    async def read(self, name: str) -> int | None:
        self.asked += 1
        await self.gate.wait()
        return self.rows.get(name)


class TestRecent:
    async def test_a_row_is_read_again_when_it_is_a_second_old(self) -> None:
        clock, rows = Clock(), Rows()
        recent = Recent(rows.read, clock)
        assert await recent.get("a") == 1
        rows.rows["a"] = 2
        clock.milliseconds = 999
        assert await recent.get("a") == 1
        clock.milliseconds = 1_000
        assert await recent.get("a") == 2

    async def test_the_age_counts_from_before_the_reading(self) -> None:
        clock, rows = Clock(), Rows()
        recent = Recent(rows.read, clock)
        rows.gate.clear()
        reading = asyncio.create_task(recent.get("a"))
        await asyncio.sleep(0)
        await asyncio.sleep(0)
        clock.milliseconds = 900
        rows.gate.set()
        assert await reading == 1
        clock.milliseconds = 1_000
        await recent.get("a")
        assert rows.asked == 2

    async def test_a_clock_that_went_back_makes_nothing_younger(self) -> None:
        clock, rows = Clock(), Rows()
        clock.milliseconds = 5_000
        recent = Recent(rows.read, clock)
        await recent.get("a")
        clock.milliseconds = 0
        await recent.get("a")
        assert rows.asked == 2

    async def test_an_absent_row_is_asked_for_again(self) -> None:
        rows = Rows()
        recent = Recent(rows.read, Clock())
        assert await recent.get("b") is None
        rows.rows["b"] = 2
        assert await recent.get("b") == 2

    async def test_a_caller_that_goes_away_does_not_take_the_row_from_the_others(self) -> None:
        rows = Rows()
        recent = Recent(rows.read, Clock())
        rows.gate.clear()
        first, second = (asyncio.create_task(recent.get("a")) for _ in range(2))
        await asyncio.sleep(0)
        first.cancel()
        rows.gate.set()
        assert await second == 1
        assert rows.asked == 1

    async def test_trouble_is_told_and_not_remembered(self) -> None:
        asked = 0

        async def down(_: str) -> int | None:
            nonlocal asked
            asked += 1
            raise TryLater("down")

        recent = Recent(down, Clock())
        for _ in range(2):
            with pytest.raises(TryLater):
                await recent.get("a")
        assert asked == 2

    async def test_it_is_bounded(self) -> None:
        rows = Rows()
        rows.rows = {str(number): number for number in range(10)}
        recent = Recent(rows.read, Clock(), most=4)
        for name in rows.rows:
            await recent.get(name)
        assert len(recent._found) == 4


class Keys:
    """Decrypts by cutting a prefix off, and counts."""

    def __init__(self) -> None:
        self.asked = 0

    def public_key(self) -> str:
        return ""

    async def decrypt(self, block: str) -> str | None:
        self.asked += 1
        return block.removeprefix("secret:") if block.startswith("secret:") else None


class TestBearers:
    async def test_one_header_is_decrypted_once(self) -> None:
        keys = Keys()
        bearers = Bearers(keys)
        for _ in range(3):
            assert await bearers.secret(b"Bearer secret:abc") == Secret(hash_of("abc"))
        assert keys.asked == 1

    async def test_what_cannot_be_read_is_not_remembered(self) -> None:
        keys = Keys()
        bearers = Bearers(keys)
        for _ in range(2):
            assert await bearers.secret(b"Bearer nonsense") is None
        assert keys.asked == 2
        assert len(bearers._read) == 0

    async def test_it_is_bounded_and_forgets_the_least_used(self) -> None:
        keys = Keys()
        bearers = Bearers(keys, most=2)
        for header in (b"Bearer secret:a", b"Bearer secret:b", b"Bearer secret:a", b"Bearer secret:c"):
            await bearers.secret(header)
        await bearers.secret(b"Bearer secret:a")
        assert (keys.asked, len(bearers._read)) == (3, 2)

    async def test_a_raw_session_id_is_marked_as_such(self) -> None:
        assert await Bearers(Keys()).secret(f"Bearer {SESSION}".encode()) == Secret(hash_of(SESSION), raw=True)

    async def test_neither_secret_nor_header_is_kept(self) -> None:
        bearers = Bearers(Keys())
        await bearers.secret(b"Bearer secret:" + SESSION.encode())
        gc.collect()
        assert SESSION not in repr(bearers._read)
        assert "secret:" not in repr(bearers._read)
