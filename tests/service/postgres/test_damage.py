"""What no start can mend is said in one line, with the mend."""

from pathlib import Path

import pytest

from mkondo.adapters.postgres.databases import ensure_database
from mkondo.adapters.postgres.server import PostgresServer
from mkondo.adapters.postgres.trouble import CannotServe
from mkondo.ports.errors import TryLater


@pytest.mark.parametrize("written", ["", "eighteen\n"])
async def test_a_damaged_version_file_is_named(tmp_path: Path, written: str) -> None:
    (tmp_path / "data").mkdir()
    (tmp_path / "data" / "PG_VERSION").write_text(written)
    with pytest.raises(CannotServe, match=r"PG_VERSION is damaged\. Mend: restore"):
        await PostgresServer(tmp_path).start()


async def test_a_dsn_that_is_none_is_refused_in_a_line() -> None:
    with pytest.raises(TryLater, match="invalid DSN"):
        await ensure_database("nonsense")
