"""Our own Postgres: initialised, started, probed, restarted when it dies, and stopped with us.

    server = PostgresServer(Path("…/postgres"))
    await server.start()                       # returns when a real SELECT 1 has answered
    await server.create_database("sandbox")    # if it is not there yet
    dsn = server.dsn("sandbox")
    await server.supervise()                   # a task for as long as the server is wanted
    await server.stop()

The directory holds `data` (Postgres's own), `socket`, `server.log` and `lock`. Reached only through a unix socket in a
directory of mode 0700: whoever can open it is already this user, so no password is kept.
Call `start` from the main thread: the kernel ends Postgres when the thread that launched it ends.
Read next: launch.py (root, and dying with us), processes.py (what an earlier life left behind), settings.py.
"""

import asyncio
import logging
import os
import shutil
import signal
import subprocess
import sys
import tempfile
from collections.abc import Mapping
from pathlib import Path
from types import MappingProxyType
from urllib.parse import quote

import asyncpg

from mkondo.adapters.postgres import launch
from mkondo.adapters.postgres.binaries import find_binaries, major_version
from mkondo.adapters.postgres.lock import DirectoryLock
from mkondo.adapters.postgres.processes import end_leftovers
from mkondo.adapters.postgres.settings import command_line
from mkondo.adapters.postgres.trouble import CannotServe, cannot_serve, last_trouble
from mkondo.adapters.postgres.user import ServerUser

USER = "mkondo"
_INITDB_OPTIONS = ("-A", "trust", "-E", "UTF8", "--locale=C", "--no-instructions", "--data-checksums")
_SOCKET_PATH_MAX = 107 - len("/.s.PGSQL.5432")
_LOG_BYTES_MAX = 10_000_000
_FAILURES_IN_A_ROW_MAX = 5
_NOT_YET = (
    OSError,
    TimeoutError,
    asyncpg.OperatorInterventionError,
    asyncpg.PostgresConnectionError,
    asyncpg.InterfaceError,
    asyncpg.InternalClientError,
)
_log = logging.getLogger(__name__)


