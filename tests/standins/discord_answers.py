"""How the bot answers interactions of the stand-in Discord: the callback, and what follows by its token.

developers/interactions/receiving-and-responding: the first answer within three seconds (10062 after it, 40060
for a second one), the token for fifteen minutes (50027 after it).
"""

import asyncio
import secrets
from typing import Any

from standins.discord_channel import Channel, Message
from standins.discord_command_rules import STRING, choices_faults
from standins.discord_commands import Commands
from standins.discord_component_rules import modal_faults
from standins.discord_errors import Fault, Refusal, refuse
from standins.discord_guild import Guild, User
from standins.discord_interaction import (
    ANSWERS,
    CHOICES,
    DEFERRED,
    DEFERRED_UPDATE,
    MESSAGE,
    MODAL,
    TOKEN_LIFE,
    UPDATE,
    Interaction,
    NotAnsweredError,
)
from standins.discord_messages import Messages
from standins.discord_routes import Call, route
from standins.discord_rules import EPHEMERAL, SILENT, SUPPRESS_EMBEDS, V2, pings
from standins.discord_state import Json

ACK_LIMIT = 3.0
_SETTABLE = SUPPRESS_EMBEDS | SILENT | V2 | EPHEMERAL
_WEBHOOK = "/webhooks/{webhook_id}/{webhook_token}"


