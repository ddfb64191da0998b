"""What other commands read from a running platform's data directory."""

from pathlib import Path
from typing import Any

import click

from services.cli.datadir import DataDirectory
from services.cli.errors import CannotDo

data_option = click.option(
    "--data", type=click.Path(path_type=Path), default=Path(".mkondo"), show_default=True, help="Data directory."
)


def demo(data: Path) -> dict[str, Any]:
    """demo.json. CannotDo when `mkondo up` has not made it."""
    found = DataDirectory(data).read("demo.json")
    if found is None:
        raise CannotDo(f"{data}/demo.json is not there: start the platform with `mkondo up --data {data}`")
    return found


def addresses(data: Path) -> dict[str, Any]:
    """Where the platform of this data directory answers."""
    found = DataDirectory(data).read("up.json")
    if found is None:
        raise CannotDo(f"nothing runs on {data}: start the platform with `mkondo up --data {data}`")
    return found
