"""Why a request was refused, as the sandbox says it beside the answer: `Mkondo-Explanation`.

Pure. A structured field (RFC 9651): a list with one member for each limit, its figures as parameters, so that programs
read it with any such parser. No quote character ever: one client crashes on it (contract section 10.5). The body stays
what the contract says, and live answers have no such header. Read next: render.py.
"""

import re
from collections.abc import Sequence

from mkondo.domain import reasons
from mkondo.domain.hours import Closed
from mkondo.domain.limits import NEW_SESSION, USAGE_TIME, Breach
from mkondo.domain.markets import CURRENCIES
from mkondo.openapi.codes import OPENAPI, CodeTable

HEADER = b"mkondo-explanation"
GRAMMAR = re.compile(r"[a-z_]+(?:;[a-z]+=[0-9A-Za-z_.:-]+)+(?:, [a-z_]+(?:;[a-z]+=[0-9A-Za-z_.:-]+)+)*")
"""What it looks like: names and figures, and nothing that would have to be quoted."""
CODES = tuple(f"INS-{number}" for number in range(990, 997))
"""The answers that have it."""
EXAMPLE = "daily_value;code=INS-994;ceiling=100.00;used=90.00;asked=20.00;left=10.00;currency=TZS;resets=1795132800"

_SECOND_MS = 1_000
_WHOLE_DIGITS_MAX = 12
"""Of a decimal number in a structured field. What is larger is written without its fraction."""


def explain_limits(breaches: Sequence[Breach], codes: CodeTable = OPENAPI) -> str:
    """As in EXAMPLE, a member for each.

    `code` is that of `codes`, as in the body. `resets` is in seconds since 1970, `new_session`, or `never`. Without a
    `ceiling`, none names the currency.
    """
    return ", ".join(_limit(breach, codes) for breach in breaches)


def explain_hours(closed: Closed, codes: CodeTable = OPENAPI) -> str:
    """`usage_time;code=INS-996;opens=T08:00;closes=T17:00;now=T07:59;resets=1795132800`, in the market's own time."""
    clock = f"opens={_time(closed.opens)};closes={_time(closed.closes)};now={_time(closed.minute)}"
    code = codes.name_of(reasons.OUT_OF_HOURS)
    return f"{USAGE_TIME};code={code};{clock};resets={closed.opens_at // _SECOND_MS}"


def _limit(breach: Breach, codes: CodeTable) -> str:
    figures = {"code": codes.name_of(breach.code)}
    if breach.ceiling is not None:
        figures |= {"ceiling": _figure(breach.ceiling, breach), "used": _figure(breach.used, breach)}
    figures["asked"] = _figure(breach.asked, breach)
    figures["left"] = _figure(breach.left, breach)
    if breach.currency:
        figures["currency"] = breach.currency
    figures["resets"] = _resets(breach)
    return ";".join((breach.limit, *(f"{name}={value}" for name, value in figures.items())))


def _resets(breach: Breach) -> str:
    if breach.resets_at is None:
        return "never"
    return "new_session" if breach.resets_at == NEW_SESSION else str(breach.resets_at // _SECOND_MS)


def _figure(number: int, breach: Breach) -> str:
    """A count as it is, a value in whole units of its currency."""
    decimals = CURRENCIES[breach.currency].decimals if breach.currency else 0
    whole, fraction = divmod(number, 10**decimals)
    if not decimals or whole >= 10**_WHOLE_DIGITS_MAX:
        return str(whole)
    return f"{whole}.{fraction:0{decimals}}"


def _time(minute: int) -> str:
    return f"T{minute // 60:02}:{minute % 60:02}"
