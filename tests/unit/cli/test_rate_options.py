"""The rates and proxies of a process, as its options and variables say them."""

from collections.abc import Sequence

import click
import pytest
from click.testing import CliRunner

from services.cli.options import rate_option, trusted_proxies_option
from services.cli.serve import command as serve
from services.cli.up import command as up


def defaults_of(command: click.Command) -> dict[str, object]:
    return {
        option.name: option.default
        for option in command.params
        if isinstance(option, click.Option) and option.name and option.name.startswith(("rate_", "trusted_"))
    }


def test_a_deployment_is_held_to_rates_and_a_laptop_is_not() -> None:
    assert defaults_of(serve) == {"rate_per_address": 200, "rate_per_application": 2_000, "trusted_proxies": ""}
    assert defaults_of(up) == {"rate_per_address": 0, "rate_per_application": 0, "trusted_proxies": ""}


@click.command()
@rate_option("address", default=7)
@trusted_proxies_option
def told(rate_per_address: int, trusted_proxies: tuple[str, ...]) -> None:
    click.echo(f"{rate_per_address} {','.join(trusted_proxies)}")


@pytest.mark.parametrize(
    ("arguments", "variables", "output"),
    [
        ([], {}, "7 "),
        (["--rate-per-address", "0"], {}, "0 "),
        ([], {"MKONDO_RATE_PER_ADDRESS": "30"}, "30 "),
        (["--rate-per-address", "5"], {"MKONDO_RATE_PER_ADDRESS": "30"}, "5 "),
        (["--trusted-proxies", "10.0.0.7/8, ::1,"], {}, "7 10.0.0.7/8,::1"),
        ([], {"MKONDO_TRUSTED_PROXIES": "10.0.0.1"}, "7 10.0.0.1"),
    ],
)
def test_an_option_wins_over_its_variable(arguments: Sequence[str], variables: dict[str, str], output: str) -> None:
    done = CliRunner().invoke(told, arguments, env=variables)
    assert (done.exit_code, done.output) == (0, f"{output}\n")


@pytest.mark.parametrize(
    ("arguments", "named"),
    [
        (["--rate-per-address", "-1"], "--rate-per-address"),
        (["--rate-per-address", "0.5"], "--rate-per-address"),
        (["--rate-per-address", "many"], "MKONDO_RATE_PER_ADDRESS"),
        (["--trusted-proxies", "10.0.0.1,proxy.example"], "'proxy.example'"),
        (["--trusted-proxies", "10.0.0.0/33"], "MKONDO_TRUSTED_PROXIES"),
    ],
)
def test_what_is_no_rate_and_no_network_is_refused_by_name(arguments: Sequence[str], named: str) -> None:
    done = CliRunner().invoke(told, arguments)
    assert done.exit_code == 2
    assert named in done.output
