"""Messages of the stand-in Discord: posted, edited, read, deleted, published."""

from typing import Any

from standins.discord_channel import ANNOUNCEMENT_THREAD, CROSSPOSTED, KINDS, Channel, Message
from standins.discord_errors import Fault, Refusal, refuse
from standins.discord_guild import User
from standins.discord_limits import CROSSPOSTS, OLD_EDITS
from standins.discord_rest import Rest
from standins.discord_routes import Call, route
from standins.discord_rules import (
    SILENT,
    SUPPRESS_EMBEDS,
    V2,
    is_empty,
    message_faults,
    message_violations,
    pings,
)
from standins.discord_state import Json

NONCE_LIFE = 120.0
"""Seconds for which a nonce is remembered; Discord says "the past few minutes"."""
MOST_ACTIVE_THREADS = 1000
_TALKS = {KINDS["text"], KINDS["dm"], KINDS["voice"], KINDS["announcement"], 10, 11, 12}
_EDITED = ("content", "embeds", "components", "attachments", "flags", "allowed_mentions")


class Messages(Rest):
    """`most_threads`: how many may be active in a guild."""

    def __init__(self, *, most_threads: int = MOST_ACTIVE_THREADS, **options: Any) -> None:
        self._nonces: dict[str, tuple[float, Message]] = {}
        self.most_threads = most_threads
        super().__init__(**options)

    # routes

    @route("POST", "/channels/{channel_id}/messages")
    def _create_message(self, call: Call) -> Json:
        channel, body = self.find_channel(call.names["channel_id"]), call.body or {}
        if channel.kind not in _TALKS:
            raise Refusal(50008)
        self.demand(channel, "SEND_MESSAGES_IN_THREADS" if channel.is_thread else "SEND_MESSAGES")
        self.check_message(body)
        self.check_allowed(channel, body)
        if (first := self._posted_before(channel, body)) is not None:
            return first.as_discord()
        if channel.person is not None and channel.person.closed:
            raise Refusal(50007)
        self._wake(channel)
        self.judge("a message", body, pings(body))
        return self.post(channel, self.bot, body).as_discord()

    @route("PATCH", "/channels/{channel_id}/messages/{message_id}")
    def _edit_message(self, call: Call) -> Json:
        channel, message = self._own_message(call)
        self._check_writable(channel)
        if self.now() - message.at > 3600:
            self.within("old edits", channel.id, OLD_EDITS, 30046)
        body = message.payload | {key: value for key, value in call.body.items() if key in _EDITED}
        self.check_message(body, message.flags)
        self.check_allowed(channel, call.body)
        self.judge("an edit", call.body, [])
        self.edit(message, call.body)
        return message.as_discord()

    @route("DELETE", "/channels/{channel_id}/messages/{message_id}")
    def _delete_message(self, call: Call) -> None:
        channel = self.find_channel(call.names["channel_id"])
        message = self.find_message(channel, call.names["message_id"])
        if message.author is not self.bot:
            self.demand(channel, "MANAGE_MESSAGES")
        if channel.archived:
            raise Refusal(50083)
        channel.messages.remove(message)

    @route("GET", "/channels/{channel_id}/messages/{message_id}")
    def _read_message(self, call: Call) -> Json:
        channel = self.find_channel(call.names["channel_id"])
        self.demand(channel, "READ_MESSAGE_HISTORY")
        return self.find_message(channel, call.names["message_id"]).as_discord()

    @route("GET", "/channels/{channel_id}/messages")
    def _read_messages(self, call: Call) -> list[Json]:
        channel = self.find_channel(call.names["channel_id"])
        if not self.bot_may(channel, "READ_MESSAGE_HISTORY"):
            return []
        before, after = int(call.query.get("before", 1 << 63)), int(call.query.get("after", 0))
        shown = [one for one in channel.messages if after < int(one.id) < before]
        return [one.as_discord() for one in shown[::-1][: int(call.query.get("limit", 50))]]

    @route("POST", "/channels/{channel_id}/messages/{message_id}/crosspost")
    def _crosspost(self, call: Call) -> Json:
        channel = self.find_channel(call.names["channel_id"])
        if channel.kind != KINDS["announcement"]:
            raise Refusal(50024)
        message = self.find_message(channel, call.names["message_id"])
        self.demand(channel, *(["SEND_MESSAGES"] if message.author is self.bot else ["MANAGE_MESSAGES"]))
        if message.published:
            raise Refusal(40033)
        self.within("crossposts", channel.id, CROSSPOSTS)
        message.flags |= CROSSPOSTED
        return message.as_discord()

    @route("POST", "/channels/{channel_id}/typing")
    def _type(self, call: Call) -> None:
        self.demand(self.find_channel(call.names["channel_id"]), "SEND_MESSAGES")

    # what the routes, forum posts and answers to interactions share

    def check_message(self, body: Json, flags: int = 0, settable: int = SUPPRESS_EMBEDS | SILENT | V2) -> None:
        """Refusal for a message that Discord refuses wherever it is. `flags`: those that it has already."""
        asked = body.get("flags") or 0
        faults = list(message_faults(body, flags | asked))
        if asked & ~(settable | flags):
            faults.append(Fault("flags", f"not all of {body['flags']} can be set", "MESSAGE_FLAGS_INVALID"))
        refuse(faults)
        if is_empty(body):
            raise Refusal(50006)

    def check_allowed(self, channel: Channel, body: Json) -> None:
        """Refusal for a message whose parts the bot may not post here; answers to interactions are free of it."""
        if body.get("embeds"):
            self.demand(channel, "EMBED_LINKS")
        if body.get("attachments"):
            self.demand(channel, "ATTACH_FILES")
        self._check_reference(channel, body.get("message_reference"))

    def judge(self, what: str, body: Json, pinged: list[str]) -> None:
        """Notes what nobody should send."""
        self.violations.extend(message_violations(what, body, pinged, self.allow_mentions))

    def post(
        self, channel: Channel, author: User, body: Json, *, flags: int = 0, answers: User | None = None
    ) -> Message:
        """Puts a message into a channel. `answers`: who began the interaction that it comes of."""
        made = Message(self.new_id(), channel, author, self.now(), {}, flags)
        made.pings = pings(body, webhook=answers is not None)
        made.nonce = str(body.get("nonce") or "")
        made.reference = str((body.get("message_reference") or {}).get("message_id") or "")
        made.flags |= body.get("flags") or 0
        made.payload = {key: value for key, value in body.items() if key in _EDITED and value is not None}
        if made.ephemeral:
            made.ephemeral_for = answers
        else:
            channel.messages.append(made)
            channel.sent += 1
        if made.nonce and body.get("enforce_nonce"):
            self._remember(made)
        self.changed()
        return made

    def edit(self, message: Message, body: Json) -> None:
        """Changes what the body names and leaves the rest."""
        for key in _EDITED:
            if key in body:
                message.payload[key] = body[key]
        if body.get("flags"):
            message.flags |= body["flags"] & (SUPPRESS_EMBEDS | V2)
        message.edited_at, message.edits = self.now(), message.edits + 1
        self.changed()

    def find_message(self, channel: Channel, id: str) -> Message:
        """Refusal where there is none."""
        if (message := channel.message(id)) is None:
            raise Refusal(10008)
        return message

    def check_room_for_thread(self, channel: Channel) -> None:
        """Refusal where a guild has as many active threads as it may."""
        if channel.guild is not None and len(channel.guild.active_threads()) >= self.most_threads:
            raise Refusal(160007 if channel.kind in (KINDS["announcement"], ANNOUNCEMENT_THREAD) else 160006)

    def _own_message(self, call: Call) -> tuple[Channel, Message]:
        channel = self.find_channel(call.names["channel_id"])
        message = self.find_message(channel, call.names["message_id"])
        if message.author is not self.bot:
            raise Refusal(50005)
        return channel, message

    def _check_writable(self, thread: Channel) -> None:
        if thread.archived:
            raise Refusal(50083)
        if thread.locked and not self.bot_may(thread, "MANAGE_THREADS"):
            raise Refusal(160005)

    def _wake(self, thread: Channel) -> None:
        """A message un-archives its thread, unless a moderator has locked it."""
        if thread.locked and not self.bot_may(thread, "MANAGE_THREADS"):
            raise Refusal(160005)
        if thread.archived:
            self.check_room_for_thread(thread)
            thread.archived, thread.archived_at = False, self.now()
            self._tell("THREAD_UPDATE", thread.as_discord(), thread.guild)

    def _check_reference(self, channel: Channel, reference: Any) -> None:
        if not reference:
            return
        if not self.bot_may(channel, "READ_MESSAGE_HISTORY"):
            raise Refusal(160002)
        if reference.get("fail_if_not_exists", True) and channel.message(str(reference["message_id"])) is None:
            refuse([Fault("message_reference", "Unknown message", "MESSAGE_REFERENCE_UNKNOWN_MESSAGE")])

    # nonces

    def _posted_before(self, channel: Channel, body: Json) -> Message | None:
        """The message that went out with the same enforced nonce a short while ago, deleted or not."""
        if not body.get("nonce") or not body.get("enforce_nonce"):
            return None
        at, message = self._nonces.get(str(body["nonce"]), (0.0, None))
        if message is None or self.now() - at > NONCE_LIFE:
            return None
        if message.channel is not channel:
            self.violation(
                f"nonce {body['nonce']} in {message.channel.name} and {channel.name}: one may be swallowed"
            )
            return None
        return message

    def _remember(self, message: Message) -> None:
        self._nonces[message.nonce] = (self.now(), message)
