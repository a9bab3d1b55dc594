"""How the figures of a report read: each one with what it was made from."""

from datetime import timedelta

from bot.commands.services import counted
from bot.commands.uptime import observed, percent
from bot.reports.report import Report
from relay.wording import lasting
from storage.analysis import Case, Figures, Month, Trust

Fact = tuple[str, str, str]
"""What it is, the figure, and what it was made from."""


def facts(report: Report) -> list[Fact]:
    """The summary, line by line."""
    uptime, figures = report.history.uptime, report.figures
    lasted = uptime.seconds
    filled = report.history.filled
    known = f"{uptime.known} known of {counted(len(uptime.days), 'day')}"
    known += f", {filled} of them from what the page told later" if filled else ""
    return [
        ("Known uptime", percent(uptime.share) if uptime.share is not None else "unknown", known),
        (
            "Time-weighted uptime",
            percent(lasted.uptime) if lasted.uptime is not None else "unknown",
            f"{observed(lasted)} of the time observed" if lasted.observed else "no time observed",
        ),
        *of_incidents(figures),
        ("Planned work", counted(len(report.works), "window"), ""),
    ]


def of_incidents(figures: Figures) -> list[Fact]:
    """What incidents add up to."""
    longest = figures.longest
    resolved = f"{counted(figures.resolved, 'incident')} that ended and were dated"
    return [
        ("Incidents", str(figures.incidents), _backdated(figures.backdated)),
        ("Time in trouble", span(figures.trouble), counted(figures.dated, "dated incident")),
        ("Mean time to resolve", span(figures.mean_to_resolve), resolved),
        ("Longest outage", span(longest.lasted if longest else None), longest.incident.title if longest else ""),
        ("From start to first post", *_trust(figures.trust)),
    ]


def _backdated(number: int) -> str:
    return f"{number} told only when over" if number else ""


def _trust(trust: Trust) -> tuple[str, str]:
    if trust.grade is None or trust.median is None:
        return "unknown", "no incident tells"
    return f"{span(trust.median)} (grade {trust.grade})", f"median of {counted(trust.sample, 'incident')}"


def span(length: timedelta | None) -> str:
    """`1 h 14 min`; `none` of nothing."""
    if length is None:
        return "unknown"
    return lasting(length) if length else "none"


def month(one: Month) -> str:
    """`2 incidents · 2 h 44 min in trouble · 1 h 22 min on average until resolved`."""
    figures = one.figures
    said = [counted(figures.incidents, "incident")]
    said += [f"{lasting(figures.trouble)} in trouble"] if figures.trouble else []
    mean = figures.mean_to_resolve
    said += [f"{lasting(mean)} on average until resolved"] if mean else []
    return " · ".join(said)


def about(one: Case) -> str:
    """How long it was, how soon it was told, in a few words."""
    parts = [f"lasted {span(one.lasted)}" if one.lasted is not None else "not over" if not one.over else "undated"]
    if one.backdated:
        parts.append("told only when it was over")
    if one.delay:
        parts.append(f"first post after {lasting(one.delay)}")
    return ", ".join(parts)


def heading(report: Report) -> str:
    """Whose report it is, and on which month."""
    return f"{report.name}: {report.first:%B %Y}{' so far' if report.so_far else ''}"


def named(report: Report, ids: tuple[str, ...]) -> str:
    """The names of components; those that nobody knows are left out."""
    return ", ".join(report.names[id_] for id_ in ids if id_ in report.names)
