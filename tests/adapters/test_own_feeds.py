"""Platforms whose feed is the best that they offer: AWS's former page, Azure, StatusIQ and xAI, as recorded."""

from datetime import UTC, datetime
from pathlib import Path

import pytest

from adapters import aws_rss, azure, statusiq, xai
from adapters.adapter import Parse
from adapters.schema import Impact, IncidentPhase, Snapshot, Status

PAYLOADS = Path(__file__).parents[3] / "shared" / "payloads"
pytestmark = pytest.mark.skipif(not PAYLOADS.exists(), reason="no recordings here")


def read(parse: Parse, path: str, name: str, day: str) -> Snapshot:
    document = (PAYLOADS / path).read_bytes()
    return parse(
        {name: document}, url="https://page.example", read_at=datetime.fromisoformat(day).replace(tzinfo=UTC)
    )


def test_azure() -> None:
    calm = read(azure.parse, "azure-rss/azure/feed-healthy-empty.xml", "feed", "2026-08-01")
    assert (calm.status, calm.incidents) == (Status.OPERATIONAL, ())
    outage = read(azure.parse, "azure-rss/azure/feed-live-westus.xml", "feed", "2026-07-23")
    assert outage.status == Status.DEGRADED
    [one] = outage.incidents
    assert one.id == "issues-connecting-to-resources-in-west-us"
    assert one.title == "Issues connecting to resources in West US"
    assert one.url is None
    assert one.updates[0].posted_at == datetime(2026, 7, 23, 16, 29, 9, tzinfo=UTC)


def test_xai() -> None:
    page = read(xai.parse, "xai-rss/xai/feed-resolved.xml", "feed", "2026-07-08")
    assert page.status == Status.OPERATIONAL
    assert [one.id for one in page.incidents] == ["INC548339c6", "INC5068f51b", "INC3d7f8a82"]
    assert all(one.phase == IncidentPhase.RESOLVED and len(one.updates) == 2 for one in page.incidents)
    first = page.incidents[0]
    assert first.resolved_at == datetime(2026, 7, 7, 16, 37, 2, tzinfo=UTC)
    assert first.updates[0].body == "We are currently investigating the issue."


def test_aws() -> None:
    page = read(aws_rss.parse, "aws-rss/aws/all-rss.xml", "feed", "2026-08-18")
    assert page.status == Status.OPERATIONAL, "what is open and silent since April is told no more"
    [one] = page.incidents
    assert one.title == "Increased Packet loss (directconnect-eu-central-1)"
    assert (one.phase, one.impact, len(one.updates)) == (IncidentPhase.RESOLVED, Impact.MAJOR, 20)
    earlier = read(aws_rss.parse, "aws-rss/aws/all-rss.xml", "feed", "2026-05-01")
    assert len(earlier.incidents) == 3
    assert earlier.status == Status.MAJOR_OUTAGE


def test_statusiq() -> None:
    page = read(statusiq.parse, "site24x7-statusiq/gvi/rss-gvi-major-outage.xml", "rss", "2025-03-06")
    assert page.provider.name == "KOBV"
    assert page.status == Status.MAJOR_OUTAGE
    assert page.components is not None
    assert [one.name for one in page.components if one.status != Status.OPERATIONAL] == ["GVI via SRU"]
    empty = read(statusiq.parse, "site24x7-statusiq/no/rss-no-components.xml", "rss", "2025-03-06")
    assert (empty.provider.name, empty.status, empty.components) == ("TrustID", Status.UNKNOWN, ())
