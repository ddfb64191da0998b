"""Usage time: the part of the market's day in which a product may be used (INS-996).

Pure. It is checked twice: by the ingress, which refuses before it looks at fields (contract section 5), and by
admission, whose time decides (architecture rule 11). Read next: limits.py.
"""

import msgspec

from mkondo.domain.application import ProductScope
from mkondo.domain.calendar import minute_of, next_minute
from mkondo.domain.ids import Instant
from mkondo.domain.limits import APPLICABLE, USAGE_TIME
from mkondo.domain.markets import MARKETS


class Closed(msgspec.Struct, frozen=True):
    """Why it can't be used now. Minutes since midnight in the market; `opens_at` is when it next opens."""

    opens: int
    closes: int
    minute: int
    opens_at: Instant


def closed(product: str, scope: ProductScope, market: str, now: Instant) -> Closed | None:
    """Why the product may not be used at that moment, or None."""
    hours = scope.usage_time
    if hours is None or USAGE_TIME not in APPLICABLE[product]:
        return None
    zone = MARKETS[market].time_zone
    minute = minute_of(now, zone)
    if hours.covers(minute):
        return None
    return Closed(hours.opens, hours.closes, minute, next_minute(hours.covers, hours.opens, now, zone))
