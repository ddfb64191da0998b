"""The pieces of the benchmark work; how quick anything is, no test says. Read next: bench.py."""

import sys
from pathlib import Path

import pytest

from tests.performance.books import read_books
from tests.performance.callbacks import Asked, measure, summary
from tests.performance.cases import Effort, embedded_case
from tests.performance.figures import CPU, EMBEDDED, FIGURES, FRESH, HOT, MEMORY, PACED
from tests.performance.load import HERE, Load, payment_template, program, send
from tests.performance.report import markdown, new_report
from tests.performance.scenario import embedded

TINY = Effort(load_seconds=0.5, fresh_headers=50, entries=100)


@pytest.mark.timeout(120)
async def test_the_embedded_case_fills_in_its_figures_and_finds_every_payment_in_the_ledger(tmp_path: Path) -> None:
    report = new_report({"run": "test"})
    await embedded_case(tmp_path, TINY, report)
    assert report.wrong == []
    assert report.figures.keys() == {EMBEDDED, CPU, PACED, FRESH, HOT, MEMORY}
    assert all(value > 0 for value in report.figures.values())
    assert FIGURES[EMBEDDED].says in markdown(report)


@pytest.mark.timeout(120)
async def test_the_healthy_merchants_are_told_whoever_else_is_dead(tmp_path: Path) -> None:
    turns = await measure(tmp_path, Asked(seconds=0.5, endpoints=8, dead=0.5, rate=40, turns=1))
    assert all(turn.delivered and turn.p99_ms > 0 for found in turns.values() for turn in found)
    assert len(turns) == len(summary(turns).splitlines()) - 2


@pytest.mark.timeout(120)
async def test_both_programs_that_send_load_keep_the_same_book(tmp_path: Path) -> None:
    async with embedded(tmp_path) as target:
        wanted = []
        for prefix, sender in (("Ccc", program()), ("Ppp", [sys.executable, str(HERE / "client.py")])):
            template = payment_template(target.path, prefix)
            found = await send(Load(target.url, 4, 0.5, template, [target.bearer], rate=40), sender)
            assert [answer.status for answer in found.answers] == [201] * 20
            assert sorted(answer.number for answer in found.answers) == list(range(20))
            wanted += [f"{prefix}{answer.number:010d}" for answer in found.accepted()]
        books = await read_books(target.dsn, "sandbox")
        assert books.missing(wanted) == []
        assert books.missing(["Ccc9999999999"]) == ["Ccc9999999999"]
