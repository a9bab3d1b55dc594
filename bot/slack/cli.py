"""`uptimus slack …`: what an operator needs to set Slack up and to look after it."""

import json
import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import click

from bot import logs, settings
from bot.cli.shell import as_json, awaited, printed
from bot.commands.services import Services
from bot.parts import opened, services
from bot.settings import Settings, SettingsError
from bot.slack import operate, scopes
from bot.slack.manifest import MOST_UNFURLED, manifest

_DOMAIN = re.compile(r"(?![.-])[-a-z0-9.]+\.[a-z0-9]+", re.ASCII)


@click.group("slack")
def slack_group() -> None:
    """Set Slack up: the app's manifest, and who has installed it."""


@slack_group.command("manifest")
@click.option("--socket", is_flag=True, help="Socket Mode: Slack needs no way to this server.")
@click.option("--many", is_flag=True, help="For any number of workspaces. (Given when SLACK_CLIENT_ID is set.)")
@click.option("--unfurl", multiple=True, metavar="DOMAIN", help="Show a preview of links to this domain.")
@click.option("--admins", is_flag=True, help="Let uptimus see who is an admin of a workspace.")
def print_manifest(socket: bool, many: bool, unfurl: tuple[str, ...], admins: bool) -> None:
    """Print the manifest to create Slack's app from, as JSON."""
    loaded = settings.load()
    domains = _domains(unfurl)
    many = many or loaded.slack_client_id is not None
    address = _address(loaded, socket=socket) if many or not socket else None
    extra = (*loaded.extra_scopes, *([scopes.ADMINS] if admins else []))
    made = manifest(address, socket=socket, many=many, unfurl=domains, extra=extra)
    click.echo(json.dumps(made, indent=2, ensure_ascii=False))


@slack_group.command("workspaces")
@as_json
@awaited
async def list_workspaces(as_json: bool) -> None:
    """Who has installed uptimus, since when, and how much they follow."""
    async with _services() as (parts, loaded):
        printed(await operate.list_workspaces(parts, loaded), as_json)


@slack_group.command("open")
@click.argument("team")
@as_json
@awaited
async def open_to_all(team: str, as_json: bool) -> None:
    """Let everyone in a workspace change its follows again."""
    async with _services() as (parts, _):
        printed(await operate.open_to_all(parts, team), as_json)


@asynccontextmanager
async def _services() -> AsyncIterator[tuple[Services, Settings]]:
    loaded = settings.load()
    logs.configure(loaded.log_format, level=40)
    async with opened(loaded) as database, services(loaded, database) as parts:
        yield parts, loaded


def _address(loaded: Settings, *, socket: bool) -> str:
    if loaded.public_url is None:
        why = (
            "sends people back to it after an install" if socket else "has to reach this server (or use --socket)"
        )
        raise SettingsError(f"UPTIMUS_PUBLIC_URL is missing: Slack {why}")
    if not loaded.public_url.startswith("https://"):
        raise SettingsError("UPTIMUS_PUBLIC_URL must begin with https://: Slack takes nothing else")
    return loaded.public_url.rstrip("/")


def _domains(given: tuple[str, ...]) -> list[str]:
    found = list(dict.fromkeys(one.strip().lower() for one in given))
    for domain in found:
        if not _DOMAIN.fullmatch(domain) or len(domain) > 255:
            raise click.BadParameter(f"{domain[:80]!r} is not a domain, such as status.example.com")
    if len(found) > MOST_UNFURLED:
        raise click.BadParameter(f"Slack takes {MOST_UNFURLED} domains at most")
    return found
