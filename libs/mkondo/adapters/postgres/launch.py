"""Runs as a program of its own: gives up root, ties itself to its parent's life, then becomes Postgres.

    python -I -S launch.py PARENT_PID DEATH_SIGNAL UID GID KEEP_SEARCH PROGRAM ARGUMENT…

Postgres refuses to run as root, so as root another user id is taken (UID -1: stay). Where that user could not even
reach the files (a checkout below /root, say), KEEP_SEARCH=1 keeps one capability: to pass directories.
Only the standard library, because nothing else is importable here. Read next: server.py.
"""

import ctypes
import os
import sys

_PR_SET_PDEATHSIG, _PR_SET_KEEPCAPS, _PR_CAP_AMBIENT, _PR_CAP_AMBIENT_RAISE = 1, 8, 47, 2
_CAP_DAC_OVERRIDE, _CAP_DAC_READ_SEARCH = 1, 2
_CAPABILITY_VERSION = 0x20080522


def main(arguments: list[str]) -> None:
    parent, signal_number, user, group, keep_search = (int(argument) for argument in arguments[:5])
    if user >= 0:
        _drop_root(user, group, bool(keep_search))
    if sys.platform == "linux":  # after the change of user, which would clear it
        _prctl(_PR_SET_PDEATHSIG, signal_number)
    if os.getppid() != parent:
        sys.exit("the parent died while Postgres was being launched")
    os.execv(arguments[5], arguments[5:])


def _drop_root(user: int, group: int, keep_search: bool) -> None:
    if keep_search:
        _prctl(_PR_SET_KEEPCAPS, 1)
    os.setgroups([])
    os.setgid(group)
    os.setuid(user)
    if keep_search:
        _keep_search()


def _keep_search() -> None:
    """Prefer the weaker capability; containers often grant only the other one."""
    for capability in (_CAP_DAC_READ_SEARCH, _CAP_DAC_OVERRIDE):
        header = (ctypes.c_uint32 * 2)(_CAPABILITY_VERSION, 0)
        mask = 1 << capability
        sets = (ctypes.c_uint32 * 6)(mask, mask, mask, 0, 0, 0)
        if _libc.capset(header, sets) == 0:
            _prctl(_PR_CAP_AMBIENT, _PR_CAP_AMBIENT_RAISE, capability, 0, 0)
            return
    sys.exit(
        "root has no capability to pass directories here: move the data directory and the installation out of /root"
    )


_libc = ctypes.CDLL(None, use_errno=True)


def _prctl(*arguments: int) -> None:
    if _libc.prctl(*(ctypes.c_ulong(argument) for argument in arguments)) != 0:
        sys.exit(f"prctl{arguments}: {os.strerror(ctypes.get_errno())}")


if __name__ == "__main__":
    main(sys.argv[1:])
