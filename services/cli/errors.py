"""How a command ends when it did not work: one line that says what to do, exit status 1."""

import click


class CannotDo(click.ClickException):
    """It did not work. The message is one line, with the mend."""

    exit_code = 1


def without_database(trouble: Exception, database_url: str) -> CannotDo:
    """Postgres does not answer a command that works on the books."""
    mend = "is Postgres running, and --database-url right?" if database_url else "see `mkondo up`, or try again"
    return CannotDo(f"{trouble}: {mend}")
