"""One running platform for all tests that leave it as it was, and a folder for those that need one of their own."""

import shutil
import tempfile
from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from mkondo.testing.platform import RunningPlatform, verify
from tests.system.merchant import Merchant, merchant_of


@pytest.fixture
def folder() -> Iterator[Path]:
    """An empty folder that every user may enter, gone afterwards."""
    with temporary_folder() as folder:
        yield folder


@pytest.fixture(scope="session")
def platform() -> Iterator[RunningPlatform]:
    """Shared: a test that stops or breaks it starts one of its own. In the end its books are audited."""
    with temporary_folder() as folder, RunningPlatform(folder / "data") as platform:
        yield platform
        verified = verify(platform)
        assert verified.returncode == 0, verified
        assert "Traceback" not in platform.said()
        platform.stop()


@pytest.fixture
async def merchant(platform: RunningPlatform) -> AsyncIterator[Merchant]:
    """The demo's application in its first market, with a session."""
    async with merchant_of(platform) as merchant:
        yield merchant


@contextmanager
def temporary_folder() -> Iterator[Path]:
    folder = Path(tempfile.mkdtemp(prefix="mkondo-system-"))
    folder.chmod(0o755)
    try:
        yield folder
    finally:
        shutil.rmtree(folder)
