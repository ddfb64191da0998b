"""The edge's world, a client that calls its front in this process, and a server and a client over real sockets."""

from collections.abc import AsyncIterator

import httpx
import pytest

from mkondo.adapters.http.server import HttpServer, Listen
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


def client_of(world: World, address: str = "127.0.0.1") -> httpx.AsyncClient:
    transport = httpx.ASGITransport(world.front, raise_app_exceptions=True, client=(address, 1))  # type: ignore[arg-type]
    return httpx.AsyncClient(transport=transport, base_url="https://openapi.m-pesa.com")


@pytest.fixture
async def server(world: World) -> AsyncIterator[HttpServer]:
    server = await HttpServer.start(world.front, Listen(drain_seconds=5), world.ids)
    yield server
    await server.stop()


@pytest.fixture
async def wire(server: HttpServer) -> AsyncIterator[httpx.AsyncClient]:
    async with httpx.AsyncClient(base_url=f"http://127.0.0.1:{server.port}") as client:
        yield client
