"""xAI: `feed.xml` is the history of a hundred incidents, nearly all of them over; the page itself answers 403.

Each item states its status and severity and tells its updates in HTML: a time, a heading (the phase), a text. A
severity of `available` means that the service serves, not that nothing happened. A title begins with what is
affected, in brackets. The feed never is empty: then nothing is known.
Source: a recorded feed and its public reader.
"""

import re
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime

from adapters import fields, phrases, plain
from adapters.adapter import Adapter, Knows
from adapters.compose import compose, oldest_first
from adapters.fetch import AdapterError
from adapters.items import Item, items
from adapters.reader import XML, Document, DocumentReader
from adapters.schema import (
    OVER,
    Coverage,
    Impact,
    Incident,
    IncidentPhase,
    Snapshot,
    Status,
    Update,
    rfc3339,
)

NAME = "xai"
PROVIDER = "xAI"
FEED = "/feed.xml"

IMPACT = {
    "available": Impact.UNKNOWN,
    "degraded": Impact.MINOR,
    "degraded_performance": Impact.MINOR,
    "partial_outage": Impact.MAJOR,
    "outage": Impact.CRITICAL,
    "major_outage": Impact.CRITICAL,
    "unavailable": Impact.CRITICAL,
}

_SEVERITY = re.compile(r"Severity:\s{0,9}([A-Za-z_]{2,30})")
_STATUS = re.compile(r"Status:\s{0,9}([A-Za-z_]{2,30})")
_UPDATE = re.compile(
    r"<strong>(?P<at>[^<]{10,40})</strong>\s*</p>\s*<h3>(?P<label>[^<]{1,40})</h3>(?P<text>.*?)</div>", re.DOTALL
)


def parse(documents: Mapping[str, bytes], *, url: str, read_at: datetime) -> Snapshot:
    """`documents` holds `feed`. Raises AdapterError."""
    feed = items(documents["feed"])
    if "xai" not in feed.title.lower():
        raise AdapterError("this is not the feed of xAI")
    incidents = [_incident(item) for item in feed.items]
    return compose(
        adapter=NAME,
        url=url,
        read_at=read_at,
        name=PROVIDER,
        status=None if incidents else Status.UNKNOWN,
        incidents=incidents,
        coverage=Coverage(active_incidents=bool(incidents), active_maintenances=bool(incidents)),
        calm=True,
    )


def _incident(item: Item) -> Incident:
    if not item.id or not item.title:
        raise AdapterError("there is an incident without an id or a title")
    updates = oldest_first(_updates(item.html))
    phase = _phase(item, updates)
    ends = [one.posted_at for one in updates if one.phase in OVER]
    return Incident(
        id=fields.identity({"id": item.id}, "an incident"),
        title=plain.line(item.title),
        impact=_impact(item.html),
        phase=phase,
        started_at=min(
            [one.posted_at for one in updates] + [one for one in (item.published,) if one], default=None
        ),
        resolved_at=ends[0] if ends and phase in OVER else None,
        url=item.link if item.link.startswith("https://") else None,
        updates=updates,
    )


def _phase(item: Item, updates: tuple[Update, ...]) -> IncidentPhase:
    """As the item states it, else as its last update has it."""
    found = _STATUS.search(item.html)
    stated = phrases.labelled(found[1], phrases.INCIDENT_PHASE) if found else None
    return stated or (IncidentPhase(updates[-1].phase) if updates else IncidentPhase.UNKNOWN)


def _impact(html: str) -> Impact:
    found = _SEVERITY.search(html)
    return fields.word("impact", found[1].lower() if found else None, IMPACT, Impact.UNKNOWN)


def _updates(html: str) -> Iterable[Update]:
    for part in _UPDATE.finditer(html):
        try:
            at = parsedate_to_datetime(part["at"].strip()).astimezone(UTC)
        except (ValueError, OverflowError):
            continue
        phase = phrases.labelled(part["label"], phrases.INCIDENT_PHASE) or IncidentPhase.UNKNOWN
        yield Update(id=f"{rfc3339(at)}/{phase}", phase=phase, body=plain.body(part["text"]), posted_at=at)


def _feed(base: str) -> str:
    return base if base.endswith(FEED) else f"{base}{FEED}"


ADAPTER = Adapter(
    name=NAME,
    title="xAI",
    read=DocumentReader(lambda base: {"feed": Document(_feed(base), accept=XML)}, parse),
    parse=parse,
    knows=Knows(
        stable_ids="yes; updates by their time and phase",
        complete="yes",
        history="about 100 incidents",
        cheap="validators and the digest of one document",
    ),
    hosts=("status.x.ai",),
    paths=(FEED,),
    aliases=("xai-rss",),
)
