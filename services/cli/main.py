"""The `mkondo` command. Each subcommand is a module that is imported only when it is called."""

import importlib

import click

from mkondo.adapters.client.trouble import CannotEncrypt, NoAnswer, NotTheApi
from services.cli.errors import CannotDo

COMMANDS: dict[str, tuple[str, str]] = {
    "up": ("services.cli.up", "The whole platform on one machine."),
    "demo": ("services.cli.demo", "What the demo made: keys, shortcodes, customers."),
    "env": ("services.cli.env", "Point an unmodified SDK at this platform."),
    "pay": ("services.cli.pay", "Make a payment over HTTP, with the real cryptography."),
    "reverse": ("services.cli.reverse", "Give a payment back, whole or in part."),
    "status": ("services.cli.status", "Ask what became of a payment."),
    "clock": ("services.cli.clock", "The sandbox's clock: show it, move it forward."),
    "apps": ("services.cli.apps", "Applications: make, change, re-key, remove, see their history and limits."),
    "orgs": ("services.cli.orgs", "Organisations: which products they have in each market."),
    "token": ("services.cli.token", "A bearer token for a person, with a role."),
    "handset": ("services.cli.handset", "The sandbox's test handsets: register, look, answer."),
    "listen": ("services.cli.listen", "Forward results to this machine, whatever happens in between."),
    "replay": ("services.cli.replay", "Push results again: some, or all of a time."),
    "endpoints": ("services.cli.endpoints", "Addresses to which nothing is pushed any more; enable them."),
    "trigger": ("services.cli.trigger", "Run a named scenario: request, answer, and what is pushed."),
    "conformance": ("services.cli.conformance", "The coded conformance cases, against any implementation."),
    "events": ("services.cli.events", "Everything that happens, as events: watch, export, see their schemas."),
    "verify": ("services.cli.verify", "Audit the books: exit 0 and one line, or what is wrong where."),
    "digest": ("services.cli.digest", "What the platform signs for, day by day: list, show, close, its key."),
    "receipt": ("services.cli.receipt", "The proof of one payment: get it, check it offline."),
    "parked": ("services.cli.parked", "Messages that could not be decided: list, retry, discard."),
    "serve": ("services.cli.serve", "Run one or more services as a process (Kafka mode)."),
    "init": ("services.cli.init", "Prepare the databases and topics of the environments."),
    "relay": ("services.cli.relay", "Publish again from the store."),
}


class LazyGroup(click.Group):
    """Loads a subcommand's module when it is needed: `mkondo env` must not wait for the HTTP server's imports."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(COMMANDS)

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        """Everything that was typed, before any command looks at it: what isn't UTF-8 can be neither sent nor shown."""
        for given in args:
            try:
                given.encode()
            except UnicodeEncodeError:
                raise click.UsageError(f"{given!a} is not UTF-8: type it in UTF-8.", ctx) from None
        return super().parse_args(ctx, args)

    def invoke(self, ctx: click.Context) -> object:
        """Whoever calls the platform may find nobody, or somebody else: what to do about it is the same for all."""
        try:
            return super().invoke(ctx)
        except NoAnswer as trouble:
            raise CannotDo(f"{trouble}. Is `mkondo up` running?") from trouble
        except NotTheApi as trouble:
            raise CannotDo(f"{trouble}: is that this `mkondo up`?") from trouble
        except CannotEncrypt as trouble:
            raise CannotDo(f"{trouble}: compare with api_key and public_key in demo.json") from trouble

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name not in COMMANDS:
            return None
        command = importlib.import_module(COMMANDS[cmd_name][0]).command
        if not isinstance(command, click.Command):
            raise TypeError(f"{COMMANDS[cmd_name][0]} has no command")
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        with formatter.section("Commands"):
            formatter.write_dl([(name, says) for name, (_, says) in COMMANDS.items()])


@click.group(cls=LazyGroup, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name="mkondo")
def main() -> None:
    """Mkondo: a mobile-money payments platform that speaks the M-Pesa OpenAPI.

    \b
    Start here:  mkondo up
    Then:        mkondo pay c2b --amount 10.00
    """


if __name__ == "__main__":
    main()
