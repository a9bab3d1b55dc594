"""The home tab: shows what the workspace follows, and takes what is pressed in it."""

import asyncio
import json
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from slack_bolt.async_app import AsyncApp
from slack_bolt.context.ack.async_ack import AsyncAck
from slack_sdk.web.async_client import AsyncWebClient

from bot import owned
from bot.commands import permission
from bot.commands.reply import Reply, Request
from bot.slack import dialog, home_view, inputs, settings_view, showing, tab
from bot.slack.desk import Desk, Refusal
from bot.slack.inputs import View
from bot.slack.showing import team_of
from storage import follows, notices


def register(app: AsyncApp, desk: Desk) -> None:
    """The tab's being opened, its buttons and its dialogs."""
    home = _Home(desk)
    app.event("app_home_opened")(home.opened)
    app.action(home_view.FOLLOW)(home.follow)
    app.action(home_view.MENU)(home.menu)
    app.action(home_view.SETTINGS)(home.settings)
    app.action(home_view.DIGEST)(home.digest)
    app.action(home_view.HISTORY)(home.history)
    for turning in (home_view.PAGE, home_view.BEFORE, home_view.AFTER, home_view.REFRESH):
        app.action(turning)(home.turn)
    app.action(settings_view.DIGEST_CHANNEL)(home.choose_digest)
    app.view(settings_view.SETTINGS)(home.set_settings)
    app.view(settings_view.DIGEST)(home.set_digest)
    app.view(settings_view.UNFOLLOW)(home.unfollow)


