"""Channels of the stand-in Discord as a person sees them, in plain text."""

from collections.abc import Iterator
from typing import Any

from standins.discord_channel import Channel, Message

Json = dict[str, Any]


def transcript(channel: Channel) -> str:
    """The channel with its messages, and below each the thread of it; a forum with its posts."""
    lines = [f"# {channel.name}"]
    for message in channel.messages:
        lines += message_lines(message)
        if message.thread is not None:
            lines += _thread_lines(message.thread)
    shown = {id(message.thread) for message in channel.messages}
    for thread in channel.threads():
        if id(thread) not in shown:
            lines += _thread_lines(thread)
    return "\n".join(lines)


def _thread_lines(thread: Channel) -> Iterator[str]:
    states = [name for name in ("archived", "locked") if getattr(thread, name)]
    tags = "".join(f" [{name}]" for name in thread.tag_names)
    yield f"    ⤷ {thread.name}{tags}" + (f" ({', '.join(states)})" if states else "")
    for message in thread.messages:
        yield from (f"    {line}" for line in message_lines(message))


def message_lines(message: Message) -> Iterator[str]:
    """One message: who, what it says, its embeds between bars, its buttons in brackets."""
    notes = [
        note
        for note, holds in {
            f"only {message.ephemeral_for.name} sees this" if message.ephemeral_for else "": message.ephemeral,
            "edited": message.edited_at is not None,
            "published": message.published,
            "pings " + ", ".join(message.pings): message.pings,
        }.items()
        if holds
    ]
    yield f"{message.author.name}:" + (f" ({', '.join(notes)})" if notes else "")
    if message.loading:
        yield "  … is thinking"
    yield from (f"  {line}" for line in message.content.splitlines())
    for embed in message.embeds:
        yield from (f"  │ {line}" for line in embed_lines(embed))
    yield from (f"  {line}" for line in _component_lines(message.components))


def embed_lines(embed: Json) -> Iterator[str]:
    """An embed from top to bottom."""
    author, footer = embed.get("author") or {}, embed.get("footer") or {}
    if author.get("name"):
        yield author["name"]
    if embed.get("title"):
        yield _linked(embed["title"], embed.get("url"))
    yield from (embed.get("description") or "").splitlines()
    for field in embed.get("fields") or []:
        first, *rest = str(field["value"]).splitlines() or [""]
        yield f"{field['name']}: {first}"
        yield from (f"  {line}" for line in rest)
    for name in ("thumbnail", "image"):
        if embed.get(name):
            yield f"[{name}] {embed[name].get('url')}"
    about = [footer.get("text"), embed.get("timestamp")]
    if any(about):
        yield " · ".join(part for part in about if part)


def _component_lines(components: list[Json]) -> Iterator[str]:
    for part in components:
        match part.get("type"):
            case 1:
                yield " ".join(_control(one) for one in part["components"])
            case 9:
                yield from _component_lines(part["components"])
                yield from _component_lines([part["accessory"]])
            case 10:
                yield from part["content"].splitlines()
            case 14:
                yield "────"
            case 17:
                yield from (f"│ {line}" for line in _component_lines(part["components"]))
            case _:
                yield _control(part)


def _control(part: Json) -> str:
    label = (
        part.get("label")
        or part.get("placeholder")
        or (part.get("emoji") or {}).get("name")
        or part.get("custom_id")
    )
    shut = " (disabled)" if part.get("disabled") else ""
    options = [option["label"] for option in part.get("options") or []]
    inside = f"{label}: {' / '.join(options)}" if options else str(label)
    return f"[{_linked(inside, part.get('url'))}{shut}]"


def _linked(text: str, address: str | None) -> str:
    return f"{text} ({address})" if address else text
