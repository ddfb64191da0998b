"""The figures that the architecture asks for (section 9), each with its floor and its goal. Read next: report.py."""

from collections.abc import Mapping

import msgspec


class Figure(msgspec.Struct, frozen=True):
    """One row. `less`: a smaller value is better."""

    name: str
    says: str
    unit: str
    floor: float
    goal: float
    less: bool = False

    def verdict(self, value: float | None) -> str:
        if value is None:
            return "not measured"
        if self._reaches(value, self.goal):
            return "goal"
        return "floor" if self._reaches(value, self.floor) else "not the floor"

    def _reaches(self, value: float, mark: float) -> bool:
        return value <= mark if self.less else value >= mark


EMBEDDED, FRESH, KAFKA, SEPARATE = "embedded", "fresh_headers", "kafka_one_process", "kafka_separate"
PACED, CPU, LEDGER, HOT, VIEWS, MEMORY = "p99_at_60", "cpu", "ledger", "hot_merchant", "views", "memory"

FIGURES: Mapping[str, Figure] = {
    figure.name: figure
    for figure in (
        Figure(EMBEDDED, "sync C2B, embedded, 64 connections, session header reused", "payments/s", 3_000, 8_000),
        Figure(FRESH, "the same with a fresh RSA-2048 header on every request", "payments/s", 1_200, 2_500),
        Figure(KAFKA, "on Kafka, all services in one process, 256 connections", "payments/s", 2_500, 6_000),
        Figure(SEPARATE, "on Kafka, each service its own process, 256 connections", "payments/s", 1_000, 3_000),
        Figure(PACED, "p99 at 60 % of the embedded maximum", "ms", 100, 25, less=True),
        Figure(CPU, "CPU seconds per 1,000 payments, our processes and Postgres, embedded", "s", 0.6, 0.15, less=True),
        Figure(LEDGER, "ledger alone, log to committed entries", "entries/s", 10_000, 25_000),
        Figure(HOT, "one hot merchant account ÷ uniform accounts", "×", 0.9, 1.0),
        Figure(VIEWS, "rebuild of all views from 1 M events", "s", 120, 30, less=True),
        Figure(MEMORY, "idle memory of all our own processes, embedded", "MB", 400, 150, less=True),
    )
}
