"""An export is gone on with where its last whole line ends, and nobody else's file is touched."""

import json
from pathlib import Path
from typing import Any

import pytest

from mkondo.contracts.cursor import decode_cursor
from services.cli.errors import CannotDo
from services.cli.event_file import EventFile


def event(source: str, sequence: int, environment: str = "sandbox") -> dict[str, Any]:
    return {
        "specversion": "1.0",
        "id": f"{source}/{sequence}",
        "source": f"/mkondo/{environment}/{source}",
        "time": f"2026-01-01T00:00:{sequence:02d}.000Z",
        "data": {"line": "one\ntwo – ħ"},
    }


EVENTS = [event("ledger/3", 1), event("admission/0", 1), event("ledger/3", 2)]


def test_what_was_kept_is_read_again_with_its_place(tmp_path: Path) -> None:
    file = tmp_path / "events.jsonl"
    with EventFile(file, "sandbox") as kept:
        assert (kept.cursor, kept.events) == ("", 0)
        kept.append(EVENTS)
    with EventFile(file, "sandbox") as kept:
        assert (kept.events, kept.until) == (3, "2026-01-01T00:00:02.000Z")
        found = decode_cursor("sandbox", kept.cursor)
        assert {source: at for source, at in found.items() if at} == {"ledger/3": 2, "admission/0": 1}
        kept.append([event("ledger/3", 3)])
    assert [json.loads(line)["id"] for line in file.read_text().splitlines()][-1] == "ledger/3/3"


def test_wherever_it_was_cut_off_only_whole_lines_count(tmp_path: Path) -> None:
    file = tmp_path / "events.jsonl"
    with EventFile(file, "sandbox") as kept:
        kept.append(EVENTS)
    whole = file.read_bytes()
    for end in range(len(whole)):
        file.write_bytes(whole[:end])
        with EventFile(file, "sandbox") as kept:
            assert kept.events == whole[:end].count(b"\n")
        assert file.read_bytes() == whole[: whole[:end].rfind(b"\n") + 1]


@pytest.mark.parametrize(
    "text",
    [
        "remember the milk\n",
        "{}\n",
        json.dumps(event("ledger/3", 1, "openapi")) + "\n",
        json.dumps(event("ledger/3", 1) | {"id": "ledger/3/x"}) + "\n",
        json.dumps(event("ledger/3", 1)) + "\nremember the milk\n",
        '{"more":' + "[" * 3_000 + "\n",
    ],
)
def test_another_file_is_refused_and_left_as_it_is(text: str, tmp_path: Path) -> None:
    file = tmp_path / "notes.txt"
    file.write_text(text)
    with pytest.raises(CannotDo, match="choose another file"):
        EventFile(file, "sandbox")
    assert file.read_text() == text


def test_one_torn_line_alone_is_not_taken_for_an_export(tmp_path: Path) -> None:
    """It may be all that somebody else wrote."""
    file = tmp_path / "notes.txt"
    file.write_text("remember the milk")
    with pytest.raises(CannotDo, match="choose another file"):
        EventFile(file, "sandbox")
    assert file.read_text() == "remember the milk"


@pytest.mark.timeout(10)
@pytest.mark.parametrize("device", ["/dev/full", "/dev/zero"])
def test_what_has_no_end_is_not_gone_on_with(device: str) -> None:
    with pytest.raises(CannotDo, match="choose another"):
        EventFile(Path(device), "sandbox")
