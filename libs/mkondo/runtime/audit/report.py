"""What an audit says: figures in one line when all is well, else what is wrong where."""

from collections import Counter

import msgspec

MOST_PROBLEMS = 500
"""More are counted, not kept: one cause may have many consequences, and the first ones are listed first."""


class Problem(msgspec.Struct, frozen=True):
    """One thing that must not be. `where` is a row (`ledger/3 sequence 17`), a record, a payment, a view's row."""

    where: str
    what: str

    def __str__(self) -> str:
        return f"{self.where}: {self.what}"


class Findings:
    """Problems in the order in which they were found, and figures by name."""

    def __init__(self) -> None:
        self.problems: list[Problem] = []
        self.more = 0
        self.figures: Counter[str] = Counter()

    def wrong(self, where: str, what: str) -> None:
        if len(self.problems) < MOST_PROBLEMS:
            self.problems.append(Problem(where, what))
        else:
            self.more += 1

    def count(self, figure: str, number: int = 1) -> None:
        self.figures[figure] += number


class Report(msgspec.Struct, frozen=True):
    """What one audit found. `more` problems were found beside those listed. Seconds are real time."""

    figures: dict[str, int]
    in_transit: dict[str, int]
    """Currency to minor units that are posted and have not reached their account."""
    problems: tuple[Problem, ...] = ()
    more: int = 0
    seconds: float = 0.0

    @property
    def clean(self) -> bool:
        return not self.problems

    def line(self) -> str:
        """One line of figures, or how much is wrong."""
        if not self.clean:
            return f"{len(self.problems) + self.more} problems in {self._number('events')} events"
        transit = ", ".join(f"{minor} {currency}" for currency, minor in sorted(self.in_transit.items()) if minor)
        number = self._number
        return "; ".join(
            (
                f"clean: {number('events')} events in {number('batches')} batches, chain unbroken, "
                f"{number('digests')} digests",
                f"{number('payments')} payments ({number('completed')} completed, {number('failed')} failed, "
                f"{number('in progress')} in progress)",
                f"{number('entries')} entries sum to zero, {number('accounts')} accounts equal their postings, "
                f"{number('open holds')} open holds, in transit {transit or 'nothing'}",
                f"{number('view rows')} view rows equal their replay, {number('events behind')} events behind",
                f"{self.seconds:.1f} s",
            )
        )

    def _number(self, figure: str) -> str:
        return f"{self.figures.get(figure, 0):,}"
