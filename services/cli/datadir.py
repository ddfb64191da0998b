"""The data directory: one owner at a time, of a version this program knows (`--data`, `.mkondo` unless set).

It holds Postgres, keys, certificates, demo.json and up.json. Nothing in it is touched before the checks have passed.
"""

import fcntl
import json
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from time import monotonic, sleep
from typing import Any

from mkondo.domain.ids import PARTITIONS
from services.cli.errors import CannotDo

VERSION = 1
META = "mkondo.json"
LOCK = "lock"
LOOK_SECONDS = 0.1


class InUse(CannotDo):
    """Another process has the directory: the text names it, and `owner` is its id as far as that is known."""

    def __init__(self, path: Path, owner: str) -> None:
        super().__init__(f"{path} is in use by process {owner}: stop it, or choose another directory with --data")
        self.owner = owner


class DataDirectory:
    """Holds the directory's lock for as long as this process lives: the kernel lets it go, whatever ends us."""

    def __init__(self, path: Path) -> None:
        self.path = path.absolute()
        self._lock: int | None = None

    def open(self) -> None:
        """Check, lock and, if it is new, make it. CannotDo says in one line what is in the way."""
        self._check_version()
        try:
            self.path.mkdir(parents=True, exist_ok=True, mode=0o711)
            self._take_lock()
            self._write_meta()
        except OSError as trouble:
            raise CannotDo(
                f"cannot use {self.path}: {trouble.strerror}. Choose another with --data, or make it writable"
            ) from trouble

    @contextmanager
    def making(self) -> Iterator[None]:
        """One process at a time makes keys and certificates, also where several share the directory."""
        try:
            self.path.mkdir(parents=True, exist_ok=True, mode=0o711)
            turn = os.open(self.path / "making", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        except OSError as trouble:
            raise CannotDo(
                f"cannot use {self.path}: {trouble.strerror}. Make it writable, or choose another"
            ) from trouble
        try:
            fcntl.flock(turn, fcntl.LOCK_EX)
            yield
        finally:
            os.close(turn)

    def _check_version(self) -> None:
        meta = self.read(META)
        if meta is None:
            return
        if not isinstance(meta.get("version"), int):
            raise self._damaged(META)
        if meta["version"] > VERSION:
            raise CannotDo(
                f"{self.path} was written by a newer Mkondo (data version {meta['version']}, here {VERSION}): "
                "upgrade, or choose another directory with --data"
            )
        if meta.get("partitions") != PARTITIONS:
            raise CannotDo(
                f"{self.path} was made with {meta.get('partitions')} partitions, this program has {PARTITIONS}: "
                "choose another directory with --data"
            )

    def owner(self) -> int | None:
        """The process that has the directory now. Its lock ends with it; its files may outlive it."""
        try:
            looking = os.open(self.path / LOCK, os.O_RDONLY | os.O_CLOEXEC)
        except OSError:
            return None
        try:
            fcntl.flock(looking, fcntl.LOCK_SH | fcntl.LOCK_NB)
        except BlockingIOError:
            named = os.pread(looking, 32, 0).decode(errors="replace").strip()
            return int(named) if named.isdecimal() else None
        finally:
            os.close(looking)
        return None

    def _take_lock(self) -> None:
        self._lock = os.open(self.path / LOCK, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        try:
            _lock(self._lock)
        except BlockingIOError:
            owner = os.pread(self._lock, 32, 0).decode().strip() or "unknown"
            os.close(self._lock)
            raise InUse(self.path, owner) from None
        os.ftruncate(self._lock, 0)
        os.pwrite(self._lock, f"{os.getpid()}\n".encode(), 0)

    def _write_meta(self) -> None:
        if self.read(META) is None:
            self.write(META, {"version": VERSION, "partitions": PARTITIONS})

    def read(self, name: str) -> dict[str, Any] | None:
        """A JSON file of the directory, or None when there is none."""
        try:
            found = json.loads((self.path / name).read_text())
        except FileNotFoundError:
            return None
        except PermissionError:
            raise CannotDo(f"{self.path / name} can't be read by this user: run as its owner") from None
        except (ValueError, RecursionError, NotADirectoryError, IsADirectoryError):
            raise self._damaged(name) from None
        if not isinstance(found, dict):
            raise self._damaged(name)
        return found

    def _damaged(self, name: str) -> CannotDo:
        return CannotDo(f"{self.path / name} is damaged or no data directory: choose another with --data")

    def write(self, name: str, content: dict[str, Any], mode: int = 0o644) -> None:
        self.write_text(name, json.dumps(content, indent=2), mode)

    def write_text(self, name: str, text: str, mode: int = 0o644) -> None:
        """Whole or not at all: readers never see half a file."""
        unfinished = self.path / f"{name}.unfinished"
        descriptor = os.open(unfinished, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, mode)
        with os.fdopen(descriptor, "w") as file:
            file.write(f"{text}\n")
        unfinished.rename(self.path / name)

    def remove(self, name: str) -> None:
        (self.path / name).unlink(missing_ok=True)


def _lock(descriptor: int) -> None:
    """Whoever only looks for the owner holds the lock for a moment: that is nobody to give way to."""
    until = monotonic() + LOOK_SECONDS
    while True:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            if monotonic() > until:
                raise
            sleep(LOOK_SECONDS / 10)
        else:
            return
