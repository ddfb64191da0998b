"""What every adapter of the views promises (ports/views.py), sentence by sentence."""

import asyncio

import pytest

from mkondo.ports.errors import Fenced
from mkondo.ports.views import ViewBatch, Views


class ViewsConformance:
    """A subclass gives the fixture `views`: no row, no position."""

    @pytest.fixture
    def views(self) -> Views:
        raise NotImplementedError

    async def test_before_the_first_event_there_is_nothing(self, views: Views) -> None:
        assert dict(await views.positions()) == {}
        assert dict(await views.read("payments", ["p1"])) == {}
        assert list(await views.page("payments", "", "", 10)) == []

    async def test_read_sees_what_apply_returned_from(self, views: Views) -> None:
        rows = {"payments": {"p1": b"\x00one", "p2": b"two"}, "balances": {"p1": b"three"}}
        await views.apply({}, ViewBatch({"ledger/0": 3, "ledger/1": 5}, rows))
        assert dict(await views.positions()) == {"ledger/0": 3, "ledger/1": 5}
        assert dict(await views.read("payments", ["p1", "p2", "p3"])) == rows["payments"]
        assert dict(await views.read("balances", ["p1", "p2"])) == rows["balances"]

    async def test_a_row_is_replaced_by_the_next_of_its_key(self, views: Views) -> None:
        await views.apply({}, ViewBatch({"ledger/0": 1}, {"payments": {"p1": b"1", "p2": b"1"}}))
        await views.apply({"ledger/0": 1}, ViewBatch({"ledger/0": 2}, {"payments": {"p1": b"2"}}))
        assert dict(await views.read("payments", ["p1", "p2"])) == {"p1": b"2", "p2": b"1"}

    @pytest.mark.parametrize("expected", [{}, {"ledger/0": 0}, {"ledger/0": 2}, {"ledger/0": 1, "ledger/1": 1}])
    async def test_another_position_than_the_stored_one_is_fenced_and_applies_nothing(
        self, views: Views, expected: dict[str, int]
    ) -> None:
        await views.apply({}, ViewBatch({"ledger/0": 1}, {"payments": {"p1": b"1"}}))
        with pytest.raises(Fenced):
            await views.apply(expected, ViewBatch({"ledger/0": 9, "ledger/1": 9}, {"payments": {"p1": b"2"}}))
        assert dict(await views.positions()) == {"ledger/0": 1}
        assert dict(await views.read("payments", ["p1"])) == {"p1": b"1"}

    async def test_of_two_concurrent_batches_from_the_same_position_exactly_one_is_applied(self, views: Views) -> None:
        batches = [ViewBatch({"ledger/0": 1}, {"payments": {"p1": text}}) for text in (b"a", b"b")]
        answers = await asyncio.gather(*(views.apply({}, batch) for batch in batches), return_exceptions=True)
        assert [type(answer) for answer in answers if answer is not None] == [Fenced]
        winner = batches[answers.index(None)].rows["payments"]
        assert dict(await views.read("payments", ["p1"])) == dict(winner)

    async def test_a_page_has_the_keys_of_a_prefix_in_order_after_a_key(self, views: Views) -> None:
        keys = ["a/1", "a/10", "a/2", "a/Z", "a/é", "b/1", "a", "A/1"]
        await views.apply({}, ViewBatch({"ledger/0": 1}, {"payments": {key: key.encode() for key in keys}}))
        assert [key for key, _ in await views.page("payments", "a/", "", 10)] == ["a/1", "a/10", "a/2", "a/Z", "a/é"]
        assert [key for key, _ in await views.page("payments", "a/", "a/10", 2)] == ["a/2", "a/Z"]
        assert await views.page("payments", "b", "", 10) == [("b/1", b"b/1")]
        assert [key for key, _ in await views.page("payments", "", "", 99)] == sorted(keys)
        assert list(await views.page("balances", "a/", "", 10)) == []

    async def test_wipe_leaves_it_as_before_the_first_event(self, views: Views) -> None:
        first = ViewBatch({"ledger/0": 1}, {"payments": {"p1": b"1"}})
        await views.apply({}, first)
        await views.wipe()
        await self.test_before_the_first_event_there_is_nothing(views)
        await views.apply({}, first)
        assert dict(await views.read("payments", ["p1"])) == {"p1": b"1"}
