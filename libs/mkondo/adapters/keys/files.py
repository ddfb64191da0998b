"""Secrets on disk: written whole or not at all, and readable by their owner only."""

import os
import secrets
from pathlib import Path

SECRET = 0o600
PUBLIC = 0o644


def write_file(path: Path, data: bytes, mode: int) -> None:
    """Replace a file in one step. It never exists with a wider mode or half of its bytes."""
    path.parent.mkdir(parents=True, exist_ok=True)
    draft = path.with_name(f".{path.name}.{secrets.token_hex(4)}")
    descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, mode)
    try:
        with os.fdopen(descriptor, "wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        draft.chmod(mode)
        draft.replace(path)
    except BaseException:
        draft.unlink(missing_ok=True)
        raise
