"""A report as CSV (RFC 4180): one table, so that any program reads it whole.

`kind` says what a row is: `summary` (a figure in `value`, what it was made from in `made_from`), `month` (of the
last year: how many incidents in `value`, the time in trouble in `minutes`), `incident` or `maintenance`. Times are
RFC 3339 in UTC, lengths whole minutes. A text that a spreadsheet would take for a formula has an apostrophe before
it, as OWASP advises: titles are written by strangers.
"""

import csv
import io
from datetime import datetime, timedelta

from adapters.schema import Maintenance
from bot.commands.services import shown_moment
from bot.reports import words
from bot.reports.report import Report
from storage.analysis import Case, Month
from storage.cases import ended

COLUMNS = (
    "kind", "name", "value", "made_from", "id", "impact", "phase", "started_at", "ended_at", "minutes",
    "first_told_at", "delay_minutes", "backdated", "components", "url",
)  # fmt: skip
FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠")


def document(report: Report) -> str:
    """The whole of it, with lines that end in CRLF."""
    written = io.StringIO()
    lines = csv.DictWriter(written, COLUMNS, restval="", lineterminator="\r\n")
    lines.writeheader()
    lines.writerows({name: safe(value) for name, value in row.items()} for row in _rows(report))
    return written.getvalue()


def safe(text: str) -> str:
    """Never a formula."""
    return f"'{text}" if text.lstrip(" \u00a0").startswith(FORMULA) or text.startswith(FORMULA) else text


def _rows(report: Report) -> list[dict[str, str]]:
    about = [
        {"kind": "summary", "name": "Provider", "value": report.name, "url": report.url},
        {
            "kind": "summary",
            "name": "Month",
            "value": f"{report.first:%Y-%m}",
            "made_from": f"days in {report.zone}",
        },
    ]
    facts = [
        {"kind": "summary", "name": name, "value": value, "made_from": made}
        for name, value, made in words.facts(report)
    ]
    months = [_month(one) for one in report.months]
    incidents = [_incident(report, one) for one in report.incidents]
    return [*about, *facts, *months, *incidents, *(_maintenance(report, one) for one in report.works)]


def _month(one: Month) -> dict[str, str]:
    return {
        "kind": "month",
        "name": f"{one.first:%Y-%m}",
        "value": str(one.figures.incidents),
        "made_from": words.month(one),
        "minutes": _minutes(one.figures.trouble),
    }


def _incident(report: Report, one: Case) -> dict[str, str]:
    case = one.incident
    return {
        "kind": "incident",
        "name": case.title,
        "id": case.id,
        "impact": case.impact,
        "phase": case.phase,
        "started_at": shown_moment(case.started_at) or "",
        "ended_at": (shown_moment(ended(case)) or "") if one.lasted is not None else "",
        "minutes": _minutes(one.lasted),
        "first_told_at": shown_moment(one.appeared_at) or "",
        "delay_minutes": _minutes(one.delay),
        "backdated": "yes" if one.backdated else "no",
        "components": words.named(report, case.component_ids),
        "url": case.url or "",
    }


def _maintenance(report: Report, one: Maintenance) -> dict[str, str]:
    return {
        "kind": "maintenance",
        "name": one.title,
        "id": one.id,
        "phase": one.phase,
        "started_at": shown_moment(one.starts_at) or "",
        "ended_at": shown_moment(one.ends_at) or "",
        "minutes": _minutes(_between(one.starts_at, one.ends_at)),
        "components": words.named(report, one.component_ids),
        "url": one.url or "",
    }


def _between(begins: datetime | None, ends: datetime | None) -> timedelta | None:
    return ends - begins if begins is not None and ends is not None and ends >= begins else None


def _minutes(length: timedelta | None) -> str:
    return str(int(length.total_seconds() // 60)) if length is not None else ""
