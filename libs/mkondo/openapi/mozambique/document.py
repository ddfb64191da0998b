"""The page of the Mozambique gateway's codes, made from its table: /docs/codes/mozambique.

Pure. Read next: codes.py.
"""

from typing import TypeAlias

from mkondo.openapi.codes import Code
from mkondo.openapi.mozambique.codes import RENAMED, TABLE
from mkondo.openapi.mozambique.operations import OPERATIONS

Json: TypeAlias = dict[str, object]


def codes_page() -> list[Json]:
    """Every code with its status, calls, cause, mend and whether to send again, as /docs/codes has them. A code without
    calls is never answered: its cause says why. `stands_for` are the codes of /docs/codes that go out as this one."""
    return [_row(code) for code in TABLE.rows.values()]


def _row(code: Code) -> Json:
    return {
        "code": code.code,
        "text": code.text,
        "http_status": code.status,
        "cause": code.cause,
        "mend": code.mend,
        "resend": code.resend.name.lower(),
        "resend_advice": code.resend.value,
        "operations": [
            {
                "operation": operation.name,
                "label": operation.label,
                "http_status": TABLE.status_of(code.code, operation.name),
            }
            for operation in OPERATIONS.values()
            if operation.name in code.operations
        ],
        "stands_for": [
            {"code": rename.code, "when": rename.when, "why": rename.why}
            for rename in RENAMED
            if rename.to == code.code
        ],
    }
