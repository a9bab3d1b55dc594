"""What an operator opens to programs: tokens of the API, and hooks for providers' own pages."""

from dataclasses import replace

import click

from bot.cli.operating import provider_
from bot.cli.shell import answered, as_json, awaited, said
from bot.commands.reply import Request

_workspace = click.option(
    "--workspace", default="local", show_default=True, metavar="KEY", help="local, slack:TEAM or discord:GUILD."
)


@click.group()
def token() -> None:
    """Tokens for the API: what opens a workspace's own follows, destinations and deliveries."""


def _said(workspace: str, name: str = "") -> Request:
    return replace(said(text=name), workspace=workspace)


@token.command()
@click.argument("name")
@_workspace
@as_json
@awaited
async def create(name: str, workspace: str, as_json: bool) -> None:
    """Make one; it is shown once."""
    from bot.commands import token as tokens

    await answered(tokens.create, _said(workspace, name), as_json)


@token.command("list")
@_workspace
@as_json
@awaited
async def list_(workspace: str, as_json: bool) -> None:
    """Those that are valid, and when each was last used."""
    from bot.commands import token as tokens

    await answered(tokens.list_, _said(workspace), as_json)


@token.command()
@click.argument("name")
@_workspace
@as_json
@awaited
async def revoke(name: str, workspace: str, as_json: bool) -> None:
    """Let one open nothing any more."""
    from bot.commands import token as tokens

    await answered(tokens.revoke, _said(workspace, name), as_json)


@provider_.command("hook")
@click.argument("provider")
@click.option("--revoke", is_flag=True, help="The address leads nowhere any more; the next one is another.")
@as_json
@awaited
async def hook(provider: str, revoke: bool, as_json: bool) -> None:
    """The address at which its own page may say that it has changed."""
    from bot.commands import hook as hooks

    await answered(hooks.revoke if revoke else hooks.show, said(provider=provider), as_json)


COMMANDS = (token,)
