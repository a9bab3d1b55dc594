"""Messages on their way into the stand-in Slack: judged, and kept where a person would find them."""

import re
from typing import Any

from standins import slack_rules as rules
from standins.slack_channel import Answer, Channel, Message
from standins.slack_state import Json, Refusal, State
from standins.slack_workspace import Workspace

_TS = re.compile(r"^\d{10,}\.\d{6}$")


class Messages(State):
    """What every way of sending a message has in common."""

    def _judge(self, where: str, message: Json) -> list[str]:
        """What Slack refuses about it; what nobody should send is a violation too."""
        refused, unwanted = rules.message_faults(message, self.allow_mentions)
        for fault in (*refused, *unwanted):
            self._violation(f"{where}: {fault}")
        return refused

    def _check_message(self, method: str, arguments: Json) -> None:
        """Raises Refusal for what Slack does not take."""
        if not arguments.get("text") and not arguments.get("blocks"):
            self._violation(f"{method}: no text")
            raise Refusal("no_text")
        if len(arguments.get("text", "")) > 40_000:
            raise Refusal("msg_too_long")
        for name in {"parse", "link_names", "username", "icon_emoji", "icon_url"} & arguments.keys():
            self._violation(f"{method}: {name} is set")
        if (
            method == "chat.postMessage"
            and not arguments.get("unfurl_links") is arguments.get("unfurl_media") is False
        ):
            self._violation(f"{method}: links would unfurl")
        if not _is_metadata(arguments.get("metadata")):
            raise Refusal("invalid_metadata_format")
        if faults := self._judge(method, arguments):
            raise Refusal("invalid_blocks", response_metadata={"messages": faults})

    def _check_thread(self, room: Channel, arguments: Json) -> None:
        """Raises Refusal unless thread_ts, where given, is the ts of a thread's first message."""
        ts = arguments.get("thread_ts")
        if ts is None:
            if "reply_broadcast" in arguments:
                self._violation("reply_broadcast outside a thread")
            return
        if not isinstance(ts, str) or not _TS.match(ts):
            self._violation(f"thread_ts {ts!r} is no ts")
            raise Refusal("invalid_arguments")
        parent = room.find(ts)
        if parent is None:
            raise Refusal("thread_not_found")
        if parent.thread_ts is not None:
            self._violation("thread_ts is a reply's, not its parent's")
            raise Refusal("cannot_reply_to_message")

    def _store(self, room: Channel, arguments: Json, user: str = "uptimus") -> Message:
        message = Message(
            ts=self._ts(),
            text=arguments.get("text", ""),
            blocks=arguments.get("blocks") or [],
            user=user,
            thread_ts=arguments.get("thread_ts"),
            broadcast=bool(arguments.get("reply_broadcast")),
            metadata=arguments.get("metadata"),
            channel=room.id,
            team=room.team,
        )
        room.messages.append(message)
        return message

    def _answer(self, arguments: Json, workspace: Workspace, channel: str, user: str) -> Answer:
        """What only this person sees."""
        answer = Answer(
            arguments.get("text", ""),
            arguments.get("blocks") or [],
            True,
            channel=channel,
            team=workspace.id,
            user=user,
            ts=self._ts(),
            thread_ts=arguments.get("thread_ts"),
        )
        workspace.ephemeral[user].append(answer)
        return answer


def _is_metadata(metadata: Any) -> bool:
    if metadata is None:
        return True
    right = isinstance(metadata, dict) and isinstance(metadata.get("event_payload"), dict)
    return right and bool(re.fullmatch(r"[\w.-]{1,255}", str(metadata.get("event_type", ""))))
