"""Finds processes that a suite left behind: a test that leaks a server is a failing test.

Orphans of our children become ours (Linux's child subreaper), so a daemon that left its group and session is seen too.
"""

import ctypes
import sys

import psutil

PR_SET_CHILD_SUBREAPER = 36
GRACE_SECONDS = 5


def adopt_orphans() -> None:
    """From now on whatever our children leave behind is a child of this process. Does nothing but on Linux."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)


def end_leftovers() -> list[str]:
    """Ends every descendant that is still alive after a short grace; returns what they were."""
    _, alive = psutil.wait_procs(psutil.Process().children(recursive=True), timeout=GRACE_SECONDS)
    names = [_describe(process) for process in alive]
    for process in alive:
        process.kill()
    psutil.wait_procs(alive, timeout=GRACE_SECONDS)
    return names


def _describe(process: psutil.Process) -> str:
    try:
        return f"{process.pid} {' '.join(process.cmdline())[:120]}"
    except psutil.NoSuchProcess:
        return str(process.pid)
