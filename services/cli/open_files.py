"""How many files this process may have open, connections among them, and how many of those may be callers'.

Most systems start a process with 1,024 and allow it far more if it asks. Past the limit nothing can be accepted, not
even to say no, and no connection to the store be mended. Read next: web.py.
"""

import resource

WANTED = 20_000
_KEPT_BACK = 192
"""For the store, the log, files and listeners."""
_SHARES = 4
"""HTTP and HTTPS callers have one each; the proxy, with two files a caller, the rest."""


def raise_open_files() -> int:
    """Ask for as many as the system allows, up to WANTED. Returns what there is."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = WANTED if hard == resource.RLIM_INFINITY else min(WANTED, hard)
    if soft == resource.RLIM_INFINITY or soft >= wanted:
        return WANTED if soft == resource.RLIM_INFINITY else soft
    resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, hard))
    return wanted


def connections_max(open_files: int, most: int) -> int:
    """How many callers one server may have, so that there is always a file left to refuse the next one with."""
    return max(8, min(most, (open_files - _KEPT_BACK) // _SHARES))
