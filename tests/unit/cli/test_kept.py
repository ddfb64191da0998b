"""What people keep, or believe to have kept: files that are no key, no digest and no receipt are refused in a line."""

from pathlib import Path

import pytest
from click.testing import CliRunner

from mkondo.contracts.digest import format_digest
from services.cli.main import main
from tests.unit.contracts.test_receipt import SIGNER, made

KEY = SIGNER.public_key().hex()


def check(*arguments: str) -> tuple[int, str]:
    said = CliRunner().invoke(main, ("receipt", "check", *arguments))
    assert said.exception is None or isinstance(said.exception, SystemExit), said.exception
    assert len(said.stderr.splitlines()) <= 1, said.stderr
    return said.exit_code, said.output


@pytest.fixture
def receipt(tmp_path: Path) -> str:
    file = tmp_path / "receipt.json"
    file.write_bytes(made()[0])
    return str(file)


@pytest.mark.parametrize("key", [KEY, "file"])
def test_a_key_is_given_as_it_is_or_in_a_file(receipt: str, tmp_path: Path, key: str) -> None:
    (tmp_path / "platform.key").write_text(f"{KEY}\n")
    assert check(receipt, "--key", key if key == KEY else str(tmp_path / "platform.key"))[0] == 0


@pytest.mark.parametrize("text", ["", "x", "0" * 62, KEY.upper(), KEY + "0" * 64, "é" * 64])
def test_what_is_no_key_is_refused(receipt: str, tmp_path: Path, text: str) -> None:
    file = tmp_path / "platform.key"
    file.write_text(text)
    status, said = check(receipt, "--key", str(file))
    assert (status, "is no public key" in said) == (1, True), said


def test_a_digest_that_is_not_as_it_was_kept_is_refused(receipt: str, tmp_path: Path) -> None:
    text, file = format_digest(made()[1]), tmp_path / "digest.json"
    file.write_bytes(text)
    assert check(receipt, "--digest", str(file))[0] == 0
    for place in range(0, len(text), 11):
        file.write_bytes(text[:place] + bytes([text[place] ^ 1]) + text[place + 1 :])
        status, said = check(receipt, "--digest", str(file))
        assert (status, str(file) in said) == (1, True), (place, said)


@pytest.mark.parametrize("given", [b"", b"\xff\x00", b"{}", b"[]"])
def test_what_is_no_receipt_is_refused(tmp_path: Path, given: bytes) -> None:
    file = tmp_path / "receipt.json"
    file.write_bytes(given)
    status, said = check(str(file))
    assert (status, "not proven: reading" in said) == (1, True), said
    assert check(str(tmp_path / "nowhere.json"))[0] == 1


def test_for_programs_it_is_json(receipt: str) -> None:
    status, said = check(receipt, "--json", "--key", KEY)
    assert (status, '"proven": true' in said, '"key_trusted": true' in said) == (0, True, True)


def test_an_empty_key_is_not_taken_for_none(receipt: str) -> None:
    """`--key "$KEY"` with KEY not set: who wants one key trusted is not to be told "proven" by any other."""
    for arguments in (("receipt", "check", receipt), ("verify",)):
        said = CliRunner().invoke(main, (*arguments, "--key", ""))
        assert (said.exit_code, "--key is empty" in said.stderr) == (1, True), said.output


def test_what_never_ends_is_not_read_to_its_end() -> None:
    status, said = check("/dev/zero")
    assert (status, "larger than 16 MiB" in said) == (1, True), said


@pytest.mark.parametrize("name", ["", "..", "a/b"])
@pytest.mark.parametrize("command", [("receipt", "get"), ("replay",)])
def test_what_can_be_no_reference_is_not_asked_for(command: tuple[str, ...], name: str) -> None:
    said = CliRunner().invoke(main, (*command, name))
    assert (said.exit_code, f"{name!r}: " in said.stderr) == (1, True), said.output
