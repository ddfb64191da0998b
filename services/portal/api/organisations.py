"""An organisation's products in each market. Read next: domain/organisation.py, runtime/organisations.py."""

import asyncio
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager

from fastapi import APIRouter
from pydantic import BaseModel, ConfigDict, Field

from mkondo.contracts.records import decode_record
from mkondo.domain.decider import record_key
from mkondo.domain.environments import SANDBOX
from mkondo.domain.ids import RecordKey, is_name
from mkondo.domain.markets import MARKETS
from mkondo.domain.organisation import Grants, Organisation, is_enabled, keys_of
from mkondo.ports.errors import TryLater
from mkondo.runtime.organisations import configure_organisation
from mkondo.runtime.parts import Parts
from services.portal.api.access import Environment, Operator
from services.portal.api.bodies import Asked
from services.portal.api.changes import PRODUCTS, known
from services.portal.api.configuring import CHANGE_SECONDS
from services.portal.api.errors import Refused

router = APIRouter(tags=["organisations"])


class ProductsByMarket(Asked):
    """Market path value -> its products."""

    model_config = ConfigDict(extra="allow", strict=True)
    __pydantic_extra__: dict[str, list[str]] = Field(init=False)


class OrganisationView(BaseModel):
    """What its applications may use. `set_up` false: nobody has said, so in the sandbox all and in live nothing."""

    organisation: str
    set_up: bool
    products: dict[str, list[str]]


@router.get("/{environment}/organisations/{organisation}/products")
async def show_products(parts: Environment, _: Operator, organisation: str) -> OrganisationView:
    """The products of an organisation, by market."""
    return await _view(parts, _named(organisation))


@router.put("/{environment}/organisations/{organisation}/products")
async def set_products(
    parts: Environment, grant: Operator, organisation: str, wanted: ProductsByMarket
) -> OrganisationView:
    """From now on these and no others: in force with the answer where payments are admitted, within a second at every
    edge."""
    async with _turn(parts, organisation):
        await configure_organisation(parts, organisation, grants_of(wanted), grant.name)
        return await _view(parts, organisation)


@router.patch("/{environment}/organisations/{organisation}/products")
async def change_products(
    parts: Environment, grant: Operator, organisation: str, wanted: ProductsByMarket
) -> OrganisationView:
    """The same for the markets that are named; each other market keeps its products, whoever changes them meanwhile."""
    async with _turn(parts, organisation):
        kept = (await _view(parts, organisation)).products
        await configure_organisation(parts, organisation, grants_of(wanted, kept), grant.name)
        return await _view(parts, organisation)


@asynccontextmanager
async def _turn(parts: Parts, organisation: str) -> AsyncIterator[None]:
    """Changes of one organisation here wait for each other: two at once could undo what the other did, or leave the
    partitions different. Raises Refused for what is no name."""
    try:
        async with parts.changes.of(f"organisation/{_named(organisation)}", CHANGE_SECONDS):
            yield
    except TimeoutError:
        raise TryLater("the organisation's products are changed by others all the time") from None


def grants_of(wanted: ProductsByMarket, kept: Mapping[str, list[str]] | None = None) -> Grants:
    """In the table's order and each once, so that asking twice is the same. `kept`: of markets that are not named.
    Raises Refused: then nothing is changed."""
    known(list(wanted.__pydantic_extra__), tuple(MARKETS), "market")
    for products in wanted.__pydantic_extra__.values():
        known(products, PRODUCTS, "product")
    asked = {**(kept or {}), **wanted.__pydantic_extra__}
    grants = {market: tuple(name for name in PRODUCTS if name in asked.get(market, ())) for market in MARKETS}
    return {market: products for market, products in grants.items() if products}


def _named(organisation: str) -> str:
    if not is_name(organisation):
        raise Refused(422, f"{organisation[:80]!r} is no organisation", "Send letters, digits, . _ and -.")
    return organisation


async def _view(parts: Parts, organisation: str) -> OrganisationView:
    """As all partitions know it; while it is changed they may differ for a moment."""
    keys = [record_key("organisation", key) for key in keys_of(organisation)]
    first, *others = await asyncio.gather(*(_record(parts, key) for key in keys))
    if any(other != first for other in others):
        raise TryLater("the organisation's products are being changed")
    sandbox = parts.environment == SANDBOX
    products = {
        market: [name for name in PRODUCTS if is_enabled(first, name, market, sandbox=sandbox)] for market in MARKETS
    }
    return OrganisationView(organisation=organisation, set_up=first is not None, products=products)


async def _record(parts: Parts, key: RecordKey) -> Organisation | None:
    data = await parts.facts.record(key)
    record = decode_record(key, data) if data is not None else None
    return record if isinstance(record, Organisation) else None
