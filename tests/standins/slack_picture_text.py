"""Slack's mrkdwn as HTML, for pictures of messages: bold, italic, code, quotes, links, mentions, dates in UTC."""

import re
from datetime import UTC, datetime
from html import escape, unescape

_CONTROL = re.compile(r"<([^<>]+)>")
_CODE_BLOCK = re.compile(r"```\n?(.*?)\n?```", re.DOTALL)
_CODE = re.compile(r"`([^`\n]+)`")
_MARKS = [
    (re.compile(rf"(?<![\w{mark}])\{mark}(?=\S)([^{mark}\n]+?)(?<=\S)\{mark}(?![\w{mark}])"), tag)
    for mark, tag in (("*", "b"), ("_", "i"), ("~", "s"))
]
_QUOTE = re.compile(r"(?:^&gt; ?[^\n]*(?:\n|$))+", re.MULTILINE)
_EMOJI = re.compile(r":([a-z0-9_+-]+):")
EMOJI = {
    "bell": "🔔",
    "no_bell": "🔕",
    "gear": "⚙️",
    "heavy_plus_sign": "➕",
    "information_source": "ℹ️",
    "large_blue_circle": "🔵",
    "large_green_circle": "🟢",
    "large_orange_circle": "🟠",
    "large_red_square": "🟥",
    "large_yellow_circle": "🟡",
    "mag": "🔍",
    "mute": "🔇",
    "red_circle": "🔴",
    "rotating_light": "🚨",
    "tada": "🎉",
    "warning": "⚠️",
    "white_check_mark": "✅",
    "white_circle": "⚪",
    "wrench": "🔧",
    "x": "❌",
}
"""Of Slack's names the ones that a bot like ours would use; others stay as they are written."""


def mrkdwn_html(text: str) -> str:
    """What a person sees of it."""
    kept: list[str] = []

    def keep(html: str) -> str:
        kept.append(html)
        return f"\0{len(kept) - 1}\0"

    text = _CODE_BLOCK.sub(lambda found: keep(f"<pre>{_plain(found[1])}</pre>"), text)
    text = _CODE.sub(lambda found: keep(f"<code>{_plain(found[1])}</code>"), text)
    text = _CONTROL.sub(lambda found: keep(_control(found[1])), text)
    text = escape(unescape(text))
    for pattern, tag in _MARKS:
        text = pattern.sub(rf"<{tag}>\1</{tag}>", text)
    text = _QUOTE.sub(_quote, text)
    text = emoji(text).replace("\n", "<br>")
    for _ in range(2):  # a link in bold code is kept twice
        text = re.sub(r"\0(\d+)\0", lambda found: kept[int(found[1])], text)
    return text


def plain_html(text: str) -> str:
    """A plain_text object: nothing in it means anything but emoji."""
    return emoji(escape(text)).replace("\n", "<br>")


def emoji(text: str) -> str:
    """`:warning:` as the sign."""
    return _EMOJI.sub(lambda found: EMOJI.get(found[1], found[0]), text)


def _plain(text: str) -> str:
    return escape(unescape(text))


def _quote(found: re.Match[str]) -> str:
    lines = [re.sub(r"^&gt; ?", "", line) for line in found[0].rstrip("\n").split("\n")]
    return f"<blockquote>{'<br>'.join(lines)}</blockquote>"


def _control(inside: str) -> str:
    """What stands between `<` and `>`: a link, a mention or a date."""
    target, _, label = inside.partition("|")
    if target.startswith("!date^"):
        _, stamp, tokens, *link = target.split("^")
        shown = escape(_date(int(stamp), tokens))
        return f'<a href="{escape(link[0])}">{shown}</a>' if link else shown
    if target.startswith("#"):
        return f'<span class="mention">#{_plain(label or target[1:])}</span>'
    if target.startswith(("@", "!")):
        name = label or target.lstrip("@!").removeprefix("subteam^")
        return f'<span class="mention">@{_plain(name.lstrip("@"))}</span>'
    words = _plain(label or target.removeprefix("mailto:"))
    linked = target.startswith(("http://", "https://", "mailto:"))
    return f'<a href="{_plain(target)}">{words}</a>' if linked else words


def _date(stamp: int, tokens: str) -> str:
    """As docs.slack.dev describes each token, for a reader in UTC with a clock of 24 hours."""
    at = datetime.fromtimestamp(stamp, UTC)
    day = f"{at.day}{'th' if 10 <= at.day % 100 <= 20 else {1: 'st', 2: 'nd', 3: 'rd'}.get(at.day % 10, 'th')}"
    known = {
        "date_num": f"{at:%Y-%m-%d}",
        "date_slash": f"{at:%m/%d/%Y}",
        "date_long": f"{at:%A, %B} {day}, {at.year}",
        "date_long_full": f"{at:%A, %B} {day}, {at.year}",
        "date_short": f"{at:%b} {at.day}, {at.year}",
        "date": f"{at:%B} {day}, {at.year}",
        "time": f"{at:%H:%M}",
        "time_secs": f"{at:%H:%M:%S}",
        "ago": f"{at:%b} {at.day}, {at:%H:%M}",
        "day_divider_pretty": f"{at:%A, %B} {day}",
    }
    return re.sub(r"\{(\w+?)(?:_pretty)?\}", lambda found: known.get(found[1], found[0]), tokens)
