"""Where messages go and what became of them: destination, deliveries, replay."""

from pathlib import Path

import click

from bot.cli.shell import answered, as_json, awaited, said
from bot.commands.reply import CommandError, Wish

MOST_TEMPLATE = 256 * 1024
"""Bytes of a template's file that are looked at; what a template may hold is for its format to say."""


@click.group()
def destination() -> None:
    """Addresses that messages go to, and their secrets."""


@destination.command("add")
@click.argument("to", metavar="DEST")
@click.option("--format", "format_", metavar="F", help="What a webhook's body looks like; standard by default.")
@click.option("--key", metavar="K", help="What the service wants to see: a routing key, an API key; or none.")
@click.option(
    "--header", "headers", multiple=True, metavar="'NAME: VALUE'", help="Sent with each request; or none."
)
@click.option("--type", "types", multiple=True, metavar="T", help="incident.resolved, incident.* …; or all.")
@click.option("--template", metavar="TEXT|@FILE", help="A JSON document of your own, for the format template.")
@click.option("--ed25519", is_flag=True, help="Sign with a key of its own (v1a) as well.")
@click.option("--untested", is_flag=True, help="Accept it whatever it answers now.")
@as_json
@awaited
async def add(
    to: str,
    format_: str | None,
    key: str | None,
    headers: tuple[str, ...],
    types: tuple[str, ...],
    template: str | None,
    ed25519: bool,
    untested: bool,
    as_json: bool,
) -> None:
    """Make a destination, or change its options; a webhook's secret is shown once.

    A webhook is sent a test event first, and refused where that does not arrive. What is not said stays as it was.
    """
    from bot.commands import destination as commands

    wish = Wish(
        format=format_ if format_ is not None or template is None else "template",
        key=key,
        headers=headers or None,
        types=types or None,
        template=_read(template) if template is not None else None,
        ed25519=ed25519,
        untested=untested,
    )
    await answered(commands.add, said(to=to, wish=wish), as_json)


def _read(template: str) -> str:
    """The text itself, or what is in the file behind an @."""
    if not template.startswith("@"):
        return template
    try:
        with Path(template[1:]).open("rb") as file:
            return file.read(MOST_TEMPLATE).decode()
    except OSError as error:
        raise CommandError(f"--template: {template[1:200]} can't be read ({error.strerror})") from None
    except UnicodeDecodeError:
        raise CommandError(f"--template: {template[1:200]} is not UTF-8") from None


def _destination(name: str, function: str, help_text: str, *, address: bool = True) -> None:
    @destination.command(name, help=help_text)
    @as_json
    @awaited
    async def command(as_json: bool, to: str | None = None) -> None:
        from bot.commands import destination, signing

        module = signing if function in ("show_secret", "rotate") else destination
        await answered(getattr(module, function), said(to=to), as_json)

    if address:
        command.params.insert(0, click.Argument(["to"], metavar="DEST"))


_destination("list", "list_", "All destinations, and whether anything is sent there.", address=False)
_destination("test", "test", "Send a test message.")
_destination("secret", "show_secret", "Show a webhook's secret again, and what still signs beside it.")
_destination("rotate", "rotate", "Give a webhook a new secret; the former one signs as well for 24 hours.")
_destination("enable", "enable", "Bring a disabled destination back.")
_destination("remove", "remove", "Remove a destination, its follows and the record of its deliveries.")


@click.command()
@click.argument("delivery", required=False)
@click.option("--state", type=click.Choice(["pending", "delivered", "dead", "held"]))
@click.option("--to", metavar="DEST", help="Only what goes there.")
@as_json
@awaited
async def deliveries(delivery: str | None, state: str | None, to: str | None, as_json: bool) -> None:
    """What was sent, what failed and why; of one delivery (12.3) every attempt."""
    from bot.commands import deliveries as commands

    if delivery is None:
        await answered(commands.list_, said(text=state or "", to=to), as_json)
        return
    if state is not None or to is not None:
        raise click.UsageError("a delivery goes without --state and --to")
    await answered(commands.show, said(text=delivery), as_json)


@click.command()
@click.argument("delivery", required=False)
@click.option("--since", metavar="T", help="2h, 30m, 1d or 2026-01-31T12:00:00Z.")
@click.option("--dead", is_flag=True, help="All that was given up, and nothing else.")
@click.option("--to", metavar="DEST", help="With --since or --dead: only what goes there.")
@as_json
@awaited
async def replay(delivery: str | None, since: str | None, dead: bool, to: str | None, as_json: bool) -> None:
    """Send it again: one delivery, everything since a time, or all that was given up."""
    from bot.commands import replay as commands

    if [delivery is not None, since is not None, dead].count(True) != 1:
        raise click.UsageError("name a delivery, a time with --since, or --dead")
    if delivery is not None and to is not None:
        raise click.UsageError("--to goes with --since or --dead")
    if dead:
        await answered(commands.dead, said(to=to), as_json)
    elif since is not None:
        await answered(commands.since, said(text=since, to=to), as_json)
    else:
        await answered(commands.one, said(text=delivery), as_json)


COMMANDS = (destination, deliveries, replay)
