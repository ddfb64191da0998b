"""The management API as the command line speaks to it: address and operator's token from the data directory."""

from pathlib import Path
from typing import Any

import httpx

from services.cli.errors import CannotDo
from services.cli.files import OPERATOR_FILE, addresses

SECONDS_MAX = 60.0


def call(data: Path, method: str, path: str, body: dict[str, Any] | None = None) -> Any:
    """The answer to `METHOD /api/v1/PATH`. CannotDo, in one line with the mend, when it is a refusal."""
    address = addresses(data)["http"]
    try:
        token = (data / OPERATOR_FILE).read_text().strip()
    except OSError as trouble:
        raise CannotDo(f"{data / OPERATOR_FILE}: {trouble.strerror}. Run as the user who ran `mkondo up`") from trouble
    try:
        answer = httpx.request(
            method,
            f"{address}/api/v1/{path}",
            json=body,
            headers={"Authorization": f"Bearer {token}"},
            timeout=SECONDS_MAX,
            trust_env=False,
        )
    except httpx.TransportError as trouble:
        raise CannotDo(f"nobody answers at {address}: {trouble}. Is `mkondo up` running?") from trouble
    return said_by(answer, address)


def said_by(answer: httpx.Response, address: str) -> Any:
    """What the management API answered. CannotDo, in one line with the mend, when it is a refusal."""
    try:
        said = answer.json()
    except ValueError:
        raise CannotDo(f"{address} answered {answer.status_code} and no JSON: is that this `mkondo up`?") from None
    if answer.is_error:
        raise CannotDo(_refusal(said, address))
    return said


def _refusal(said: Any, address: str) -> str:
    """What the API says, in one line. Whoever says no in another shape is not the API."""
    if not isinstance(said, dict) or "error" not in said:
        return f"no management API answers at {address}: start `mkondo up` again, or `mkondo serve portal`"
    return f"{said['error']}. {said.get('mend', '')}".replace("\n", " ")
