"""What people do in the stand-in Discord: type commands, press buttons, choose in menus, fill in modals."""

import asyncio
from typing import Any

from standins.discord_answers import Answers
from standins.discord_channel import Channel, Message
from standins.discord_component_rules import BUTTON, LABEL, LINK, ROW, SELECTS, STRING_SELECT, TEXT_INPUT
from standins.discord_guild import Guild, User
from standins.discord_interaction import (
    AUTOCOMPLETE,
    COMMAND,
    COMPONENT,
    MODAL_SUBMIT,
    Interaction,
    NotAnsweredError,
)
from standins.discord_options import filled, nested, partial_channel
from standins.discord_state import Json

_CHANNEL_SELECT = 8


class People(Answers):
    """Each raises NotAnsweredError without an answer in three seconds, AssertionError for what can't be done."""

    async def slash(
        self, guild: Guild, channel: Channel, user: User, command: str, options: dict[str, Any] | None = None
    ) -> Interaction:
        """Somebody sends a command ("uptimus follow"); options by name, people and channels as themselves."""
        data, what = self._command(guild, channel, user, command, options or {}, None)
        begun = self.begin(COMMAND, what, guild, channel, user)
        return await self._hand_over(begun, data)

    async def autocomplete(
        self,
        guild: Guild,
        channel: Channel,
        user: User,
        command: str,
        options: dict[str, Any],
        *,
        focused: str,
    ) -> list[tuple[str, Any]]:
        """Somebody types in an option: the (name, value) that are offered to them."""
        data, what = self._command(guild, channel, user, command, options, focused)
        begun = self.begin(AUTOCOMPLETE, f"{what} …", guild, channel, user)
        await self._hand_over(begun, data)
        return [(choice["name"], choice["value"]) for choice in begun.choices]

    async def press(
        self, message: Message, custom_id: str, user: User, values: list[str | Channel] | None = None
    ) -> Interaction:
        """Somebody presses a button of a message, or chooses `values` in a menu of it.

        `custom_id`: the whole of it, or the label that the button shows.
        """
        channel, guild = message.channel, message.channel.guild
        if guild is None:
            raise AssertionError("not in direct messages")
        if message.ephemeral_for not in (None, user) or message not in [*channel.messages, *self._seen_by(user)]:
            raise AssertionError(f"{user.name} does not see this message")
        part = _find(message, custom_id)
        data: Json = {"custom_id": part["custom_id"], "component_type": part["type"]}
        if part["type"] in SELECTS:
            data |= self._chosen(part, values or [], guild, user)
        begun = self.begin(COMPONENT, f"press {custom_id}", guild, channel, user)
        begun.source = message
        return await self._hand_over(begun, data)

    async def submit(self, begun: Interaction, values: dict[str, Any]) -> Interaction:
        """Somebody fills in and submits the modal that an interaction opened; `values` by custom_id or label."""
        if begun.modal is None:
            raise AssertionError(f"{begun.what} opened no modal")
        left = dict(values)
        components = [_submitted(part, left) for part in begun.modal["components"]]
        if left:
            raise AssertionError(f"the modal has no {sorted(left)}")
        data = {"custom_id": begun.modal["custom_id"], "components": components}
        what = f"submit {begun.modal['custom_id']}"
        submitted = self.begin(MODAL_SUBMIT, what, begun.guild, begun.channel, begun.user)
        submitted.source, submitted.opened_by = begun.source, begun
        begun.modal = None
        return await self._hand_over(submitted, data)

    # what they have in common

    async def _hand_over(self, begun: Interaction, data: Json) -> Interaction:
        guild, channel, user = begun.guild, begun.channel, begun.user
        permissions = guild.permissions(user, channel)
        payload: Json = {
            "id": begun.id,
            "application_id": self.application_id,
            "type": begun.kind,
            "token": begun.token,
            "version": 1,
            "data": data,
            "guild_id": guild.id,
            "guild": {"id": guild.id, "locale": guild.locale, "features": []},
            "channel_id": channel.id,
            "channel": partial_channel(channel, guild, user),
            "member": guild.member(user) | {"permissions": str(permissions)},
            "app_permissions": str(guild.permissions(self.bot, channel)),
            "locale": "en-US",
            "guild_locale": guild.locale,
            "entitlements": [],
            "authorizing_integration_owners": {"0": guild.id},
            "context": 0,
            "attachment_size_limit": 10 * 2**20,
        }
        if begun.source is not None:
            payload["message"] = begun.source.as_discord()
        self._tell("INTERACTION_CREATE", payload, guild, intent=0)
        try:
            await asyncio.wait_for(begun.acknowledged, self.ack_limit)
        except TimeoutError:
            raise NotAnsweredError(f"{begun.what}: not within {self.ack_limit} s") from None
        finally:
            begun.acknowledged.cancel()
        return begun

    def _command(
        self, guild: Guild, channel: Channel, user: User, words: str, options: dict[str, Any], focused: str | None
    ) -> tuple[Json, str]:
        if not guild.here:
            raise AssertionError(f"the bot is not in {guild.name}")
        if user.id not in guild.people or not (may := guild.permissions(user, channel)):
            raise AssertionError(f"{user.name} is not in {channel.name}")
        if channel.is_forum:
            raise AssertionError("nobody can type in a forum, only in its posts")
        command, way, last = self.find_command(guild, user, may, words)
        given, resolved = filled(last, options, guild, user, focused=focused)
        if focused is not None and not next(one for one in last["options"] if one["name"] == focused).get(
            "autocomplete"
        ):
            raise AssertionError(f"{focused} has no autocomplete")
        data: Json = {"id": command["id"], "name": command["name"], "type": 1, "options": nested(way, given)}
        if resolved:
            data["resolved"] = resolved
        return data, "/" + words.removeprefix("/")

    def _seen_by(self, user: User) -> list[Message]:
        return [message for one in self.interactions if one.user is user for message in one.messages]

    def _chosen(self, menu: Json, values: list[str | Channel], guild: Guild, user: User) -> Json:
        if not (menu.get("min_values", 1) or 0) <= len(values) <= (menu.get("max_values") or 1):
            raise AssertionError(f"{menu['custom_id']} does not take {len(values)} choices")
        channels = [value for value in values if isinstance(value, Channel)]
        if menu["type"] == STRING_SELECT:
            offered = [option["value"] for option in menu["options"]]
            if strange := [value for value in values if value not in offered]:
                raise AssertionError(f"{strange} are none of {offered}")
        chosen: Json = {"values": [value.id if isinstance(value, Channel) else value for value in values]}
        if menu["type"] == _CHANNEL_SELECT:
            chosen["resolved"] = {"channels": {one.id: partial_channel(one, guild, user) for one in channels}}
        return chosen


