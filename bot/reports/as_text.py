"""A report in a terminal, and as the JSON of `--json`."""

from datetime import timedelta
from typing import Any

from bot.commands.reply import Reply, Row, Section
from bot.commands.services import counted, shown_moment
from bot.commands.services import words as plain_words
from bot.commands.uptime import cells, counts, figures_json, in_words
from bot.reports import words
from bot.reports.report import Report
from storage.analysis import Case, Figures
from storage.cases import ended

MOST_ROWS = 40


def text(report: Report) -> Reply:
    """The whole of it; long lists are cut, and say so."""
    uptime = report.history.uptime
    sections = (
        Section(
            "Day by day",
            days=cells(uptime),
            note=", ".join(f"{number} {name}" for name, number in counts(uptime).items()),
        ),
        Section(
            "In figures", tuple(Row(name, detail=_fact(value, made)) for name, value, made in words.facts(report))
        ),
        _rows("Month by month", [Row(f"{one.first:%B %Y}", detail=words.month(one)) for one in report.months]),
        _rows("Components", [Row(name, detail=in_words(past.uptime)) for name, past in report.components]),
        _rows("Incidents", [_case_row(report, one) for one in report.incidents]),
        _rows(
            "Planned work",
            [Row(one.title, detail=plain_words(one.phase), at=one.starts_at, url=one.url) for one in report.works],
        ),
    )
    return Reply(
        text=f"{words.heading(report)}: {in_words(uptime)}, {counted(report.figures.incidents, 'incident')}.",
        sections=tuple(one for one in sections if one.rows or one.days),
        data=json(report),
    )


def _fact(value: str, made: str) -> str:
    return f"{value} · {made}" if made else value


def _rows(heading: str, rows: list[Row]) -> Section:
    more = len(rows) - MOST_ROWS
    return Section(heading, tuple(rows[:MOST_ROWS]), note=f"… and {more} more" if more > 0 else "")


def _case_row(report: Report, one: Case) -> Row:
    affected = words.named(report, one.incident.component_ids)
    said = [f"impact {plain_words(one.incident.impact)}", words.about(one), *([affected] if affected else [])]
    return Row(
        one.incident.title,
        detail=" · ".join(said),
        at=one.incident.started_at or one.appeared_at,
        url=one.incident.url,
    )


def json(report: Report) -> dict[str, Any]:
    """Times in UTC, lengths in seconds; what is not known is null."""
    return {
        "provider": report.slug,
        "month": f"{report.first:%Y-%m}",
        "zone": report.zone,
        "so_far": report.so_far,
        **figures_json(report.history),
        "figures": figures(report.figures),
        "months": [{"month": f"{one.first:%Y-%m}", "figures": figures(one.figures)} for one in report.months],
        "components": [
            {"id": one.component_id, "name": one.name, "figures": figures(one.figures)} for one in report.parts
        ],
        "incidents": [incident(one) for one in report.incidents],
        "maintenances": [one.model_dump(mode="json", exclude={"updates"}) for one in report.works],
    }


def figures(found: Figures) -> dict[str, Any]:
    """Each beside how many incidents it was made from."""
    longest = found.longest
    return {
        "incidents": found.incidents,
        "backdated": found.backdated,
        "trouble_seconds": _seconds(found.trouble),
        "trouble_sample": found.dated,
        "mean_seconds_to_resolve": _seconds(found.mean_to_resolve),
        "resolved_sample": found.resolved,
        "longest": {"id": longest.incident.id, "seconds": _seconds(longest.lasted)} if longest else None,
        "median_delay_seconds": _seconds(found.trust.median),
        "grade": found.trust.grade,
        "delay_sample": found.trust.sample,
    }


def incident(one: Case) -> dict[str, Any]:
    """An incident, with what can be reckoned from it."""
    return {
        **one.incident.model_dump(mode="json", exclude={"updates"}),
        "ended_at": shown_moment(ended(one.incident)) if one.lasted is not None else None,
        "lasted_seconds": _seconds(one.lasted),
        "first_told_at": shown_moment(one.appeared_at),
        "delay_seconds": _seconds(one.delay),
        "backdated": one.backdated,
    }


def _seconds(length: timedelta | None) -> int | None:
    return int(length.total_seconds()) if length is not None else None
