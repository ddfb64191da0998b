"""Which Postgres a command works on, beside others that use the same data directory."""

import os
from pathlib import Path

import pytest
from click.testing import CliRunner

from services.cli.database import database_of
from services.cli.datadir import DataDirectory
from services.cli.errors import CannotDo
from services.cli.files import UP
from services.cli.main import main

OURS = os.getpid()


@pytest.fixture
def taken(tmp_path: Path) -> DataDirectory:
    """A directory that a process uses: this one, as another would."""
    directory = DataDirectory(tmp_path)
    directory.open()
    return directory


async def test_beside_a_running_platform_it_is_that_ones(taken: DataDirectory) -> None:
    taken.write(UP, {"pid": OURS, "database_url": "postgresql://here/mkondo"})
    async with database_of(taken.path, "") as url:
        assert url == "postgresql://here/mkondo"


@pytest.mark.parametrize(
    "announced",
    [None, {"pid": OURS + 1}, {"pid": OURS, "stopping": True}],
    ids=["nothing announced", "left by one that was killed", "it stops"],
)
async def test_beside_whoever_is_no_running_platform_it_is_said_who_that_is(
    taken: DataDirectory, announced: dict[str, int] | None
) -> None:
    """Another `verify`, or an `up` that starts or drains."""
    if announced is not None:
        taken.write(UP, {**announced, "database_url": "postgresql://gone/mkondo"})
    with pytest.raises(CannotDo, match=f"in use by process {OURS}, .*: wait until"):
        async with database_of(taken.path, ""):
            pass


def test_verify_says_that_it_did_not_audit(taken: DataDirectory) -> None:
    asked = CliRunner().invoke(main, ["verify", "--data", str(taken.path)])
    assert asked.exit_code == 1
    assert asked.output.startswith("Error: the books were not audited: ")
    assert f"in use by process {OURS}" in asked.output
