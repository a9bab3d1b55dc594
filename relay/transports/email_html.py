"""A mail's HTML part: inline styles, nothing that is fetched, no colour that a dark screen makes unreadable.

Text keeps the colour that the client gives it; only a state has a ground of its own, with white letters on it.
"""

from collections.abc import Iterator
from html import escape

from adapters.schema import Status
from relay.bulletin import Row, Section
from relay.messages import Entry
from relay.transports.email_letter import BODY, HEADLINE, Circular, Foot, Letter, seen
from relay.transports.markdown import Dialect, rendered
from relay.wording import plain, utc

COLOURS = {
    Status.OPERATIONAL: "#1a7f45",
    Status.DEGRADED: "#8f6400",
    Status.PARTIAL_OUTAGE: "#b4500b",
    Status.MAJOR_OUTAGE: "#b3261e",
    Status.MAINTENANCE: "#2c5fc2",
    Status.UNKNOWN: "#6b6f75",
}
"""Each with white letters on it: at least 4.5 to 1."""
_FONT = "font-family:-apple-system,'Segoe UI',Roboto,'Noto Sans',Arial,sans-serif;font-size:16px;line-height:1.5"
_COLUMN = "max-width:640px;overflow-wrap:anywhere;word-break:break-word"
_SMALL = "font-size:13px;line-height:1.5"
_LABEL = f"padding:2px 16px 2px 0;text-align:left;vertical-align:top;font-weight:normal;{_SMALL}"
_VALUE = "padding:2px 0;vertical-align:top"


def letter_html(letter: Letter) -> str:
    """The whole document."""
    return _document(
        f"{letter.provider}: {letter.title}",
        "".join((*_head(letter), *(_entry(entry, letter) for entry in letter.entries), *_details(letter))),
        letter.foot,
    )


def circular_html(circular: Circular) -> str:
    """The whole document."""
    bulletin = circular.bulletin
    head = _paragraph(f"<strong>{_words(bulletin.text, BODY)}</strong>")
    return _document("uptimus", head + "".join(_section(part) for part in bulletin.sections), circular.foot)


def _document(title: str, body: str, foot: Foot) -> str:
    return (
        '<!doctype html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n'
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        '<meta name="color-scheme" content="light dark">\n'
        '<meta name="supported-color-schemes" content="light dark">\n'
        f'<title>{_words(title, HEADLINE)}</title>\n</head>\n<body style="margin:0;padding:16px">\n'
        f'<div style="{_FONT};{_COLUMN}">\n{body}{_foot(foot)}</div>\n</body>\n</html>\n'
    )


def _head(letter: Letter) -> Iterator[str]:
    yield f'<p style="margin:0;{_SMALL}">{_words(letter.provider)}</p>\n'
    yield f'<h1 style="margin:0 0 8px;font-size:22px;line-height:1.3" dir="auto">{_words(letter.title)}</h1>\n'
    if letter.state:
        yield _paragraph(_badge(letter.status or Status.UNKNOWN, letter.state))
    if letter.standings:
        rows = (
            f'<li style="margin:0 0 4px">{_link(one.url, _words(one.provider))}: '
            f"{_badge(one.status, seen(one.state, HEADLINE))}</li>\n"
            for one in letter.standings
        )
        yield f'<ul style="margin:0 0 16px;padding-left:20px">\n{"".join(rows)}</ul>\n'
    if letter.left_out:
        yield _paragraph(f"{letter.left_out} earlier updates are on the page.")


def _entry(entry: Entry, letter: Letter) -> str:
    colour = COLOURS[letter.status] if letter.status is not None else COLOURS[Status.UNKNOWN]
    body = markdown_html(seen(entry.body, BODY).strip())
    below = f'<div style="margin:4px 0 0" dir="auto">{body}</div>\n' if body else ""
    return (
        f'<div style="margin:0 0 16px;padding:2px 0 2px 12px;border-left:4px solid {colour}">\n'
        f"<div><strong>{_words(entry.label)}</strong> "
        f'<span style="{_SMALL};white-space:nowrap">{utc(entry.at)}</span></div>\n{below}</div>\n'
    )


def _details(letter: Letter) -> Iterator[str]:
    rows = [(label, _words(words)) for label, words in letter.facts]
    if letter.affected:
        parts = [f"<bdi>{_words(part.name)}</bdi> ({plain(part.status)})" for part in letter.affected]
        more = [f"and {letter.more_affected} more"] if letter.more_affected else []
        rows.append(("Affected", ", ".join([*parts, *more])))
    if rows:
        cells = "".join(
            f'<tr><th style="{_LABEL}">{_words(label)}</th><td style="{_VALUE}">{words}</td></tr>\n'
            for label, words in rows
        )
        yield f'<table style="margin:0 0 16px;border-collapse:collapse;{_FONT}">\n{cells}</table>\n'
    if letter.url:
        yield _paragraph(_link(letter.url, "Read it on the status page"))


def _section(part: Section) -> str:
    heading = f'<h2 style="margin:16px 0 8px;font-size:17px">{_words(part.heading)}</h2>\n' if part.heading else ""
    rows = "".join(f'<li style="margin:0 0 6px" dir="auto">{_row(row)}</li>\n' for row in part.rows)
    listed = f'<ul style="margin:0 0 12px;padding-left:20px">\n{rows}</ul>\n' if rows else ""
    note = f'<p style="margin:0 0 12px;{_SMALL}">{_words(part.note, BODY)}</p>\n' if part.note else ""
    return heading + listed + note


def _row(row: Row) -> str:
    title = f"<strong>{_link(row.url, _words(' '.join(row.title.split())))}</strong>" if row.title.strip() else ""
    said = [_badge(row.status, plain(row.status))] if row.status is not None else []
    words = (row.detail, utc(row.at) if row.at is not None else "", row.place or "")
    said += [_words(one, 2000) for one in words if one]
    return f"{title}{': ' if title and said else ''}{' · '.join(said)}"


def _foot(foot: Foot) -> str:
    end = f" {_link(foot.unsubscribe, 'Unsubscribe')}." if foot.unsubscribe else ""
    return (
        f'<hr style="margin:24px 0 8px;border:0;border-top:1px solid #8a8d91">\n'
        f'<p style="margin:0;{_SMALL}">{_words(foot.because)}{end} Sent by {_link(foot.home, "uptimus")}.</p>\n'
    )


def _badge(status: Status, words: str) -> str:
    """State in words on a ground of its colour."""
    style = f"display:inline-block;padding:1px 8px;border-radius:4px;font-weight:600;{_SMALL}"
    return f'<span style="{style};background-color:{COLOURS[status]};color:#ffffff">{_words(words)}</span>'


def _paragraph(inner: str) -> str:
    return f'<p style="margin:0 0 16px">{inner}</p>\n'


def _words(text: str, most: int = HEADLINE) -> str:
    return escape(seen(text, most))


def _link(url: str | None, inner: str) -> str:
    """`inner` is HTML. Only web addresses become links, in the colour of the text around them."""
    if url is None or not url.startswith(("https://", "http://")):
        return inner
    return f'<a href="{escape(url)}" style="color:inherit;text-decoration:underline">{inner}</a>'


_DIALECT = Dialect(
    escape=escape,
    link=lambda url, words: _link(url, escape(words)),
    bold=lambda inner: f"<strong>{inner}</strong>",
    item="• ",
    rule="———",
)


def markdown_html(markdown: str) -> str:
    """A provider's Markdown. Only web links become links; no label hides another host."""
    return rendered(markdown, _DIALECT).replace("\n", "<br>\n")
