"""From a command to its answer: a sign at once, the command, its Reply in Discord's dress, page by page."""

import asyncio
import re
from collections.abc import Awaitable, Callable
from dataclasses import replace
from typing import Any

import discord
from discord import app_commands

from bot import owned
from bot.commands.parse import parse
from bot.commands.reply import CommandError, Reply, Request, Section
from bot.discord import paging, showing, unheard, words
from bot.discord.desk import Context, Desk, Refusal
from bot.discord.guide import guide
from bot.discord.options import PLACES
from bot.discord.permits import warning
from relay.bulletin import Picture
from relay.transports.discord_bulletin import Message, bulletin_pages, error_message
from storage import workspaces

_FOLLOW = re.compile(r"\S+ #(\d{1,18})")
"""A follow as it is offered: `chargeover #12`."""


async def ask(interaction: Context, name: str, **given: Any) -> None:
    """Asks a command; `given` are fields of its Request."""
    await _answered(interaction, name, lambda desk: _asked(desk, interaction, name, given))


async def follow(interaction: Context, *, channel: str | None, webhook: str | None, **given: Any) -> None:
    """Follows; with a word of what uptimus is not allowed to do there."""

    async def work(desk: Desk) -> tuple[Reply, Request]:
        if channel is not None and webhook is not None:
            raise CommandError("Choose a channel or a webhook, not both")
        if channel is None and webhook is None:
            _check_here(interaction)
        reply, request = await _asked(desk, interaction, "follow", given | {"to": webhook or channel})
        if interaction.guild is not None:
            async with desk.services.database.write() as session:
                await workspaces.seen(session, request.workspace, name=interaction.guild.name)
        return _with_warning(reply, interaction, request.to or request.here), request

    await _answered(interaction, "follow", work)


async def unfollow(interaction: Context, provider: str, channel: str | None) -> None:
    """Ends the follow that was offered, or that of a name that was typed."""

    async def work(desk: Desk) -> tuple[Reply, Request]:
        chosen = _FOLLOW.fullmatch(provider)
        given = {"provider": provider, "to": channel}
        if chosen is not None:
            database, workspace = desk.services.database, f"discord:{interaction.guild_id}"
            _, of, at = await owned.follow(database, workspace, chosen[1])
            given = {"provider": of.slug, "to": at.uri}
        return await _asked(desk, interaction, "unfollow", given)

    await _answered(interaction, "unfollow", work)


async def show(interaction: Context, reply: Reply, asks: str) -> None:
    """An answer that needs no asking; `asks`: how a button asks for it again."""
    desk: Desk = interaction.client.desk
    desk.track(asyncio.current_task())
    if await showing.defer(interaction):
        await _told(interaction, bulletin_pages(reply, str(interaction.guild_id)), 1, asks)
        await unheard.tell(desk, interaction)


async def turn_page(desk: Desk, interaction: Context, rest: str) -> None:
    """Asks once more, and shows another page in place of the one that was pressed in."""
    number, asks = paging.split(rest)
    if not await showing.defer(interaction, changes=True):
        return
    found = await desk.attempt("page", _again(desk, interaction, asks))
    if isinstance(found, Refusal):
        await showing.follow_up(interaction, error_message(words.in_options(found.text)))
    else:
        pages, picture = found
        await _told(interaction, pages, paging.clamped(number, pages), asks, picture)


async def failed(interaction: Context, error: app_commands.AppCommandError) -> None:
    """Something went wrong before, or in spite of, the command's own safety net."""
    desk: Desk = interaction.client.desk

    async def again() -> None:
        if isinstance(error, app_commands.CommandNotFound | app_commands.CommandSignatureMismatch):
            raise CommandError("This command has just changed; please try it once more in a minute")
        if isinstance(error, app_commands.TransformerError):
            raise CommandError(f"“{str(error.value)[:80]}” can't be meant here")
        raise error

    refusal = await desk.attempt("command", again())
    if isinstance(refusal, Refusal) and (interaction.response.is_done() or await showing.defer(interaction)):
        await showing.answer(interaction, error_message(refusal.text))


async def _answered(
    interaction: Context, name: str, work: Callable[[Desk], Awaitable[tuple[Reply, Request]]]
) -> None:
    """A message for every outcome: nobody is left without words."""
    desk: Desk = interaction.client.desk
    desk.track(asyncio.current_task())
    if not await showing.defer(interaction):
        return
    outcome = await desk.attempt(name, work(desk))
    if isinstance(outcome, Refusal):
        await showing.answer(interaction, error_message(words.in_options(outcome.text)))
    else:
        reply, request = outcome
        pages = bulletin_pages(words.said_in_options(reply), str(interaction.guild_id))
        await _told(interaction, pages, 1, words.asked(name, request), reply.picture)
    await unheard.tell(desk, interaction)


async def _asked(desk: Desk, interaction: Context, name: str, given: dict[str, Any]) -> tuple[Reply, Request]:
    request = desk.request(interaction, **given)
    outcome = await desk.answer(name, request)
    if isinstance(outcome, Refusal):
        raise CommandError(outcome.text)
    return outcome, request


async def _told(
    interaction: Context, pages: list[Message], number: int, asks: str | None, picture: Picture | None = None
) -> None:
    """A picture is on the first page."""
    rows = paging.page_rows(asks, number, pages)
    await showing.answer(interaction, pages[number - 1], rows, picture if number == 1 else None)


async def _again(desk: Desk, interaction: Context, asks: str) -> tuple[list[Message], Picture | None]:
    asked = desk.request(interaction)
    guild = str(interaction.guild_id)
    if asks.startswith("help"):
        group = interaction.client.tree.get_command("uptimus")
        return bulletin_pages(guide(group, asks.partition(" ")[2] or None), guild), None
    name, request = parse(
        asks, commands=desk.commands, workspace=asked.workspace, here=asked.here, actor=asked.actor
    )
    if words.asked(name, request) is None:
        raise CommandError(f"What {name} answers has one page")
    outcome = await desk.answer(name, replace(request, is_admin=asked.is_admin))
    if isinstance(outcome, Refusal):
        raise CommandError(outcome.text)
    return bulletin_pages(words.said_in_options(outcome), guild), outcome.picture


def _check_here(interaction: Context) -> None:
    """Raises CommandError where the command was typed in something that can't be told anything."""
    channel = interaction.channel
    if isinstance(channel, discord.Thread):
        return
    if channel is not None and channel.type not in PLACES:
        raise CommandError("I can't tell anything in this kind of channel; choose another with channel:")


def _with_warning(reply: Reply, interaction: Context, uri: str) -> Reply:
    said = warning(interaction.guild, uri)
    if not said:
        return reply
    return replace(reply, sections=(*reply.sections, Section("⚠️ Not everything is allowed there", note=said)))
