"""docs/settings.md: every command's options and the environment variables behind them, from the commands themselves."""

import sys
from collections.abc import Iterator

import click

from services.cli.logging import LEVEL, LEVELS
from services.cli.main import COMMANDS, main


def page() -> str:
    """Markdown, a table a command."""
    return "\n".join((*_lines(), ""))


def _lines() -> Iterator[str]:
    yield "# Settings"
    yield ""
    yield "Made from the commands by `make generate`. An option wins over its environment variable."
    yield ""
    yield f"`{LEVEL}` (every command): {', '.join(LEVELS)}; WARNING unless set."
    for name in COMMANDS:
        command = main.get_command(click.Context(main), name)
        if command is not None:
            yield from _command(f"mkondo {name}", command)


def _command(name: str, command: click.Command) -> Iterator[str]:
    if isinstance(command, click.Group):
        for child, subcommand in command.commands.items():
            yield from _command(f"{name} {child}", subcommand)
        return
    yield ""
    yield f"## {name}"
    yield ""
    yield "| option | variable | default | |"
    yield "|---|---|---|---|"
    for option in command.params:
        if isinstance(option, click.Option):
            yield f"| {_names(option)} | {_variable(option)} | {_default(option)} | {option.help or ''} |"


def _names(option: click.Option) -> str:
    names = " / ".join((*option.opts, *option.secondary_opts))
    return f"`{names}`" + (f" {' or '.join(option.type.choices)}" if isinstance(option.type, click.Choice) else "")


def _variable(option: click.Option) -> str:
    return f"`{option.envvar}`" if isinstance(option.envvar, str) else "–"


def _default(option: click.Option) -> str:
    if option.required:
        return "required"
    return f"`{option.default}`" if isinstance(option.default, str | int) and option.default not in ("", False) else "–"


if __name__ == "__main__":
    sys.stdout.write(page())