class Answers(Messages, Commands):
    """`interactions`: every one there was, in order."""

    def __init__(self, *, ack_limit: float = ACK_LIMIT, **options: Any) -> None:
        self.ack_limit = ack_limit
        self.interactions: list[Interaction] = []
        self._by_token: dict[str, Interaction] = {}
        super().__init__(**options)

    def advance(self, seconds: float) -> None:
        """Time goes on; whatever was to be answered within it is too late."""
        self._ahead += seconds
        for one in self.interactions:
            if not one.acknowledged.done() and self.now() > one.began + self.ack_limit:
                one.acknowledged.set_exception(NotAnsweredError(f"{one.what}: not within {self.ack_limit} s"))
        self.changed()

    def begin(self, kind: int, what: str, guild: Guild, channel: Channel, user: User) -> Interaction:
        """An interaction that the bot is about to hear of."""
        done = asyncio.get_running_loop().create_future()
        token = secrets.token_urlsafe(24)
        made = Interaction(self.new_id(), token, kind, what, guild, channel, user, self.now(), self.until, done)
        self.interactions.append(made)
        self._by_token[token] = made
        return made

    # the first answer

    @route("POST", "/interactions/{interaction_id}/{interaction_token}/callback", bot=False)
    def _callback(self, call: Call) -> Json | None:
        begun = self._by_token.get(call.names["interaction_token"])
        if begun is None or begun.id != call.names["interaction_id"]:
            raise Refusal(10062)
        if begun.answer:
            raise Refusal(40060)
        if self.now() > begun.began + self.ack_limit or begun.acknowledged.done():
            raise Refusal(10062)
        kind, data = int((call.body or {}).get("type") or 0), (call.body or {}).get("data") or {}
        if kind not in ANSWERS[begun.kind] or (kind in (UPDATE, DEFERRED_UPDATE) and begun.source is None):
            refuse([Fault("type", f"{kind} does not answer {begun.what}", "INTERACTION_CALLBACK_TYPE_INVALID")])
        self._take(begun, kind, data)
        begun.answer, begun.took = kind, self.now() - begun.began
        begun.acknowledged.set_result(None)
        return self._callback_answer(begun) if call.query.get("with_response") in ("1", "true") else None

    def _take(self, begun: Interaction, kind: int, data: Json) -> None:
        if kind == CHOICES:
            refuse(list(choices_faults(data.get("choices") or [], "data.choices", STRING)))
            begun.choices = data.get("choices") or []
        elif kind == MODAL:
            refuse(list(modal_faults(data)))
            begun.modal = data
        elif kind == DEFERRED:
            if (data.get("flags") or 0) & ~EPHEMERAL:
                refuse([Fault("data.flags", "only EPHEMERAL with a deferred message", "MESSAGE_FLAGS_INVALID")])
            begun.original = self._show(begun, {}, data.get("flags") or 0)
            begun.original.loading = True
        elif kind == DEFERRED_UPDATE:
            begun.original = begun.source
        elif kind == UPDATE and begun.source is not None:
            self._change(begun.source, data)
            begun.original = begun.source
        elif kind == MESSAGE:
            self._check(data)
            begun.original = self._show(begun, data, data.get("flags") or 0)

    def _callback_answer(self, begun: Interaction) -> Json:
        about: Json = {
            "id": begun.id,
            "type": begun.kind,
            "channel_id": begun.channel.id,
            "guild_id": begun.guild.id,
        }
        answer: Json = {"interaction": about}
        if begun.original is not None:
            about |= {
                "response_message_id": begun.original.id,
                "response_message_loading": begun.original.loading,
                "response_message_ephemeral": begun.original.ephemeral,
            }
        made = {MESSAGE: MESSAGE, DEFERRED: MESSAGE, UPDATE: UPDATE}.get(begun.answer)
        if made is not None and begun.original is not None:
            answer["resource"] = {"type": made, "message": begun.original.as_discord()}
        return answer

    # what follows

    @route("POST", _WEBHOOK, bot=False)
    def _follow_up(self, call: Call) -> Json:
        begun, body = self._begun(call), call.body or {}
        if begun.original is not None and begun.original.loading:
            if (body.get("flags") or 0) & EPHEMERAL and not begun.ephemeral:
                self.violation(f"{begun.what}: an ephemeral follow-up after it was deferred for everybody to see")
            self._change(begun.original, body, fresh=True)
            return begun.original.as_discord()
        self._check(body)
        begun.followups.append(made := self._show(begun, body, body.get("flags") or 0))
        return made.as_discord()

    @route("GET", _WEBHOOK + "/messages/@original", bot=False)
    @route("GET", _WEBHOOK + "/messages/{message_id}", bot=False)
    def _read_answer(self, call: Call) -> Json:
        return self._answer_of(call).as_discord()

    @route("PATCH", _WEBHOOK + "/messages/@original", bot=False)
    @route("PATCH", _WEBHOOK + "/messages/{message_id}", bot=False)
    def _edit_answer(self, call: Call) -> Json:
        message = self._answer_of(call)
        self._change(message, call.body or {}, fresh=message.loading)
        return message.as_discord()

    @route("DELETE", _WEBHOOK + "/messages/@original", bot=False)
    @route("DELETE", _WEBHOOK + "/messages/{message_id}", bot=False)
    def _delete_answer(self, call: Call) -> None:
        begun, message = self._begun(call), self._answer_of(call)
        if message in message.channel.messages:
            message.channel.messages.remove(message)
        if message in begun.followups:
            begun.followups.remove(message)
        begun.original = None if message is begun.original else begun.original

    def _begun(self, call: Call) -> Interaction:
        begun = self._by_token.get(call.names["webhook_token"])
        if begun is None or call.names["webhook_id"] != self.application_id or not begun.answer:
            raise Refusal(10015)
        if self.now() > begun.began + TOKEN_LIFE:
            raise Refusal(50027)
        return begun

    def _answer_of(self, call: Call) -> Message:
        begun, id = self._begun(call), call.names.get("message_id")
        known = [begun.original] if id is None else [begun.original, *begun.followups]
        found = next((one for one in known if one is not None and id in (None, one.id)), None)
        if found is None:
            raise Refusal(10008)
        return found

    # messages

    def _check(self, body: Json, flags: int = 0) -> None:
        self.check_message(body, flags, _SETTABLE)
        self.judge("an answer", body, pings(body, webhook=True))

    def _show(self, begun: Interaction, body: Json, flags: int) -> Message:
        made = self.post(begun.channel, self.bot, body, flags=flags, answers=begun.user)
        made.interaction = begun.metadata()
        if not begun.messages:
            begun.flags = flags
        return made

    def _change(self, message: Message, body: Json, *, fresh: bool = False) -> None:
        """Edits an answer; one that is `fresh` was "is thinking" until now."""
        whole = message.payload | {key: value for key, value in body.items() if key != "flags"}
        self._check(whole | {"flags": (body.get("flags") or 0) & ~EPHEMERAL}, message.flags)
        self.edit(message, body | {"flags": (body.get("flags") or 0) & ~EPHEMERAL})
        if fresh:
            message.loading, message.edited_at = False, None
            message.pings = pings(body, webhook=True)
        self.changed()
