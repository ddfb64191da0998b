"""A file of events, one CloudEvent a line, that `mkondo events export` goes on with where it ended.

How far it goes is read from the file itself, so there is nothing beside it that could disagree. Read next: events.py.
"""

import os
from collections.abc import Sequence
from pathlib import Path
from typing import IO, Any, Self

import msgspec

from mkondo.contracts.cursor import encode_cursor
from services.cli.errors import CannotDo

_OTHER = "it is no export of this environment: choose another file"

_BEGINS = b'{"specversion":"1.0"'
"""As every line does: by it a line that was cut off is known for ours."""


class _Told(msgspec.Struct, frozen=True):
    """What is read of a line."""

    id: str
    source: str
    time: str


_decoder = msgspec.json.Decoder(_Told)


class EventFile:
    """Open, with every whole line that was there counted. `positions` is, by source, the last sequence in it."""

    def __init__(self, file: Path, environment: str) -> None:
        self.events, self.until = 0, ""
        self.positions: dict[str, int] = {}
        self._file, self._environment = file, environment
        try:
            if file.exists() and not file.is_file():  # a device or a pipe may have no end to find
                raise CannotDo(f"{file} is no file that an export could go on with: choose another")
            with open(file, "ab"), open(file, "rb") as found:  # it can be written, and is ours, or is left as it is
                end = self._whole(found)
            self._opened: IO[bytes] = open(file, "r+b")  # noqa: SIM115  closed by its own context
            self._opened.truncate(end)
            self._opened.seek(end)
        except OSError as trouble:
            raise CannotDo(f"cannot write {file}: {trouble.strerror}. Choose another") from trouble

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._opened.close()

    @property
    def cursor(self) -> str:
        """Behind everything that is in the file."""
        return encode_cursor(self._environment, self.positions) if self.positions else ""

    def append(self, events: Sequence[Any]) -> None:
        """On the disk when this returns."""
        lines = [msgspec.json.encode(event) for event in events]
        for line in lines:
            self._count(line)
        self._opened.write(b"".join(line + b"\n" for line in lines))
        self._opened.flush()
        os.fsync(self._opened.fileno())

    def _whole(self, found: IO[bytes]) -> int:
        """Where the last whole line ends: what a crash has left behind it is written again."""
        end = 0
        for line in found:
            if line.endswith(b"\n"):
                self._count(line)
                end += len(line)
            elif not (line.startswith(_BEGINS) or _BEGINS.startswith(line)):
                raise CannotDo(f"{self._file}, line {self.events + 1}: {_OTHER}")
        return end

    def _count(self, line: bytes) -> None:
        try:
            told = _decoder.decode(line)
            source, _, sequence = told.id.rpartition("/")
            if told.source != f"/mkondo/{self._environment}/{source}":
                raise CannotDo(f"{self._file}, line {self.events + 1}: {_OTHER}")
            self.positions[source] = int(sequence)
        except (msgspec.DecodeError, ValueError, RecursionError) as trouble:
            raise CannotDo(f"{self._file}, line {self.events + 1}: {_OTHER}") from trouble
        self.events += 1
        self.until = max(self.until, told.time)
