"""Text as Slack wants it: escaped, in mrkdwn, within its limits. Pure.

What a page says is hostile: it must not ping anyone, fake where a link leads, or break the message's limits.
Lengths are counted as Slack counts them, after escaping.
https://docs.slack.dev/messaging/formatting-message-text
"""

import re
from collections.abc import Callable
from datetime import datetime
from urllib.parse import urlsplit

from relay.messages import Since, Words, utc

SECTION = 3000
FIELD = 2000
HEADER = 150
URL = 3000
BREAK = "\u2060"
"""A word joiner: invisible, and no client reads a mention across it."""

_MENTION = re.compile(r"@(?=channel|here|everyone)", re.IGNORECASE)
_UNSEEN = re.compile("[\x00-\x08\x0b-\x1f\x7f\u202a-\u202e\u2066-\u2069]")
"""Control characters, and those that turn the direction of what follows."""
_OPENING = re.compile(r"<(?=[!@#])")


def escape(text: str) -> str:
    """Any text as it may stand in mrkdwn. `&` first: the other two bring new ones."""
    text = _MENTION.sub("@" + BREAK, _UNSEEN.sub("", text))
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def short(text: str, limit: int) -> str:
    """One line of escaped text, cut at a word, at most `limit` long once escaped."""
    return _fit(" ".join(text.split()), limit, escape)


def label(text: str, limit: int = HEADER) -> str:
    """One line for a plain_text object: Slack reads no mrkdwn there, so it is not escaped."""
    return _fit(" ".join(text.split()), limit, _unarmed)


def _unarmed(text: str) -> str:
    return _MENTION.sub("@" + BREAK, _OPENING.sub("<" + BREAK, _UNSEEN.sub("", text)))


def date(moment: datetime) -> str:
    """A moment in the reader's own zone; in UTC where Slack can't."""
    return f"<!date^{int(moment.timestamp())}^{{date_short_pretty}}, {{time}}|{utc(moment)}>"


def since(moment: datetime) -> str:
    """The same, and how long ago that is at the time of reading."""
    stamp, pretty = int(moment.timestamp()), "{date_short_pretty}, {time} ({ago})"
    return f"<!date^{stamp}^{pretty}|{utc(moment)}>"


def words(parts: Words) -> str:
    """A text with moments in it."""
    return "".join(_word(part) for part in parts)


def _word(part: str | datetime | Since) -> str:
    if isinstance(part, Since):
        return since(part.at)
    return date(part) if isinstance(part, datetime) else _piece(part)


def _piece(text: str) -> str:
    """With the blanks at its ends: it stands between moments."""
    return _fit(re.sub(r"\s+", " ", text), 1500, escape)


def link(url: str | None, text: str) -> str:
    """A link with words; the words alone where there is no address that a reader could follow."""
    if url is None or not url.startswith(("https://", "http://")):
        return escape(text)
    for char, code in (("|", "%7C"), ("<", "%3C"), (">", "%3E"), (" ", "%20"), ("\n", "%0A"), ("&", "&amp;")):
        url = url.replace(char, code)
    url = _MENTION.sub("%40", url)
    return f"<{url}|{escape(text.replace('|', '/'))}>" if len(url) <= URL else escape(text)


_INLINE = re.compile(
    r"!?\[(?P<label>[^\[\]\n]{0,400})\]\((?P<url>[^()\s]{1,1500}(?:\([^()\s]{0,200}\)[^()\s]{0,200})?)(?:\s\"[^\"\n]{0,200}\")?\)"
    r"|(?P<bare>https?://[^\s<>|\"'`\\]{1,1500}(?<![.,;:!?)\]*_]))"
    r"|\*\*(?P<bold>[^*\n]{1,1500})\*\*"
    r"|__(?P<strong>[^_\n]{1,1500})__"
    r"|\\(?P<literal>[\\`*_{}\[\]()#+\-.!~>|<])"
)
_LINE = re.compile(
    r"^(?:[ ]{0,3}\#{1,6}[ ]+(?P<heading>[^\n]*)"
    r"|(?P<indent>[ \t]*)[-*+][ ]+(?P<item>[^\n]*)"
    r"|(?P<rule>[ ]{0,3}(?:-[ ]?){3,}|[ ]{0,3}(?:\*[ ]?){3,}))$",
    re.MULTILINE,
)


