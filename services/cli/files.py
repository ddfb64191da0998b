"""What other commands read from a running platform's data directory, and the ready file."""

import json
import os
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any

from services.cli.datadir import DataDirectory
from services.cli.errors import CannotDo

UP = "up.json"
"""Where the platform answers, for as long as it does."""

OPERATOR_FILE = "operator.token"
"""The bearer token with which the command line speaks to the management API."""


def demo(data: Path) -> dict[str, Any]:
    """demo.json. CannotDo when `mkondo up` has not made it."""
    found = DataDirectory(data).read("demo.json")
    if found is None:
        raise CannotDo(f"{data}/demo.json is not there: start the platform with `mkondo up --data {data}`")
    return found


def addresses(data: Path) -> dict[str, Any]:
    """Where the platform of this data directory answers."""
    found = DataDirectory(data).read(UP)
    if found is None:
        raise CannotDo(f"nothing runs on {data}: start the platform with `mkondo up --data {data}`")
    return found


def write_ready(ready_file: Path, addresses: Mapping[str, Any]) -> None:
    """Whole or not at all: whoever waits for the file never reads half of it."""
    unfinished = ready_file.with_name(f"{ready_file.name}.unfinished")
    try:
        unfinished.write_text(json.dumps(addresses) + "\n")
        unfinished.rename(ready_file)
    except OSError as trouble:
        with suppress(OSError):
            unfinished.unlink(missing_ok=True)
        raise CannotDo(f"cannot write {ready_file}: {trouble.strerror}. Choose another with --ready-file") from trouble


def forget_ready(ready_file: Path | None) -> None:
    """What could not be written, or has been replaced by something else, is not ours to remove."""
    if ready_file is None or not os.path.isfile(ready_file):
        return
    try:
        ready_file.unlink(missing_ok=True)
    except OSError as trouble:
        raise CannotDo(f"cannot remove {ready_file}: {trouble.strerror}. Remove it: nobody answers there") from trouble
