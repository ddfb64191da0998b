"""The rows of /docs/codes: every code with its status, operations, cause, mend and whether to send again.

Pure. Served as JSON to programs and as a page to people. Read next: codes.py.
"""

import msgspec

from mkondo.openapi.codes import CODES, Code, text_of
from mkondo.openapi.operations import OPERATIONS, Operation


class Use(msgspec.Struct, frozen=True):
    """One operation that may answer the code, with the status and text that it has there."""

    operation: str
    label: str
    http_status: int
    text: str
    source: str


class Shared(msgspec.Struct, frozen=True):
    """Operations that answer the code in the same way, for people."""

    http_status: int
    text: str
    source: str
    labels: tuple[str, ...]


class Row(msgspec.Struct, frozen=True):
    """One code."""

    code: str
    text: str
    http_status: int
    cause: str
    mend: str
    resend: str
    resend_advice: str
    operations: tuple[Use, ...]

    @property
    def answers(self) -> tuple[Shared, ...]:
        """The operations once more, those together that answer alike."""
        alike: dict[tuple[int, str, str], tuple[str, ...]] = {}
        for use in self.operations:
            key = (use.http_status, use.text, use.source)
            alike[key] = (*alike.get(key, ()), use.label)
        return tuple(Shared(*key, labels) for key, labels in alike.items())


def codes_page() -> tuple[Row, ...]:
    """In the table's order, which is the contract's."""
    return tuple(
        Row(
            code=code.code,
            text=code.text,
            http_status=code.status,
            cause=code.cause,
            mend=code.mend,
            resend=code.resend.name.lower(),
            resend_advice=code.resend.value,
            operations=tuple(
                _use(code, operation)
                for name, operation in OPERATIONS.items()
                if name in code.operations or name in code.also
            ),
        )
        for code in CODES.values()
    )


def _use(code: Code, operation: Operation) -> Use:
    return Use(
        operation=operation.name,
        label=operation.label,
        http_status=code.statuses.get(operation.name, code.status),
        text=text_of(code.code, operation.name),
        source="documented" if operation.name in code.operations else "ruling",
    )
