"""Gatus: `/api/v1/endpoints/statuses` lists every endpoint with its latest results, oldest first.

The query pages through the results of each endpoint, not through the endpoints, so one result of each is asked
for. An endpoint is as its last result says, of which only `success` counts; one without results is `unknown`.
Suites, in newer versions, are sequences of checks that succeed or fail as a whole; without any it answers `null`.
Keys are made of group and name, so that what is renamed is another endpoint. There are no incidents: announcements
in `/api/v1/config` have neither an id nor an end. An empty list may be anybody's and is refused.
Sources: TwiN/gatus (api/endpoint_status.go, api/suite_status.go, config/endpoint) and the answers in its tests.
"""

from collections.abc import Mapping
from datetime import datetime
from urllib.parse import urlsplit

from adapters import fields
from adapters.adapter import Adapter, Knows
from adapters.compose import compose
from adapters.fetch import AdapterError
from adapters.fields import Record
from adapters.monitors import overall
from adapters.reader import Document, DocumentReader
from adapters.schema import Component, Coverage, Snapshot, Status

NAME = "gatus"


def parse(documents: Mapping[str, bytes], *, url: str, read_at: datetime) -> Snapshot:
    """`documents` holds `endpoints`, and `suites` where there are any. Raises AdapterError."""
    endpoints = fields.decode_list(documents["endpoints"], "the list of endpoints")
    listed = fields.strict_records(endpoints, "an endpoint")
    if not listed:
        raise AdapterError("the list of endpoints is empty")
    if not all("key" in one for one in listed) or not any("results" in one for one in listed):
        raise AdapterError("this is not a Gatus page")
    components = [_component(one) for one in listed]
    components += [_component(one, "suite/") for one in _suites(documents)]
    return compose(
        adapter=NAME,
        url=url,
        read_at=read_at,
        name=urlsplit(url).hostname,
        status=overall(components),
        components=components,
        coverage=Coverage(),
    )


def _suites(documents: Mapping[str, bytes]) -> list[Record]:
    """None where the server is too old for suites, and answers with whatever it likes."""
    if documents.get("suites", b"").lstrip()[:1] != b"[":
        return []
    return fields.strict_records(fields.decode_list(documents["suites"], "the list of suites"), "a suite")


def _component(record: Record, prefix: str = "") -> Component:
    key = fields.key(record, "an endpoint", "key")
    return Component(
        id=f"{prefix}{key}",
        name=fields.text(record, "name") or key,
        group=fields.text(record, "group"),
        status=_status(record),
    )


def _status(record: Record) -> Status:
    results = fields.records(record.get("results"))
    success = results[-1].get("success") if results else None
    if not isinstance(success, bool):
        return Status.UNKNOWN
    return Status.OPERATIONAL if success else Status.MAJOR_OUTAGE


ADAPTER = Adapter(
    name=NAME,
    title="Gatus",
    read=DocumentReader(
        lambda base: {
            "endpoints": Document(f"{base}/api/v1/endpoints/statuses?page=1&pageSize=1"),
            "suites": Document(f"{base}/api/v1/suites/statuses?page=1&pageSize=1", needed=False),
        },
        parse,
    ),
    parse=parse,
    knows=Knows(
        stable_ids="of group and name",
        complete="there are no incidents: endpoints alone",
        history="none",
        cheap="one result of each endpoint; a digest of what they say",
    ),
    marks=("window.config = {logo:",),
    paths=("/api/v1/endpoints/statuses",),
)
