"""Somebody else has the platform's port: each command says so in one line, and nothing is taken for an answer."""

import json
from pathlib import Path

import pytest
from click.testing import CliRunner

from services.cli.main import main
from tests.system.strangers import a_public_key, http, stranger
from tests.unit.cli.directories import owned, refusal

KEY = a_public_key()
CALLERS = (("pay", "c2b"), ("status", "x"), ("reverse", "x"), ("trigger", "success"))
MANAGERS = (("clock", "show"), ("clock", "advance", "1d"), ("apps", "list"), ("apps", "show", "demo"))
HANDSET = ("handset", "show", "255700000001")
OBJECT = {"content-type": "application/json"}
SESSION = http(200, b'{"output_ResponseCode":"INS-0","output_ResponseDesc":"x","output_SessionID":"s"}')

SAID = {
    "a page": http(200, b"<html>", "content-type: text/html"),
    "no page": http(404, b"<html>", "content-type: text/html"),
    "a redirect": http(302, b"", "location: /login"),
    "binary": b"\x00\xff\xfe\x15\x03\x01" * 20,
    "gzip that is none": http(200, b"abc", "content-encoding: gzip"),
    "a list": http(200, b"[]"),
    "a number": http(200, b"7"),
    "null": http(200, b"null"),
    "half a surrogate pair": http(200, b'{"output_ResponseCode":"\\ud800"}'),
    "nothing": http(200, b""),
    "nested without end": http(200, b"[" * 100_000),
    "another object": http(200, b'[{"hello": 1}]'),
    "no session": http(200, b'{"output_SessionID":null}'),
    "no session but a code": http(200, b'{"output_ResponseCode":"INS-0","output_SessionID":7}'),
}


@pytest.mark.parametrize("says", SAID.values(), ids=SAID)
def test_a_stranger_is_no_platform(tmp_path: Path, says: bytes) -> None:
    with stranger(says) as address, owned(tmp_path, address, KEY) as data:
        for typed in (*CALLERS, *MANAGERS):
            line = refusal(data, *typed)
            assert address in line and "is that this `mkondo up`?" in line, (typed, line)
        if b"output_" not in says:
            assert "is that this `mkondo up`?" in refusal(data, *HANDSET)


@pytest.mark.parametrize("says", [b"{}", b"7", b'{"output_ResponseCode":null}', b'{"output_ResponseCode":200}'])
def test_what_answers_a_payment_must_say_a_code(tmp_path: Path, says: bytes) -> None:
    with stranger(SESSION, http(200, says)) as address, owned(tmp_path, address, KEY) as data:
        assert "is that this `mkondo up`?" in refusal(data, "pay", "c2b")


def test_a_refusal_with_the_status_of_a_success_is_one(tmp_path: Path) -> None:
    declined = http(200, json.dumps({"output_ResponseCode": "INS-6", "output_ResponseDesc": "x"}).encode())
    with stranger(SESSION, declined) as address, owned(tmp_path, address, KEY) as data:
        said = CliRunner().invoke(main, ("pay", "c2b", "--data", str(data)))
        assert (said.exit_code, "INS-6" in said.stdout) == (1, True), said


def test_nobody_is_named_with_the_address(tmp_path: Path) -> None:
    with owned(tmp_path, public_key=KEY) as data:
        for typed in (*CALLERS, *MANAGERS, HANDSET):
            assert "nobody answers at http://127.0.0.1:1: " in refusal(data, *typed), typed


def test_a_public_key_that_is_none_is_said_to_be_so(tmp_path: Path) -> None:
    for number, key in enumerate(("notakey", "AAAA", "é")):
        with stranger(SESSION) as address, owned(tmp_path / str(number), address, key) as data:
            assert "public key" in refusal(data, "pay", "c2b")


@pytest.mark.parametrize("name", ["../../x", "", ".", "..", "a/b"])
def test_an_application_that_can_t_be_is_not_looked_for(tmp_path: Path, name: str) -> None:
    with owned(tmp_path) as data:
        assert f"no application {name!r}" in refusal(data, "apps", "show", name)
