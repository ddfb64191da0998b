"""The files that one command writes and others read. Read next: services/cli/files.py."""

from pathlib import Path

import pytest

from services.cli.errors import CannotDo
from services.cli.files import forget_ready, write_ready


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
