"""The buttons below messages: mute, unfollow and details of a card; an answer shared with the channel."""

import asyncio
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from slack_bolt.async_app import AsyncApp
from slack_bolt.context.ack.async_ack import AsyncAck
from slack_bolt.context.respond.async_respond import AsyncRespond
from slack_sdk.web.async_client import AsyncWebClient

from bot import owned
from bot.commands.mute import mute_thread
from bot.commands.parse import parse
from bot.commands.reply import CommandError, Reply, Request
from bot.slack import card_buttons, showing
from bot.slack.desk import Desk, Refusal
from bot.slack.inputs import Block
from bot.slack.showing import team_of
from bot.slack.story_view import story_view
from relay import messages
from relay.telling import stored_event
from relay.transports.slack_bulletin import bulletin_message
from storage import events

SHARE = "uptimus.share"
LOOKUPS = frozenset({"status", "uptime", "incidents", "maintenance", "search", "related"})
"""Commands whose answers may be shown to everybody: they change nothing and tell nothing that is secret."""
LONGEST_VALUE = 2000
MOST_BLOCKS = 50


def register(app: AsyncApp, desk: Desk) -> None:
    """Each button by its name."""
    pressed = _Buttons(desk)
    app.action("uptimus.mute")(pressed.mute)
    app.action("uptimus.unmute")(pressed.unmute)
    app.action("uptimus.unfollow")(pressed.unfollow)
    app.action("uptimus.follow")(pressed.follow_again)
    app.action("uptimus.details")(pressed.details)
    app.action(SHARE)(pressed.share)


def with_share(message: Mapping[str, Any], name: str, words: str) -> dict[str, Any]:
    """An answer with a button that shares it, where the command is one that looks things up. `words`: as typed."""
    blocks = list(message.get("blocks") or ())
    if name not in LOOKUPS or not 0 < len(words) <= LONGEST_VALUE or len(blocks) >= MOST_BLOCKS:
        return dict(message)
    return dict(message) | {"blocks": [*blocks, card_buttons.share(SHARE, words)]}


