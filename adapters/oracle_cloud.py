"""Oracle Cloud: `components.json` has the status of each service in each region, `status.json` that of the whole.

Some forty regions with a hundred services each are too many parts to follow one by one: a region is a component,
and as bad as its worst service. Words are documented with spaces and shown without (`NormalPerformance`).
The events of a service are told by id and severity alone, without a title, a time or a state, and the
documentation's own example has one at a service that performs normally: nothing says which are active, so there
are no incidents.
Sources: docs.oracle.com/en-us/iaas/Content/General/Concepts/status-service.htm, "Programmatically Accessible
Status Reports". What the page served until 2022 was a Statuspage (recorded in outages/oci-outages).
"""

from collections.abc import Mapping
from datetime import datetime

from adapters import fields
from adapters.adapter import Adapter, Knows
from adapters.compose import compose, worst
from adapters.fetch import AdapterError
from adapters.fields import Record
from adapters.reader import Document, DocumentReader
from adapters.schema import Component, Coverage, Snapshot, Status

NAME = "oracle-cloud"

STATUS = {
    "NormalPerformance": Status.OPERATIONAL,
    "Informational": Status.DEGRADED,
    "ServiceDisruption": Status.PARTIAL_OUTAGE,
    "ServiceDown": Status.MAJOR_OUTAGE,
}
"""Information is not normal performance, which has a word of its own."""
INDICATOR = {
    "none": Status.OPERATIONAL,
    "minor": Status.DEGRADED,
    "major": Status.PARTIAL_OUTAGE,
    "critical": Status.MAJOR_OUTAGE,
}


def parse(documents: Mapping[str, bytes], *, url: str, read_at: datetime) -> Snapshot:
    """`documents` holds `components`, and `status` where the page has it. Raises AdapterError."""
    regions = fields.decode(documents["components"], "components.json").get("regionHealthReports")
    if not isinstance(regions, list) or not regions:
        raise AdapterError("this is not Oracle Cloud's status: it reports on no regions")
    said = _said(documents)
    return compose(
        adapter=NAME,
        url=url,
        read_at=read_at,
        name="Oracle Cloud",
        status=None if said == Status.UNKNOWN else said,
        components=[_region(one) for one in fields.strict_records(regions, "a region")],
        coverage=Coverage(),
    )


def _said(documents: Mapping[str, bytes]) -> Status:
    """What the page says of all systems together."""
    if "status" not in documents:
        return Status.UNKNOWN
    indicator = fields.part(fields.decode(documents["status"], "status.json"), "status").get("indicator")
    return fields.word("Oracle indicator", indicator, INDICATOR, Status.UNKNOWN)


def _region(record: Record) -> Component:
    services = fields.strict_records(record.get("serviceHealthReports"), "a service")
    return Component(
        id=fields.key(record, "a region", "regionId"),
        name=fields.name(record, "a region", "regionName"),
        group=fields.text(record, "geographicAreaName"),
        status=worst(_status(one) for one in services),
    )


def _status(service: Record) -> Status:
    said = fields.text(service, "serviceStatus")
    return fields.word("Oracle service status", said and said.replace(" ", ""), STATUS, Status.UNKNOWN)


ADAPTER = Adapter(
    name=NAME,
    title="Oracle Cloud Infrastructure Status",
    read=DocumentReader(
        lambda base: {
            "components": Document(f"{base}/api/v2/components.json"),
            "status": Document(f"{base}/api/v2/status.json", needed=False),
        },
        parse,
    ),
    parse=parse,
    knows=Knows(
        stable_ids="yes (regions)",
        complete="no: it tells of no incidents",
        history="none",
        cheap="validators and digests of two documents",
    ),
    hosts=("ocistatus.oraclecloud.com", "gov.ocistatus.com"),
    aliases=("oci",),
)
