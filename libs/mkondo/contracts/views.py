"""View rows to bytes and back: JSON, because people and other programs look at them in the database too.

The rows are made by domain/views; a row whose shape changes is made again by a rebuild, so they carry no version.
"""

from collections.abc import Callable
from typing import Any

import msgspec

from mkondo.domain.views import VIEWS

_decoders: dict[str, msgspec.json.Decoder[Any]] = {name: msgspec.json.Decoder(view.row) for name, view in VIEWS.items()}

encode_row: Callable[[msgspec.Struct], bytes] = msgspec.json.Encoder().encode
"""The same row always gives the same bytes: fields stand in the order of the class."""


def decode_row(view: str, data: bytes) -> Any:
    """The row of a view: PaymentRow for `payments`, and so on. KeyError for a view that is not in the table."""
    return _decoders[view].decode(data)
