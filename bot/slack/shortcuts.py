"""Shortcuts: asking where slash commands don't work (threads), and following from anywhere."""

import asyncio
from dataclasses import replace
from typing import Any

from slack_bolt.async_app import AsyncApp
from slack_bolt.context.ack.async_ack import AsyncAck
from slack_sdk.web.async_client import AsyncWebClient

from bot.commands.parse import parse
from bot.commands.reply import Reply, Request
from bot.slack import ask_view, dialog, inputs, showing
from bot.slack.ask_view import Asked
from bot.slack.buttons import LOOKUPS
from bot.slack.desk import Desk, Refusal
from bot.slack.showing import team_of
from relay.transports.slack_bulletin import bulletin_message

ASK, ASK_GLOBALLY, FOLLOW = "ask", "ask_globally", "follow"
"""Their callback ids, as the manifest has them. (`ask` is a message's, the others are global.)"""
TITLE = "Ask uptimus"


def register(app: AsyncApp, desk: Desk) -> None:
    """Each shortcut, and the dialog that two of them open."""
    shortcuts = _Shortcuts(desk)
    app.message_shortcut(ASK)(shortcuts.ask)
    app.global_shortcut(ASK_GLOBALLY)(shortcuts.ask)
    app.global_shortcut(FOLLOW)(shortcuts.follow)
    app.view(ask_view.ASK)(shortcuts.answer)


class _Shortcuts:
    def __init__(self, desk: Desk) -> None:
        self._desk = desk

    async def ask(self, ack: AsyncAck, body: dict[str, Any], client: AsyncWebClient) -> None:
        """Opens the dialog. From a message it knows the thread that the message is in, or begins."""
        await ack()
        message = body.get("message") or {}
        thread = message.get("thread_ts") or message.get("ts")
        where = Asked(channel=(body.get("channel") or {}).get("id"), thread=thread)
        await self._desk.attempt("ask", showing.open_view(client, body, ask_view.ask_view(where)))

    async def follow(self, ack: AsyncAck, body: dict[str, Any], client: AsyncWebClient) -> None:
        """Opens the dialog for a new follow."""
        await ack()
        refused = await dialog.open_new(self._desk, client, body)
        if refused is not None:
            view = showing.outcome_view("That did not work", refused, "")
            await self._desk.attempt("follow", showing.open_view(client, body, view))

    async def answer(
        self, ack: AsyncAck, body: dict[str, Any], view: dict[str, Any], client: AsyncWebClient
    ) -> None:
        """Shows the answer in the dialog, and in the thread where that is wished."""
        asked = ask_view.asked_of(view)
        if not asked.words:
            await ack(response_action="errors", errors={"words": "Ask something, such as: status chargeover"})
            return
        external_id = await showing.work(ack, TITLE, f"Looking: {asked.words}")
        self._desk.track(asyncio.current_task())
        request = self._request(body, asked)
        team = team_of(request.workspace)
        found = await self._desk.attempt("ask", self._named(request, asked))
        if isinstance(found, Refusal):
            await showing.finish(client, external_id, TITLE, found, team)
            return
        name, said = found
        outcome = await self._desk.answer(name, said)
        shown = showing.outcome_view(TITLE, outcome, team)
        if asked.post and asked.thread and not isinstance(outcome, Refusal):
            word = await self._post(client, name, outcome, asked, team)
            shown = shown | {"blocks": [inputs.context(word), *shown["blocks"]]}
        await showing.update_view(client, shown, external_id=external_id)

    def _request(self, body: dict[str, Any], asked: Asked) -> Request:
        """As if it was typed in the channel of the message."""
        request = self._desk.request(body)
        return replace(request, here=f"{request.workspace}/{asked.channel}") if asked.channel else request

    async def _named(self, request: Request, asked: Asked) -> tuple[str, Request]:
        words = asked.words.removeprefix("/uptimus")
        name, said = parse(
            words,
            commands=self._desk.commands,
            workspace=request.workspace,
            here=request.here,
            actor=request.actor,
        )
        return name, replace(said, is_admin=request.is_admin)

    async def _post(self, client: AsyncWebClient, name: str, outcome: Reply, asked: Asked, team: str) -> str:
        """What became of showing it in the thread, in words."""
        if name not in LOOKUPS:
            return f"What {name} answers is for you alone: it was not shown in the thread."
        posted = await showing.attempt_call(
            "thread",
            client.chat_postMessage(
                channel=str(asked.channel),
                thread_ts=asked.thread,
                unfurl_links=False,
                unfurl_media=False,
                **bulletin_message(outcome, team),
            ),
        )
        if posted:
            return "The answer was shown in the thread, too."
        return "⚠️ The answer could not be shown in the thread: write /invite @uptimus in the channel first."
