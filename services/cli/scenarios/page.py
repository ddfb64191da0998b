"""The catalogue as a page, with the last result of every scenario: request, answer, what was pushed."""

import json
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path

from mkondo.adapters.html.templates import Templates
from services.cli.scenarios.run import Ran

_FOLDER = Path(__file__).parent / "templates"


def page(results: Sequence[Ran]) -> bytes:
    """HTML that needs nothing but itself."""
    rows = [
        {
            "name": ran.scenario.name,
            "says": ran.scenario.says,
            "operation": ran.scenario.operation,
            "expected": f"{ran.scenario.expected.status} {ran.scenario.expected.code}",
            "word": ran.scenario.expected.word,
            "troubles": ran.troubles,
            "exchanges": [
                {
                    "request": _shown(exchange.request),
                    "status": exchange.status,
                    "answer": _shown(exchange.answer),
                    "callback": None if exchange.callback is None else _shown(exchange.callback),
                }
                for exchange in ran.exchanges
            ],
        }
        for ran in results
    ]
    failed = sum(bool(ran.troubles) for ran in results)
    ran_at = f"{datetime.now(UTC):%Y-%m-%d %H:%M} UTC"
    return Templates(_FOLDER).render("scenarios.html", {"rows": rows, "failed": failed, "ran_at": ran_at})


def _shown(body: dict[str, object]) -> str:
    return json.dumps(body, indent=2)
