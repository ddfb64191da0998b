"""The retry table of docs/callbacks.md is the program's own."""

import re
from pathlib import Path

from mkondo.domain.delivery import DELAYS_MS, HOUR_MS, JITTER_PERMILLE, MINUTE_MS, SECOND_MS

PAGE = Path(__file__).resolve().parents[3] / "docs/callbacks.md"
UNITS = {"s": SECOND_MS, "min": MINUTE_MS, "h": HOUR_MS}


def test_the_page_has_each_delay_and_their_jitter() -> None:
    page = PAGE.read_text(encoding="utf-8")
    rows = re.findall(r"^\| (\d+) \| (\d+) (s|min|h) \|$", page, re.MULTILINE)
    assert [int(attempt) for attempt, _, _ in rows] == list(range(2, len(DELAYS_MS) + 2))
    assert tuple(int(number) * UNITS[unit] for _, number, unit in rows) == DELAYS_MS
    assert "up to a fifth longer" in page and JITTER_PERMILLE == 200
