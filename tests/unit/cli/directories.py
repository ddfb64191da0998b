"""Data directories as `mkondo up` leaves them, without a platform. Read next: test_files.py."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from click.testing import CliRunner

from services.cli.datadir import DataDirectory
from services.cli.demo_data import Credentials, demo_file
from services.cli.files import OPERATOR_FILE
from services.cli.main import main

UP = {"http": "http://127.0.0.1:1", "proxy": "http://127.0.0.1:1", "database_url": "", "pid": os.getpid()}
"""up.json, as a platform in this process would write it."""
TOKENS = {"operator": "a", "application": "b"}


def whole_demo(address: str = str(UP["http"]), public_key: str = "") -> dict[str, Any]:
    made = demo_file(Credentials("a", "b", "c"), {"sandbox": public_key, "openapi": public_key})
    return {**made, "http": address, "tokens": TOKENS}


@contextmanager
def owned(data: Path, address: str = str(UP["http"]), public_key: str = "") -> Iterator[Path]:
    """A directory that this process has, with what `mkondo up` writes into it."""
    directory = DataDirectory(data)
    directory.open()
    directory.write("demo.json", whole_demo(address, public_key))
    directory.write("up.json", {**UP, "http": address})
    directory.write_text(OPERATOR_FILE, "token")
    yield data


def refusal(data: Path, *typed: str) -> str:
    """The one line with which a command says that it did not work."""
    said = CliRunner().invoke(main, (*typed, "--data", str(data)))
    assert (said.exit_code, len(said.stderr.splitlines())) == (1, 1), (typed, said, said.exception)
    return said.stderr
