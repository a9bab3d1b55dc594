"""Commands in Discord's words: what is typed elsewhere as `--min-impact major` is an option here. Pure."""

import re
from dataclasses import replace

from bot.commands.reply import Reply, Request

LOOKUPS = frozenset({"status", "uptime", "incidents", "maintenance", "search", "related", "list", "audit", "help"})
"""What changes nothing, however it is asked."""

_FLAG = re.compile(r"(?<![^\s“\"(`])--([a-z]+(?:[-_][a-z]+)*)\b")
_NAMES = {"min-impact": "impact", "to": "webhook", "stream": "streams"}
_EVERYBODY = re.compile(r"@?\beveryone\b", re.IGNORECASE)


def in_options(text: str) -> str:
    """Our own words, with options as Discord shows them."""
    return _FLAG.sub(lambda match: f"{_NAMES.get(match[1], match[1].replace('-', '_'))}:", text)


def said_in_options(reply: Reply) -> Reply:
    """An answer whose own words name Discord's options. What pages say is left as it is."""
    sections = tuple(replace(part, note=in_options(part.note)) for part in reply.sections)
    return replace(reply, text=in_options(reply.text), sections=sections)


def mentions(text: str) -> tuple[str, ...]:
    """Who is to be mentioned, out of one option. Discord's @everyone is everybody in the channel."""
    return (_EVERYBODY.sub("channel", text),)


def asked(name: str, request: Request) -> str | None:
    """A question in the words that `bot.commands.parse` reads, so that a button can ask it again; None for what
    may change something."""
    what = (request.provider or request.text).replace('"', " ").strip()
    if name == "report" and request.month and what:
        return f'{name} "{what}" --month {request.month}'
    if name not in LOOKUPS and (request.text or request.provider):
        looks = name == "webhook" and request.text.partition(" ")[0] in ("list", "deliveries")
        return f"{name} {request.text}" if looks else None
    days = f" --days {request.days}" if name == "uptime" and request.days != Request.days else ""
    return f'{name} "{what}"{days}' if what else f"{name}{days}"
