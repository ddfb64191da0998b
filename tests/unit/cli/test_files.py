"""The files that one command writes and others read. Read next: services/cli/files.py."""

import fcntl
import json
import os
import threading
from pathlib import Path

import pytest

from services.cli.datadir import LOCK, DataDirectory, InUse
from services.cli.errors import CannotDo
from services.cli.files import addresses, forget_ready, write_ready
from tests.unit.cli.directories import UP, owned, refusal, whole_demo


def test_a_ready_file_comes_and_goes(tmp_path: Path) -> None:
    ready = tmp_path / "ready.json"
    write_ready(ready, {"pid": 1})
    assert [file.name for file in tmp_path.iterdir()] == ["ready.json"]
    forget_ready(ready)
    forget_ready(ready)
    assert list(tmp_path.iterdir()) == []


def test_a_ready_file_that_could_not_be_written_leaves_nothing_and_does_not_disturb_the_way_out(tmp_path: Path) -> None:
    (tmp_path / "letter").write_text("of somebody")
    for ready in (tmp_path, tmp_path / "letter" / "ready", tmp_path / "none" / "ready", tmp_path / ("x" * 300)):
        with pytest.raises(CannotDo, match="Choose another with --ready-file"):
            write_ready(ready, {"pid": 1})
        forget_ready(ready)
    assert [file.name for file in tmp_path.iterdir()] == ["letter"]
    assert not tmp_path.with_name(f"{tmp_path.name}.unfinished").exists()


COMMANDS = (
    ("demo",),
    ("env",),
    ("pay", "c2b"),
    ("status", "x"),
    ("reverse", "x"),
    ("clock", "show"),
    ("apps", "list"),
    ("conformance",),
    ("trigger", "success"),
)


@pytest.mark.parametrize("typed", COMMANDS, ids=" ".join)
def test_a_file_that_lacks_what_it_promises_is_named_with_the_mend(tmp_path: Path, typed: tuple[str, ...]) -> None:
    demo = whole_demo()
    with owned(tmp_path) as data:
        for content in (
            {},
            {name: value for name, value in demo.items() if name != "markets"},
            {**demo, "markets": {}},
            {**demo, "tokens": None},
            {**demo, "http": 8080},
            {**demo, "http": "http://127.0.0.1:99999"},
        ):
            for name in ("demo.json", "up.json"):
                (data / name).write_text(json.dumps(content))
            assert "is damaged" in (line := refusal(data, *typed)) and "mkondo up" in line, (content, line)
        for broken in ("[" * 100_000, "[]", "{"):
            for name in ("demo.json", "up.json"):
                (data / name).write_text(broken)
            assert "is damaged" in refusal(data, *typed)


def test_addresses_outlive_their_platform_only_as_a_file(tmp_path: Path) -> None:
    with owned(tmp_path) as data:
        assert addresses(data) == UP
    (tmp_path / LOCK).rename(tmp_path / "moved")  # as the kernel would let it go
    for typed in (("env",), ("clock", "show")):
        assert "nothing runs on" in refusal(tmp_path, *typed)
    (tmp_path / LOCK).write_text(f"{os.getpid()}\n")
    assert "nothing runs on" in refusal(tmp_path, "env")


def test_addresses_are_not_those_of_another_command_that_has_the_directory(tmp_path: Path) -> None:
    with owned(tmp_path) as data:
        (data / "up.json").write_text(json.dumps({**UP, "pid": 1}))
        assert "nothing runs on" in refusal(data, "env")


def test_who_only_looks_for_the_owner_is_no_owner(tmp_path: Path) -> None:
    looking = os.open(tmp_path / LOCK, os.O_RDONLY | os.O_CREAT)
    fcntl.flock(looking, fcntl.LOCK_SH)
    threading.Timer(0.02, os.close, (looking,)).start()
    DataDirectory(tmp_path).open()
    with pytest.raises(InUse):
        DataDirectory(tmp_path).open()
