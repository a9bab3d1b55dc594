"""The format `teams`: an Adaptive Card for a Teams workflow (“Send webhook alerts to a channel”).

https://learn.microsoft.com/microsoftteams/platform/task-modules-and-cards/cards/cards-format
"""

import re
from typing import Any
from urllib.parse import quote

from adapters.schema import Status
from relay.endpoint import Endpoint
from relay.events import StoredEvent
from relay.formats.chat import message
from relay.formats.format import Format, Rendered, fitted, line, web
from relay.messages import note
from relay.transports.markdown import BREAK, UNSEEN, Dialect

LENGTHS = (6000, 3000, 1500, 600, 200)
MOST = 24 * 1024
"""Bytes; Teams takes 28 KB, and wraps what it gets."""
_MARKS = re.compile(r"[\\`*_~\[\]()]|(?m:^[ \t]*(?:[-+#>]|\d+(?=[.)])))")
_LIVE = re.compile(r"(?<=[<{$&@])")
"""Behind what begins a tag (`<at>` mentions), a card's own function (`{{DATE(…)}}`), a binding or an entity."""
_STYLES = {
    Status.OPERATIONAL: "good",
    Status.DEGRADED: "warning",
    Status.PARTIAL_OUTAGE: "warning",
    Status.MAJOR_OUTAGE: "attention",
    Status.MAINTENANCE: "accent",
    Status.UNKNOWN: "default",
}


def escape(text: str) -> str:
    """Any text as it may stand in a TextBlock: no marks, no mentions, no functions of the card."""
    return _MARKS.sub(_escaped, _LIVE.sub(BREAK, UNSEEN.sub("", text)))


def _escaped(match: re.Match[str]) -> str:
    found = match[0]
    return found + BREAK if found[-1].isdigit() else f"{found[:-1]}\\{found[-1]}"


def link(url: str | None, text: str) -> str:
    """A link with words; the words alone where there is no address to follow."""
    address = web(url)
    if address is None:
        return escape(text)
    return f"[{escape(text)}]({quote(address, safe='/%:?#&=+,;!~.-')})"


DIALECT = Dialect(escape=escape, link=link, bold="**{}**".format, item="- ", rule="")


def render(event: StoredEvent, _: Endpoint, __: str) -> Rendered:
    """One message with one card."""
    return Rendered(fitted(lambda length: _document(event, length), LENGTHS, MOST))


def _document(event: StoredEvent, length: int) -> dict[str, Any]:
    attachment = {
        "contentType": "application/vnd.microsoft.card.adaptive",
        "contentUrl": None,
        "content": _card(event, length),
    }
    return {
        "type": "message",
        "summary": _LIVE.sub(BREAK, line(note(event).summary, 300)),
        "attachments": [attachment],
    }


def _card(event: StoredEvent, length: int) -> dict[str, Any]:
    said = message(event, DIALECT, length)
    top = [
        {"type": "TextBlock", "text": said.headline, "weight": "Bolder", "size": "Medium", "wrap": True},
        {"type": "TextBlock", "text": said.happened, "wrap": True, "spacing": "None"},
    ]
    body: list[dict[str, Any]] = [
        {"type": "Container", "style": _STYLES[said.status], "bleed": True, "items": top}
    ]
    if said.body:
        body.append({"type": "TextBlock", "text": said.body, "wrap": True})
    if said.facts:
        facts = [{"title": label, "value": value} for label, value in said.facts]
        body.append({"type": "FactSet", "facts": facts})
    made: dict[str, Any] = {
        "$schema": "http://adaptivecards.io/schemas/adaptive-card.json",
        "type": "AdaptiveCard",
        "version": "1.4",
        "msteams": {"width": "Full"},
        "body": body,
    }
    if said.url:
        made["actions"] = [{"type": "Action.OpenUrl", "title": "Status page", "url": said.url}]
    return made


FORMAT = Format(render, shared=True)
