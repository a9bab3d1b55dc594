"""Microsoft 365's public page: a list of consumer services with a status each, and a post about each admin center.

Companies' services (Exchange Online and the like) are shown to their administrators alone: the page does not
speak of them, so neither does this. A post has an id, but whether it stays while its text changes, nobody says;
so there are no incidents, only components. `LastUpdatedTime` is the server's clock and ticks with each request.
Sources: what the page itself asks for and shows (`/api/posts/…`, its words of status), as several public readers
found and recorded it; Microsoft documents the page, not its documents.
"""

from collections.abc import Mapping
from datetime import datetime

from adapters import fields
from adapters.adapter import Adapter, Getter, Knows
from adapters.address import origin
from adapters.compose import compose
from adapters.fetch import AdapterError
from adapters.fields import Record
from adapters.reader import Document, DocumentReader
from adapters.schema import Component, Coverage, Snapshot, Status

NAME = "microsoft-365"
POSTS = "/api/posts"
LIST = "m365Consumer"

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
    """`documents` holds `consumer` or `mac`, and what else the page has of these and `ppac`.

    Raises AdapterError.
    """
    services = [_service(one) for one in _listed(documents["consumer"])] if "consumer" in documents else []
    centers = [_center(post, documents[post]) for post in CENTERS if post in documents]
    return compose(
        adapter=NAME,
        url=url,
        read_at=read_at,
        name="Microsoft 365",
        components=[*services, *centers],
        coverage=Coverage(),
    )


def _listed(document: bytes) -> list[Record]:
    listed = fields.strict_records(fields.decode_list(document, LIST), "a service")
    if not listed:
        raise AdapterError("this is not Microsoft's service status: it lists no services")
    return listed


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


async def locate(url: str, getter: Getter) -> str:
    """The address of the list of services, or that of the posts alone where there is none."""
    posts = f"{origin(url)}{POSTS}"
    answer = await getter.get(f"{posts}/{LIST}")
    return f"{posts}/{LIST}" if answer.status == 200 else f"{posts}/mac"


def _documents(place: str) -> Mapping[str, Document]:
    posts, _, main = place.rpartition("/")
    found = {post: Document(f"{posts}/{post}", needed=post == main) for post in CENTERS}
    return {"consumer": Document(place), **found} if main == LIST else found


ADAPTER = Adapter(
    name=NAME,
    title="Microsoft 365",
    read=DocumentReader(_documents, parse, locate),
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
