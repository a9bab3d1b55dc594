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
    channel: str = ""
    team: str = ""
    unfurls: dict[str, dict[str, Any]] = field(default_factory=dict)
    values: dict[str, dict[str, Any]] = field(default_factory=dict)
    """What people chose in its menus: block_id → action_id → state."""

    @property
    def shown(self) -> str:
        """What a person reads in it."""
        return shown(self.text, self.blocks)

    def rewrite(self, text: str, blocks: list[dict[str, Any]]) -> None:
        """It says this from now on."""
        self.edits.append((self.text, self.blocks))
        self.text, self.blocks = text, blocks


@dataclass
class Answer:
    """What a person gets to see after a command. Ephemeral: nobody else does."""

    text: str
    blocks: list[dict[str, Any]]
    ephemeral: bool
    channel: str = ""
    team: str = ""
    user: str = ""
    ts: str = ""
    thread_ts: str | None = None
    edits: list[tuple[str, list[dict[str, Any]]]] = field(default_factory=list)
    deleted: bool = False
    values: dict[str, dict[str, Any]] = field(default_factory=dict)

    @property
    def shown(self) -> str:
        """What a person reads in it."""
        return shown(self.text, self.blocks)

    def rewrite(self, text: str, blocks: list[dict[str, Any]]) -> None:
        """It says this from now on."""
        self.edits.append((self.text, self.blocks))
        self.text, self.blocks = text, blocks


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
    team: str = "T1"

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
            return _section(block)
        case "context":
            return "  ".join(_text(element) for element in block["elements"])
        case "actions":
            return " ".join(_element(element) for element in block["elements"])
        case "input":
            return f"{block['label']['text']}: {_element(block['element'])}"
    return f"[{block.get('alt_text') or block['type']}]"


def _section(block: dict[str, Any]) -> str:
    texts = [_text(block["text"])] if "text" in block else []
    fields = [readable(one["text"]).replace("\n", ": ") for one in block.get("fields", [])]
    accessory = [_element(block["accessory"])] if "accessory" in block else []
    return "\n".join([*texts, *fields, *accessory])


def _element(element: dict[str, Any]) -> str:
    """A button by its words, a menu by what is chosen or by what it asks."""
    chosen = element.get("initial_options") or [element.get("initial_option")]
    words = [one["text"]["text"] for one in chosen if one] or [element.get("initial_value")]
    label = element.get("text") or element.get("placeholder") or {}
    said = ", ".join(word for word in words if word) or label.get("text") or element.get("alt_text")
    return f"[{said or ('⋯' if element['type'] == 'overflow' else element['type'])}]"


def _text(value: dict[str, Any]) -> str:
    """A text object, or an image among texts."""
    return readable(value["text"]) if value["type"] == "mrkdwn" else str(value.get("text", value.get("alt_text")))


def readable(text: str) -> str:
    """mrkdwn as it is shown: dates in UTC, links as `words (address)`."""
    text = re.sub(r"<!date\^(\d+)\^[^|]*\|[^>]*>", _date, text)
    text = re.sub(r"<([^<>|]+)\|([^<>]+)>", r"\2 (\1)", text)
    return unescape(re.sub(r"<([^<>|]+)>", r"\1", text))


def _date(match: re.Match[str]) -> str:
    return f"{datetime.fromtimestamp(int(match[1]), UTC):%b %d, %Y, %H:%M} UTC"