class _Home:
    def __init__(self, desk: Desk) -> None:
        self._desk = desk

    async def opened(
        self, ack: AsyncAck, body: dict[str, Any], event: dict[str, Any], client: AsyncWebClient
    ) -> None:
        """Shows the tab, at the page where it was left."""
        await ack()
        if event.get("tab") != "home" or not self._desk.first_time(body.get("event_id")):
            return
        self._desk.track(asyncio.current_task())
        view = event.get("view") or {}
        who = body | {"user": event.get("user")}
        page = home_view.page_of(view.get("private_metadata", ""))
        await tab.publish(self._desk, client, who, page, str(view.get("hash", "")))

    async def turn(self, ack: AsyncAck, body: dict[str, Any], client: AsyncWebClient) -> None:
        """Another page, or the same one as it is now."""
        await ack()
        self._desk.track(asyncio.current_task())
        pressed = body["actions"][0]
        value = inputs.value_of(pressed.get("selected_option")) or pressed.get("value") or ""
        page = int(value) if value.isdecimal() else tab.page_in(body) or 0
        await tab.publish(self._desk, client, body, page)

    async def follow(self, ack: AsyncAck, body: dict[str, Any], client: AsyncWebClient) -> None:
        """The dialog for a new follow."""
        await ack()
        await self._refuse(client, body, await dialog.open_new(self._desk, client, body))

    async def menu(self, ack: AsyncAck, body: dict[str, Any], client: AsyncWebClient) -> None:
        """What was chosen in the menu beside a follow."""
        await ack()
        self._desk.track(asyncio.current_task())
        action, _, follow_id = str(body["actions"][0]["selected_option"]["value"]).partition(":")
        if action == "change":
            return await self._refuse(client, body, await dialog.open_change(self._desk, client, body, follow_id))
        if action == "unfollow":
            return await self._open(client, body, self._ask_unfollow(body, follow_id))
        await self._refuse(client, body, await self._mute(body, follow_id, muted=action == "mute"))
        return await tab.again(self._desk, client, body)

    async def settings(self, ack: AsyncAck, body: dict[str, Any], client: AsyncWebClient) -> None:
        """Who may change what is followed."""
        await ack()
        await self._open(client, body, self._settings(body))

    async def digest(self, ack: AsyncAck, body: dict[str, Any], client: AsyncWebClient) -> None:
        """The digest of a channel."""
        await ack()
        await self._open(client, body, self._digest(body))

    async def choose_digest(self, ack: AsyncAck, body: dict[str, Any], client: AsyncWebClient) -> None:
        """Shows what is set for the channel that was chosen."""
        await ack()
        self._desk.track(asyncio.current_task())
        channel = str(body["actions"][0].get("selected_conversation") or "")
        workspace = self._desk.request(body).workspace
        plan = await self._desk.attempt("digest", self._plan(workspace, f"{workspace}/{channel}"))
        if not isinstance(plan, Refusal):
            view = settings_view.digest_view(settings_view.digest_of(channel, plan), tab.page_in(body))
            await showing.update_view(client, view, view_id=body["view"]["id"])

    async def _plan(self, workspace: str, uri: str) -> Mapping[str, Any] | None:
        async with self._desk.services.database.read() as session:
            workspace_id = await follows.workspace_if_any(session, workspace)
            if workspace_id is None or (place := await follows.destination(session, workspace_id, uri)) is None:
                return None
            rows = await notices.of_destination(session, place.id)
        return next((row.plan for row in rows if row.kind == notices.DIGEST), None)

    async def history(self, ack: AsyncAck, body: dict[str, Any], client: AsyncWebClient) -> None:
        """Who changed what."""
        await ack()
        self._desk.track(asyncio.current_task())
        request = self._desk.request(body)
        outcome = await self._desk.answer("audit", request)
        view = showing.outcome_view("History of changes", outcome, team_of(request.workspace))
        await self._desk.attempt("history", showing.open_view(client, body, view))

    async def set_settings(
        self, ack: AsyncAck, body: dict[str, Any], view: dict[str, Any], client: AsyncWebClient
    ) -> None:
        """Saves who may."""
        answers = inputs.answers(view)
        if faults := settings_view.settings_faults(answers):
            await ack(response_action="errors", errors=faults)
            return
        words = settings_view.settings_words(answers)
        await self._work(ack, body, client, "Settings", "settings", words=words, text=" ".join(words))

    async def set_digest(
        self, ack: AsyncAck, body: dict[str, Any], view: dict[str, Any], client: AsyncWebClient
    ) -> None:
        """Saves a channel's digest."""
        fields = settings_view.digest_fields(inputs.answers(view), self._desk.request(body).workspace)
        await self._work(ack, body, client, "Digest", "digest", **fields)

    async def unfollow(
        self, ack: AsyncAck, body: dict[str, Any], view: dict[str, Any], client: AsyncWebClient
    ) -> None:
        """Ends a follow, after it was asked whether that is meant."""
        external_id = await showing.work(ack, "Unfollow", "Working …")
        self._desk.track(asyncio.current_task())
        request = self._desk.request(body)
        outcome = await self._unfollow(request, str(json.loads(view["private_metadata"])["follow"]))
        await showing.finish(client, external_id, "Unfollow", outcome, team_of(request.workspace))
        await tab.again(self._desk, client, body)

    async def _work(
        self, ack: AsyncAck, body: dict[str, Any], client: AsyncWebClient, title: str, name: str, **fields: Any
    ) -> None:
        external_id = await showing.work(ack, title, "Working …")
        self._desk.track(asyncio.current_task())
        request = replace(self._desk.request(body), **fields)
        outcome = await self._desk.answer(name, request)
        await showing.finish(client, external_id, title, outcome, team_of(request.workspace))
        await tab.again(self._desk, client, body)

    async def _open(self, client: AsyncWebClient, body: dict[str, Any], building: Any) -> None:
        """Opens the dialog that is being built, or says why not."""
        view: View | Refusal = await self._desk.attempt("home", building)
        if not isinstance(view, Refusal):
            opened = await self._desk.attempt("home", showing.open_view(client, body, view))
            view = opened if isinstance(opened, Refusal) else view
        await self._refuse(client, body, view)

    async def _refuse(self, client: AsyncWebClient, body: dict[str, Any], outcome: object) -> None:
        """A dialog with the reason, where there is one."""
        if isinstance(outcome, Refusal):
            view = showing.outcome_view("That did not work", outcome, "")
            await self._desk.attempt("home", showing.open_view(client, body, view))

    async def _mute(self, body: Mapping[str, Any], follow_id: str, *, muted: bool) -> Reply | Refusal:
        request = self._desk.request(body)
        found = await self._desk.attempt(
            "mute", owned.follow(self._desk.services.database, request.workspace, follow_id)
        )
        if isinstance(found, Refusal):
            return found
        words = (found[1].slug, *(() if muted else ("off",)))
        asked = replace(request, words=words, text=" ".join(words), to=found[2].uri)
        return await self._desk.answer("mute", asked)

    async def _unfollow(self, request: Request, follow_id: str) -> Reply | Refusal:
        database = self._desk.services.database
        found = await self._desk.attempt("unfollow", owned.follow(database, request.workspace, follow_id))
        if isinstance(found, Refusal):
            return found
        return await self._desk.answer("unfollow", replace(request, provider=found[1].slug, to=found[2].uri))

    async def _ask_unfollow(self, body: Mapping[str, Any], follow_id: str) -> View:
        request = self._desk.request(body)
        follow, provider, destination = await owned.follow(
            self._desk.services.database, request.workspace, follow_id
        )
        await permission.check(self._desk.services, request, "unfollow")
        place = home_view.place_of(destination.uri, team_of(request.workspace))
        return settings_view.unfollow_view(provider.name, place, follow.id, tab.page_in(body))

    async def _settings(self, body: Mapping[str, Any]) -> View:
        request = self._desk.request(body)
        await permission.check(self._desk.services, request, "settings")
        async with self._desk.services.database.read() as session:
            editors, chosen = await follows.editors(session, request.workspace)
        return settings_view.settings_view(editors, chosen, tab.page_in(body))

    async def _digest(self, body: Mapping[str, Any]) -> View:
        await permission.check(self._desk.services, self._desk.request(body), "digest")
        return settings_view.digest_view(settings_view.Digest(), tab.page_in(body))
