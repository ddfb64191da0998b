"""Commands and the lists of the management API over a real socket: all pages of them, and how far they are."""

import asyncio
import json
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from click.testing import CliRunner, Result
from starlette.applications import Starlette
from starlette.routing import Mount

from mkondo.adapters.http.server import HttpServer, Listen
from mkondo.adapters.system.ids import SystemIds
from services.cli.files import OPERATOR_FILE
from services.cli.main import main
from services.portal.api import applications
from services.portal.api.app import PREFIX
from tests.unit.cli.directories import owned
from tests.unit.portal.test_access import TOKENS
from tests.unit.portal.world import ASHA, world

APPLICATIONS = {f"shop-{number}" for number in range(8)}
LOOKED_AT = 3
"""Applications that one request may look at, here."""


@pytest.fixture
async def data(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Path]:
    """A data directory whose platform answers, with more applications than a page holds."""
    monkeypatch.setattr(applications, "LOOKED_AT_MAX", LOOKED_AT)
    async with world() as mkondo:
        for name in APPLICATIONS:
            await mkondo.said("POST", "sandbox/applications", {"id": name, "name": name}, by=ASHA)
        house = Starlette(routes=[Mount(PREFIX, mkondo.api)])
        server = await HttpServer.start(house, Listen(drain_seconds=2), SystemIds())
        with owned(tmp_path, f"http://127.0.0.1:{server.port}"):
            (tmp_path / OPERATOR_FILE).write_text(TOKENS.issue("operator"))
            yield tmp_path
        await server.stop()


async def run(data: Path, *typed: str) -> Result:
    return await asyncio.to_thread(CliRunner().invoke, main, (*typed, "--data", str(data)))


async def test_a_command_follows_all_pages_and_says_how_far_it_is_beside_what_it_prints(data: Path) -> None:
    said = await run(data, "apps", "list", "--json")
    assert {one["id"] for one in json.loads(said.stdout)} == APPLICATIONS
    assert said.stderr == "3 applications so far\n6 applications so far\n"
    lines = (await run(data, "apps", "list")).stdout.splitlines()
    assert {line.split()[0] for line in lines} == APPLICATIONS
