"""The format `google-chat`: an incoming webhook of a Google Chat space; each subject is a thread.

What a page says stands in the card, whose HTML can be escaped; Chat's own markup, which can't, gets one line.
https://developers.google.com/workspace/chat/quickstart/webhooks
"""

import html
import re
from typing import Any
from urllib.parse import urlsplit, urlunsplit

from relay.endpoint import Endpoint
from relay.events import StoredEvent
from relay.formats.chat import Message, message
from relay.formats.format import Format, Rendered, fitted, line, subject_key, web
from relay.messages import note
from relay.states import subject_title
from relay.transports.markdown import BREAK, UNSEEN, Dialect

LENGTHS = (3000, 1500, 700, 200)
MOST = 16 * 1024
"""Bytes; Chat takes 32,000."""
TEXT = 1000
_OPTION = "messageReplyOption=REPLY_MESSAGE_FALLBACK_TO_NEW_THREAD"
_MARKS = re.compile(r"([<*_~`@])")


def plain_text(text: str) -> str:
    """Any text as it may stand in a message: no mention (`<users/all>`), no link, and no mark works any more."""
    return _MARKS.sub(rf"{BREAK}\1{BREAK}", text)


def escape(text: str) -> str:
    """Any text as it may stand in a card."""
    return html.escape(UNSEEN.sub("", text)).replace("\n", "<br>")


def link(url: str | None, text: str) -> str:
    """A link with words; the words alone where there is no address to follow."""
    address = web(url)
    return escape(text) if address is None else f'<a href="{html.escape(address)}">{escape(text)}</a>'


DIALECT = Dialect(escape=escape, link=link, bold="<b>{}</b>".format, item="• ", rule="———")


def render(event: StoredEvent, _: Endpoint, address: str) -> Rendered:
    """One message in the subject's thread."""
    return Rendered(fitted(lambda length: _document(event, length), LENGTHS, MOST), url=threaded(address))


def threaded(address: str) -> str:
    """The address with the option that makes Chat read the thread's key; its own query stays as it was."""
    scheme, host, path, query, _ = urlsplit(address)
    kept = [part for part in query.split("&") if part and not part.startswith("messageReplyOption=")]
    return urlunsplit((scheme, host, path, "&".join([*kept, _OPTION]), ""))


def _document(event: StoredEvent, length: int) -> dict[str, Any]:
    said = message(event, DIALECT, length)
    return {
        "text": plain_text(line(note(event).summary, TEXT)),
        "thread": {"threadKey": subject_key(event)},
        "cardsV2": [{"cardId": "event", "card": _card(event, said)}],
    }


def _card(event: StoredEvent, said: Message) -> dict[str, Any]:
    paragraphs = [f'<b><font color="{said.colour}">{said.happened}</font></b>', said.body]
    widgets: list[dict[str, Any]] = [{"textParagraph": {"text": text}} for text in paragraphs if text]
    widgets += [
        {"decoratedText": {"topLabel": label, "text": value, "wrapText": True}} for label, value in said.facts
    ]
    if said.url:
        button = {"text": "Status page", "onClick": {"openLink": {"url": said.url}}}
        widgets.append({"buttonList": {"buttons": [button]}})
    head = {
        "title": plain_text(line(event.data.provider.name, 100)) or "uptimus",
        "subtitle": plain_text(line(subject_title(event), 200)),
    }
    return {"header": head, "sections": [{"widgets": widgets}]}


FORMAT = Format(render)
