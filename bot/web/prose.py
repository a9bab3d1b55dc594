"""A provider's own words as HTML: paragraphs, lists, bold, and links to the web alone. Pure.

What a page says is hostile: everything is escaped, no label hides another host, and what is too long is cut
between sentences and says so.
"""

import re
from collections.abc import Iterator
from itertools import groupby

from markupsafe import Markup, escape

from relay.transports.markdown import UNSEEN, Dialect, rendered, take

LONGEST = 6000
"""Letters of one update."""
_ITEM = "\x02"


def html(markdown: str, longest: int = LONGEST) -> Markup:
    """A body; of a long one its beginning."""
    text = UNSEEN.sub("", markdown).replace("\r\n", "\n").strip()
    first, rest = take(text, longest, lambda part: part)
    more = Markup('<p class="faint">… shortened; the whole text is on the official page.</p>') if rest else ""
    return Markup("").join(_blocks(rendered(first, _DIALECT))) + more


def web_address(url: str | None) -> str | None:
    """None for what must not become a link (`javascript:` and the like)."""
    return url if url is not None and url.startswith(("https://", "http://")) else None


def _blocks(text: str) -> Iterator[Markup]:
    """`text` is HTML with the marks of list items."""
    for block in re.split(r"\n[ \t]*\n+", text):
        for is_list, lines in groupby(block.split("\n"), lambda line: line.lstrip().startswith(_ITEM)):
            said = [line.strip() for line in lines if line.strip(f" \t{_ITEM}")]
            if said and is_list:
                items = "".join(f"<li>{line.lstrip(_ITEM)}</li>" for line in said)
                yield Markup(f"<ul>{items}</ul>")  # noqa: S704  # escaped by the dialect
            elif said:
                yield Markup(f"<p>{'<br>'.join(said)}</p>")  # noqa: S704  # escaped by the dialect


def _link(url: str | None, words: str) -> str:
    if web_address(url) is None:
        return str(escape(words))
    return str(Markup('<a href="{}" rel="nofollow noopener ugc">{}</a>').format(url, words))


_DIALECT = Dialect(
    escape=lambda text: str(escape(text)),
    link=_link,
    bold=lambda inner: f"<strong>{inner}</strong>",
    item=_ITEM,
    rule="",
)
