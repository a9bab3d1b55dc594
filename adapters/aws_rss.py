"""The RSS of AWS's former status page, `/rss/all.rss`: the 50 newest posts, one item each.

A guid is `#<service>-<region>_<second>`, so a post doesn't say which incident it belongs to: posts of one service,
region and title are one. (Their first second can't name it, since it leaves the list while the incident lasts.)
The same trouble at the same place, later, is thus the same incident, reopened. The title begins with a grade and
says `[RESOLVED]` in the end, or never: one that is open and silent for a week is told no more.
Nobody documents this feed; `aws` reads what the present page shows.
Source: a recorded feed.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta

from adapters import fields, phrases, plain
from adapters.adapter import Adapter, Knows
from adapters.compose import LONG_AGO, compose
from adapters.fetch import AdapterError
from adapters.items import Item, items, shortened
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
)

NAME = "aws-rss"
PROVIDER = "Amazon Web Services"
FEED = "/rss/all.rss"
RESOLVED = "[RESOLVED]"
SILENT = timedelta(days=7)
IMPACT = {
    "Service is operating normally": Impact.NONE,
    "Informational message": Impact.MINOR,
    "Performance issues": Impact.MAJOR,
    "Service impact": Impact.MAJOR,
    "Service degradation": Impact.MAJOR,
    "Service disruption": Impact.CRITICAL,
}


def parse(documents: Mapping[str, bytes], *, url: str, read_at: datetime) -> Snapshot:
    """`documents` holds `feed`. Raises AdapterError."""
    feed = items(documents["feed"])
    if not feed.title.startswith("Amazon Web Services"):
        raise AdapterError("this is not the feed of AWS")
    found: dict[str, list[Item]] = {}
    for item in sorted(feed.items, key=lambda one: one.published or LONG_AGO):
        found.setdefault(_identity(item), []).append(item)
    incidents = [_incident(identity, posts) for identity, posts in found.items()]
    return compose(
        adapter=NAME,
        url=url,
        read_at=read_at,
        name=PROVIDER,
        status=None if found else Status.UNKNOWN,
        incidents=[one for one in incidents if one.phase in OVER or not _is_silent(one, read_at)],
        coverage=Coverage(some_updates=True),
        calm=True,
    )


def _is_silent(incident: Incident, read_at: datetime) -> bool:
    return bool(incident.updates) and read_at - incident.updates[-1].posted_at > SILENT


def _identity(item: Item) -> str:
    place, _, second = item.id.partition("#")[2].rpartition("_")
    if not place or not second.isdigit():
        raise AdapterError("there is a post without a service")
    return shortened(f"{place}: {_parts(item)[1].lower()}")


def _parts(item: Item) -> tuple[str, str]:
    """`Service impact: [RESOLVED] Slow` is a grade and a title."""
    grade, colon, title = item.title.partition(": ")
    return (grade.strip(), title.replace(RESOLVED, "").strip()) if colon else ("", item.title.strip())


def _incident(identity: str, posts: Sequence[Item]) -> Incident:
    """`posts` are oldest first, and at least one."""
    updates = tuple(_update(post) for post in posts if post.published)
    phase = _phase(posts[-1])
    grades = [fields.word("impact", _parts(post)[0], IMPACT, Impact.UNKNOWN) for post in posts]
    return Incident(
        id=identity,
        title=f"{_parts(posts[-1])[1] or 'Trouble'} ({identity.partition(':')[0]})",
        impact=next((one for one in reversed(grades) if one != Impact.NONE), Impact.UNKNOWN),
        phase=phase,
        started_at=posts[0].published,
        resolved_at=posts[-1].published if phase in OVER else None,
        updates=updates,
    )


def _update(post: Item) -> Update:
    assert post.published is not None
    second = post.id.rpartition("_")[2]
    return Update(id=second, phase=_phase(post), body=plain.body(post.html), posted_at=post.published)


def _phase(post: Item) -> IncidentPhase:
    if RESOLVED in post.title or _parts(post)[0] == "Service is operating normally":
        return IncidentPhase.RESOLVED
    said = phrases.said(plain.body(post.html))
    return IncidentPhase.UNKNOWN if said is None or said in OVER else said


def _feed(base: str) -> str:
    return base if base.endswith(".rss") else f"{base}{FEED}"


ADAPTER = Adapter(
    name=NAME,
    title="AWS (RSS)",
    read=DocumentReader(lambda base: {"feed": Document(_feed(base), accept=XML)}, parse),
    parse=parse,
    knows=Knows(
        stable_ids="by service, region and title",
        complete="no: some never end",
        history="50 posts",
        cheap="validators and the digest of one document",
    ),
    hosts=("status.aws.amazon.com",),
    paths=(FEED,),
)
