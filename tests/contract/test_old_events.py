"""An old event of every type is still read: the bytes of every released version, one file each, never rewritten."""

from pathlib import Path
from typing import Any

import msgspec
import pytest

from mkondo.contracts.codec import UPCASTERS, Unreadable, decode, encode
from mkondo.contracts.events import BY_NAME, MessageType
from mkondo.contracts.released import last_release
from mkondo.domain.session import SessionRevoked
from tests.contract.event_examples import COMMAND, FOLDER, PUBLIC, file_of

FILES = sorted(FOLDER.glob("*.jsonl"))


def read(file: Path) -> tuple[str, int, list[bytes]]:
    """The type, the version, and the bytes of each example."""
    name, _, version = file.stem.rpartition(".v")
    return name, int(version), file.read_bytes().splitlines()


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.stem)
def test_each_example_is_read_and_nothing_of_it_is_lost(file: Path) -> None:
    name, version, lines = read(file)
    assert len(lines) > 1, f"{file.name} needs the smallest event and a full one"
    for line in lines:
        event = decode(name, version, line)
        again = encode(event)
        assert decode(name, BY_NAME[name].version, again) == event
        if version == BY_NAME[name].version:
            before, now = msgspec.json.decode(line), msgspec.json.decode(again)
            assert {field: now.get(field) for field in before} == before


@pytest.mark.parametrize("kind", PUBLIC, ids=lambda kind: kind.name)
def test_each_type_has_examples_of_its_version(kind: MessageType) -> None:
    assert file_of(kind.name, kind.version).exists(), (
        f"no bytes of {kind.name} version {kind.version} are kept for later versions to read: {COMMAND}"
    )


def test_each_version_that_was_released_has_examples() -> None:
    named = {(name, version) for name, version, _ in map(read, FILES)}
    assert {(event.type, event.version) for event in last_release().events} <= named


def test_each_step_between_versions_has_its_upcaster() -> None:
    """Raising a version without one would leave the journals unread."""
    steps = {(kind.name, step) for kind in PUBLIC for step in range(1, kind.version)}
    assert steps <= UPCASTERS.keys()


SECOND = msgspec.defstruct(
    "SessionRevoked", [("application", str), ("session_hash", str), ("reason", str), ("by", str)], frozen=True, tag=True
)
"""A planted version 2: the hash goes by another name, and a field that was not there is required."""


def to_version_2(fields: dict[str, Any]) -> dict[str, Any]:
    return {**fields, "session_hash": fields.pop("session"), "by": "unknown"}


def test_a_planted_second_version_reads_the_kept_bytes_by_its_upcaster(monkeypatch: pytest.MonkeyPatch) -> None:
    name, version, lines = read(file_of("SessionRevoked", 1))
    second = msgspec.structs.replace(BY_NAME[name], struct=SECOND, version=2)
    old = decode(name, version, lines[-1])
    assert isinstance(old, SessionRevoked)
    monkeypatch.setitem(BY_NAME, name, second)
    lifted = decode(name, version, lines[-1], {(name, 1): to_version_2})
    assert lifted == SECOND(old.application, old.session, old.reason, "unknown")
    with pytest.raises(Unreadable, match="no upcaster from version 1"):
        decode(name, version, lines[-1], {})


@pytest.mark.parametrize("kind", PUBLIC, ids=lambda kind: kind.name)
def test_the_kept_bytes_of_every_type_can_be_lifted(kind: MessageType, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whatever is in an event survives the way through plain fields that a lifted one takes."""
    name, version, lines = read(file_of(kind.name, kind.version))
    monkeypatch.setitem(BY_NAME, name, msgspec.structs.replace(kind, version=kind.version + 1))
    unchanged = {(name, version): lambda fields: fields}
    assert [decode(name, version, line, unchanged) for line in lines] == [
        msgspec.json.decode(line, type=kind.struct) for line in lines
    ]
