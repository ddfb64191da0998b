"""The user id that our Postgres runs under: ours, or as root an unprivileged one. Read next: launch.py, server.py."""

import os
import pwd
from pathlib import Path

from mkondo.adapters.postgres.trouble import CannotServe

_PREFERRED = ("postgres", "nobody")


class ServerUser:
    """Decides who runs Postgres in a directory, and gives that user what it needs."""

    def __init__(self, data: Path) -> None:
        self._ids = _unprivileged(data) if os.geteuid() == 0 else None

    def give(self, folder: Path) -> None:
        """Make the folder the server's own."""
        if self._ids is not None:
            os.chown(folder, *self._ids)

    def launch_arguments(self, *needed: Path) -> list[str]:
        """UID GID KEEP_SEARCH of launch.py, for a server that has to reach these folders."""
        if self._ids is None:
            return ["-1", "-1", "0"]
        parents = {parent for folder in needed for parent in folder.resolve().parents}
        open_to_all = all(parent.stat().st_mode & 0o001 for parent in parents)
        return [*map(str, self._ids), "0" if open_to_all else "1"]


def _unprivileged(data: Path) -> tuple[int, int]:
    """Whoever owns the data already, else a user of the system that owns nothing of worth."""
    if data.exists() and data.stat().st_uid != 0:
        return data.stat().st_uid, data.stat().st_gid
    for name in _PREFERRED:
        try:
            entry = pwd.getpwnam(name)
        except KeyError:
            continue
        return entry.pw_uid, entry.pw_gid
    raise CannotServe("Postgres won't run as root and there is no user postgres or nobody: run as an ordinary user")
