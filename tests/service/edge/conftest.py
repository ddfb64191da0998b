"""The edge's world, and an httpx client that calls its front in this process, without a socket."""

from collections.abc import AsyncIterator

import httpx
import pytest

from tests.service.edge.world import World, build


@pytest.fixture
async def world() -> AsyncIterator[World]:
    world = await build()
    yield world
    world.keys.close()


@pytest.fixture
async def client(world: World) -> AsyncIterator[httpx.AsyncClient]:
    async with client_of(world) as client:
        yield client


def client_of(world: World) -> httpx.AsyncClient:
    transport = httpx.ASGITransport(world.front, raise_app_exceptions=True, client=("127.0.0.1", 1))  # type: ignore[arg-type]
    return httpx.AsyncClient(transport=transport, base_url="https://openapi.m-pesa.com")
