"""The environments of the unmodified SDKs and of newman, each installed once into `.cache/sdks` from a lock of hashes.

Read next: test_sdks.py, sdks/, test_collection.py.
"""

import hashlib
import shutil
import subprocess
import sys
import venv
from pathlib import Path

from mkondo.testing.platform import ROOT

SDKS = Path(__file__).parent / "sdks"
NEWMAN = Path(__file__).parent / "newman"
_CACHE = (ROOT / ".cache").resolve() / "sdks"  # npm does not install through a symbolic link
_SECONDS = 240


def python_sdk(name: str) -> Path:
    """The Python of an environment with what `sdks/NAME.lock` pins, and nothing else."""
    lock = SDKS / f"{name}.lock"
    version = f"{sys.version_info.major}.{sys.version_info.minor}"
    home = _CACHE / f"{name}-{version}-{_digest(lock)}"
    python = home / "bin" / "python"
    if _begin(home):
        venv.create(home, symlinks=True)
        # lipa-py says that it needs Python 3.12 and runs on 3.11: the only requirement that is overridden.
        install = ["install", "--quiet", "--require-hashes", "--ignore-requires-python", "--requirement", str(lock)]
        _run([sys.executable, "-m", "pip", "--disable-pip-version-check", "--python", str(python), *install])
        _finish(home)
    return python


def node_sdk() -> Path:
    """A folder whose `node_modules` holds the JavaScript SDK."""
    return _node_modules("pesa-js", SDKS)


def newman() -> Path:
    """Postman's own command line runner."""
    return _node_modules("newman", NEWMAN) / "node_modules" / ".bin" / "newman"


def _node_modules(name: str, source: Path) -> Path:
    """A folder whose `node_modules` holds what the `package-lock.json` of `source` pins."""
    lock = source / "package-lock.json"
    home = _CACHE / f"{name}-{_digest(lock)}"
    if _begin(home):
        for file in (lock, source / "package.json"):
            shutil.copy(file, home)
        _run(["npm", "ci", "--no-audit", "--no-fund", "--ignore-scripts", "--prefix", str(home)])
        _finish(home)
    return home


def fingerprint(folder: Path) -> str:
    """One digest of all files below a folder, but for what Python compiles."""
    files = sorted(file for file in folder.rglob("*") if file.is_file() and file.suffix != ".pyc")
    assert files, f"{folder} is empty"
    return hashlib.sha256(b"".join(hashlib.sha256(file.read_bytes()).digest() for file in files)).hexdigest()


def _digest(lock: Path) -> str:
    return hashlib.sha256(lock.read_bytes()).hexdigest()[:12]


def _begin(home: Path) -> bool:
    """Whether there is something to install: what was begun and never finished is begun again."""
    if (home / "finished").exists():
        return False
    shutil.rmtree(home, ignore_errors=True)
    home.mkdir(parents=True)
    return True


def _finish(home: Path) -> None:
    (home / "finished").touch()


def _run(command: list[str]) -> None:
    done = subprocess.run(command, stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=_SECONDS)
    assert done.returncode == 0, f"{' '.join(command)}: {done.stdout}{done.stderr}"
