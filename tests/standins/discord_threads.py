"""Threads, forum posts and channels of the stand-in Discord: made, changed, listed, deleted."""

from typing import Any

from standins.discord_channel import (
    ANNOUNCEMENT_THREAD,
    KINDS,
    PRIVATE_THREAD,
    PUBLIC_THREAD,
    REQUIRE_TAG,
    Channel,
)
from standins.discord_errors import Fault, Refusal, refuse
from standins.discord_limits import RENAMES
from standins.discord_messages import Messages
from standins.discord_routes import Call, route
from standins.discord_rules import pings
from standins.discord_state import Json

DURATIONS = (60, 1440, 4320, 10080)
_MAY_CREATOR = {"name", "archived", "auto_archive_duration", "applied_tags", "invitable"}


class Threads(Messages):
    """Whoever made a thread may archive and rename it; locking it takes MANAGE_THREADS."""

    # routes

    @route("POST", "/channels/{channel_id}/messages/{message_id}/threads", status=201)
    def _thread_from_message(self, call: Call) -> Json:
        channel = self.find_channel(call.names["channel_id"])
        if channel.kind not in (KINDS["text"], KINDS["announcement"]):
            raise Refusal(50024)
        self.demand(channel, "CREATE_PUBLIC_THREADS", "READ_MESSAGE_HISTORY")
        _check_thread(call.body)
        message = self.find_message(channel, call.names["message_id"])
        if message.thread is not None or message.id in self.channels:
            raise Refusal(160004)
        self.check_room_for_thread(channel)
        message.thread = self._make_thread(message.id, channel, call.body)
        return message.thread.as_discord()

    @route("POST", "/channels/{channel_id}/threads", status=201)
    def _thread_alone(self, call: Call) -> Json:
        channel = self.find_channel(call.names["channel_id"])
        _check_thread(call.body)
        if channel.is_forum:
            return self._forum_post(channel, call.body)
        kind = call.body.get("type") or PRIVATE_THREAD
        wanted = {KINDS["text"]: (PUBLIC_THREAD, PRIVATE_THREAD), KINDS["announcement"]: (ANNOUNCEMENT_THREAD,)}
        if "message" in call.body or kind not in wanted.get(channel.kind, ()):
            raise Refusal(50024)
        self.demand(channel, "CREATE_PRIVATE_THREADS" if kind == PRIVATE_THREAD else "CREATE_PUBLIC_THREADS")
        self.check_room_for_thread(channel)
        made = self._make_thread(self.new_id(), channel, call.body)
        made.kind = kind
        return made.as_discord()

    @route("PATCH", "/channels/{channel_id}")
    def _change_channel(self, call: Call) -> Json:
        channel = self.find_channel(call.names["channel_id"])
        if channel.is_thread:
            self._change_thread(channel, call.body)
        else:
            self.demand(channel, "MANAGE_CHANNELS")
            self._rename(channel, call.body)
        event = "THREAD_UPDATE" if channel.is_thread else "CHANNEL_UPDATE"
        self._tell(event, channel.as_discord(), channel.guild)
        return channel.as_discord()

    @route("DELETE", "/channels/{channel_id}")
    def _remove_channel(self, call: Call) -> Json:
        channel = self.find_channel(call.names["channel_id"])
        self.demand(channel, "MANAGE_THREADS" if channel.is_thread else "MANAGE_CHANNELS")
        self.forget_channel(channel)
        return channel.as_discord()

    @route("GET", "/channels/{channel_id}")
    def _read_channel(self, call: Call) -> Json:
        return self.find_channel(call.names["channel_id"]).as_discord()

    @route("GET", "/channels/{channel_id}/threads/archived/public")
    def _archived_threads(self, call: Call) -> Json:
        channel = self.find_channel(call.names["channel_id"])
        self.demand(channel, "READ_MESSAGE_HISTORY")
        found = sorted((one for one in channel.threads() if one.archived), key=lambda one: -one.archived_at)
        return {"threads": [one.as_discord() for one in found], "members": [], "has_more": False}

    @route("PUT", "/channels/{channel_id}/thread-members/@me")
    def _join_thread(self, call: Call) -> None:
        if self.find_channel(call.names["channel_id"]).archived:
            raise Refusal(50083)

    # making

    def _forum_post(self, forum: Channel, body: Json) -> Json:
        self.demand(forum, "SEND_MESSAGES")
        message: Json = body.get("message") or {}
        if not message:
            refuse([Fault("message", "This field is required", "BASE_TYPE_REQUIRED")])
        self._check_tags(forum, body.get("applied_tags") or [])
        self.check_message(message)
        self.check_allowed(forum, message)
        self.check_room_for_thread(forum)
        self.judge("a forum post", message, pings(message))
        made = self._make_thread(self.new_id(), forum, body)
        first = self.post(made, self.bot, message)
        first.id = made.id
        return made.as_discord() | {"message": first.as_discord()}

    def _make_thread(self, id: str, parent: Channel, body: Json) -> Channel:
        kind = ANNOUNCEMENT_THREAD if parent.kind == KINDS["announcement"] else PUBLIC_THREAD
        made = Channel(id, body["name"], kind, parent.guild, parent=parent, owner=self.bot, archived_at=self.now())
        made.auto_archive = body.get("auto_archive_duration") or 1440
        made.applied_tags = [str(id) for id in body.get("applied_tags") or []]
        self.channels[id] = made
        if parent.guild is not None:
            parent.guild.channels[id] = made
        self._tell("THREAD_CREATE", made.as_discord() | {"newly_created": True}, parent.guild)
        return made

    def _check_tags(self, forum: Channel, applied: list[Any]) -> None:
        tags = [str(id) for id in applied]
        known = {tag.id: tag for tag in forum.tags}
        if unknown := [id for id in tags if id not in known]:
            refuse([Fault("applied_tags", f"unknown tags {unknown}", "TAG_NOT_FOUND")])
        if len(tags) > 5:
            refuse([Fault("applied_tags", "Must be 5 or fewer in length.", "BASE_TYPE_MAX_LENGTH")])
        if not tags and forum.flags & REQUIRE_TAG:
            raise Refusal(40067)
        if any(known[id].moderated for id in tags):
            self.demand(forum, "MANAGE_THREADS")

    # changing

    def _change_thread(self, thread: Channel, body: Json) -> None:
        moderates = self.bot_may(thread, "MANAGE_THREADS")
        refuse(_duration_faults(body))
        if thread.archived and body.get("archived") is not False:
            raise Refusal(50083)
        if body.get("archived") is False and thread.archived:
            self._check_unarchiving(thread, moderates)
        changed = {key for key in body if key not in ("archived",) or body[key]}
        if changed and not moderates and (thread.owner is not self.bot or changed - _MAY_CREATOR):
            raise Refusal(50013)
        if thread.locked and not moderates and changed:
            raise Refusal(160005)
        if "applied_tags" in body and thread.parent is not None:
            self._check_tags(thread.parent, body["applied_tags"] or [])
            thread.applied_tags = [str(id) for id in body["applied_tags"] or []]
        self._rename(thread, body)
        if body.get("archived") is not None and bool(body["archived"]) != thread.archived:
            thread.archived, thread.archived_at = bool(body["archived"]), self.now()
        thread.locked = bool(body.get("locked", thread.locked))
        thread.auto_archive = body.get("auto_archive_duration") or thread.auto_archive

    def _check_unarchiving(self, thread: Channel, moderates: bool) -> None:
        if thread.locked and not moderates:
            raise Refusal(50013)
        self.demand(thread, "SEND_MESSAGES_IN_THREADS")
        self.check_room_for_thread(thread)

    def _rename(self, channel: Channel, body: Json) -> None:
        name = body.get("name") or channel.name
        topic = body.get("topic", channel.topic)
        if (name, topic) != (channel.name, channel.topic):
            self.within("renames", channel.id, RENAMES)
        channel.name, channel.topic = name, topic

    # deleting

    def forget_channel(self, channel: Channel) -> None:
        """It is gone, with its threads and its messages."""
        for thread in [*channel.threads(), channel]:
            thread.deleted = True
            self.channels.pop(thread.id, None)
            if thread.guild is not None:
                thread.guild.channels.pop(thread.id, None)
        if channel.parent is None:
            self._tell("CHANNEL_DELETE", channel.as_discord(), channel.guild)
            return
        for message in channel.parent.messages:
            message.thread = None if message.thread is channel else message.thread
        about: Json = {"id": channel.id, "guild_id": channel.guild.id if channel.guild else None}
        about |= {"parent_id": channel.parent.id, "type": channel.kind}
        self._tell("THREAD_DELETE", about, channel.guild)


def _check_thread(body: Any) -> None:
    name = str((body or {}).get("name") or "")
    faults = _duration_faults(body or {})
    if not 1 <= len(name) <= 100:
        faults.append(Fault("name", "Must be between 1 and 100 in length.", "BASE_TYPE_BAD_LENGTH"))
    refuse(faults)


def _duration_faults(body: Json) -> list[Fault]:
    duration = body.get("auto_archive_duration")
    known = duration is None or duration in DURATIONS
    return (
        []
        if known
        else [Fault("auto_archive_duration", f"Value must be one of {DURATIONS}.", "BASE_TYPE_CHOICES")]
    )
