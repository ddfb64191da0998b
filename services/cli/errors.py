"""How a command ends when it did not work: one line that says what to do, exit status 1."""

import click


class CannotDo(click.ClickException):
    """It did not work. The message is one line, with the mend."""

    exit_code = 1
