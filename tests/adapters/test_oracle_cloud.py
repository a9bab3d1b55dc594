"""Oracle Cloud: what a service makes of its region, and what the page says of the whole."""

import json
from datetime import UTC, datetime

import pytest

from adapters import oracle_cloud
from adapters.schema import Snapshot, Status

READ_AT = datetime(2026, 1, 1, tzinfo=UTC)


def read(*services: str | None, indicator: str | None = None) -> Snapshot:
    reports = [{"serviceId": str(number), "serviceStatus": one} for number, one in enumerate(services)]
    region = {"regionId": "2-1", "regionName": "Harbor North", "serviceHealthReports": reports}
    documents = {"components": json.dumps({"regionHealthReports": [region]}).encode()}
    if indicator:
        documents["status"] = json.dumps({"status": {"indicator": indicator}}).encode()
    return oracle_cloud.parse(documents, url="https://ocistatus.oraclecloud.com", read_at=READ_AT)


@pytest.mark.parametrize(
    ("services", "status"),
    [
        (["NormalPerformance", "NormalPerformance"], Status.OPERATIONAL),
        (["NormalPerformance", "Informational"], Status.DEGRADED),
        (["Service Disruption", "Informational"], Status.PARTIAL_OUTAGE),
        (["ServiceDown", "ServiceDisruption"], Status.MAJOR_OUTAGE),
        (["-", None], Status.UNKNOWN),
        ([], Status.UNKNOWN),
    ],
)
def test_a_region_is_as_bad_as_its_worst_service(services: list[str | None], status: Status) -> None:
    found = read(*services)
    assert found.components is not None
    assert found.components[0].status == found.status == status


@pytest.mark.parametrize(
    ("indicator", "status"),
    [
        ("none", Status.OPERATIONAL),
        ("minor", Status.DEGRADED),
        ("major", Status.PARTIAL_OUTAGE),
        ("critical", Status.MAJOR_OUTAGE),
        ("mauve", Status.MAJOR_OUTAGE),
    ],
)
def test_the_page_says_how_the_whole_fares(indicator: str, status: Status) -> None:
    assert read("ServiceDown", indicator=indicator).status == status
