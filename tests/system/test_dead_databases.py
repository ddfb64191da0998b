"""A Postgres that nobody serves, or nobody could: one line that says what to do, whichever command it is."""

import pytest
from click.testing import CliRunner

from services.cli.main import main

COMMANDS = (("verify",), ("parked", "list"), ("parked", "retry", "x"), ("parked", "discard", "x", "--yes"), ("init",))


@pytest.mark.parametrize("typed", COMMANDS, ids=" ".join)
@pytest.mark.parametrize(
    ("dsn", "says"),
    [
        ("postgresql://mkondo:hush@127.0.0.1:1/mkondo", "is Postgres running, and --database-url right?"),
        ("postgresql://mkondo:hush@127.0.0.1:99999/mkondo", "is Postgres running, and --database-url right?"),
        ("postgresql://mkondo:hush@a..b/mkondo", "is Postgres running, and --database-url right?"),
        ("nonsense", "is Postgres running, and --database-url right?"),
        ("postgresql://[::1", "this is no DSN: write postgresql://"),
    ],
)
def test_a_database_that_does_not_answer_is_said_with_what_to_do(typed: tuple[str, ...], dsn: str, says: str) -> None:
    said = CliRunner().invoke(main, (*typed, "--database-url", dsn))
    assert (said.exit_code, said.stdout, len(said.stderr.splitlines())) == (1, "", 1), said
    assert says in said.stderr and "Error(" not in said.stderr and "hush" not in said.stderr
