"""Text as Discord wants it: escaped, in its Markdown, within its limits. Pure.

What a page says is hostile: it must not ping anyone, fake where a link leads, or break the message's limits.
https://docs.discord.com/developers/reference#message-formatting
"""

import re
from datetime import datetime
from urllib.parse import quote, urlsplit, urlunsplit

from relay.messages import Since, Words
from relay.transports import markdown as dialects
from relay.transports.markdown import BREAK, UNSEEN, Dialect, fit, rendered

CONTENT = 2000
TITLE = 256
DESCRIPTION = 4096
FIELD = 1024
AUTHOR = 256
EMBEDS = 6000
"""Characters of all embeds of a message together."""
URL = 2048
BUTTON_URL = 512
BUTTON = 80
THREAD_NAME = 100

_MENTION = re.compile(r"@(?=here|everyone)", re.IGNORECASE)
_MARKUP = re.compile(r"([\\`*_~|<\[\]])|(?m:^([ \t]*)([-+#>](?=[#>]{0,2}(?:\s|$))|\d+(?=[.)](?:\s|$))))")
"""What is a mark wherever it stands, and what is one at the beginning of a line."""
_HOST = re.compile(r"[A-Za-z0-9.-]+(?::\d{1,5})?")
_AS_IT_IS = "/%:!$&',;=+-._?"
"""Of an address behind its host: whatever is a mark of Discord's is written as a code."""


def escape(text: str) -> str:
    """Any text as it may stand among Discord's Markdown: no marks, no mentions, no emoji of its own."""
    text = _MENTION.sub("@" + BREAK, UNSEEN.sub("", text))
    return _MARKUP.sub(_escaped, text)


def _escaped(match: re.Match[str]) -> str:
    if match[1] is not None:
        return "\\" + match[1]
    # a digit can't be escaped: an invisible letter parts the number of an item from its dot
    return f"{match[2]}{match[3]}{BREAK}" if match[3].isdigit() else f"{match[2]}\\{match[3]}"


def short(text: str, limit: int) -> str:
    """One line of escaped text, cut at a word, at most `limit` long once escaped."""
    return fit(" ".join(text.split()), limit, escape)


def label(text: str, limit: int) -> str:
    """One line where Discord reads no Markdown (a button, the name of a thread): it is not escaped."""
    return fit(" ".join(text.split()), limit, _unarmed)


def _unarmed(text: str) -> str:
    return _MENTION.sub("@" + BREAK, UNSEEN.sub("", text))


def date(moment: datetime) -> str:
    """A moment in the reader's own zone."""
    return f"<t:{int(moment.timestamp())}:f>"


def since(moment: datetime) -> str:
    """The same, and how long ago that is at the time of reading."""
    return f"{date(moment)} (<t:{int(moment.timestamp())}:R>)"


def words(parts: Words, limit: int = FIELD) -> str:
    """A text with moments in it."""
    said = ""
    for part in parts:
        word = _word(part)
        if len(said) + len(word) > limit:
            break
        said += word
    return said if said.strip() else "—"


def _word(part: str | datetime | Since) -> str:
    if isinstance(part, Since):
        return since(part.at)
    return date(part) if isinstance(part, datetime) else fit(re.sub(r"\s+", " ", part), 500, escape)


def web(url: str | None, limit: int = URL) -> str | None:
    """An address as Discord takes it in an embed, a button or a link; None where it would refuse it."""
    try:
        scheme, host, path, query, fragment = urlsplit(url or "")
    except ValueError:
        return None
    if scheme.lower() not in ("http", "https") or not _HOST.fullmatch(host):
        return None
    parts = [re.sub(r"%(?![0-9A-Fa-f]{2})", "%25", quote(part, _AS_IT_IS)) for part in (path, query, fragment)]
    made = urlunsplit((scheme.lower(), host, *parts)).replace("~", "%7E")
    return made if len(made) <= limit else None


def link(url: str | None, text: str) -> str:
    """A link with words; the words alone where there is no address that a reader could follow. Discord shows no
    words that hold an address in place of another: such a link is shown as the address that it is."""
    address = web(url)
    if address is None:
        return escape(text)
    if "://" in text or not text.strip():
        return address
    return f"[{escape(text)}]({address})"


_DISCORD = Dialect(escape=escape, link=link, bold="**{}**".format, item="- ", rule="———")


def discord_markdown(markdown: str) -> str:
    """A provider's Markdown in Discord's. Only web links become links; no label hides another host."""
    return rendered(markdown, _DISCORD)


def take(markdown: str, limit: int) -> tuple[str, str]:
    """The first part of a body that fits into `limit` as Discord's Markdown, and the rest as it was."""
    return dialects.take(markdown, limit, discord_markdown)
