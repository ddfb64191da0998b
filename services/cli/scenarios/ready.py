"""Whether the demo application is still as the scenarios need it, and the command that makes it so again.

Each operation is asked at once and, with an address in the request, asynchronously: so it must be switched on, its
results may go where the request says, and nowhere else. Read next: run.py.
"""

import json
from collections.abc import Sequence
from typing import Any

from services.cli.errors import CannotDo
from services.cli.scenarios.scenario import Call, Scenario


def check_ready(now: dict[str, Any], scenarios: Sequence[Scenario]) -> None:
    """`now` is the application as the management API shows it. Raises CannotDo with the mend."""
    wanted = _wanted(now, scenarios)
    changed = {name: value for name, value in wanted.items() if now[name] != value}
    if changed:
        settings = " ".join(f"{name}={_text(value)}" for name, value in changed.items())
        raise CannotDo(f"the demo was changed: to run these scenarios, first `mkondo apps set {now['id']} {settings}`")


def _wanted(now: dict[str, Any], scenarios: Sequence[Scenario]) -> dict[str, Any]:
    """What is there stays: another product that is switched on, or pushed, disturbs nobody."""
    asked = {scenario.operation for scenario in scenarios}
    before = {step.operation for scenario in scenarios for step in scenario.before if isinstance(step, Call)}
    pushed = {scenario.operation for scenario in scenarios if scenario.pushed}
    return {
        "products": _with(now["products"], asked | before),
        "asynchronous": _with(now["asynchronous"], pushed),
        "response_url": "",
        "response_url_override": now["response_url_override"] or bool(pushed),
    }


def _with(there: list[str], needed: set[str]) -> list[str]:
    return [*there, *sorted(needed - set(there))]


def _text(value: Any) -> str:
    return f"'{json.dumps(value)}'" if isinstance(value, list) else json.dumps(value).strip('"')
