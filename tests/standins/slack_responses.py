"""What a person starts in the stand-in Slack, and what comes of it: answers through a response URL, modals."""

import json
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import Any
from uuid import uuid4

from aiohttp import web
from standins.slack_channel import Answer, Message
from standins.slack_delivery import Delivery
from standins.slack_messages import Messages
from standins.slack_state import Json
from standins.slack_view import View
from standins.slack_workspace import Workspace

RESPONSE_USES = 5
RESPONSE_LIFE = 30 * 60
TRIGGER_LIFE = 3
_RESPONSE = {"text", "blocks", "response_type", "replace_original", "delete_original", "thread_ts"}
_IGNORED = {"unfurl_links", "unfurl_media", "attachments", "metadata"}

Until = Callable[[Callable[[], Any], float], Awaitable[Any]]


@dataclass
class Interaction:
    """A command, a click or a shortcut on its way, and what came back.

    `source`: the message or the ephemeral answer that it was done on. `view`: the view that it was done in.
    """

    team: str
    channel: str
    user: str
    made_at: float
    trigger_id: str
    until: Until
    source: Message | Answer | None = None
    view: View | None = None
    exchanged: bool = False
    uses: int = 0
    answers: list[Answer] = field(default_factory=list)
    views: list[View] = field(default_factory=list)
    """The modals that were opened with its trigger_id: one at most."""

    async def answered(self, count: int = 1, within: float = 60) -> list[Answer]:
        """Its answers, once there are so many."""
        await self.until(lambda: len(self.answers) >= count, within)
        return self.answers

    async def opened(self, within: float = 60) -> View:
        """The modal that it led to, once it is there."""
        await self.until(lambda: self.views, within)
        return self.views[0]


class Responses(Delivery, Messages):
    """Interactions by their triggers, and their response URLs."""

    loses_pictures = False
    """Slack can't get what image blocks show, and refuses the message."""

    def __init__(self, **options: Any) -> None:
        super().__init__(**options)
        self._interactions: dict[str, Interaction] = {}
        self._commands: dict[str, Interaction] = {}

    def _begin(
        self,
        workspace: Workspace,
        user: str,
        channel: str = "",
        *,
        source: Message | Answer | None = None,
        view: View | None = None,
        trigger_id: str | None = None,
    ) -> Interaction:
        """A person does something: they are known from now on, and it can be exchanged for a modal for 3 s."""
        workspace.user(user)
        id = trigger_id or f"{uuid4().int % 10**12}.{workspace.id[1:]}.{uuid4().hex}"
        begun = Interaction(workspace.id, channel, user, self._now(), id, self.until, source, view)
        self._interactions.setdefault(id, begun)
        return begun

    def make_response_url(self, channel: str = "C1", team: str = "T1") -> str:
        """The address that a command's answers go to."""
        return self._response_url_of(self._begin(self.workspaces[team], "U1", channel))

    def _response_url_of(self, interaction: Interaction) -> str:
        id = uuid4().hex
        self._commands[id] = interaction
        return f"http://127.0.0.1:{self.port}/response/{id}"

    async def slash(
        self,
        command: str,
        text: str,
        *,
        channel: str = "C1",
        user: str = "U1",
        team: str = "T1",
        answers: int = 1,
        within: float = 60,
        trigger_id: str | None = None,
        retry: bool = False,
    ) -> list[Answer]:
        """Somebody types a command: what they get to see, once `answers` have come.

        Raises OperationTimeoutError when the app does not acknowledge in 3 s.
        """
        workspace = self.workspaces[team]
        begun = self._begin(workspace, user, channel, trigger_id=trigger_id)
        form = self._slash_form(workspace, begun, command, text)
        payload = await self._hand_over("slash_commands", form, f"{command} {text}", retry=retry)
        if payload:
            self._take_answer(begun, payload)
        try:
            return await begun.answered(answers, within)
        except AssertionError:
            raise AssertionError(f"{command} {text}: {len(begun.answers)} answers of {answers}") from None

    def _slash_form(self, workspace: Workspace, begun: Interaction, command: str, text: str) -> dict[str, str]:
        room = workspace.channels.get(begun.channel)
        about = self._about(workspace)
        form = {
            "token": "deprecated",
            "team_id": workspace.id,
            "team_domain": workspace.domain,
            "channel_id": begun.channel,
            "channel_name": "privategroup" if room and room.private else room.name if room else "directmessage",
            "user_id": begun.user,
            "user_name": workspace.user(begun.user).name,
            "command": command,
            "text": text,
            "api_app_id": self.app_id,
            "is_enterprise_install": json.dumps(about["is_enterprise_install"]),
            "response_url": self._response_url_of(begun),
            "trigger_id": begun.trigger_id,
        }
        if organization := about["enterprise"]:
            form |= {"enterprise_id": organization["id"], "enterprise_name": organization["name"]}
        return form

    async def _response_url(self, request: web.Request) -> web.Response:
        waiting = self._commands.get(request.match_info["id"])
        if waiting is None or self._now() - waiting.made_at > RESPONSE_LIFE:
            return web.json_response({"ok": False, "error": "expired_url"}, status=404)
        if waiting.uses >= RESPONSE_USES:
            return web.json_response({"ok": False, "error": "used_url"}, status=404)
        waiting.uses += 1
        payload = await request.json()
        if unknown := payload.keys() - _RESPONSE - _IGNORED:
            self._violation(f"response_url: unknown {sorted(unknown)}")
        if self.loses_pictures and any(one.get("type") == "image" for one in payload.get("blocks") or []):
            return web.json_response({"ok": False, "error": "invalid_blocks"}, status=400)
        if self._take_answer(waiting, payload):
            return web.json_response({"ok": False, "error": "invalid_blocks"}, status=400)
        return web.Response(text="ok")

    def _take_answer(self, waiting: Interaction, payload: Json) -> list[str]:
        """Keeps what the app said, in the place that it asked for; what Slack refuses about it."""
        original = waiting.source or (waiting.answers[-1] if waiting.answers else None)
        if payload.get("delete_original") and original is not None:
            self._remove(original)
            self._changed()
            return []
        faults = self._judge("response", payload)
        if not faults:
            if payload.get("replace_original") and original is not None:
                original.rewrite(payload.get("text", ""), payload.get("blocks") or [])
            else:
                self._keep_answer(waiting, payload)
            self._changed()
        return faults

    def _keep_answer(self, waiting: Interaction, payload: Json) -> None:
        workspace = self.workspaces[waiting.team]
        if payload.get("response_type", "ephemeral") == "ephemeral":
            waiting.answers.append(self._answer(payload, workspace, waiting.channel, waiting.user))
            return
        waiting.answers.append(Answer(payload.get("text", ""), payload.get("blocks") or [], False))
        if (room := workspace.room(waiting.channel)) is not None:
            self._store(room, payload)

    def _remove(self, original: Message | Answer) -> None:
        if isinstance(original, Answer):
            original.deleted = True
        else:
            self.delete(original.channel, original.ts, original.team)
