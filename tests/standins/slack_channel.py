"""A channel of the stand-in Slack: its messages, and how a person would see them."""

import re
from dataclasses import dataclass, field
from datetime import UTC, datetime
from html import unescape
from typing import Any


@dataclass
class Message:
    """A message as it stands now; `edits` holds what it was before, the oldest first."""

    ts: str
    text: str
    blocks: list[dict[str, Any]]
    user: str
    thread_ts: str | None = None
    broadcast: bool = False
    metadata: dict[str, Any] | None = None
    edits: list[tuple[str, list[dict[str, Any]]]] = field(default_factory=list)
    plain_only: bool = False

    @property
    def shown(self) -> str:
        """What a person reads in it."""
        return shown(self.text, self.blocks)


@dataclass
class Channel:
    """`member`: the bot is in it."""

    id: str
    name: str
    private: bool = False
    member: bool = True
    archived: bool = False
    users: set[str] = field(default_factory=lambda: {"U1", "U2"})
    messages: list[Message] = field(default_factory=list)
    refuses: str | None = None
    """An error that every post here is answered with."""

    @property
    def roots(self) -> list[Message]:
        """The messages that stand in the channel itself (broadcasts are replies all the same)."""
        return [message for message in self.messages if message.thread_ts is None]

    def replies(self, root: Message | str) -> list[Message]:
        """The thread below a message, without it."""
        ts = root if isinstance(root, str) else root.ts
        return [message for message in self.messages if message.thread_ts == ts]

    def find(self, ts: str) -> Message | None:
        """The message with this ts."""
        return next((message for message in self.messages if message.ts == ts), None)

    def transcript(self) -> str:
        """The channel as Slack would show it, as plain text: threads indented below their first message."""
        lines = [f"# {self.name}"]
        for root in self.roots:
            lines += ["", *_framed(root, "")]
            for reply in self.replies(root):
                lines += _framed(reply, "    ")
        return "\n".join(lines)


def _framed(message: Message, indent: str) -> list[str]:
    at = datetime.fromtimestamp(float(message.ts), UTC)
    marks = [f"edited {len(message.edits)}×"] if message.edits else []
    marks += ["also sent to the channel"] if message.broadcast else []
    head = f"{indent}┌ {message.user} {at:%H:%M:%S}" + (f" ({', '.join(marks)})" if marks else "")
    return [head, *(f"{indent}│ {line}" for line in message.shown.splitlines()), f"{indent}└"]


def shown(text: str, blocks: list[dict[str, Any]]) -> str:
    """Blocks as a person reads them; without blocks the text."""
    return "\n".join(_block(block) for block in blocks) if blocks else readable(text)


def _block(block: dict[str, Any]) -> str:
    match block["type"]:
        case "header":
            return f"【{block['text']['text']}】"
        case "divider":
            return "─" * 20
        case "section":
            texts = [block["text"]] if "text" in block else []
            fields = [readable(one["text"]).replace("\n", ": ") for one in block.get("fields", [])]
            return "\n".join([*(_text(text) for text in texts), *fields])
        case "context":
            return "  ".join(_text(element) for element in block["elements"])
    return f"[{block['type']}]"


def _text(value: dict[str, Any]) -> str:
    return readable(value["text"]) if value["type"] == "mrkdwn" else str(value.get("text", ""))


def readable(text: str) -> str:
    """mrkdwn as it is shown: dates in UTC, links as `words (address)`."""
    text = re.sub(r"<!date\^(\d+)\^[^|]*\|[^>]*>", _date, text)
    text = re.sub(r"<([^<>|]+)\|([^<>]+)>", r"\2 (\1)", text)
    return unescape(re.sub(r"<([^<>|]+)>", r"\1", text))


def _date(match: re.Match[str]) -> str:
    return f"{datetime.fromtimestamp(int(match[1]), UTC):%b %d, %Y, %H:%M} UTC"
