"""A digest: one signed text a day that stands for everything an environment has sealed since the digest before.

Pure. The seals of each source's batches, in order, are the leaves of that source's tree; the sources' roots, in the
order of their names, those of the day's (merkle.py). Whoever keeps a digest elsewhere can tell, of any later copy of
the journals, whether it still says the same. Read next: receipt.py, runtime/digests.py.
"""

from collections.abc import Callable, Mapping, Sequence
from hashlib import sha256
from typing import Any, Literal, TypeVar

import msgspec

from mkondo.contracts import merkle
from mkondo.domain.ids import Instant

SignatureCheck = Callable[[bytes, bytes, bytes], bool]
"""(public key, signature, what is said to be signed) -> whether it is. Never an exception."""

HASH_BYTES = 32

_Said = TypeVar("_Said")


class NotWhole(Exception):
    """Bytes that are no digest, or no receipt, as this platform writes them. The text says what is wrong with them."""


class DigestBody(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What is signed. `day` is the UTC day, by the environment's clock, up to whose end it covers what is new, or the
    one in which somebody closed it; `until` is, by source, the last sequence it covers; `previous` the id of the digest
    before, empty for the first; `key` the id of the key that signs it. Hashes are lower-case hex."""

    environment: str
    number: int
    day: str
    closed_at: Instant
    until: dict[str, int]
    root: str
    previous: str
    key: str
    format: Literal["mkondo-digest-1"] = "mkondo-digest-1"


class StoredDigest(msgspec.Struct, frozen=True):
    """A digest as it is kept: the signed bytes themselves, their Ed25519 signature, and the key to check it with.

    `roots` is canonical JSON of the root of each source that has sealed something new. It is not signed: it has to give
    the signed root, and tells where to look when a journal no longer does.
    """

    number: int
    body: bytes
    signature: bytes
    public_key: bytes
    roots: bytes


class DigestFile(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The same as a text that can be carried away: canonical JSON, bytes as hex."""

    body: DigestBody
    public_key: str
    roots: dict[str, str]
    signature: str


_encoder = msgspec.json.Encoder(order="sorted")
_bodies = msgspec.json.Decoder(DigestBody)
_roots = msgspec.json.Decoder(dict[str, str])
_files = msgspec.json.Decoder(DigestFile)


def canonical(of: Any) -> bytes:
    """The one way to write it: JSON in UTF-8, names in order, no white space."""
    return _encoder.encode(of)


def id_of(body: bytes) -> str:
    """The name of a digest: SHA-256 of its signed bytes."""
    return sha256(body).hexdigest()


def key_id(public_key: bytes) -> str:
    """A short name of a signing key, to tell keys apart; never a proof of one."""
    return sha256(public_key).hexdigest()[:16]


def source_root(seals: Sequence[bytes]) -> bytes:
    """Of one source's seals, in order."""
    return merkle.root([merkle.leaf(seal) for seal in seals])


def day_leaves(roots: Mapping[str, str]) -> list[bytes]:
    """The leaves of a day's tree: `SOURCE:` and the 32 bytes of its root, in the order of the sources' names."""
    return [merkle.leaf(f"{source}:".encode() + unhash(roots[source])) for source in sorted(roots)]


def unhex(text: str) -> bytes:
    """The bytes of lower-case hex. NotWhole for what is not that, or not the only way to write it."""
    try:
        data = bytes.fromhex(text)
    except ValueError:
        data = b""
    if not data or data.hex() != text:
        raise NotWhole(f"{text[:80]!r} is no lower-case hex")
    return data


def unhash(text: str) -> bytes:
    """The 32 bytes of a hash, or of a key, as `unhex` reads them."""
    data = unhex(text)
    if len(data) != HASH_BYTES:
        raise NotWhole(f"{text[:80]!r} is no hash: it has {len(data)} bytes, not {HASH_BYTES}")
    return data


def body_of(digest: StoredDigest) -> DigestBody:
    """What a stored digest says. NotWhole when its bytes are not as they were written."""
    return _whole(digest.body, _bodies, "the digest's body")


def roots_of(digest: StoredDigest) -> dict[str, str]:
    """The root of each source, which give the signed one. NotWhole when they do not."""
    roots = _whole(digest.roots, _roots, "the roots of its sources")
    if not roots or merkle.root(day_leaves(roots)).hex() != body_of(digest).root:
        raise NotWhole("the roots of its sources do not give its root")
    return roots


def format_digest(digest: StoredDigest) -> bytes:
    """As a text to carry away, a line of JSON. NotWhole when it is damaged."""
    file = DigestFile(body_of(digest), digest.public_key.hex(), roots_of(digest), digest.signature.hex())
    return canonical(file) + b"\n"


def parse_digest(text: bytes) -> StoredDigest:
    """The digest of such a text. NotWhole for whatever `format_digest` would not have written."""
    file = _whole(text.removesuffix(b"\n"), _files, "the digest")
    body, roots = canonical(file.body), canonical(file.roots)
    digest = StoredDigest(file.body.number, body, unhex(file.signature), unhex(file.public_key), roots)
    if format_digest(digest) != text:
        raise NotWhole("the digest is not written as this platform writes it")
    return digest


def trouble_with(digest: StoredDigest, is_signed: SignatureCheck) -> str:
    """Why nobody should believe it, in words; nothing when it is signed with the key it names."""
    try:
        body = body_of(digest)
        roots_of(digest)
    except NotWhole as trouble:
        return str(trouble)
    if body.number != digest.number:
        return f"it says that it is digest {body.number}"
    if body.key != key_id(digest.public_key):
        return f"it names the key {body.key}, its public key is {key_id(digest.public_key)}"
    if not is_signed(digest.public_key, digest.signature, digest.body):
        return "its signature is not that of its key"
    return ""


def _whole(text: bytes, decoder: msgspec.json.Decoder[_Said], what: str) -> _Said:
    try:
        found = decoder.decode(text)
        again = canonical(found)
    except (msgspec.DecodeError, msgspec.ValidationError, UnicodeError, RecursionError) as trouble:
        raise NotWhole(f"{what} can't be read: {trouble}") from trouble
    if again != text:
        raise NotWhole(f"{what} is not written as this platform writes it")
    return found
