"""Folders for platforms that are killed, and the seed of the kills."""

import os
import random
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

SEED = "MKONDO_FAULTS_SEED"


@pytest.fixture
def folder() -> Iterator[Path]:
    """An empty folder that every user may enter, gone afterwards."""
    folder = Path(tempfile.mkdtemp(prefix="mkondo-faults-"))
    folder.chmod(0o755)
    yield folder
    shutil.rmtree(folder)


@pytest.fixture
def seed() -> int:
    """Another one in every run, printed; MKONDO_FAULTS_SEED repeats one."""
    return int(os.environ.get(SEED) or random.randrange(1_000_000))
