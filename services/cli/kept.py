"""What somebody has kept to check the platform by: a public key, a digest, a receipt, as files.

Read next: receipt.py.
"""

from pathlib import Path

import click

from mkondo.adapters.keys.ed25519 import is_signed
from mkondo.contracts.digest import NotWhole, StoredDigest, parse_digest, trouble_with, unhash
from services.cli.errors import CannotDo
from services.cli.options import FILE

KEY_BYTES = 32
BYTES_MAX = 16 << 20

key_option = click.option(
    "--key",
    metavar="FILE|HEX",
    help="The platform's public key that you trust, as `mkondo digest key` prints it.",
)
output_option = click.option("-o", "--output", type=FILE, help="Write it into this file, byte for byte.")


def read(file: Path) -> bytes:
    """The file's bytes. CannotDo for one that can't be read, or is far too large to be what is meant."""
    try:
        with open(file, "rb") as opened:  # a device has no size, and perhaps no end
            found = opened.read(BYTES_MAX + 1)
    except OSError as trouble:
        raise CannotDo(f"{file}: {trouble.strerror}. Name the file that was kept") from trouble
    if len(found) > BYTES_MAX:
        raise CannotDo(f"{file} is larger than {BYTES_MAX >> 20} MiB: name the file that was kept")
    return found


def write(text: bytes, output: Path | None) -> None:
    """Into a file, or to standard output."""
    if output is None:
        click.echo(text, nl=False)
        return
    try:
        output.write_bytes(text)
    except OSError as trouble:
        raise CannotDo(f"{output}: {trouble.strerror}. Choose another file with -o") from trouble
    click.echo(f"{output}: {len(text)} bytes")


def key_of(given: str | None) -> bytes | None:
    """The key in a file, or the text itself; None where none was given. An empty one, of a variable that is not set
    perhaps, is none to trust: whoever names a key must not have any other believed."""
    if given is None:
        return None
    if not given:
        raise CannotDo("--key is empty: name the public key, or the file with it; or leave --key out")
    text = given
    if len(given) != 2 * KEY_BYTES:
        text = read(Path(given)).decode("utf-8", errors="replace").strip()
    try:
        key = unhash(text)
    except NotWhole:
        key = b""
    if len(key) != KEY_BYTES:
        raise CannotDo(f"{given} is no public key: it is {2 * KEY_BYTES} hex digits, as `mkondo digest key` prints it")
    return key


def digest_of(file: Path) -> StoredDigest:
    """The kept digest of a file, whole and signed with the key that it names."""
    try:
        digest = parse_digest(read(file))
    except NotWhole as trouble:
        raise CannotDo(f"{file}: {trouble}. Name a file that `mkondo digest show -o` wrote") from trouble
    damage = trouble_with(digest, is_signed)
    if damage:
        raise CannotDo(f"{file}: {damage}. It is not as it was kept")
    return digest
