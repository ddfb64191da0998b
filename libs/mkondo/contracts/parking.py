"""What an operator says of a parked message (architecture rule 14). The runtime handles it, no decider sees it."""

import msgspec

from mkondo.domain.ids import RecordKey


class RetryParked(msgspec.Struct, frozen=True, tag=True):
    """Decide again, in their order, the messages parked about a record; stop at the first that fails again."""

    about: RecordKey


class DiscardParked(msgspec.Struct, frozen=True, tag=True):
    """Forget one parked message for good. The messages that wait for it still wait to be retried."""

    parked: RecordKey