class _Buttons:
    def __init__(self, desk: Desk) -> None:
        self._desk = desk

    async def mute(
        self, ack: AsyncAck, body: dict[str, Any], client: AsyncWebClient, respond: AsyncRespond
    ) -> None:
        """Nothing is added to this thread any more."""
        await ack()
        await self._set_muted(body, client, respond, muted=True)

    async def unmute(
        self, ack: AsyncAck, body: dict[str, Any], client: AsyncWebClient, respond: AsyncRespond
    ) -> None:
        """The thread is told again."""
        await ack()
        await self._set_muted(body, client, respond, muted=False)

    async def _set_muted(
        self, body: dict[str, Any], client: AsyncWebClient, respond: AsyncRespond, *, muted: bool
    ) -> None:
        self._desk.track(asyncio.current_task())
        request = self._desk.request(body)
        outcome = await self._desk.attempt("mute", self._muted(request, _value(body), muted))
        await showing.respond(respond, showing.message_of(outcome, team_of(request.workspace)))
        if not isinstance(outcome, Refusal):
            await _rewrite(client, body, card_buttons.with_mute(_blocks(body), muted=muted))

    async def _muted(self, request: Request, thread_id: str, muted: bool) -> Reply:
        await owned.thread(self._desk.services.database, request.workspace, thread_id)
        return await mute_thread(self._desk.services, request, int(thread_id), muted)

    async def unfollow(
        self, ack: AsyncAck, body: dict[str, Any], client: AsyncWebClient, respond: AsyncRespond
    ) -> None:
        """Ends the follow that this message came from; the button becomes the way back."""
        await ack()
        self._desk.track(asyncio.current_task())
        request = self._desk.request(body)
        database = self._desk.services.database
        found = await self._desk.attempt("unfollow", owned.follow(database, request.workspace, _value(body)))
        outcome: Reply | Refusal
        if isinstance(found, Refusal):
            outcome = found
        else:
            asked = replace(request, provider=found[1].slug, to=found[2].uri)
            outcome = await self._desk.answer("unfollow", asked)
        await showing.respond(respond, showing.message_of(outcome, team_of(request.workspace)))
        if not isinstance(outcome, Refusal) and not isinstance(found, Refusal):
            blocks = card_buttons.with_follow(
                _blocks(body), card_buttons.kept(found[0], found[1].slug), found[1].name
            )
            await _rewrite(client, body, blocks)

    async def follow_again(
        self, ack: AsyncAck, body: dict[str, Any], client: AsyncWebClient, respond: AsyncRespond
    ) -> None:
        """Follows here as before."""
        await ack()
        self._desk.track(asyncio.current_task())
        request = self._desk.request(body)
        outcome = await self._desk.attempt("follow", self._followed(request, _value(body)))
        await showing.respond(respond, showing.message_of(outcome, team_of(request.workspace)))
        if not isinstance(outcome, Refusal):
            blocks = await self._followed_blocks(request, body)
            await _rewrite(client, body, blocks)

    async def _followed(self, request: Request, value: str) -> Reply:
        """The follow comes back to the channel that was pressed in, whatever the button says."""
        outcome = await self._desk.answer(
            "follow", replace(request, **card_buttons.wanted(value), to=request.here)
        )
        if isinstance(outcome, Refusal):
            raise CommandError(outcome.text)
        return outcome

    async def _followed_blocks(self, request: Request, body: Mapping[str, Any]) -> list[Block]:
        """With the buttons of a follow that there is now."""
        thread_id = card_buttons.thread_id(_blocks(body))
        database = self._desk.services.database
        found = await self._desk.attempt("follow", owned.thread(database, request.workspace, thread_id or ""))
        if isinstance(found, Refusal) or found.follow_id is None or thread_id is None:
            return card_buttons.without_follow(_blocks(body))
        return card_buttons.renewed(_blocks(body), thread_id, found.follow_id, found.muted, found.provider.name)

    async def details(
        self, ack: AsyncAck, body: dict[str, Any], client: AsyncWebClient, respond: AsyncRespond
    ) -> None:
        """The whole story in a dialog."""
        await ack()
        self._desk.track(asyncio.current_task())
        opened = await self._desk.attempt("details", self._show(client, body))
        if isinstance(opened, Refusal):
            await showing.respond(respond, showing.message_of(opened))

    async def _show(self, client: AsyncWebClient, body: dict[str, Any]) -> None:
        workspace = self._desk.request(body).workspace
        database = self._desk.services.database
        thread = await owned.thread(database, workspace, _value(body))
        async with database.read() as session:
            sequence = await events.last_of_kind(session, thread.subject)
            row = await events.of_subject(session, thread.subject.id, sequence)
        if row is None:
            raise CommandError(f"Its story is not kept any more; try /uptimus incidents {thread.provider.slug}")
        card = messages.card(stored_event(row, thread.subject.kind, thread.subject.external_id))
        await showing.open_view(client, body, story_view(card))

    async def share(self, ack: AsyncAck, body: dict[str, Any], respond: AsyncRespond) -> None:
        """Asks once more and shows the answer to the whole channel."""
        await ack()
        if not self._desk.first_time(body.get("trigger_id")):
            return
        self._desk.track(asyncio.current_task())
        request = self._desk.request(body)
        outcome = await self._desk.attempt("share", self._asked_again(request, _value(body)))
        if isinstance(outcome, Refusal):
            await showing.respond(respond, showing.message_of(outcome))
        else:
            message = bulletin_message(outcome, team_of(request.workspace))
            await showing.respond(respond, message, in_channel=True)

    async def _asked_again(self, request: Request, words: str) -> Reply:
        name, asked = parse(
            words,
            commands=self._desk.commands,
            workspace=request.workspace,
            here=request.here,
            actor=request.actor,
        )
        if name not in LOOKUPS:
            raise CommandError(f"What {name} answers is for you alone")
        outcome = await self._desk.answer(name, replace(asked, is_admin=request.is_admin))
        if isinstance(outcome, Refusal):
            raise CommandError(outcome.text)
        return outcome


def _value(body: Mapping[str, Any]) -> str:
    return str(body["actions"][0].get("value") or "")


def _blocks(body: Mapping[str, Any]) -> list[Block]:
    return list((body.get("message") or {}).get("blocks") or ())


async def _rewrite(client: AsyncWebClient, body: Mapping[str, Any], blocks: list[Block]) -> None:
    """The message that was pressed in, with other buttons. It stays as it is where Slack won't have it: what was
    asked is done, and the next update shows it."""
    message = body.get("message") or {}
    if blocks and blocks != message.get("blocks"):
        text = str(message.get("text") or "")
        await showing.attempt_call(
            "card", client.chat_update(channel=body["channel"]["id"], ts=message["ts"], text=text, blocks=blocks)
        )
