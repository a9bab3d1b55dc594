"""Microsoft 365's public page: a list of consumer services with a status each, and a post about each admin center.

Companies' services (Exchange Online and the like) are shown to their administrators alone: the page does not
speak of them, so neither does this. A post has an id, but whether it stays while its text changes, nobody says;
so there are no incidents, only components. `LastUpdatedTime` is the server's clock and ticks with each request.
Sources: what the page itself asks for and shows (`/api/posts/…`, its words of status), as several public readers
found and recorded it; Microsoft documents the page, not its documents.
"""

from collections.abc import Mapping
from datetime import datetime
from urllib.parse import urlsplit

from adapters import fields
from adapters.adapter import Adapter, Knows
from adapters.compose import compose
from adapters.fetch import AdapterError
from adapters.fields import Record
from adapters.reader import Document, DocumentReader
from adapters.schema import Component, Coverage, Snapshot, Status

NAME = "microsoft-365"
POSTS = "/api/posts"

STATUS = {
    "available": Status.OPERATIONAL,
    "operational": Status.OPERATIONAL,
    "servicerestored": Status.OPERATIONAL,
    "servicedegradation": Status.DEGRADED,
    "serviceinterruption": Status.MAJOR_OUTAGE,
    "unknown": Status.UNKNOWN,
}
"""`Service degradation` or `ServiceDegradation`."""
CENTERS = {
    "mac": "Microsoft 365 admin center",
    "ppac": "Power Platform admin center",
}
CONSUMER = "Consumer services"


def parse(documents: Mapping[str, bytes], *, url: str, read_at: datetime) -> Snapshot:
    """`documents` holds `consumer`, and `mac` and `ppac` where the page has them. Raises AdapterError."""
    listed = fields.strict_records(fields.decode_list(documents["consumer"], "m365Consumer"), "a service")
    if not listed:
        raise AdapterError("this is not Microsoft's service status: it lists no services")
    services = [_service(one) for one in listed]
    centers = [_center(post, documents[post]) for post in CENTERS if post in documents]
    return compose(
        adapter=NAME,
        url=url,
        read_at=read_at,
        name="Microsoft 365",
        components=[*services, *centers],
        coverage=Coverage(),
    )


def _service(record: Record) -> Component:
    name = fields.name(record, "a service", "ServiceDisplayName")
    return Component(id=name, name=name, group=CONSUMER, status=_status(record))


def _center(post: str, document: bytes) -> Component:
    return Component(id=post, name=CENTERS[post], status=_status(fields.decode(document, post)))


def _status(record: Record) -> Status:
    said = fields.text(record, "Status")
    if said is None:
        raise AdapterError("there is a service without a status")
    return fields.word("Microsoft status", said.replace(" ", "").casefold(), STATUS, Status.UNKNOWN)


def _documents(url: str) -> Mapping[str, Document]:
    parts = urlsplit(url)
    posts = f"{parts.scheme}://{parts.netloc}{POSTS}"
    return {
        "consumer": Document(f"{posts}/m365Consumer"),
        **{post: Document(f"{posts}/{post}", needed=False) for post in CENTERS},
    }


ADAPTER = Adapter(
    name=NAME,
    title="Microsoft 365",
    read=DocumentReader(_documents, parse),
    parse=parse,
    knows=Knows(
        stable_ids="services by their names",
        complete="no: it tells of no incidents",
        history="none",
        cheap="validators and digests of three small documents",
    ),
    hosts=("status.cloud.microsoft",),
    aliases=("office-365", "m365"),
)
