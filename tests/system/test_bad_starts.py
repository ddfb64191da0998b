"""Starts that can't be: refused in one line that says what to do, and nothing is touched.

Read next: tests/service/postgres/test_troubles.py, for what only Postgres can tell.
"""

import contextlib
import hashlib
import json
import os
import shutil
import signal
import socket
import subprocess
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from types import MappingProxyType

import pytest

from mkondo.testing.platform import NotUp, RunningPlatform
from tests.system.conftest import temporary_folder
from tests.system.merchant import merchant_of
from tests.system.users import as_ordinary_user

NOTHING: Mapping[str, str] = MappingProxyType({})


def refusal(
    data: Path,
    *options: str,
    environment: Mapping[str, str] = NOTHING,
    before: Sequence[str] = (),
    status: int = 1,
    beside: Path | None = None,
) -> str:
    """The one line with which `mkondo up` refuses `data`. Its own files are `beside` it, if not where they usually are.

    Log lines and "Starting …" may come before."""
    platform = RunningPlatform(beside or data, *options, environment=environment, before=before)
    platform.data = data
    try:
        with pytest.raises(NotUp) as refused:
            platform.start()
    finally:
        if beside is None:
            platform.end()
    said = refused.value.said.splitlines()
    assert refused.value.status == status, said
    lines = [line for line in said if line and not line.startswith(("Starting", "{", "Usage:", "Try "))]
    assert [line[:7] for line in lines] == ["Error: "], refused.value.said
    return lines[0]


def digests(folder: Path) -> dict[str, str]:
    """Every file below the folder, with its content and mode."""
    files = sorted(file for file in folder.rglob("*") if file.is_file())
    return {
        str(file.relative_to(folder)): f"{hashlib.sha256(file.read_bytes()).hexdigest()} {file.stat().st_mode:o}"
        for file in files
    }


async def test_a_second_one_on_the_same_data_names_the_first_and_harms_it_not(
    platform: RunningPlatform, folder: Path
) -> None:
    ours = {path: (platform.data / path).read_bytes() for path in ("mkondo.json", "demo.json", "up.json", "lock")}
    second = folder / "data"
    second.symlink_to(platform.data)
    for data in (platform.data, second):
        line = refusal(data, beside=folder / "beside")
        assert f"in use by process {platform.pid}" in line
        assert "--data" in line
    assert {path: (platform.data / path).read_bytes() for path in ours} == ours
    async with merchant_of(platform) as merchant:
        assert (await merchant.pay()).status == 201


@pytest.fixture(scope="module")
def stopped() -> Iterator[Path]:
    """A data directory that was used and properly left."""
    with temporary_folder() as folder, RunningPlatform(folder / "data") as platform:
        platform.stop()
        yield platform.data


@pytest.mark.parametrize(
    ("changed", "says"),
    [
        ({"version": 2}, ("newer", "upgrade", "--data")),
        ({"version": 999}, ("newer", "upgrade", "--data")),
        ({"partitions": 16}, ("16 partitions", "--data")),
        ({"partitions": None}, ("partitions", "--data")),
    ],
    ids=["newer", "much newer", "other partitions", "no partitions"],
)
def test_a_directory_of_another_making_is_refused_untouched(
    stopped: Path, changed: dict[str, int], says: tuple[str, ...]
) -> None:
    meta = stopped / "mkondo.json"
    original = meta.read_text()
    meta.write_text(json.dumps(json.loads(original) | changed))
    before = digests(stopped)
    try:
        line = refusal(stopped)
        assert str(stopped) in line
        assert all(said in line for said in says)
        assert digests(stopped) == before
    finally:
        meta.write_text(original)


def test_a_damaged_directory_is_refused_untouched(folder: Path) -> None:
    for content in (b"", b"{", b"[]", b"\xff\xfe", b'{"version": "one"}'):
        data = folder / "data"
        data.mkdir()
        (data / "mkondo.json").write_bytes(content)
        before = digests(data)
        assert "--data" in refusal(data), content
        assert digests(data) == before
        shutil.rmtree(data)


