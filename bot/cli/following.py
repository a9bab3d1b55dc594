"""What is followed and how it is told: follow, unfollow, list, mute, digest, audit."""

from typing import Any

import click

from bot.cli.shell import as_json, asked, awaited, said


@click.command()
@click.argument("provider", metavar="PROVIDER|URL")
@click.option("--to", metavar="DEST", help="console:, slack:TEAM/CHANNEL, https://…, mailto:… or apprise:…")
@click.option(
    "--stream",
    "streams",
    multiple=True,
    help="incidents, components, maintenance: these by default; signals: what users report.",
)
@click.option("--component", "components", multiple=True, metavar="NAME", help="Only what concerns it.")
@click.option("--min-impact", metavar="I", help="none, minor, major or critical.")
@click.option("--thread", "shape", metavar="WAY", help="threads, channel, both, or digest: in the digest alone.")
@click.option(
    "--loud", multiple=True, metavar="WHAT", help="resolved, raised, reopened or none: shown in the channel."
)
@click.option(
    "--mention", multiple=True, metavar="WHO", help="@here, @channel, the id of a person or group, or none."
)
@click.option(
    "--mention-from", "mention_impact", metavar="I", help="The least impact of which somebody is told so."
)
@click.option("--remind", metavar="TIME", help="30m, 1h, 1d or none: how long before a maintenance.")
@click.option(
    "--quiet", metavar="HOURS", help='"22:00-07:00 Europe/Berlin" or none: told as a summary afterwards.'
)
@click.option("--quiet-except", metavar="I", help="The least impact that is told all the same.")
@click.option("--zone", metavar="ZONE", help="Of the quiet hours, as in Europe/Berlin.")
@as_json
@awaited
async def follow(as_json: bool, loud: tuple[str, ...], mention: tuple[str, ...], **given: Any) -> None:
    """Follow a provider: be told of every change. Again: what is not said stays as it is."""
    await asked("follow", said(loud=loud or None, mention=mention or None, **given), as_json)


@click.command()
@click.argument("provider")
@click.option("--to", metavar="DEST")
@as_json
@awaited
async def unfollow(provider: str, to: str | None, as_json: bool) -> None:
    """Be told no more."""
    await asked("unfollow", said(provider=provider, to=to), as_json)


@click.command("list")
@as_json
@awaited
async def list_(as_json: bool) -> None:
    """What is followed, and where it is told."""
    await asked("list", said(), as_json)


@click.command()
@click.argument("words", nargs=-1, metavar="[PROVIDER] [TITLE]... [off]")
@click.option("--to", metavar="DEST", help="Where; console: by default.")
@as_json
@awaited
async def mute(words: tuple[str, ...], to: str | None, as_json: bool) -> None:
    """Add nothing to the threads of what is active; without a name: what is muted."""
    await asked("mute", said(words=words, text=" ".join(words), to=to), as_json)


@click.command()
@click.argument("every", required=False, metavar="daily|weekly|off")
@click.option("--at", metavar="TIME", help="09:00 by default.")
@click.option("--on", metavar="DAY", help="Of a weekly one; monday by default.")
@click.option("--zone", metavar="ZONE", help="Europe/Berlin; UTC by default.")
@click.option("--to", metavar="DEST", help="Where; console: by default.")
@as_json
@awaited
async def digest(every: str | None, as_json: bool, **given: Any) -> None:
    """A summary each day or each week; without a word: what is set."""
    await asked("digest", said(text=every or "", **given), as_json)


@click.command()
@as_json
@awaited
async def audit(as_json: bool) -> None:
    """Who changed what, and when."""
    await asked("audit", said(), as_json)


COMMANDS = (follow, unfollow, list_, mute, digest, audit)
