"""Digests: each is whole, signed and linked to the one before, and the journals still give what it was signed for.

A journal that was rewritten and sealed anew by somebody who knows how passes chain.py. It does not pass this, unless
the digests were rewritten and signed anew as well; for that one is kept elsewhere (docs/proofs.md).
Read next: contracts/digest.py.
"""

from collections.abc import Mapping, Sequence

import msgspec

from mkondo.contracts.digest import (
    DigestBody,
    NotWhole,
    SignatureCheck,
    StoredDigest,
    body_of,
    id_of,
    key_id,
    roots_of,
    source_root,
    trouble_with,
)
from mkondo.contracts.journal import JournalRow
from mkondo.runtime.audit.report import Findings


class Trust(msgspec.Struct, frozen=True):
    """What the auditor brings along: how a signature is checked, whose newest digest has to be (None: anybody's), which
    environment it is, and digests that were kept elsewhere."""

    environment: str
    is_signed: SignatureCheck
    key: bytes | None = None
    kept: tuple[StoredDigest, ...] = ()


class Stretch(msgspec.Struct, frozen=True):
    """What one digest says of one source: these rows' seals have that root."""

    number: int
    after: int
    until: int
    root: str


class Digests:
    """Follows the seals of every journal, digest by digest. `see` every row in its source's order, then `finish`."""

    def __init__(self, stored: Sequence[StoredDigest], trust: Trust | None, findings: Findings) -> None:
        self._trust, self._findings = trust, findings
        self._said: dict[str, list[Stretch]] = {}
        self._seals: dict[str, list[bytes]] = {}
        self._last: dict[str, int] = {}
        self._check(_with_kept(stored, trust, findings))
        findings.count("digests", len(stored))

    def _check(self, digests: Sequence[StoredDigest]) -> None:
        """Each by itself, and as the one after the one before. What follows a lost or unreadable one can't be told."""
        expected, previous = 1, ""
        covered: Mapping[str, int] | None = {}
        for digest in digests:
            if digest.number != expected:
                self._findings.wrong(
                    f"digest {expected}", f"missing: the next one there is has the number {digest.number}"
                )
                covered = None
            body = self._whole(digest)
            if body is not None and covered is not None:
                self._follows(digest, body, previous, covered)
            covered = None if body is None else body.until
            expected, previous = digest.number + 1, id_of(digest.body)
        self._check_key(digests)

    def _whole(self, digest: StoredDigest) -> DigestBody | None:
        where, trust = f"digest {digest.number}", self._trust
        trouble = trouble_with(digest, trust.is_signed if trust is not None else _anything)
        if trouble:
            self._findings.wrong(where, trouble)
        try:
            body = body_of(digest)
        except NotWhole:
            return None
        if trust is not None and body.environment != trust.environment:
            self._findings.wrong(where, f"it is of the environment {body.environment!r}")
        return body

    def _follows(self, digest: StoredDigest, body: DigestBody, previous: str, covered: Mapping[str, int]) -> None:
        """Note what it says of each source that has something new."""
        where, roots = f"digest {digest.number}", _roots(digest)
        if body.previous != previous:
            self._findings.wrong(where, "the digest before it is another than the one it was signed to follow")
        if any(body.until.get(source, 0) < until for source, until in covered.items()):
            self._findings.wrong(where, "it covers less than the digest before it")
        for source, until in body.until.items():
            after = covered.get(source, 0)
            if until > after and roots is not None:
                self._said.setdefault(source, []).append(Stretch(digest.number, after, until, roots.get(source, "")))

    def _check_key(self, digests: Sequence[StoredDigest]) -> None:
        """Of the newest: those before it are bound to it, each by the id that the next one was signed with."""
        key = None if self._trust is None else self._trust.key
        if digests and key is not None and digests[-1].public_key != key:
            signed = key_id(digests[-1].public_key)
            self._findings.wrong(
                f"digest {digests[-1].number}", f"signed with the key {signed}, not with {key_id(key)}"
            )

    def see(self, row: JournalRow) -> None:
        """Every row of a journal, in order."""
        stretches = self._said.get(row.source)
        self._last[row.source] = row.sequence
        if not stretches or row.seal is None:
            return
        while stretches and row.sequence > stretches[0].until:
            self._compare(row.source, stretches.pop(0))
        if stretches:
            self._seals.setdefault(row.source, []).append(row.seal)

    def finish(self) -> None:
        for source, stretches in self._said.items():
            for stretch in stretches:
                self._compare(source, stretch)

    def _compare(self, source: str, stretch: Stretch) -> None:
        seals, last = self._seals.pop(source, []), self._last.get(source, 0)
        if last < stretch.until:
            self._findings.wrong(
                f"{source} sequence {last + 1} to {stretch.until}",
                f"missing, and digest {stretch.number} was signed for it",
            )
        elif not seals or source_root(seals).hex() != stretch.root:
            self._findings.wrong(
                f"{source} sequence {stretch.after + 1} to {stretch.until}",
                f"it is not what digest {stretch.number} was signed for",
            )


def _with_kept(stored: Sequence[StoredDigest], trust: Trust | None, findings: Findings) -> Sequence[StoredDigest]:
    """The stored ones, and in place of any of them the one that was kept: that is the one to believe."""
    digests = {digest.number: digest for digest in stored}
    for kept in trust.kept if trust is not None else ():
        found = digests.get(kept.number)
        if found is None:
            findings.wrong(f"digest {kept.number}", "missing, though you keep it")
        elif found.body != kept.body:
            findings.wrong(f"digest {kept.number}", "it is not the one that you keep")
        digests[kept.number] = kept
    return [digest for _, digest in sorted(digests.items())]


def _roots(digest: StoredDigest) -> Mapping[str, str] | None:
    """None if they do not give the signed root: that is told of the digest, and of the journals nothing can be."""
    try:
        return roots_of(digest)
    except NotWhole:
        return None


def _anything(_: bytes, __: bytes, ___: bytes) -> bool:
    """Where nobody brought along how to check a signature."""
    return True
