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
import fcntl
import logging
import os
import pwd
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
from mkondo.adapters.postgres.binaries import CannotServe, find_binaries, major_version
from mkondo.adapters.postgres.processes import end_leftovers
from mkondo.adapters.postgres.settings import command_line

USER = "mkondo"
_INITDB_OPTIONS = ("-A", "trust", "-E", "UTF8", "--locale=C", "--no-instructions", "--data-checksums")
_SOCKET_PATH_MAX = 107 - len("/.s.PGSQL.5432")
_LOG_BYTES_MAX = 10_000_000
_RESTARTS_IN_A_ROW = 5
_log = logging.getLogger(__name__)


class PostgresServer:
    """One Postgres in one directory, owned by this process."""

    def __init__(
        self, directory: Path, recovery_seconds: float = 600, settings: Mapping[str, str] = MappingProxyType({})
    ) -> None:
        """`settings` go over those of settings.py."""
        self.directory = directory.absolute()
        self.data = self.directory / "data"
        self.log_file = self.directory / "server.log"
        self._recovery_seconds = recovery_seconds
        self._settings = settings
        self._process: subprocess.Popen[bytes] | None = None
        self._lock: int | None = None
        self._stopping = False
        self._socket_directory = self.directory / "socket"
        self._binaries = Path()
        self._user = _ServerUser()

    def dsn(self, database: str) -> str:
        """Where `database` answers, for as long as this directory is served."""
        return f"postgresql://{USER}@/{database}?host={quote(str(self._socket_directory), safe='/')}"

    @property
    def pid(self) -> int | None:
        """The postmaster's process id, while there is one."""
        return None if self._process is None else self._process.pid

    async def start(self) -> None:
        """Serve the directory. CannotServe, in one line with the mend, if it can't be done."""
        self._stopping = False
        try:
            self._prepare_directory()
            await end_leftovers(self.data)
            await self._initialise()
            await self._launch()
        except OSError as trouble:
            self._unlock()
            raise CannotServe(_mend(str(trouble), self.directory)) from trouble
        except BaseException:
            await self.stop()
            raise

    def _prepare_directory(self) -> None:
        self.directory.mkdir(parents=True, exist_ok=True)
        self._take_lock()
        if len(str(self._socket_directory).encode()) > _SOCKET_PATH_MAX:
            self._socket_directory = Path(tempfile.mkdtemp(prefix="mkondo-"))
        self._socket_directory.mkdir(exist_ok=True)
        for folder in (self.directory, self._socket_directory):
            folder.chmod(0o700)
            self._user.give(folder)
        version_file = self.data / "PG_VERSION"
        data_version = int(version_file.read_text()) if version_file.exists() else None
        self._binaries = find_binaries(data_version)
        self._user.keep_search = not self._user.reaches(self.directory, self._binaries)

    def _take_lock(self) -> None:
        """Held by the kernel for as long as this process lives, so that it can't be left behind."""
        self._lock = os.open(self.directory / "lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        try:
            fcntl.flock(self._lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            owner = os.pread(self._lock, 32, 0).decode().strip() or "unknown"
            self._unlock()
            raise CannotServe(
                f"{self.directory} is in use by process {owner}: stop it, or choose another data directory"
            ) from None
        os.ftruncate(self._lock, 0)
        os.pwrite(self._lock, f"{os.getpid()}\n".encode(), 0)

    def _unlock(self) -> None:
        if self._lock is not None:
            os.close(self._lock)
            self._lock = None

    async def _initialise(self) -> None:
        """Make the data directory beside its place and rename it, so that there is never half of one."""
        if (self.data / "PG_VERSION").exists():
            return
        unfinished = self.directory / "data.unfinished"
        shutil.rmtree(unfinished, ignore_errors=True)
        unfinished.mkdir(mode=0o700)
        self._user.give(unfinished)
        options = ["-D", str(unfinished), "-U", USER, *_INITDB_OPTIONS]
        process = self._spawn([str(self._binaries / "initdb"), *options], signal.SIGKILL)
        while process.poll() is None:
            await asyncio.sleep(0.02)
        if process.returncode != 0:
            raise CannotServe(_mend(self._last_trouble(), self.directory))
        unfinished.rename(self.data)

    async def _launch(self) -> None:
        program = str(self._binaries / "postgres")
        version = major_version(self._binaries) or 0
        if self.log_file.exists() and self.log_file.stat().st_size > _LOG_BYTES_MAX:
            self.log_file.replace(self.log_file.with_suffix(".log.1"))
        arguments = [program, "-D", str(self.data), *command_line(version, self._socket_directory, self._settings)]
        # SIGINT is Postgres's fast shutdown: if we die, it rolls back, writes its checkpoint and goes.
        self._process = self._spawn(arguments, signal.SIGINT)
        async with asyncio.timeout(self._recovery_seconds):
            while not await self._answers():
                if self._process.poll() is not None:
                    raise CannotServe(_mend(self._last_trouble(), self.directory))
                await asyncio.sleep(0.03)

    def _spawn(self, command: list[str], death_signal: signal.Signals) -> subprocess.Popen[bytes]:
        """Its own session, so that Ctrl-C reaches us alone and we stop it after draining."""
        launcher = [sys.executable, "-I", "-S", launch.__file__, str(os.getpid()), str(int(death_signal))]
        with open(self.log_file, "ab") as log:
            self._log_start = log.tell()
            return subprocess.Popen(
                [*launcher, *self._user.arguments(), *command],
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                cwd="/",
                start_new_session=True,
                env={"LC_ALL": "C", "PATH": os.environ.get("PATH", os.defpath)},
            )

    async def _answers(self) -> bool:
        try:
            connection = await asyncpg.connect(self.dsn("postgres"), timeout=5)
        except (OSError, asyncpg.CannotConnectNowError, asyncpg.ConnectionDoesNotExistError):
            return False
        try:
            return bool(await connection.fetchval("SELECT 1", timeout=5) == 1)
        finally:
            await connection.close()

    def _last_trouble(self) -> str:
        """The last line of this start's log that tells of a failure."""
        with open(self.log_file, errors="replace") as log:
            log.seek(self._log_start)
            lines = [line.strip() for line in log if line.strip()]
        telling = [line for line in lines if any(word in line for word in ("FATAL:", "PANIC:", "error:"))]
        return (telling or lines or ["Postgres said nothing"])[-1]

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
                await end_leftovers(self.data)
                await self._launch()
                failures = 0
            except (CannotServe, TimeoutError) as trouble:
                failures += 1
                if failures == _RESTARTS_IN_A_ROW:
                    raise
                _log.warning("postgres did not start: %s", trouble)
                await asyncio.sleep(failures)

    async def stop(self, timeout_seconds: float = 60) -> None:
        """Fast shutdown: open transactions roll back, a checkpoint is written. Harmless when not running."""
        self._stopping = True
        process = self._process
        if process is not None and process.poll() is None:
            process.send_signal(signal.SIGINT)
            try:
                async with asyncio.timeout(timeout_seconds):
                    while process.poll() is None:
                        await asyncio.sleep(0.02)
            except TimeoutError:
                await end_leftovers(self.data)
        self._process = None
        if self._lock is not None and not self._socket_directory.is_relative_to(self.directory):
            shutil.rmtree(self._socket_directory, ignore_errors=True)
        self._unlock()


class _ServerUser:
    """The user id that Postgres runs under: ours, or as root one that owns nothing else."""

    def __init__(self) -> None:
        self._entry = _unprivileged() if os.geteuid() == 0 else None
        self.keep_search = False

    def give(self, folder: Path) -> None:
        if self._entry is not None:
            os.chown(folder, self._entry.pw_uid, self._entry.pw_gid)

    def reaches(self, *folders: Path) -> bool:
        """Whether every directory on the way lets strangers pass."""
        if self._entry is None:
            return True
        parents = {parent for folder in folders for parent in folder.resolve().parents}
        return all(parent.stat().st_mode & 0o001 for parent in parents)

    def arguments(self) -> list[str]:
        if self._entry is None:
            return ["-1", "-1", "0"]
        return [str(self._entry.pw_uid), str(self._entry.pw_gid), str(int(self.keep_search))]


def _unprivileged() -> pwd.struct_passwd:
    for name in ("postgres", "nobody"):
        try:
            return pwd.getpwnam(name)
        except KeyError:
            continue
    raise CannotServe("Postgres won't run as root and there is no user postgres or nobody: run as an ordinary user")


def _mend(trouble: str, directory: Path) -> str:
    """One line: what went wrong and what to do about it."""
    for sign, mend in (
        ("No space left", f"free some disk space for {directory}"),
        ("Permission denied", f"make {directory} and the folders above it writable for this user"),
        ("Read-only file system", "choose a data directory on a disk that can be written"),
        ("could not look up effective user ID", "give this user id an entry in /etc/passwd"),
    ):
        if sign in trouble:
            return f"Postgres can't run in {directory}: {trouble}. Mend: {mend}"
    return f"Postgres can't run in {directory}: {trouble}. Mend: see {directory / 'server.log'}"
