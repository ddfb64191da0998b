"""`mkondo token`: the bearer token of a person, for the management API. Read next: services/portal/api/grants.py."""

import json
from pathlib import Path

import click

from mkondo.adapters.keys.rsa import UnusableKey
from mkondo.adapters.keys.tokens import Tokens, load_or_create_tokens
from services.cli.errors import CannotDo
from services.cli.options import data_option, json_option
from services.portal.api.grants import OPERATOR, USER_ROLES, grant_to, subject_of_user


@click.command()
@click.argument("name")
@click.option("--role", type=click.Choice(USER_ROLES), required=True, help="What they may do.")
@click.option("--organisation", default="", help="Whose applications they see; an operator needs none.")
@data_option
@json_option
def command(name: str, role: str, organisation: str, data: Path, as_json: bool) -> None:
    """The bearer token of a person: their name stands in the history of all that they change.

    \b
    Example:  mkondo token asha --role developer --organisation demo-shop
    """
    subject = subject_of_user(name, role, organisation)
    if role != OPERATOR and not organisation:
        raise CannotDo(f"a token with the role {role} is for one organisation: add --organisation NAME")
    if grant_to(subject) is None:
        raise CannotDo("names are letters, digits, . _ and -, at most 64: write the name and organisation with those")
    token = _tokens(data / "keys" / "tokens.key").issue(subject)
    click.echo(json.dumps({"subject": subject, "token": token}) if as_json else token)


def _tokens(file: Path) -> Tokens:
    """Of the deployment's secret, which only `mkondo up` and `mkondo serve portal` make."""
    try:
        if not file.exists():
            raise CannotDo(f"{file} is not there: name the data directory of a platform that has been up with --data")
        return load_or_create_tokens(file)
    except OSError as trouble:
        raise CannotDo(f"{file}: {trouble.strerror}. Run as the user who ran `mkondo up`") from trouble
    except UnusableKey as trouble:
        raise CannotDo(str(trouble)) from trouble