class PostgresServer:
    """One Postgres in one directory, owned by this process."""

    def __init__(
        self, directory: Path, recovery_seconds: float = 600, settings: Mapping[str, str] = MappingProxyType({})
    ) -> None:
        """`settings` go over those of settings.py. Recovery after a crash may take long: it is not hurried."""
        self.directory = directory.absolute()
        self.log_file = self.directory / "server.log"
        self._data = self.directory / "data"
        self._socket_directory = self.directory / "socket"
        self._recovery_seconds = recovery_seconds
        self._settings = settings
        self._lock = DirectoryLock(self.directory)
        self._process: subprocess.Popen[bytes] | None = None
        self._log_start = 0
        self._stopping = False

    def dsn(self, database: str) -> str:
        """Where `database` answers, for as long as this directory is served."""
        return _dsn(self._socket_directory, database)

    @property
    def pid(self) -> int | None:
        """The postmaster's process id, while there is one."""
        return None if self._process is None else self._process.pid

    async def start(self) -> None:
        """Serve the directory. CannotServe, in one line with the mend, if it can't be done."""
        self._stopping = False
        try:
            self._prepare_directory()
            await end_leftovers(self._data, self._socket_directory)
            await self._initialise()
            await self._launch()
        except OSError as trouble:
            await self.stop()
            raise cannot_serve(str(trouble), self.directory) from trouble
        except BaseException:
            await self.stop()
            raise

    def _prepare_directory(self) -> None:
        self.directory.mkdir(parents=True, exist_ok=True)
        self._lock.take()
        if len(str(self._socket_directory).encode()) > _SOCKET_PATH_MAX:
            self._socket_directory = Path(tempfile.mkdtemp(prefix="mkondo-"))
        self._socket_directory.mkdir(exist_ok=True)
        self._user = ServerUser(self._data)
        for folder in (self.directory, self._socket_directory):
            folder.chmod(0o700)
            self._user.give(folder)
        self._binaries = find_binaries(self._version())

    def _version(self) -> int | None:
        """The major version that wrote the data, or None when there is none yet."""
        version_file = self._data / "PG_VERSION"
        written = version_file.read_text().strip() if version_file.exists() else None
        if written is not None and not written.isdecimal():
            raise cannot_serve(f"{version_file} is damaged", self.directory)
        return None if written is None else int(written)

    async def _initialise(self) -> None:
        """Make the data directory beside its place and rename it, so that there is never half of one."""
        if self._data.exists():
            return
        unfinished = self.directory / "data.unfinished"
        shutil.rmtree(unfinished, ignore_errors=True)
        unfinished.mkdir(mode=0o700)
        self._user.give(unfinished)
        command = [str(self._binaries / "initdb"), "-D", str(unfinished), "-U", USER, *_INITDB_OPTIONS]
        process = self._spawn(command, signal.SIGKILL)
        while process.poll() is None:
            await asyncio.sleep(0.02)
        if process.returncode != 0:
            raise self._failure()
        unfinished.rename(self._data)

    async def _launch(self) -> None:
        program = str(self._binaries / "postgres")
        settings = command_line(major_version(self._binaries) or 0, self._socket_directory, self._settings)
        # SIGINT is Postgres's fast shutdown: if we die, it rolls back, writes its checkpoint and goes.
        process = self._process = self._spawn([program, "-D", str(self._data), *settings], signal.SIGINT)
        try:
            async with asyncio.timeout(self._recovery_seconds):
                while not (self._stopping or await self._answers()):
                    if process.poll() is not None and not self._stopping:
                        raise self._failure()
                    await asyncio.sleep(0.03)
        except TimeoutError:
            raise cannot_serve(f"no answer within {self._recovery_seconds} s", self.directory) from None

    def _spawn(self, command: list[str], death_signal: signal.Signals) -> subprocess.Popen[bytes]:
        """Its own session, so that Ctrl-C reaches us alone and we stop it after draining."""
        launcher = [sys.executable, "-I", "-S", launch.__file__, str(os.getpid()), str(int(death_signal))]
        if self.log_file.exists() and self.log_file.stat().st_size > _LOG_BYTES_MAX:
            self.log_file.replace(self.log_file.with_suffix(".log.1"))
        with open(self.log_file, "ab") as log:
            self._log_start = log.tell()
            return subprocess.Popen(
                [*launcher, *self._user.launch_arguments(self.directory, self._binaries), *command],
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                cwd="/",
                start_new_session=True,
                env={"LC_ALL": "C", "PATH": os.environ.get("PATH", os.defpath)},
            )

    def _failure(self) -> CannotServe:
        return cannot_serve(last_trouble(self.log_file, self._log_start), self.directory)

    async def _answers(self) -> bool:
        """A server that is only just up may accept a connection and drop it again: that is no answer yet."""
        try:
            connection = await asyncpg.connect(self.dsn("postgres"), timeout=5)
            try:
                return bool(await connection.fetchval("SELECT 1", timeout=5) == 1)
            finally:
                connection.terminate()
        except _NOT_YET:
            return False

    async def create_database(self, name: str) -> None:
        """Make sure that a database of this name exists."""
        connection = await asyncpg.connect(self.dsn("postgres"), timeout=10)
        try:
            if not await connection.fetchval("SELECT true FROM pg_database WHERE datname = $1", name):
                await connection.execute('CREATE DATABASE "{}"'.format(name.replace('"', '""')))
        finally:
            await connection.close()

    async def supervise(self) -> None:
        """Start Postgres again whenever it dies, until `stop`. CannotServe when it won't stay up."""
        failures = 0
        while not self._stopping:
            if self._process is None or self._process.poll() is None:
                await asyncio.sleep(0.1)
                continue
            _log.warning("postgres died with status %s, starting it again", self._process.returncode)
            try:
                await end_leftovers(self._data, self._socket_directory)
                if not self._stopping:
                    await self._launch()
                failures = 0
            except CannotServe as trouble:
                failures += 1
                if failures == _FAILURES_IN_A_ROW_MAX:
                    raise
                _log.warning("%s", trouble)
                await asyncio.sleep(failures)

    async def stop(self, timeout_seconds: float = 60) -> None:
        """Fast shutdown: open transactions roll back, a checkpoint is written. Harmless when not running."""
        self._stopping = True
        process, self._process = self._process, None
        if process is not None and process.poll() is None:
            try:
                async with asyncio.timeout(timeout_seconds):
                    await _interrupt(process)
            except TimeoutError:
                await end_leftovers(self._data, self._socket_directory)
                process.wait()
        if not self._socket_directory.is_relative_to(self.directory):
            shutil.rmtree(self._socket_directory, ignore_errors=True)
            self._socket_directory = self.directory / "socket"
        self._lock.let_go()


async def _interrupt(process: subprocess.Popen[bytes]) -> None:
    """Ask again until it is gone: the launcher loses a signal that comes just before it becomes Postgres."""
    looks = 0
    while process.poll() is None:
        if looks % 50 == 0:
            process.send_signal(signal.SIGINT)
        looks += 1
        await asyncio.sleep(0.02)


def running_dsn(directory: Path, database: str) -> str | None:
    """Where a database answers that another process serves from this directory; None if nobody serves it."""
    pid_file = directory.absolute() / "data" / "postmaster.pid"
    if not DirectoryLock(directory.absolute()).is_taken() or not pid_file.exists():
        return None
    return _dsn(Path(pid_file.read_text().splitlines()[4]), database)


def _dsn(socket_directory: Path, database: str) -> str:
    return f"postgresql://{USER}@/{database}?host={quote(str(socket_directory), safe='/')}"
