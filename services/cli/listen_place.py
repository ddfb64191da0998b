"""How far a `mkondo listen` has come: a file in the data directory, and a lock, since two would lose their place."""

import fcntl
import os
from pathlib import Path
from types import TracebackType
from typing import Self

from mkondo.adapters.keys.files import PUBLIC, write_file
from services.cli.errors import CannotDo

DIGITS_MAX = 18
"""Of a cursor (services/portal/api/results.py)."""


class Place:
    """Of one application. Use it as a context: inside nobody else listens for it. CannotDo when somebody does."""

    def __init__(self, data: Path, environment: str, application: str) -> None:
        if "/" in application or application in ("", ".", ".."):
            raise CannotDo(f"no application {application!r}: see `mkondo apps list --environment {environment}`")
        self._folder = data / "listen"
        self._file = self._folder / f"{environment}.{application}"
        self._data = data
        self._lock: int | None = None

    def __enter__(self) -> Self:
        if not self._data.is_dir():
            raise CannotDo(f"{self._data} is not there: start the platform with `mkondo up --data {self._data}`")
        try:
            self._folder.mkdir(exist_ok=True)
            self._lock = os.open(
                self._folder / f".{self._file.name}.lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600
            )
            fcntl.flock(self._lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise CannotDo("another `mkondo listen` follows this application: stop it first") from None
        except OSError as trouble:
            raise CannotDo(f"cannot keep my place in {self._folder}: {trouble.strerror}. Make it writable") from trouble
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        if self._lock is not None:
            os.close(self._lock)

    def read(self) -> str | None:
        """The cursor of the last result that was forwarded; empty before the first one; None: nobody has listened."""
        try:
            cursor = self._file.read_text("ascii", errors="replace").strip()
        except FileNotFoundError:
            return None
        except OSError as trouble:
            raise CannotDo(f"{self._file}: {trouble.strerror}. Run as the user who listened before") from trouble
        if cursor and not (cursor.isascii() and cursor.isdigit() and len(cursor) <= DIGITS_MAX):
            raise CannotDo(f"{self._file} is damaged: remove it, and add --from-start to miss nothing")
        return cursor

    def write(self, cursor: str) -> None:
        """Whole or not at all, and on the disk when this returns."""
        try:
            write_file(self._file, f"{cursor}\n".encode(), PUBLIC)
        except OSError as trouble:
            raise CannotDo(f"cannot keep my place in {self._file}: {trouble.strerror}. Make it writable") from trouble
