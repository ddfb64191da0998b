"""The one trouble of running Postgres ourselves, in one line with its mend. Read next: server.py."""

from pathlib import Path

_MENDS = (
    ("No space left", "free some disk space for {directory}"),
    ("Permission denied", "make {directory} and the folders above it writable for this user, or choose another"),
    ("Operation not permitted", "give {directory} to this user, or choose another"),
    ("Read-only file system", "choose a data directory on a disk that can be written"),
    ("Not a directory", "choose a data directory that is not below a file"),
    ("could not look up effective user ID", "give this user id an entry in /etc/passwd"),
    ("wrong ownership", "run as the user who owns {directory}, or give it to this one"),
    ("PG_VERSION is damaged", "restore {directory} from a backup, or choose another"),
    ("could not map anonymous shared memory", "free some memory"),
    ("", "see {directory}/server.log"),
)
"""What the trouble's text contains, and what to do about it."""


class CannotServe(Exception):
    """Postgres can't be started or kept running. One line that says why, and the mend."""


def cannot_serve(trouble: str, directory: Path) -> CannotServe:
    """The error for a trouble that Postgres or the system reported about this directory."""
    mend = next(mend for sign, mend in _MENDS if sign in trouble)
    return CannotServe(f"Postgres can't run in {directory}: {trouble}. Mend: {mend.format(directory=directory)}")


def last_trouble(log_file: Path, start: int) -> str:
    """The line of the log, from byte `start` on, that best tells of a failure."""
    with open(log_file, errors="replace") as log:
        log.seek(start)
        lines = [line.strip() for line in log if line.strip()]
    telling = [line for line in lines if any(word in line for word in ("FATAL:", "PANIC:", "error:"))]
    return (telling or lines or ["it said nothing"])[-1]
