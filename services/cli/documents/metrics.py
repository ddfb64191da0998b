"""docs/metrics.md: every metric with its sentence, from runtime/metrics.py."""

import sys
from collections.abc import Iterator

from prometheus_client import Metric
from prometheus_client.metrics import MetricWrapperBase

from mkondo.runtime import metrics


def page() -> str:
    """Markdown, one line a metric, by name."""
    return "\n".join((*_lines(), ""))


def _lines() -> Iterator[str]:
    yield "# Metrics"
    yield ""
    yield "Made from `mkondo/runtime/metrics.py` by `make generate`; served on `/metrics` of every service."
    yield ""
    yield "| metric | kind | labels | says |"
    yield "|---|---|---|---|"
    for family, metric in sorted(_all(), key=lambda found: found[0].name):
        labels = ", ".join(metric._labelnames) or "–"
        suffix = "_total" if family.type == "counter" else ""
        yield f"| `{family.name}{suffix}` | {family.type} | {labels} | {family.documentation} |"


def _all() -> Iterator[tuple[Metric, MetricWrapperBase]]:
    for value in vars(metrics).values():
        if isinstance(value, MetricWrapperBase):
            yield next(iter(value.describe())), value


if __name__ == "__main__":
    sys.stdout.write(page())
