"""Questions that people ask of a provider, and answers made from what is known: for readers and search engines.
Pure.

An answer never says more than the page does: what is not known is said to be unknown. It names no moment that
changes with each read, so that a page is the same for as long as what it says is.
"""

from collections.abc import Iterator
from typing import Any
from urllib.parse import quote

from adapters.schema import Impact, Status
from bot.commands.services import counted
from bot.web.views import Facts, ProviderView
from relay.wording import lasting, utc
from storage.analysis import Case

OUTAGES = (Impact.MAJOR, Impact.CRITICAL)
SENTENCES = {
    Status.OPERATIONAL: "All systems operational",
    Status.DEGRADED: "Degraded performance",
    Status.PARTIAL_OUTAGE: "Partial outage",
    Status.MAJOR_OUTAGE: "Major outage",
    Status.MAINTENANCE: "Under maintenance",
    Status.UNKNOWN: "State unknown",
}
_DOWN = {
    Status.OPERATIONAL: "No: {} is operational",
    Status.DEGRADED: "Not down, but its performance is degraded: {} says so",
    Status.PARTIAL_OUTAGE: "In part: {} reports a partial outage",
    Status.MAJOR_OUTAGE: "Yes: {} reports a major outage",
    Status.MAINTENANCE: "It is under maintenance: {} says so",
}

Answer = tuple[str, str]
"""The question, and what is answered."""


def answers(view: ProviderView, facts: Facts) -> tuple[Answer, ...]:
    """In the order in which they are asked."""
    name = view.name
    return (
        (f"Is {name} down right now?", _now(view)),
        (f"When was the last outage of {name}?", _last(view)),
        (f"How reliable is {name}?", _reliable(view)),
        (f"Is maintenance of {name} planned?", _planned(view)),
        (f"How soon does the status page of {name} tell of trouble?", _soon(view)),
        (f"How do I get told when {name} is down?", _told(view, facts)),
        (f"Is this the official status page of {name}?", _official(view)),
    )


def _now(view: ProviderView) -> str:
    if view.checked_at is None and view.failure is None:
        return "Not known yet: its status page has not been read."
    since = f" since {utc(view.since)}" if view.since is not None else ""
    if view.failure is not None:
        return f"Not known: its status page can't be read{since}."
    if not view.followed:
        return f"Not known: nobody follows {view.name} here any more, so its page is not read."
    if view.status not in _DOWN:
        return "Not known: its status page doesn't tell."
    said = _DOWN[view.status].format(view.name) + since
    troubles = f" Active: {', '.join(one.title for one in view.incidents[:3])}." if view.incidents else ""
    return f"{said}, as its own status page says.{troubles}"


def _last(view: ProviderView) -> str:
    active = next((one for one in view.incidents if one.impact in OUTAGES), None)
    if active is not None:
        began = f" It began on {utc(active.started_at)}." if active.started_at else ""
        return f"There is one now: {active.title}.{began}"
    last = next((one for one in view.past if one.incident.impact in OUTAGES), None)
    if last is None:
        return "No outage is known here."
    return f"{last.incident.title}{_when(last)}."


def _when(one: Case) -> str:
    start = one.incident.started_at
    said = f", from {utc(start)}" if start is not None else ""
    return f"{said}, for {lasting(one.lasted)}" if one.lasted is not None else said


def _reliable(view: ProviderView) -> str:
    if not view.uptime:
        return "Nothing of its past is known yet."
    figures = view.figures
    said = f"Over the last {counted(len(view.days), 'day')}: {view.uptime}."
    if not figures.incidents:
        return f"{said} No incident of that time is known."
    mean = (
        f"; {lasting(figures.mean_to_resolve)} on average until it was resolved ({figures.resolved} of them)"
        if figures.mean_to_resolve is not None
        else ""
    )
    return f"{said} {counted(figures.incidents, 'incident')} in that time{mean}."


def _planned(view: ProviderView) -> str:
    if not view.maintenances:
        return "None that its page announces."
    first = view.maintenances[0]
    begins = f", from {utc(first.starts_at)}" if first.starts_at is not None else ""
    more = len(view.maintenances) - 1
    return f"Yes: {first.title}{begins}{f', and {more} more' if more else ''}."


def _soon(view: ProviderView) -> str:
    trust = view.trust
    if trust.grade is None or trust.median is None:
        return "Not known: no incident of the last year says both when it began and when it was posted."
    sample = f"the median of {counted(trust.sample, 'incident')} of the last year"
    soon = f"{lasting(trust.median)} after the stated start" if trust.median else "At the stated start"
    scale = f"grade {trust.grade}, from A (under 15 minutes) to F (over 4 hours)"
    return f"{soon[0].upper()}{soon[1:]} ({sample}): {scale}."


def _told(view: ProviderView, facts: Facts) -> str:
    chats = " or ".join(
        [name for name, there in (("Slack", facts.slack), ("Discord", facts.discord)) if there]
        or ["Slack or Discord"]
    )
    ways = [f"write “/uptimus follow {view.slug}” in {chats}", f"“uptimus follow {view.slug}” in a terminal"]
    ways += ["press “Notify me” on this page"] if facts.push else []
    said = f"{', '.join(ways[:-1])} or {ways[-1]}"
    return f"{said[0].upper()}{said[1:]}. Or subscribe to the feed."


def _official(view: ProviderView) -> str:
    return f"No. This page relays what the official one says, which is at {view.url}, and keeps its history."


def structured(view: ProviderView, asked: tuple[Answer, ...], facts: Facts) -> dict[str, Any]:
    """The same for machines, as schema.org has it."""
    home = facts.home.rstrip("/")
    page = f"{home}/status/{quote(view.slug)}"
    return {
        "@context": "https://schema.org",
        "@graph": [
            {
                "@type": "FAQPage",
                "@id": f"{page}#questions",
                "url": page,
                "name": f"{view.name} status",
                "mainEntity": list(_questions(asked)),
            },
            {
                "@type": "BreadcrumbList",
                "itemListElement": [
                    {"@type": "ListItem", "position": 1, "name": "Status", "item": f"{home}/status"},
                    {"@type": "ListItem", "position": 2, "name": view.name, "item": page},
                ],
            },
        ],
    }


def _questions(asked: tuple[Answer, ...]) -> Iterator[dict[str, Any]]:
    for question, answer in asked:
        yield {"@type": "Question", "name": question, "acceptedAnswer": {"@type": "Answer", "text": answer}}
