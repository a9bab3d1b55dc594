"""Texts of a page's as plain text or Markdown: no HTML, no control characters, nothing a database can't hold.

Written by hand and in one pass: converters on top of html.parser take time that grows with the square of a hostile
body (22 s were measured for 180 kB), in which no other page would be read.
"""

import html
import re
from dataclasses import dataclass, field

DEEPEST = 20

_BLOCK_TAGS = (
    "article aside blockquote body caption center dd details div dl dt figure footer form h1 h2 h3 h4 h5 h6 head "
    "header hr html li main nav ol p pre section summary table tbody td tfoot th thead title tr ul"
)
_INLINE_TAGS = (
    "a abbr b big br cite code col colgroup del em font i iframe img input ins kbd link mark meta object q s samp "
    "script small span strike strong style sub sup svg textarea tt u var video"
)
_BLOCKS = frozenset(_BLOCK_TAGS.split())
_MARKS = {
    **dict.fromkeys(("b", "strong"), "**"),
    **dict.fromkeys(("i", "em", "cite", "var"), "*"),
    **dict.fromkeys(("code", "tt", "kbd", "samp"), "`"),
    **dict.fromkeys(("del", "s", "strike"), "~~"),
}
_UNREAD = frozenset({"script", "style"})

_ANY_TAG = "|".join(f"{_BLOCK_TAGS} {_INLINE_TAGS}".split())
_TOKEN = re.compile(rf"<(/?)({_ANY_TAG})(?=[\s/>])([^<>]*)>|<!--|-->", re.IGNORECASE)
_ATTRIBUTE = re.compile(r"""\b(href|alt)\s*=\s*(?:"([^"]*)"|'([^']*)'|([^\s"'>]+))""", re.IGNORECASE)
_LIKE_A_TAG = re.compile(r"<(?=[A-Za-z/!?])")
_AUTOLINK = re.compile(r"<((?:https?://|mailto:)[^<>\s]+)>")
_ENTITY = re.compile(r"&(?:#\d{1,7}|#[xX][0-9a-fA-F]{1,6}|[A-Za-z][A-Za-z0-9]{1,31});")
_CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f]")
_MANY_NEWLINES = re.compile(r"\n{3,}")


def line(text: str) -> str:
    """One line: a name or a title. May be empty."""
    return " ".join(_holdable(text.replace("\n", " ").replace("\t", " ")).split())


def body(text: str) -> str:
    """A body as plain text or Markdown.

    Tags of HTML become Markdown, entities are decoded once, line ends are newlines. What would be a tag after that
    (`&lt;script&gt;`) is parted by a space, so that no reader of the result can take it for one.
    """
    text = text.replace("\r\n", "\n").replace("\r", "\n")
    text = _Markdown(text).read() if _TOKEN.search(text) else _ENTITY.sub(_decoded, text)
    text = _AUTOLINK.sub(r"\1", _holdable(text).replace("\u00a0", " "))
    text = _LIKE_A_TAG.sub("< ", text)
    text = "\n".join(row.rstrip(" \t") for row in text.split("\n"))
    return _MANY_NEWLINES.sub("\n\n", text).strip()


def _holdable(text: str) -> str:
    """Without control characters (PostgreSQL refuses NUL) and lone surrogates (UTF-8 has none)."""
    if not text.isascii():
        text = text.encode("utf-8", "replace").decode()
    return _CONTROL.sub("", text)


def _decoded(entity: re.Match[str]) -> str:
    return html.unescape(entity[0])


@dataclass
class _Open:
    """A mark that waits for its end: `at` is where its content begins in what was written."""

    name: str
    mark: str
    href: str
    at: int


