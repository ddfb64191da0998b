"""The `mkondo` commands that a text names, and what is wrong with them. Read next: test_documents.py."""

import re
from collections.abc import Iterator

import click

from services.cli.main import main

NAMED = re.compile(r"(?<![\w/.-])(?:\.venv/bin/)?mkondo((?: +[^\s`#&|>()\"']+)+)")
"""From the program's name to the end of what a shell would give it."""


def named(text: str) -> list[list[str]]:
    """The arguments of each call of `mkondo` in code: fences, spans, and examples of a command's help."""
    return [found.split() for code in _code(text) for found in NAMED.findall(code)]


def _code(text: str) -> Iterator[str]:
    fences = re.findall(r"^```.*?\n(.*?)^```", text, re.MULTILINE | re.DOTALL)
    yield from (line for fence in fences for line in fence.splitlines())
    yield from re.findall(r"`([^`\n]+)`", re.sub(r"^```.*?^```", "", text, flags=re.MULTILINE | re.DOTALL))
    yield from re.findall(r"^ *(?:[A-Z][a-z ]*: +)?((?:eval .*)?mkondo .*)$", text, re.MULTILINE)


def trouble(arguments: list[str]) -> str | None:
    """What the program would refuse: a subcommand or an option that is not there. Values are not looked at."""
    command: click.Command = main
    typed = "mkondo"
    for argument in arguments:
        if argument.startswith("-"):
            name = argument.partition("=")[0]
            if name not in _options(command):
                return f"{typed} has no {name}"
        elif isinstance(command, click.Group):
            found = command.get_command(click.Context(command), argument)
            if found is None:
                return f"there is no command {argument}"
            command, typed = found, argument
    return None


def _options(command: click.Command) -> set[str]:
    return {name for option in command.get_params(click.Context(command)) for name in option.opts}


def every_command(command: click.Command = main, name: str = "mkondo") -> Iterator[tuple[str, click.Command]]:
    """Each command that does something, and the groups above it, by what one types."""
    yield name, command
    if isinstance(command, click.Group):
        context = click.Context(command)
        for child in command.list_commands(context):
            found = command.get_command(context, child)
            assert found is not None
            yield from every_command(found, f"{name} {child}")
