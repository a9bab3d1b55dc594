"""A report as one HTML document that needs nothing else: to be kept, sent on, and printed."""

from datetime import datetime
from pathlib import Path
from zoneinfo import ZoneInfo

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup

from adapters.schema import rfc3339
from bot.commands.services import words as plain_words
from bot.commands.uptime import counts, in_words
from bot.reports import words
from bot.reports.report import Report

HEIGHTS = {"operational": 40, "degraded": 28, "maintenance": 20, "outage": 12, "unknown": 4}
"""Of a day's cell: each state has its own, for those to whom the colours look alike."""


def document(report: Report) -> str:
    """The whole of it."""
    return _TEMPLATES.get_template("report.html").render(
        report=report,
        heading=words.heading(report),
        facts=words.facts(report),
        uptime=report.history.uptime,
        moment=lambda at: _moment(at, ZoneInfo(report.zone)),
    )


def _moment(at: datetime | None, zone: ZoneInfo) -> Markup:
    if at is None:
        return Markup("unknown")
    shown = at.astimezone(zone)
    return Markup('<time datetime="{}">{}</time>').format(rfc3339(at), f"{shown:%Y-%m-%d %H:%M} {shown.tzname()}")


def _web_address(url: str | None) -> str | None:
    """None for what must not become a link (`javascript:` and the like)."""
    return url if url is not None and url.startswith(("https://", "http://")) else None


def _environment() -> Environment:
    templates = Environment(
        loader=FileSystemLoader(Path(__file__).parent), autoescape=True, undefined=StrictUndefined,
        trim_blocks=True, lstrip_blocks=True,
    )  # fmt: skip
    templates.filters.update(
        web_address=_web_address,
        words=plain_words,
        in_words=in_words,
        counts=counts,
        about=words.about,
        span=words.span,
    )
    templates.globals.update(heights=HEIGHTS, named=words.named)
    return templates


_TEMPLATES = _environment()
