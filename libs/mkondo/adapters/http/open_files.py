"""How many files this process may have open, and how many of them may be callers' connections.

Most systems start a process with 1,024 and allow it far more if it asks. Past the limit nothing can be accepted, not
even to say no, and no connection to the store be mended. Read next: server.py.
"""

import resource

WANTED = 20_000
_KEPT_BACK = 192
"""For the store, the log, files and listeners."""
_SHARES = 4
"""HTTP and HTTPS callers have one each; the proxy, with two files a caller, the rest."""


def raise_open_files() -> None:
    """Ask for as many as the system allows, up to WANTED. For the whole process: a composition root calls it, once."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = WANTED if hard == resource.RLIM_INFINITY else min(WANTED, hard)
    if soft != resource.RLIM_INFINITY and soft < wanted:
        resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, hard))


def connections_max(most: int) -> int:
    """How many callers one server may have, so that there is always a file left to refuse the next one with."""
    soft, _ = resource.getrlimit(resource.RLIMIT_NOFILE)
    return most if soft == resource.RLIM_INFINITY else max(8, min(most, (soft - _KEPT_BACK) // _SHARES))