def _find(message: Message, name: str) -> Json:
    controls = [part for part in message.parts() if part.get("type") in SELECTS | {BUTTON}]
    found = [part for part in controls if name in (part.get("custom_id"), part.get("label"))]
    if not found:
        raise AssertionError(
            f"no {name!r} here, but {[part.get('custom_id') or part.get('label') for part in controls]}"
        )
    if found[0].get("disabled") or found[0].get("style") == LINK:
        raise AssertionError(f"{name!r} can't be pressed")
    return found[0]


def _submitted(part: Json, values: dict[str, Any]) -> Json:
    """One part of a modal as Discord hands it in; what is used of `values` is taken out."""
    if part["type"] == ROW:
        return {
            "type": ROW,
            "id": 1,
            "components": [_input(one, one.get("label"), values) for one in part["components"]],
        }
    if part["type"] == LABEL:
        return {"type": LABEL, "id": 1, "component": _input(part["component"], part["label"], values)}
    return {"type": part["type"], "id": 1}


def _input(part: Json, label: str | None, values: dict[str, Any]) -> Json:
    value = values.pop(part["custom_id"], values.pop(str(label), None))
    about = {"type": part["type"], "id": 2, "custom_id": part["custom_id"]}
    if part["type"] != TEXT_INPUT:
        chosen = value if isinstance(value, list) else [] if value is None else [value]
        return about | {"values": chosen}
    text = part.get("value") or "" if value is None else str(value)
    least, most = part.get("min_length") or 0, part.get("max_length") or 4000
    if not text and part.get("required", True):
        raise AssertionError(f"{label or part['custom_id']} must be filled in")
    if text and not least <= len(text) <= most:
        raise AssertionError(f"{label or part['custom_id']} takes {least} to {most} characters")
    return about | {"value": text}
