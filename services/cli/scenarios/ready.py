"""Whether the demo application is still as the scenarios need it, and the command that makes it so again.

Each operation is asked at once and, with an address in the request, asynchronously: so it must be switched on, its
results may go where the request says, and nowhere else. Amounts, vouchers and status words are those of a demo that
nothing holds back. Read next: run.py.
"""

import json
from collections.abc import Iterator, Sequence
from typing import Any

from services.cli.errors import CannotDo
from services.cli.scenarios.scenario import Call, Scenario

STATUS = "query_transaction_status"


def check_ready(now: dict[str, Any], market: str, scenarios: Sequence[Scenario]) -> None:
    """`now` is the application as the management API shows it, `market` the demo's. Raises CannotDo with the mend."""
    changed = {name: value for name, value in _wanted(now, market, scenarios).items() if now[name] != value}
    if changed:
        settings = " ".join(f"{name}={_text(_different(value, now[name]))}" for name, value in changed.items())
        raise CannotDo(f"the demo was changed: to run these scenarios, first `mkondo apps set {now['id']} {settings}`")


def _wanted(now: dict[str, Any], market: str, scenarios: Sequence[Scenario]) -> dict[str, Any]:
    """What is there stays: another product that is switched on, or pushed, or limited, disturbs nobody."""
    needed = set(_products(scenarios))
    pushed = {scenario.operation for scenario in scenarios if scenario.pushed}
    return {
        "products": _with(now["products"], needed),
        "asynchronous": _with(now["asynchronous"], pushed),
        "limits": {name: dict.fromkeys(limits) if name in needed else limits for name, limits in now["limits"].items()},
        "markets": _with(now["markets"], {market}) if now["markets"] else [],
        "activation_delay_seconds": 0,
        "response_url": "",
        "response_url_override": now["response_url_override"] or bool(pushed),
        "switches": now["switches"] | ({"voucher_in_answer": True} if _keeps_a_voucher(scenarios) else {}),
        "faults": {},
    }


def _products(scenarios: Sequence[Scenario]) -> Iterator[str]:
    """What is asked: the scenario's own request, what comes before it, and what it is called afterwards."""
    for scenario in scenarios:
        yield scenario.operation
        yield from (call.operation for call in _calls(scenario))
        if scenario.expected.word:
            yield STATUS


def _keeps_a_voucher(scenarios: Sequence[Scenario]) -> bool:
    return any("VoucherCode" in call.keep.values() for scenario in scenarios for call in _calls(scenario))


def _calls(scenario: Scenario) -> list[Call]:
    return [step for step in scenario.before if isinstance(step, Call)]


def _with(there: list[str], needed: set[str]) -> list[str]:
    return [*there, *sorted(needed - set(there))]


def _different(wanted: Any, now: Any) -> Any:
    """A map is changed entry by entry: what stays is not sent, and a limit is taken away by naming it as null."""
    if not isinstance(wanted, dict):
        return wanted
    return {name: value for name, value in wanted.items() if now.get(name) != value}


def _text(value: Any) -> str:
    return f"'{json.dumps(value)}'" if isinstance(value, list | dict) else json.dumps(value).strip('"')
