"""Two collections that must be the same, compared without keeping either in memory.

Both sides are added up in buckets by key: a sum of hashes is the same in any order, and counts repeats. Only buckets
that differ are looked at again, in a second pass that keeps what falls into them, and names the rows. Read next:
verify.py.
"""

from collections import defaultdict
from collections.abc import Collection
from hashlib import blake2b
from zlib import crc32

from mkondo.runtime.audit.report import Findings

BUCKETS = 4096
LOOKED_AT_MOST = 64
"""Of the buckets that differ: after a disaster the first thousands of rows say enough."""


class Match:
    """What one side says must be there (`expect`) against what is there (`find`).

    `kind` names a row for people, and `missing` and `surplus` say what it means when one side lacks it.
    """

    def __init__(self, kind: str, missing: str, surplus: str, focus: Collection[int] = ()) -> None:
        self._kind, self._missing, self._surplus = kind, missing, surplus
        self._sums = [0] * BUCKETS
        self._focus = frozenset(focus)
        self._expected: defaultdict[str, list[tuple[bytes, str]]] = defaultdict(list)
        self._found: defaultdict[str, list[tuple[bytes, str]]] = defaultdict(list)

    def expect(self, key: str, value: bytes, where: str) -> None:
        self._add(key, value, where, 1, self._expected)

    def find(self, key: str, value: bytes, where: str = "") -> None:
        self._add(key, value, where, -1, self._found)

    def _add(self, key: str, value: bytes, where: str, sign: int, kept: dict[str, list[tuple[bytes, str]]]) -> None:
        name = key.encode()
        bucket = crc32(name) % BUCKETS
        row = blake2b(name + b"\0" + value, digest_size=16).digest()
        self._sums[bucket] += sign * int.from_bytes(row, "little")
        if bucket in self._focus:
            kept[key].append((value, where))

    def differing(self) -> frozenset[int]:
        """The buckets whose sides differ; focus on them in a second pass."""
        return frozenset([bucket for bucket, total in enumerate(self._sums) if total])

    def report(self, findings: Findings) -> None:
        """Name the rows that differ, of the buckets in focus."""
        for key in sorted(self._expected.keys() | self._found.keys()):
            self._compare(key, self._expected[key], self._found[key], findings)
        unseen = len(self.differing()) - len(self._focus)
        if unseen > 0:
            findings.wrong(f"{self._kind}s", f"and many more: {unseen} of {BUCKETS} parts were not looked at")

    def _compare(
        self, key: str, expected: list[tuple[bytes, str]], found: list[tuple[bytes, str]], findings: Findings
    ) -> None:
        if sorted(value for value, _ in expected) == sorted(value for value, _ in found):
            return
        where = f"{self._kind} {key}"
        origin = ", ".join(sorted({place for _, place in (*expected, *found) if place}))
        suffix = f" ({origin})" if origin else ""
        if len(expected) == len(found):
            findings.wrong(where, f"differs from what the events say{suffix}")
        elif not found:
            findings.wrong(where, f"{self._missing}{suffix}")
        elif not expected:
            findings.wrong(where, f"{self._surplus}{suffix}")
        else:
            findings.wrong(where, f"{len(expected)} expected, {len(found)} found{suffix}")