def test_a_file_where_the_directory_should_be_is_refused(folder: Path) -> None:
    (folder / "data").write_text("a letter")
    assert "--data" in refusal(folder / "data")
    assert (folder / "data").read_text() == "a letter"
    assert "--data" in refusal(folder / "data" / "below", beside=folder / "beside")


def test_a_directory_without_the_right_to_write_is_refused(folder: Path) -> None:
    locked = folder / "locked"
    locked.mkdir(mode=0o755)
    locked.chmod(0o555)
    line = refusal(locked / "data", before=as_ordinary_user(), beside=folder / "beside")
    assert "Permission denied" in line
    assert "--data" in line
    assert list(locked.iterdir()) == []


def test_a_busy_port_names_the_way_to_a_free_one(folder: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        for option in ("--port", "--https-port", "--proxy-port"):
            line = refusal(folder / "data", option, str(port))
            assert str(port) in line
            assert f"{option} 0" in line


@pytest.mark.parametrize(
    ("name", "value", "accepted"),
    [("MKONDO_LOG_LEVEL", "bogus", "DEBUG, INFO, WARNING, ERROR"), ("MKONDO_DEADLINE_MS", "soon", "integer")],
)
def test_a_setting_that_can_t_be_is_named_with_what_it_takes(
    folder: Path, name: str, value: str, accepted: str
) -> None:
    line = refusal(folder / "data", environment={name: value}, status=1 if name.endswith("LEVEL") else 2)
    assert name in line
    assert accepted in line
    assert not (folder / "data").exists()


def test_a_database_that_nobody_serves_is_said_so(folder: Path) -> None:
    line = refusal(folder / "data", "--database-url", "postgresql://mkondo:hush@127.0.0.1:1/mkondo")
    assert "Postgres can't be reached" in line
    assert "hush" not in line


def test_a_broker_that_nobody_serves_is_said_so(folder: Path) -> None:
    line = refusal(folder / "data", "--log", "kafka", "--kafka", "127.0.0.1:1")
    assert "127.0.0.1:1" in line
    assert "--kafka" in line


def test_a_ready_file_that_can_t_be_written_is_said_so(folder: Path) -> None:
    line = refusal(folder / "data", "--ready-file", str(folder / "no such folder" / "ready"))
    assert "--ready-file" in line


def test_a_full_disk_is_said_so(folder: Path) -> None:
    with small_disk(folder / "disk") as (disk, before):
        line = refusal(disk / "data", before=before)
        assert any(said in line for said in ("No space left", "File too large"))
        assert "free some disk space" in line
    assert len(line) < 400


@contextlib.contextmanager
def small_disk(disk: Path) -> Iterator[tuple[Path, list[str]]]:
    """A disk too small for a database; where nothing may be mounted, files that may not grow, which looks alike."""
    disk.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", "size=24m,mode=755", "tmpfs", str(disk)]
    if os.geteuid() == 0 and subprocess.run(mount, capture_output=True).returncode == 0:
        try:
            yield disk, []
        finally:
            subprocess.run(["umount", str(disk)], check=True)
    else:
        yield disk, [shutil.which("prlimit") or "prlimit", f"--fsize={1024 * 1024}"]


@pytest.mark.parametrize("sent", [signal.SIGTERM, signal.SIGINT])
def test_asked_to_stop_before_it_is_up_it_leaves_nothing_behind(folder: Path, sent: signal.Signals) -> None:
    """Wherever it is in its start: the next one goes on from there."""
    for name in ("mkondo.json", "postgres/data/postmaster.pid"):
        platform = RunningPlatform(folder / "data")
        platform.begin()
        platform.wait_for_file(platform.data / name)
        platform.signal(sent)
        assert platform.wait() == 0, platform.said()
        assert platform.postgres() == []
        platform.end()
    with RunningPlatform(folder / "data") as platform:
        assert platform.demo["api_key"]
