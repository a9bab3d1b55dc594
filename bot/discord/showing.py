"""How an answer reaches who asked: at once a sign that it is worked on, then the answer in its place. Nothing is
raised: an answer that nobody can be given any more is logged."""

import asyncio
import io
from collections.abc import Awaitable, Sequence
from typing import Any

import aiohttp
import discord
import structlog

from bot.discord.desk import Context
from relay.bulletin import Picture
from relay.transports.discord_bulletin import Message
from relay.transports.discord_embeds import plainer
from relay.transports.plain_text import cut

TOO_LATE = (10062, 40060, 50027)
"""Nobody waits for the answer any more, or another process has given it."""

MOST_ALT = 1024
"""Characters."""

Component = dict[str, Any]

log = structlog.get_logger("discord")


async def defer(interaction: Context, *, changes: bool = False) -> bool:
    """Says within the three seconds that there is an answer to come, which the person alone will see; `changes`:
    it will stand in place of the message that was pressed in. False: it came too late."""
    if changes:
        return await _sent("defer", interaction.response.defer())
    return await _sent("defer", interaction.response.defer(ephemeral=True, thinking=True))


async def answer(
    interaction: Context, message: Message, rows: Sequence[Component] = (), picture: Picture | None = None
) -> None:
    """In place of that sign, or of the message that was pressed in. Where Discord won't have the picture (it is
    too large, the server allows no files) the words come without it."""
    if picture is not None and message.get("embeds"):
        fault = await _edited(interaction, _with(message, picture), rows, await _file(picture))
        if not fault or fault in TOO_LATE:
            return
    if await _edited(interaction, message, rows) == discord_fault:
        await _edited(interaction, plainer(message), ())


def _with(message: Message, picture: Picture) -> Message:
    first, *rest = message["embeds"]
    shown = first | {"image": {"url": f"attachment://{picture.name}"}}
    return message | {"embeds": [shown, *rest]}


async def _file(picture: Picture) -> discord.File:
    png = await asyncio.to_thread(picture.png)
    return discord.File(io.BytesIO(png), picture.name, description=cut(picture.alt(), MOST_ALT))


async def follow_up(interaction: Context, message: Message) -> None:
    """One more message, for the person alone."""
    sent = interaction.followup.send(content=message["content"], embeds=embeds(message), ephemeral=True)
    await _sent("follow_up", sent)


async def rewrite(interaction: Context, rows: Sequence[Component]) -> None:
    """The message that was pressed in gets other buttons. It stays as it is where Discord won't have it: what was
    asked is done, and the next update shows it."""
    await _sent("rewrite", interaction.edit_original_response(view=view_of(rows)))


def embeds(message: Message) -> list[discord.Embed]:
    """A message's embeds as discord.py takes them."""
    return [discord.Embed.from_dict(one) for one in message.get("embeds", ())]


def view_of(rows: Sequence[Component]) -> discord.ui.View | None:
    """Rows of buttons as discord.py takes them. Nobody listens to this view: each press is found by its id."""
    if not rows:
        return None
    view = discord.ui.View(timeout=None)
    for number, row in enumerate(rows):
        for part in row["components"]:
            view.add_item(
                discord.ui.Button(
                    style=discord.ButtonStyle(part["style"]),
                    label=part.get("label"),
                    custom_id=part.get("custom_id"),
                    url=part.get("url"),
                    disabled=part.get("disabled", False),
                    row=number,
                )
            )
    view.stop()
    return view


discord_fault = 50035
"""Discord found a fault in what we sent."""


async def _edited(
    interaction: Context, message: Message, rows: Sequence[Component], file: discord.File | None = None
) -> int:
    """0, or Discord's word for what is wrong. A picture of what was there before goes."""
    edit = interaction.edit_original_response(
        content=message["content"],
        embeds=embeds(message),
        view=view_of(rows),
        attachments=[file] if file is not None else [],
    )
    try:
        await edit
    except discord.HTTPException as error:
        _note("answer", error)
        return error.code
    except (aiohttp.ClientError, TimeoutError, OSError) as error:
        log.warning("discord.answer_lost", reason=type(error).__name__)
    return 0


async def _sent(what: str, call: Awaitable[Any]) -> bool:
    try:
        await call
    except discord.HTTPException as error:
        _note(what, error)
        return False
    except (aiohttp.ClientError, TimeoutError, OSError) as error:
        log.warning("discord.answer_lost", what=what, reason=type(error).__name__)
        return False
    return True


def _note(what: str, error: discord.HTTPException) -> None:
    if error.code in TOO_LATE:
        log.info("discord.answer_too_late", what=what, code=error.code)
    else:
        log.warning("discord.answer_refused", what=what, status=error.status, code=error.code)