def mrkdwn(markdown: str) -> str:
    """A provider's Markdown in Slack's dialect. Only web links become links; no label hides another host."""
    out, end = [], 0
    for line in _LINE.finditer(markdown):
        out += [_inline(markdown[end : line.start()]), _line(line)]
        end = line.end()
    return _closed("".join((*out, _inline(markdown[end:]))))


def _line(match: re.Match[str]) -> str:
    if match["heading"] is not None:
        heading = _inline(match["heading"].replace("**", "").replace("__", "").strip(" #"))
        return f"*{heading}*" if heading else ""
    return f"{match['indent']}• {_inline(match['item'])}" if match["item"] is not None else "———"


def _closed(text: str) -> str:
    """A code block left open would swallow what we write below it."""
    return text if text.count("```") % 2 == 0 else text.replace("```", "'''")


def _inline(text: str) -> str:
    out, end = [], 0
    for match in _INLINE.finditer(text):
        out += [escape(text[end : match.start()]), _token(match)]
        end = match.end()
    return "".join((*out, escape(text[end:])))


def _token(match: re.Match[str]) -> str:
    if match["url"] is not None:
        return _named_link(match["url"], _plain(match["label"]))
    if match["bare"] is not None:
        return link(match["bare"], match["bare"])
    if match["literal"] is not None:
        return escape(match["literal"])
    bold = _inline(match["bold"] or match["strong"])
    return f"*{bold.strip()}*" if bold.strip() else escape(match[0])


def _plain(text: str) -> str:
    return re.sub(r"\\(.)", r"\1", text).replace("**", "").strip()


_ADDRESS = re.compile(r"(?:https?://)?(?:www\.)?([\w-]+(?:\.[\w-]+)*\.[a-z]{2,})(?:[:/?#]|\s|$)", re.IGNORECASE)


def _named_link(url: str, text: str) -> str:
    """A label that reads like an address of another host than the link's is not shown: it would lie."""
    try:
        host = (urlsplit(url).hostname or "").removeprefix("www.")
    except ValueError:
        return escape(text)
    named = [name.lower().removeprefix("www.") for name in _ADDRESS.findall(text)]
    honest = all(name == host or host.endswith("." + name) for name in named)
    return link(url, text if text and honest else url)


def take(markdown: str, limit: int) -> tuple[str, str]:
    """The first part of a body that fits into `limit` as mrkdwn, and the rest as it was.

    Cut at the end of a sentence, else of a word, never within a link or an entity.
    """
    end = len(markdown) if len(markdown) <= 2 * limit else _boundary(markdown, 2 * limit)
    while len(text := mrkdwn(markdown[:end])) > limit:
        end = _boundary(markdown, max(1, min(end - 1, end * limit // len(text))))
    return text, markdown[end:].strip()


def _boundary(text: str, end: int) -> int:
    """The best place to cut at or before `end`, and not much before it."""
    for match in _INLINE.finditer(text[: end + 2200]):
        if match.start() < end < match.end():
            end = match.start() or end
            break
    least = max(1, end * 3 // 5)
    for places in (r"(?<=[.!?…])\s|\n", r"\s"):
        found = [place.start() for place in re.finditer(places, text[: end + 1]) if least <= place.start() <= end]
        if found:
            return found[-1]
    return end


def _fit(text: str, limit: int, render: Callable[[str], str]) -> str:
    if len(render(text)) <= limit:
        return render(text)
    end = min(len(text), limit)
    while len(render(text[:end])) > limit - 1:
        end -= max(1, (len(render(text[:end])) - limit) // 5)
    cut = text[:end].rsplit(" ", 1)[0] if " " in text[end // 2 : end] else text[:end]
    return render(cut.rstrip()) + "…"
