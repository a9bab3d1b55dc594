"""The buttons below messages: mute, unfollow and details of a card, the pages of an answer.

A button's id holds all that it needs, so that it works after a restart and in another process. An id is easily
made up: what it names has to belong to the server that presses.
"""

import asyncio
import json
import re
from collections.abc import Awaitable, Callable
from dataclasses import replace
from typing import Any

import discord

from bot import owned
from bot.commands import wishes
from bot.commands.mute import mute_thread
from bot.commands.reply import CommandError, Reply, Request
from bot.discord import answering, card_rows, paging, showing, unheard, words
from bot.discord.desk import Context, Desk, Refusal
from bot.discord.paging import Component
from bot.discord.story import story_pages
from relay import messages
from relay.telling import stored_event
from relay.transports.discord_bulletin import Message, bulletin_message, error_message
from storage import events, notes
from storage.tables import Destination, Follow, Provider

Press = Callable[[Desk, Context, str], Awaitable[None]]


class Pressed(
    discord.ui.DynamicItem[discord.ui.Button[Any]], template=r"uptimus:(?P<action>[a-z]+):(?P<about>.+)"
):
    """Any button of ours, whoever sent it and whenever."""

    def __init__(self, item: discord.ui.Button[Any], action: str, about: str) -> None:
        super().__init__(item)
        self._action, self._about = action, about

    @classmethod
    async def from_custom_id(cls, _: Context, item: discord.ui.Item[Any], match: re.Match[str], /) -> "Pressed":
        """The button, by its id."""
        assert isinstance(item, discord.ui.Button)
        return cls(item, match["action"], match["about"])

    async def callback(self, interaction: Context) -> None:
        """What it stands for. Nobody is left without an answer."""
        desk: Desk = interaction.client.desk
        desk.track(asyncio.current_task())
        await PRESSES.get(self._action, _outdated)(desk, interaction, self._about)


async def mute(desk: Desk, interaction: Context, thread_id: str) -> None:
    """Nothing is added to this thread any more."""
    await _set_muted(desk, interaction, thread_id, muted=True)


async def unmute(desk: Desk, interaction: Context, thread_id: str) -> None:
    """The thread is told again."""
    await _set_muted(desk, interaction, thread_id, muted=False)


async def _set_muted(desk: Desk, interaction: Context, thread_id: str, *, muted: bool) -> None:
    async def work() -> Reply:
        request = desk.request(interaction)
        await owned.thread(desk.services.database, request.workspace, thread_id)
        return await mute_thread(desk.services, request, int(thread_id), muted)

    await _done(desk, interaction, "mute", work, card_rows.with_mute(_rows(interaction), muted=muted))


async def unfollow(desk: Desk, interaction: Context, follow_id: str) -> None:
    """Ends the follow that this message came from; the button becomes the way back."""
    request = desk.request(interaction)
    found = await desk.attempt("unfollow", owned.follow(desk.services.database, request.workspace, follow_id))

    async def work() -> Reply:
        follow, provider, destination = _given(found)
        reply = await _asked(desk, "unfollow", replace(request, provider=provider.slug, to=destination.uri))
        async with desk.services.database.write() as session:
            kept = _kept(request.workspace, follow, provider, destination)
            await notes.put(session, f"{notes.UNFOLLOWED}{follow_id}", kept)
        return reply

    name = found[1].name if not isinstance(found, Refusal) else ""
    await _done(desk, interaction, "unfollow", work, card_rows.with_follow(_rows(interaction), follow_id, name))


async def follow_again(desk: Desk, interaction: Context, follow_id: str) -> None:
    """Follows as before, where it was told before."""

    async def work() -> Reply:
        request = desk.request(interaction)
        async with desk.services.database.read() as session:
            kept = await notes.get(session, f"{notes.UNFOLLOWED}{follow_id}")
        fields: dict[str, Any] = json.loads(kept) if kept is not None else {}
        if fields.pop("workspace", None) != request.workspace:
            raise CommandError("How it was followed is not known any more; try /uptimus follow")
        for name in ("streams", "components", "loud", "mention"):
            fields[name] = tuple(fields[name])
        return await _asked(desk, "follow", replace(request, **fields))

    async def rows() -> list[Component]:
        return await _followed_rows(desk, interaction)

    await _done(desk, interaction, "follow", work, rows)


