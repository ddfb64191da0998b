"""An organisation's products: switched off for all of its applications at once, and on again."""

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import pytest

from mkondo.domain.limits import APPLICABLE
from mkondo.domain.markets import MARKETS
from tests.unit.portal.world import ASHA, World, world

SHOP = "sandbox/organisations/shop/products"
C2B, MARKET = "c2b_single_stage", "vodacomTZN"
EVERYTHING = {market: list(APPLICABLE) for market in MARKETS}
NOTHING: dict[str, list[str]] = {market: [] for market in MARKETS}
WRONG: tuple[Any, ...] = (
    {"vodacomXYZ": [C2B]}, {MARKET: ["nothing"]}, {MARKET: C2B}, {MARKET: None}, {MARKET: [1]}, [],
    {MARKET: {C2B: True}},
)  # fmt: skip


@pytest.fixture
async def mkondo() -> AsyncIterator[World]:
    async with world() as made:
        yield made


async def test_one_that_was_never_set_up_has_all_in_the_sandbox_and_nothing_in_live(mkondo: World) -> None:
    assert await mkondo.said("GET", SHOP) == {"organisation": "shop", "set_up": False, "products": EVERYTHING}
    live = await mkondo.said("GET", "openapi/organisations/shop/products")
    assert (live["set_up"], live["products"]) == (False, NOTHING)


async def test_a_product_that_is_off_is_refused_at_once_in_every_application(mkondo: World) -> None:
    made = [await mkondo.said("POST", "sandbox/applications", {"name": "Duka"}, by=ASHA) for _ in range(3)]
    sessions = {one["id"]: await mkondo.session(one["id"], one["api_key"]) for one in made}
    off = await mkondo.said("PUT", SHOP, {**EVERYTHING, MARKET: ["b2c_payment"]})
    assert off["products"] == {**EVERYTHING, MARKET: ["b2c_payment"]} and off["set_up"]
    for name, session in sessions.items():
        assert session is not None and await mkondo.pay(name, session) == "INS-997"
    assert (await mkondo.said("PUT", SHOP, EVERYTHING))["products"] == EVERYTHING
    for name, session in sessions.items():
        assert session is not None and await mkondo.pay(name, session) == "INS-0"


@pytest.mark.parametrize("wrong", WRONG)
async def test_a_wrong_one_changes_nothing(mkondo: World, wrong: Any) -> None:
    await mkondo.said("PUT", SHOP, {MARKET: [C2B]})
    await mkondo.refused(422, "PUT", SHOP, wrong)
    products = (await mkondo.said("GET", SHOP))["products"]
    assert products == {**NOTHING, MARKET: [C2B]}


@pytest.mark.parametrize("wrong", WRONG)
async def test_a_wrong_change_of_some_changes_nothing(mkondo: World, wrong: Any) -> None:
    await mkondo.said("PUT", SHOP, {MARKET: [C2B]})
    await mkondo.refused(422, "PATCH", SHOP, wrong)
    assert (await mkondo.said("GET", SHOP))["products"] == {**NOTHING, MARKET: [C2B]}


async def test_changes_of_different_markets_at_once_undo_nothing(mkondo: World) -> None:
    changes = [mkondo.said("PATCH", SHOP, {market: [C2B]}) for market in MARKETS]
    assert all(said["set_up"] for said in await asyncio.gather(*changes))
    assert (await mkondo.said("GET", SHOP))["products"] == {market: [C2B] for market in MARKETS}


async def test_a_name_that_could_be_taken_for_another_key_is_refused(mkondo: World) -> None:
    for name in ("a%231", "a%20b", "x" * 65):
        for method in ("PUT", "PATCH"):
            await mkondo.refused(422, method, f"sandbox/organisations/{name}/products", {})
