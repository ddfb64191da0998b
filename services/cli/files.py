"""What other commands read from a running platform's data directory, and the ready file."""

import json
import os
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any, TypedDict

import msgspec

from mkondo.adapters.client.address import is_address
from services.cli.datadir import DataDirectory
from services.cli.errors import CannotDo

DEMO_FILE = "demo.json"
UP = "up.json"
"""Where the platform answers, for as long as it does."""

OPERATOR_FILE = "operator.token"
"""The bearer token with which the command line speaks to the management API."""

DIGEST_KEY = Path("keys", "digest.pem")
"""The platform's signing key, within the data directory."""


class _Market(TypedDict):
    country: str
    currency: str
    customer_msisdn: str
    poor_customer_msisdn: str


class _Live(TypedDict):
    api_key: str
    public_key: str
    service_provider_code: str
    second_service_provider_code: str


class _Tokens(TypedDict):
    operator: str
    application: str


class _Demo(TypedDict):
    """What commands take from demo.json; it holds more (interfaces.md)."""

    http: str
    https: str | None
    ca_file: str
    environment: str
    market: str
    country: str
    currency: str
    api_key: str
    strict_api_key: str
    public_key: str
    service_provider_code: str
    second_service_provider_code: str
    customer_msisdn: str
    poor_customer_msisdn: str
    markets: dict[str, _Market]
    live: _Live
    tokens: _Tokens


class _Up(TypedDict):
    """What commands take from up.json."""

    http: str
    proxy: str
    database_url: str
    pid: int


def demo(data: Path) -> dict[str, Any]:
    """demo.json, whole. CannotDo when `mkondo up` has not made it."""
    found = DataDirectory(data).read(DEMO_FILE)
    if found is None:
        raise CannotDo(f"{data}/{DEMO_FILE} is not there: start the platform with `mkondo up --data {data}`")
    mend = f"remove it and start `mkondo up --data {data}` again, which makes the demo anew"
    _check(data / DEMO_FILE, found, _Demo, mend)
    if found["market"] not in found["markets"]:
        raise CannotDo(f"{data / DEMO_FILE} is damaged (its market is none of its markets): {mend}")
    return found


def addresses(data: Path) -> dict[str, Any]:
    """Where the platform of this data directory answers. A platform that was killed has left its file behind."""
    directory = DataDirectory(data)
    found = directory.read(UP)
    if found is not None:
        _check(data / UP, found, _Up, f"stop `mkondo up --data {data}` and start it again, which writes it anew")
    if found is None or found["pid"] != directory.owner():
        raise CannotDo(f"nothing runs on {data}: start the platform with `mkondo up --data {data}`")
    return found


def _check(file: Path, found: dict[str, Any], wanted: type, mend: str) -> None:
    try:
        msgspec.convert(found, wanted)
    except msgspec.ValidationError as trouble:
        raise CannotDo(f"{file} is damaged ({trouble}): {mend}") from trouble
    if not is_address(found["http"]):
        raise CannotDo(f"{file} is damaged ({found['http']!r} is no address): {mend}")


def write_ready(ready_file: Path, addresses: Mapping[str, Any]) -> None:
    """Whole or not at all: whoever waits for the file never reads half of it."""
    unfinished = ready_file.with_name(f"{ready_file.name}.unfinished")
    try:
        unfinished.write_text(json.dumps(addresses) + "\n")
        unfinished.rename(ready_file)
    except OSError as trouble:
        with suppress(OSError):
            unfinished.unlink(missing_ok=True)
        raise CannotDo(f"cannot write {ready_file}: {trouble.strerror}. Choose another with --ready-file") from trouble


def forget_ready(ready_file: Path | None) -> None:
    """What could not be written, or has been replaced by something else, is not ours to remove."""
    if ready_file is None or not os.path.isfile(ready_file):
        return
    try:
        ready_file.unlink(missing_ok=True)
    except OSError as trouble:
        raise CannotDo(f"cannot remove {ready_file}: {trouble.strerror}. Remove it: nobody answers there") from trouble


def write_file(file: Path, content: bytes) -> None:
    """What a command was asked to leave behind, with the folders above it."""
    try:
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(content)
    except OSError as trouble:
        raise CannotDo(f"cannot write {file}: {trouble.strerror}. Choose another, or make it writable") from trouble
