"""Settings of edge_auth. Read once at start; those that an operator sets have an option (docs/settings.md)."""

import msgspec


class Settings(msgspec.Struct, frozen=True):
    """`open_seconds_max`: how long a caller waits for its session before it is told INS-989."""

    open_seconds_max: float = 10.0
