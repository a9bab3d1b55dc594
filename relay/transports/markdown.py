"""A provider's Markdown in the dialect of a chat: what both Slack and Discord need for it. Pure.

What a page says is hostile: only web links become links, no label hides another host, and what is cut is cut
between sentences, never within a link.
"""

import re
from collections.abc import Callable
from dataclasses import dataclass
from urllib.parse import urlsplit

UNSEEN = re.compile("[\x00-\x08\x0b-\x1f\x7f\u202a-\u202e\u2066-\u2069]")
"""Control characters, and those that turn the direction of what follows."""
BREAK = "\u2060"
"""A word joiner: invisible, and no client reads a mention across it."""


@dataclass(frozen=True)
class Dialect:
    """How a chat writes things. `escape` makes any text stand for itself; `link` takes an address (None: words
    alone) and words that are not escaped; `bold` takes what is written already."""

    escape: Callable[[str], str]
    link: Callable[[str | None, str], str]
    bold: Callable[[str], str]
    item: str
    rule: str


INLINE = re.compile(
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


def rendered(markdown: str, dialect: Dialect) -> str:
    """A body in this dialect. Only web links become links; no label hides another host."""
    out, end = [], 0
    for line in _LINE.finditer(markdown):
        out += [_inline(markdown[end : line.start()], dialect), _line(line, dialect)]
        end = line.end()
    return "".join((*out, _inline(markdown[end:], dialect)))


def _line(match: re.Match[str], dialect: Dialect) -> str:
    if match["heading"] is not None:
        heading = _inline(match["heading"].replace("**", "").replace("__", "").strip(" #"), dialect)
        return dialect.bold(heading) if heading else ""
    if match["item"] is None:
        return dialect.rule
    return f"{match['indent']}{dialect.item}{_inline(match['item'], dialect)}"


def _inline(text: str, dialect: Dialect) -> str:
    out, end = [], 0
    for match in INLINE.finditer(text):
        out += [dialect.escape(text[end : match.start()]), _token(match, dialect)]
        end = match.end()
    return "".join((*out, dialect.escape(text[end:])))


def _token(match: re.Match[str], dialect: Dialect) -> str:
    if match["url"] is not None:
        return _named_link(match["url"], _plain(match["label"]), dialect)
    if match["bare"] is not None:
        return dialect.link(match["bare"], match["bare"])
    if match["literal"] is not None:
        return dialect.escape(match["literal"])
    bold = _inline(match["bold"] or match["strong"], dialect)
    return dialect.bold(bold.strip()) if bold.strip() else dialect.escape(match[0])


def _plain(text: str) -> str:
    return re.sub(r"\\(.)", r"\1", text).replace("**", "").strip()


_ADDRESS = re.compile(r"(?:https?://)?(?:www\.)?([\w-]+(?:\.[\w-]+)*\.[a-z]{2,})(?:[:/?#]|\s|$)", re.IGNORECASE)


def _named_link(url: str, text: str, dialect: Dialect) -> str:
    """A label that reads like an address of another host than the link's is not shown: it would lie."""
    try:
        host = (urlsplit(url).hostname or "").removeprefix("www.")
    except ValueError:
        return dialect.escape(text)
    named = [name.lower().removeprefix("www.") for name in _ADDRESS.findall(text)]
    honest = all(name == host or host.endswith("." + name) for name in named)
    return dialect.link(url, text if text and honest else url)


def take(markdown: str, limit: int, render: Callable[[str], str]) -> tuple[str, str]:
    """The first part of a body that fits into `limit` once rendered, and the rest as it was.

    Cut at the end of a sentence, else of a word, never within a link or an entity.
    """
    end = len(markdown) if len(markdown) <= 2 * limit else _boundary(markdown, 2 * limit)
    while len(text := render(markdown[:end])) > limit:
        end = _boundary(markdown, max(1, min(end - 1, end * limit // len(text))))
    return text, markdown[end:].strip()


def _boundary(text: str, end: int) -> int:
    """The best place to cut at or before `end`, and not much before it."""
    for match in INLINE.finditer(text[: end + 2200]):
        if match.start() < end < match.end():
            end = match.start() or end
            break
    least = max(1, end * 3 // 5)
    for places in (r"(?<=[.!?…])\s|\n", r"\s"):
        found = [place.start() for place in re.finditer(places, text[: end + 1]) if least <= place.start() <= end]
        if found:
            return found[-1]
    return end


def fit(text: str, limit: int, render: Callable[[str], str]) -> str:
    """Text that fits into `limit` once rendered; cut at a word."""
    if len(render(text)) <= limit:
        return render(text)
    end = min(len(text), limit)
    while len(render(text[:end])) > limit - 1:
        end -= max(1, (len(render(text[:end])) - limit) // 5)
    cut = text[:end].rsplit(" ", 1)[0] if " " in text[end // 2 : end] else text[:end]
    return render(cut.rstrip()) + "…"
