"""Which Postgres a command that works on the books means. Read next: verify.py, parked.py."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from mkondo.adapters.postgres.server import PostgresServer
from services.cli.datadir import META, DataDirectory, InUse
from services.cli.errors import CannotDo
from services.cli.files import UP


@asynccontextmanager
async def database_of(data: Path, database_url: str) -> AsyncIterator[str]:
    """The given one, the one of the platform that runs on the directory, or the directory's own, started for this."""
    if database_url:
        yield database_url
        return
    directory = DataDirectory(data)
    if directory.read(META) is None:
        raise CannotDo(f"{data} is no data directory: start one with `mkondo up --data {data}`, or name it with --data")
    try:
        directory.open()
    except InUse as taken:
        yield _beside(directory, taken)
        return
    server = PostgresServer(directory.path / "postgres")
    await server.start()
    try:
        yield server.dsn("mkondo")
    finally:
        await server.stop()


def _beside(directory: DataDirectory, taken: InUse) -> str:
    """The database of the platform that runs on the directory. Not one of a platform that is starting or stopping, or
    of another command: it would be gone in the middle of our work."""
    up = directory.read(UP)
    if up is None or up.get("stopping") or str(up.get("pid")) != taken.owner:
        raise CannotDo(
            f"{directory.path} is in use by process {taken.owner}, which is no running platform (yet, or any more): "
            "wait until it has ended or is up, and ask again"
        )
    return str(up["database_url"])
