"""The management API as the command line speaks to it: address and operator's token from the data directory."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any
from urllib.parse import quote

import click
import httpx
import msgspec

from mkondo.adapters.client.wire import UNANSWERED, trouble_with
from services.cli.errors import CannotDo
from services.cli.files import OPERATOR_FILE, addresses
from services.cli.telling import shown

SECONDS_MAX = 60.0
CLOCK, CLOCK_KEYS = "sandbox/clock", ("now", "ahead_ms")


Row = dict[str, Any]


def call(data: Path, method: str, path: str, body: Row | None = None, keys: Sequence[str] = ()) -> Row:
    """The answer to `METHOD /api/v1/PATH`, an object with these keys at least. CannotDo, in one line with the mend,
    when it is a refusal, or not the management API's."""
    said, address = _ask(data, method, path, body)
    return checked(said, keys, address)


def listed(data: Path, path: str, name: str, keys: Sequence[str], after: str = "") -> list[Row]:
    """All that `GET /api/v1/PATH` lists under this name behind `after`, page by page, each with these keys at least.
    While more is to come it says how far it is."""
    found: list[Row] = []
    mark = "&" if "?" in path else "?"
    while True:
        said, address = _ask(data, "GET", f"{path}{mark}after={quote(after, safe='')}", None)
        rows, after = (page := checked(said, (name, "next"), address))[name], page["next"]
        if not isinstance(rows, list) or not isinstance(after, str):
            raise _stranger(address)
        found += [checked(one, keys, address) for one in rows]
        if not after:
            return found
        still(len(found), name)


def still(number: int, done: str) -> None:
    """How far something is that goes on for a while: for a person to see, not in what a program reads."""
    click.echo(f"{number} {done} so far", err=True)


def step(text: str, what: str, mend: str) -> str:
    """A name as one step of a path. What is empty, has a slash or leads up would ask for something else."""
    if "/" in text or text in ("", ".", ".."):
        raise CannotDo(f"no {what} {text!r}: {mend}")
    return quote(text, safe="")


def once(pairs: Sequence[tuple[str, Any]]) -> Row:
    """What was typed as NAME=VALUE. Of two values for one name, nobody can tell which is meant."""
    names = [name for name, _ in pairs]
    twice = [name for name in dict.fromkeys(names) if names.count(name) > 1]
    if twice:
        raise CannotDo(f"{', '.join(twice)}: set twice, so leave one of them out")
    return dict(pairs)


def text(data: Path, path: str) -> bytes:
    """What `GET /api/v1/PATH` answers, byte for byte. CannotDo when it is a refusal."""
    answer, address = _answer(data, "GET", path, None)
    said_by(answer, address)
    return answer.content


def checked(said: Any, keys: Sequence[str], address: str) -> Row:
    """An object with these keys at least, as the management API answers. CannotDo for whatever a stranger says."""
    if not isinstance(said, dict) or not said or not all(key in said for key in keys):
        raise _stranger(address)
    return said


def _stranger(address: str) -> CannotDo:
    return CannotDo(f"{address} answers, but not as the management API does: is that this `mkondo up`?")


def authorization(data: Path) -> dict[str, str]:
    """The header that shows the operator's token."""
    try:
        token = (data / OPERATOR_FILE).read_text().strip()
    except OSError as trouble:
        raise CannotDo(f"{data / OPERATOR_FILE}: {trouble.strerror}. Run as the user who ran `mkondo up`") from trouble
    return {"Authorization": f"Bearer {token}"}


def _ask(data: Path, method: str, path: str, body: Row | None) -> tuple[Any, str]:
    answer, address = _answer(data, method, path, body)
    return said_by(answer, address), address


def _answer(data: Path, method: str, path: str, body: Row | None) -> tuple[httpx.Response, str]:
    address, headers = addresses(data)["http"], authorization(data) | {"Accept": "application/json"}
    try:
        answer = httpx.request(
            method,
            f"{address}/api/v1/{path}",
            json=body,
            headers=headers,
            timeout=SECONDS_MAX,
            trust_env=False,
        )
    except UNANSWERED as trouble:
        raise trouble_with(address, trouble, SECONDS_MAX) from trouble
    return answer, address


def is_for_now(answer: httpx.Response) -> bool:
    """Whether it is a no that may be a yes in a moment: to be waited for by whoever follows something for long."""
    return answer.status_code >= 500 or answer.status_code == 429


def said_by(answer: httpx.Response, address: str) -> Any:
    """What the management API answered. CannotDo, in one line with the mend, when it is a refusal."""
    try:
        said = msgspec.json.decode(answer.content)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        raise CannotDo(f"{address} answered {answer.status_code} and no JSON: is that this `mkondo up`?") from None
    if not answer.is_success:
        raise CannotDo(in_one_line(said, address))
    return said


def in_one_line(said: Any, address: str) -> str:
    """What the API says, in one line. Whoever says no in another shape is not the API."""
    if not isinstance(said, dict) or "error" not in said:
        return f"no management API answers at {address}: start `mkondo up` again, or `mkondo serve portal`"
    return shown(f"{said['error']}. {said.get('mend', '')}".replace("\n", " "))
