"""Taking a partition costs what is new for it, not the length of the journals: a start must not grow with history."""

from collections.abc import Sequence

from mkondo.contracts.journal import JournalRow
from mkondo.domain.account import CreditApplied
from mkondo.testing.builders import CUSTOMER, SHOP, open_with, request, tzs
from tests.unit.runtime.house import House, house


class JournalReads:
    """Remembers which journals were read for whom."""

    def __init__(self, h: House) -> None:
        self.seen: list[tuple[str, str | None]] = []
        self._read = h.store.read_journal
        h.store.read_journal = self._remember  # type: ignore[method-assign]

    async def _remember(
        self, source: str, after: int, limit: int, destination: str | None = None
    ) -> Sequence[JournalRow]:
        self.seen.append((source, destination))
        return await self._read(source, after, limit, destination)


async def test_a_partition_that_was_sent_nothing_is_taken_without_reading_a_journal() -> None:
    """The ledger has sent admission nothing: its journals would be searched from end to end, in vain."""
    async with house() as h:
        first = await h.member()
        await h.open_for_business()
        await h.send("ledger", open_with(CUSTOMER, 1_000_00), open_with(SHOP, 0))
        await h.ask("admission", request("p1", tzs(1_00)), names=["p1"])
        await h.until(lambda: h.happened("ledger", CreditApplied) == 2, "its credit is applied")
        await first.stop()
        h.members.remove(first)
        reads = JournalReads(h)
        await h.member("m2")
        await h.ask("admission", request("p2", tzs(1_00)), names=["p2"])
        assert [seen for seen in reads.seen if str(seen[1]).startswith("admission/")] == []
