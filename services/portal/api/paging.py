"""How every list is paged: `{"deliveries": […], "next": "…"}`, behind the `next` of the page before until it is empty.

A list looks at no more than LOOKED_AT_MAX rows a call, whatever it is asked for (rooms.py has a bound of its own). So
where only some rows are wanted a page may hold few, and none, while there is a `next`.

Read next: deliveries.py; services/cli/management.py, which follows.
"""

from collections.abc import Callable, Sequence
from typing import Annotated, Any, TypeVar

from fastapi import Query
from pydantic import Field

from mkondo.contracts.views import decode_row
from mkondo.ports.views import Views

LOOKED_AT_MAX = 500

Next = Annotated[str, Field(description="Ask again with it as `after`; empty: that was all.")]
NUMBER = "^[0-9]{0,18}$"
"""An `after` that is a number: of a version, a digest, a result. Empty: the beginning."""
Limit = Annotated[int, Query(ge=1, le=LOOKED_AT_MAX)]
Number = Annotated[str, Query(pattern=NUMBER)]
Row = TypeVar("Row")


async def page_of_view(
    views: Views, view: str, prefix: str, after: str, limit: int, wanted: Callable[[Any], bool] | None = None
) -> tuple[list[Any], str]:
    """Up to `limit` rows that are wanted (None: all are), of those below a prefix behind the key `after`; and the
    `next`, which is what a key has behind the prefix."""
    most = limit if wanted is None else LOOKED_AT_MAX
    rows = await views.page(view, prefix, after, most)
    looked_at = [(key.removeprefix(prefix), decode_row(view, data)) for key, data in rows]
    return chosen(looked_at, limit, wanted, is_all=len(rows) < most)


def chosen(
    looked_at: Sequence[tuple[str, Row]], limit: int, wanted: Callable[[Row], bool] | None = None, *, is_all: bool
) -> tuple[list[Row], str]:
    """Up to `limit` of the rows that were looked at, each with its name, and the `next`. `is_all`: that was the end."""
    found: list[Row] = []
    for name, row in looked_at:
        if wanted is None or wanted(row):
            found.append(row)
        if len(found) == limit:
            return found, "" if is_all and name == looked_at[-1][0] else name
    return found, "" if is_all else looked_at[-1][0]