@dataclass
class _Markdown:
    """One pass over a body with tags in it. Tags need not match: what nobody closed is left without its mark."""

    source: str
    written: list[str] = field(default_factory=list)
    marks: list[_Open] = field(default_factory=list)
    lists: list[int] = field(default_factory=list)
    """For each list that is open the number of its next entry, 0 where it has none."""
    unread: str = ""
    after: str = ""
    """The tag that the next text follows."""

    def read(self) -> str:
        last_end = {name: self.source.lower().rfind(f"</{name}") for name in _UNREAD}
        last_end["!--"] = self.source.rfind("-->")
        place = 0
        for token in _TOKEN.finditer(self.source):
            name = "!--" if token[2] is None else token[2].lower()
            ends = token[0] == "-->" or bool(token[1])
            if self.unread:
                place = token.end()
                self.unread = "" if ends and name == self.unread else self.unread
                continue
            if token[0] == "-->":
                continue  # an arrow in a text
            self._text(self.source[place : token.start()], name)
            place = token.end()
            if name in last_end:
                self.unread = name if not ends and token.end() <= last_end[name] else ""
            else:
                self._tag(name, ends, token[3])
        if not self.unread:
            self._text(self.source[place:], "")
        return "".join(self.written)

    def _text(self, text: str, before: str) -> None:
        """Spaces and newlines at the edge of a block are layout; inside a line they are the author's."""
        if self.after in _BLOCKS and self.after != "pre":
            text = text.lstrip(" \t\n")
        elif self.after == "br":
            text = text.removeprefix("\n")
        if before in _BLOCKS and before != "pre":
            text = text.rstrip(" \t\n")
        if text:
            self.written.append(_ENTITY.sub(_decoded, text))

    def _tag(self, name: str, ends: bool, attributes: str) -> None:
        self.after = name
        if name == "a" or name in _MARKS:
            if ends:
                self._close(name)
            else:
                self._open(name, attributes)
        elif name in {"ul", "ol"}:
            self._list(name, ends)
        elif name == "img":
            self.written.append(_attribute(attributes, "alt"))
        else:
            self.written.append(self._layout(name, ends))

    def _layout(self, name: str, ends: bool) -> str:
        match name:
            case "br":
                return "\n"
            case "tr":
                return "" if ends else "\n"
            case "hr":
                return "\n\n---\n\n"
            case "pre":
                return "\n```\n"
            case "td" | "th":
                return " | " if ends else ""
            case "li":
                return "" if ends else self._entry()
            case "h1" | "h2" | "h3" | "h4" | "h5" | "h6" if not ends:
                return f"\n\n{'#' * int(name[1])} "
        return "\n\n" if name in _BLOCKS else ""

    def _list(self, name: str, ends: bool) -> None:
        if ends and self.lists:
            self.lists.pop()
        elif not ends and len(self.lists) < DEEPEST:
            self.lists.append(1 if name == "ol" else 0)
        self.written.append("" if len(self.lists) > (0 if ends else 1) else "\n\n")

    def _entry(self) -> str:
        number = self.lists[-1] if self.lists else 0
        if number:
            self.lists[-1] += 1
        return f"\n{'  ' * (len(self.lists) - 1)}{f'{number}.' if number else '-'} "

    def _open(self, name: str, attributes: str) -> None:
        # No deeper, since each end copies what lies inside.
        if len(self.marks) < DEEPEST:
            href = _attribute(attributes, "href") if name == "a" else ""
            self.marks.append(_Open(name, _MARKS.get(name, ""), href, len(self.written)))

    def _close(self, name: str) -> None:
        for depth in range(len(self.marks) - 1, -1, -1):
            if self.marks[depth].name == name:
                begun = self.marks[depth]
                del self.marks[depth:]
                inside = "".join(self.written[begun.at :])
                del self.written[begun.at :]
                self.written.append(_marked(inside, begun))
                return


def _marked(inside: str, begun: _Open) -> str:
    """The content with its mark around the words, spaces outside: `<b>so </b>` → `**so** `."""
    words = inside.strip()
    lead, _, trail = inside.partition(words) if words else ("", "", inside)
    if begun.name == "a":
        words = _link(words, begun.href)
    elif words and "\n" not in words:
        words = f"{begun.mark}{words}{begun.mark}"
    return f"{lead}{words}{trail}"


def _link(words: str, href: str) -> str:
    """Only to the web and to mail: what else a page links to (`javascript:`) is left out."""
    if not href.lower().startswith(("https://", "http://", "mailto:")) or words in {href, href.rstrip("/")}:
        return words
    if not words:
        return href
    for character, escaped in ((" ", "%20"), ("(", "%28"), (")", "%29"), ("<", "%3C"), (">", "%3E")):
        href = href.replace(character, escaped)
    return f"[{words}]({href})"


def _attribute(attributes: str, name: str) -> str:
    for found in _ATTRIBUTE.finditer(attributes):
        if found[1].lower() == name:
            value = found[2] or found[3] or found[4] or ""
            return " ".join(_ENTITY.sub(_decoded, value).split())
    return ""
