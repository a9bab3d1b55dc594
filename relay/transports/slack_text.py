"""Text as Slack wants it: escaped, in mrkdwn, within its limits. Pure.

What a page says is hostile: it must not ping anyone, fake where a link leads, or break the message's limits.
Lengths are counted as Slack counts them, after escaping.
https://docs.slack.dev/messaging/formatting-message-text
"""

import re
from datetime import datetime

from relay.messages import Since, Words
from relay.transports import markdown as dialects
from relay.transports.markdown import BREAK, UNSEEN, Dialect, fit, rendered
from relay.wording import utc

SECTION = 3000
FIELD = 2000
HEADER = 150
LINK = 2900
"""Of a link with its words: a few more find room beside it."""
NEAR = 1200

_MENTION = re.compile(r"@(?=channel|here|everyone)", re.IGNORECASE)
_OPENING = re.compile(r"<(?=[!@#])")


def escape(text: str) -> str:
    """Any text as it may stand in mrkdwn. `&` first: the other two bring new ones."""
    text = _MENTION.sub("@" + BREAK, UNSEEN.sub("", text))
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def short(text: str, limit: int) -> str:
    """One line of escaped text, cut at a word, at most `limit` long once escaped."""
    return fit(" ".join(text.split()), limit, escape)


def label(text: str, limit: int = HEADER) -> str:
    """One line for a plain_text object: Slack reads no mrkdwn there, so it is not escaped."""
    return fit(" ".join(text.split()), limit, _unarmed)


def _unarmed(text: str) -> str:
    return _MENTION.sub("@" + BREAK, _OPENING.sub("<" + BREAK, UNSEEN.sub("", text)))


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
    return fit(re.sub(r"\s+", " ", text), 1500, escape)


def link(url: str | None, text: str) -> str:
    """A link with words; the words alone where there is no address that a reader could follow, or only one that is
    longer than a text may be."""
    if url is None or not url.startswith(("https://", "http://")):
        return escape(text)
    for char, code in (("|", "%7C"), ("<", "%3C"), (">", "%3E"), (" ", "%20"), ("\n", "%0A"), ("&", "&amp;")):
        url = url.replace(char, code)
    url = _MENTION.sub("%40", url)
    made = f"<{url}|{escape(text.replace('|', '/'))}>"
    return made if len(made) <= LINK else escape(text)


def near(url: str | None, text: str, limit: int = NEAR) -> str:
    """A link that leaves room for others in the same text; the words alone where its address is long."""
    made = link(url, text)
    return made if len(made) <= limit else escape(text)


_SLACK = Dialect(escape=escape, link=link, bold="*{}*".format, item="• ", rule="———")


def mrkdwn(markdown: str) -> str:
    """A provider's Markdown in Slack's dialect. Only web links become links; no label hides another host."""
    return _closed(rendered(markdown, _SLACK))


def _closed(text: str) -> str:
    """A code block left open would swallow what we write below it."""
    return text if text.count("```") % 2 == 0 else text.replace("```", "'''")


def take(markdown: str, limit: int) -> tuple[str, str]:
    """The first part of a body that fits into `limit` as mrkdwn, and the rest as it was.

    Cut at the end of a sentence, else of a word, never within a link or an entity.
    """
    return dialects.take(markdown, limit, mrkdwn)
