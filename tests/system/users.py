"""Who runs the platform in a test: an ordinary user, whoever runs the tests.

Read next: test_ordinary_user.py, test_bad_starts.py.
"""

import os
import pwd
import shutil
from pathlib import Path

import pytest

_PASS_FOLDERS = ("--inh-caps=-all,+dac_read_search", "--ambient-caps=-all,+dac_read_search")


def as_ordinary_user(*folders: Path) -> list[str]:
    """What to put in front of a command so that nobody special runs it; the folders become that user's.

    Empty where the tests themselves run so. A checkout or a Python that only root can reach may still be read.
    """
    if os.geteuid() != 0:
        return []
    if shutil.which("setpriv") is None:
        pytest.skip("needs setpriv to give up root (Debian: apt-get install util-linux)")
    nobody = pwd.getpwnam("nobody")
    for folder in folders:
        os.chown(folder, nobody.pw_uid, nobody.pw_gid)
    program = shutil.which("setpriv") or ""
    return [program, f"--reuid={nobody.pw_uid}", f"--regid={nobody.pw_gid}", "--clear-groups", *_PASS_FOLDERS]


def ordinary_uid() -> int:
    """The user id that such a command runs with."""
    return os.geteuid() or pwd.getpwnam("nobody").pw_uid