async def details(desk: Desk, interaction: Context, thread_id: str) -> None:
    """The whole story, for the person alone."""
    if await showing.defer(interaction):
        await _show_story(desk, interaction, thread_id, 1)
        await unheard.tell(desk, interaction)


async def story(desk: Desk, interaction: Context, about: str) -> None:
    """Another page of it, in place of the one that was pressed in."""
    if await showing.defer(interaction, changes=True):
        number, thread_id = paging.split(about)
        await _show_story(desk, interaction, thread_id, number)


async def _show_story(desk: Desk, interaction: Context, thread_id: str, number: int) -> None:
    pages = await desk.attempt("details", _story(desk, interaction, thread_id))
    if isinstance(pages, Refusal):
        await showing.answer(interaction, error_message(pages.text))
        return
    number = paging.clamped(number, pages)
    rows = paging.page_rows(thread_id, number, pages, what="story")
    await showing.answer(interaction, pages[number - 1], rows)


async def _story(desk: Desk, interaction: Context, thread_id: str) -> list[Message]:
    database = desk.services.database
    thread = await owned.thread(database, desk.request(interaction).workspace, thread_id)
    async with database.read() as session:
        sequence = await events.last_of_kind(session, thread.subject)
        row = await events.of_subject(session, thread.subject.id, sequence)
    if row is None:
        slug = thread.provider.slug
        raise CommandError(f"Its story is not kept any more; try /uptimus incidents provider: {slug}")
    return story_pages(messages.card(stored_event(row, thread.subject.kind, thread.subject.external_id)))


async def _outdated(_: Desk, interaction: Context, __: str) -> None:
    """A button of another version of uptimus."""
    if await showing.defer(interaction):
        await showing.answer(interaction, error_message("This button is not known any more"))


PRESSES: dict[str, Press] = {
    "mute": mute,
    "unmute": unmute,
    "unfollow": unfollow,
    "follow": follow_again,
    "details": details,
    "story": story,
    "page": answering.turn_page,
}


# what they have in common


async def _done(
    desk: Desk,
    interaction: Context,
    name: str,
    work: Callable[[], Awaitable[Reply]],
    rows: list[Component] | Callable[[], Awaitable[list[Component]]],
) -> None:
    """Does it, says so to the person alone, and gives the card the buttons that fit."""
    if not await showing.defer(interaction, changes=True):
        return
    outcome = await desk.attempt(name, work())
    if isinstance(outcome, Refusal):
        await showing.follow_up(interaction, error_message(words.in_options(outcome.text)))
        return
    found = rows if isinstance(rows, list) else await desk.attempt(name, rows())
    if not isinstance(found, Refusal):
        await showing.rewrite(interaction, found)
    reply = words.said_in_options(outcome)
    await showing.follow_up(interaction, bulletin_message(reply, str(interaction.guild_id)))
    await unheard.tell(desk, interaction)


async def _asked(desk: Desk, name: str, request: Request) -> Reply:
    outcome = await desk.answer(name, request)
    if isinstance(outcome, Refusal):
        raise CommandError(outcome.text)
    return outcome


def _given(
    found: tuple[Follow, Provider, Destination] | Refusal,
) -> tuple[Follow, Provider, Destination]:
    if isinstance(found, Refusal):
        raise CommandError(found.text)
    return found


def _kept(workspace: str, follow: Follow, provider: Provider, destination: Destination) -> str:
    about = {"workspace": workspace, "provider": provider.slug, "to": destination.uri}
    return json.dumps(about | wishes.as_asked(follow), separators=(",", ":"))


async def _followed_rows(desk: Desk, interaction: Context) -> list[Component]:
    """With the buttons of a follow that there is now."""
    rows = _rows(interaction)
    thread_id = card_rows.thread_id(rows)
    workspace = desk.request(interaction).workspace
    found = await desk.attempt("follow", owned.thread(desk.services.database, workspace, thread_id or ""))
    if isinstance(found, Refusal) or found.follow_id is None or thread_id is None:
        return card_rows.without_follow(rows)
    return card_rows.renewed(rows, thread_id, found.follow_id, found.muted, found.provider.name)


def _rows(interaction: Context) -> list[Component]:
    """The buttons of the message that was pressed in."""
    message = interaction.message
    return [dict(row.to_dict()) for row in message.components] if message is not None else []
