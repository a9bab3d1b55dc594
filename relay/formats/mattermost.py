"""The format `mattermost`: an incoming webhook of Mattermost. No text of a page can mention anybody.

https://developers.mattermost.com/integrate/reference/message-attachments/
"""

import re
from typing import Any
from urllib.parse import quote

from relay.endpoint import Endpoint
from relay.events import StoredEvent
from relay.formats.chat import message
from relay.formats.format import Format, Rendered, fitted, web
from relay.transports.markdown import BREAK, UNSEEN, Dialect

LENGTHS = (3000, 1500, 700, 200)
MOST = 7500
"""Bytes; older servers take 7,900 characters of attachments."""
_MARKS = re.compile(r"[\\`*_~|<>\[\]()#!+:{}-]|(?m:^\s*\d+(?=[.)]))")


def escape(text: str) -> str:
    """Any text as it may stand among Mattermost's Markdown: no marks, no mentions, no emoji."""
    text = UNSEEN.sub("", text).replace("@", "@" + BREAK)
    return _MARKS.sub(_escaped, text)


def _escaped(match: re.Match[str]) -> str:
    found = match[0]
    if found[-1].isdigit():
        return found + BREAK  # a digit can't be escaped: the number of an item is parted from its dot
    return found + BREAK if found == ":" else "\\" + found


def link(url: str | None, text: str) -> str:
    """A link with words; the words alone where there is no address to follow."""
    address = web(url)
    if address is None:
        return escape(text)
    # an address may hold a mention, too
    return f"[{escape(text)}]({quote(address, safe='/%:?#&=+$,;!~.-')})"


DIALECT = Dialect(escape=escape, link=link, bold="**{}**".format, item="- ", rule="---")


def render(event: StoredEvent, _: Endpoint, __: str) -> Rendered:
    """One message with one attachment."""
    return Rendered(fitted(lambda length: _document(event, length), LENGTHS, MOST))


def _document(event: StoredEvent, length: int) -> dict[str, Any]:
    said = message(event, DIALECT, length)
    page = link(said.url, "Status page") if said.url else ""
    return {
        "username": "uptimus",
        "text": "",
        "attachments": [
            {
                "fallback": said.summary,
                "color": said.colour,
                "pretext": "",
                "title": said.headline,
                "text": "\n\n".join(part for part in (f"**{said.happened}**", said.body, page) if part),
                "fields": [
                    {"short": len(value) < 40, "title": label, "value": value} for label, value in said.facts
                ],
                "footer": "uptimus",
            }
        ],
    }


FORMAT = Format(render, shared=True)
