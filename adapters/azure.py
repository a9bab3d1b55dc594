"""Azure: the feed behind `azure.status.microsoft` lists what goes on now and nothing else.

It says `Azure Status` and holds no item when all is well; the geo-routed `status.azure.com` has answered so in
the middle of an outage, so the page is read at its canonical place. The `guid` is made of the title, the link is
an internal host. What is listed goes on, however long ago it was posted. Phases stand in the prose alone, and
there are no impacts; categories name services and regions.
Sources: two recorded feeds, one of an outage.
"""

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime
from urllib.parse import urlsplit

from adapters import feed
from adapters.adapter import Adapter, Knows
from adapters.compose import compose
from adapters.fetch import AdapterError
from adapters.items import items
from adapters.reader import XML, Document, DocumentReader
from adapters.schema import Coverage, Snapshot

NAME = "azure"
TITLE = "Azure Status"
FEED = "/en-us/status/feed/"
CANONICAL = "rssfeed.azure.status.microsoft"
HOSTS = ("azure.status.microsoft", "status.azure.com", CANONICAL)


def parse(documents: Mapping[str, bytes], *, url: str, read_at: datetime) -> Snapshot:
    """`documents` holds `feed`. Raises AdapterError."""
    listed = items(documents["feed"])
    if listed.title != TITLE:
        raise AdapterError("this is not the feed of Azure")
    here = [replace(one, link="") for one in listed.items if one.title or one.html]
    incidents, maintenances = feed.told(here, listed.link)
    return compose(
        adapter=NAME,
        url=url,
        read_at=read_at,
        name="Microsoft Azure",
        incidents=incidents,
        maintenances=maintenances,
        coverage=Coverage(active_incidents=True, active_maintenances=True, some_updates=True),
        calm=True,
    )


def _feed(base: str) -> str:
    parts = urlsplit(base)
    host = CANONICAL if parts.hostname in HOSTS else parts.netloc
    return f"{parts.scheme}://{host}{FEED}"


ADAPTER = Adapter(
    name=NAME,
    title="Microsoft Azure",
    read=DocumentReader(lambda base: {"feed": Document(_feed(base), accept=XML)}, parse),
    parse=parse,
    knows=Knows(
        stable_ids="made of the title: another title is another incident",
        complete="yes",
        history="none: what ended vanishes",
        cheap="validators and the digest of one document",
    ),
    hosts=HOSTS,
    paths=("/en-us/status/feed",),
    aliases=("azure-rss",),
)
