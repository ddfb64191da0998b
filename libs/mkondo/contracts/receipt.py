"""A receipt: the event that ended a payment, and the few hashes that lead from it to a signed digest.

Pure. Whoever has the platform's public key can check it with nothing else: no platform, no data. It holds one event and
otherwise hashes, so it tells nothing of anybody else's. It is canonical JSON, one line: there is one way to write it,
so every byte of it counts. docs/proofs.md draws it and checks one by hand. Read next: digest.py, runtime/receipts.py.
"""

from collections.abc import Sequence
from typing import Literal

import msgspec

from mkondo.contracts import codec, merkle
from mkondo.contracts.digest import (
    DigestBody,
    NotWhole,
    SignatureCheck,
    StoredDigest,
    canonical,
    day_leaves,
    id_of,
    key_id,
    roots_of,
    source_root,
    unhash,
    unhex,
)
from mkondo.contracts.journal import JournalRow, check_routes, format_routes, leaf_of, seal_of
from mkondo.domain.ids import Instant
from mkondo.domain.payment import PaymentCompleted, PaymentFailed

Ended = PaymentCompleted | PaymentFailed


Path = tuple[dict[str, str], ...]
"""Steps up a tree, each `{"left": HASH}` or `{"right": HASH}`: the partner, and on which side it stands."""


class EventProof(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The row of the journal, field by field; `data` is its bytes as text, `routes` as they are stored."""

    source: str
    sequence: int
    time: Instant
    type: str
    version: int
    key: str
    routes: str
    data: str


class BatchProof(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """From the event to its batch's seal: `before` is the chain's head before it, empty for a source's first batch."""

    before: str
    path: Path
    seal: str


class SourceProof(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """From the seal to the root of its source in that digest."""

    path: Path
    root: str


class DayProof(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """From the source's root to the digest's."""

    path: Path


class DigestProof(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The signed body, its signature, and the key that the receipt claims is the platform's."""

    body: DigestBody
    public_key: str
    signature: str


class Receipt(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    event: EventProof
    batch: BatchProof
    source: SourceProof
    day: DayProof
    digest: DigestProof
    format: Literal["mkondo-receipt-1"] = "mkondo-receipt-1"


class Proven(msgspec.Struct, frozen=True):
    """What a receipt proves: this event stands in the journal for which that digest was signed."""

    ended: Ended
    time: Instant
    where: str
    digest: DigestBody
    digest_id: str
    public_key: bytes


class NotProven(Exception):
    """A receipt that proves nothing: at which step, and why."""

    def __init__(self, step: str, why: str) -> None:
        super().__init__(f"{step}: {why}")
        self.step, self.why = step, why


_receipts = msgspec.json.Decoder(Receipt)


def make_receipt(
    batch: Sequence[JournalRow], place: int, before: bytes, seals: Sequence[bytes], number: int, digest: StoredDigest
) -> bytes:
    """The receipt of one row of a batch, as text. `before` is the seal of the batch before; `seals` are all of the
    row's source in that digest, the batch's the one at `number`. NotWhole when the digest is damaged."""
    row, roots = batch[place], roots_of(digest)
    receipt = Receipt(
        EventProof(
            row.source, row.sequence, row.time, row.type, row.version, row.key, format_routes(row.routes),
            row.data.decode(),
        ),
        BatchProof(before.hex(), _steps([leaf_of(one) for one in batch], place), seals[number].hex()),
        SourceProof(_steps([merkle.leaf(seal) for seal in seals], number), source_root(seals).hex()),
        DayProof(_steps(day_leaves(roots), sorted(roots).index(row.source))),
        DigestProof(
            msgspec.json.decode(digest.body, type=DigestBody), digest.public_key.hex(), digest.signature.hex()
        ),
    )  # fmt: skip
    return canonical(receipt) + b"\n"


def check_receipt(
    text: bytes, is_signed: SignatureCheck, trusted: bytes | None = None, kept: StoredDigest | None = None
) -> Proven:
    """What it proves. NotProven says which step fails. Without `trusted`, the receipt's own claim of the platform's key
    is believed; with `kept`, the digest has to be that one."""
    receipt = _read(text)
    event, batch, source, digest = receipt.event, receipt.batch, receipt.source, receipt.digest
    try:
        row = _row(event)
        ended = codec.decode(event.type, event.version, row.data)
        seal = seal_of(unhash(batch.before) if batch.before else b"", merkle.climb(leaf_of(row), _path(batch.path)))
        own_root = merkle.climb(merkle.leaf(unhash(batch.seal)), _path(source.path))
        day_root = merkle.climb(day_leaves({event.source: source.root})[0], _path(receipt.day.path))
        public_key, signature = unhash(digest.public_key), unhex(digest.signature)
    except (codec.Unreadable, NotWhole, ValueError) as trouble:
        raise NotProven("reading", str(trouble)) from trouble
    if not isinstance(ended, Ended):
        raise NotProven("event", f"{event.type} does not end a payment")
    if seal.hex() != batch.seal:
        raise NotProven("batch", "the event and its path do not give the batch's seal: one of them was changed")
    if own_root.hex() != source.root:
        raise NotProven(
            "source", "the batch's seal and its path do not give the source's root: one of them was changed"
        )
    if day_root.hex() != digest.body.root:
        raise NotProven("day", "the source's root and its path do not give the digest's root: one of them was changed")
    if digest.body.key != key_id(public_key):
        raise NotProven("key", f"the digest names the key {digest.body.key}, the receipt holds {key_id(public_key)}")
    if trusted is not None and public_key != trusted:
        raise NotProven("key", f"the digest is signed with the key {key_id(public_key)}, you trust {key_id(trusted)}")
    body = canonical(digest.body)
    if not is_signed(public_key, signature, body):
        raise NotProven("signature", "it is not this key's signature of this digest: one of them was changed")
    if kept is not None and kept.body != body:
        raise NotProven("digest", f"it is not the digest you keep: that is {id_of(kept.body)}, this {id_of(body)}")
    return Proven(ended, event.time, f"{event.source} sequence {event.sequence}", digest.body, id_of(body), public_key)


def _read(text: bytes) -> Receipt:
    try:
        receipt = _receipts.decode(text)
        again = canonical(receipt) + b"\n"
    except (msgspec.DecodeError, UnicodeError, RecursionError) as trouble:
        raise NotProven("reading", f"this is no receipt: {trouble}") from trouble
    if again != text:
        raise NotProven("reading", "the receipt is not written as the platform writes it: white space counts too")
    return receipt


def _row(event: EventProof) -> JournalRow:
    return JournalRow(
        event.source, event.sequence, event.time, event.type, event.version, event.key, event.data.encode(),
        check_routes(event.routes),
    )  # fmt: skip


def _steps(leaves: Sequence[bytes], place: int) -> Path:
    return tuple({"left" if step.is_left else "right": step.partner.hex()} for step in merkle.path(leaves, place))


def _path(steps: Path) -> list[merkle.Step]:
    path: list[merkle.Step] = []
    for step in steps:
        (side, partner), *more = step.items() or (("", ""),)
        if more or side not in ("left", "right"):
            raise NotWhole(f"a step has a partner on one side, left or right, not {step!r}")
        path.append(merkle.Step(unhash(partner), is_left=side == "left"))
    return path
