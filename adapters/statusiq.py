"""Site24x7 StatusIQ: `/rss` has one item per component, whose title ends in its status.

A component that is down has neither link nor guid, so a component is known by its name. The feed tells of no
incidents; an owner may turn it off, and then it has no items. The channel's title begins with the page's name and
carries the present announcement.
Sources: two recorded feeds; Linuxfabrik's check of such pages for the words.
"""

from collections.abc import Mapping
from datetime import datetime

from adapters import fields
from adapters.adapter import Adapter, Knows
from adapters.compose import compose
from adapters.fetch import AdapterError
from adapters.items import Item, items, shortened
from adapters.reader import XML, Document, DocumentReader
from adapters.schema import Component, Coverage, Snapshot, Status

NAME = "statusiq"

STATUS = {
    "Operational": Status.OPERATIONAL,
    "Informational": Status.OPERATIONAL,
    "Degraded Performance": Status.DEGRADED,
    "Partial Outage": Status.PARTIAL_OUTAGE,
    "Major Outage": Status.MAJOR_OUTAGE,
    "Under Maintenance": Status.MAINTENANCE,
}
"""A component with an informational notice works."""
GENERATOR = b"StatusIQ"
NAMESPACE = b"site24x7.com/rssdefinitions"


def parse(documents: Mapping[str, bytes], *, url: str, read_at: datetime) -> Snapshot:
    """`documents` holds `rss`. Raises AdapterError."""
    document = documents["rss"]
    feed = items(document)
    if GENERATOR not in document and NAMESPACE not in document:
        raise AdapterError("this is not a StatusIQ page")
    components = [one for one in map(_component, feed.items) if one is not None]
    wrong = {one.status for one in components} - {Status.OPERATIONAL, Status.UNKNOWN}
    strange = any(one.status == Status.UNKNOWN for one in components)
    return compose(
        adapter=NAME,
        url=url,
        read_at=read_at,
        name=_name(feed.title),
        status=Status.UNKNOWN if strange and not wrong else None,
        components=components,
        coverage=Coverage(),
    )


def _name(title: str) -> str:
    shorter = title.removesuffix(" - Status").partition(" -- ")[0].strip()
    return shorter.removesuffix("Service Status").strip() or shorter


def _component(item: Item) -> Component | None:
    """`Search - Major Outage`: the last part is the status. An item about anything else is no component."""
    name, dash, word = item.title.rpartition(" - ")
    if not dash or not name.strip():
        return None
    return Component(
        id=shortened(name.strip()),
        name=name.strip(),
        status=fields.word("component status", word.strip(), STATUS, Status.UNKNOWN),
        changed_at=item.published,
    )


ADAPTER = Adapter(
    name=NAME,
    title="Site24x7 StatusIQ",
    read=DocumentReader(lambda url: {"rss": Document(f"{url.removesuffix('/rss')}/rss", accept=XML)}, parse),
    parse=parse,
    knows=Knows(
        stable_ids="components by their names",
        complete="no incidents, only components",
        history="none",
        cheap="validators and the digest of one document",
    ),
    hosts=(".site24x7statusiq.com", ".statusiq.com"),
    marks=("statusiq",),
    paths=("/rss",),
    aliases=("site24x7", "site24x7-statusiq"),
)
