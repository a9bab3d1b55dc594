"""Microsoft 365: its words, and where its documents stand."""

import json
from datetime import UTC, datetime

import pytest
from standins.getter import Served

from adapters import microsoft_365
from adapters.schema import Status


@pytest.mark.parametrize(
    ("said", "status"),
    [
        ("Available", Status.OPERATIONAL),
        ("Operational", Status.OPERATIONAL),
        ("Service restored", Status.OPERATIONAL),
        ("Service degradation", Status.DEGRADED),
        ("ServiceDegradation", Status.DEGRADED),
        ("Service interruption", Status.MAJOR_OUTAGE),
        ("Unknown", Status.UNKNOWN),
        ("Wobbling", Status.UNKNOWN),
    ],
)
def test_what_its_words_mean(said: str, status: Status) -> None:
    document = json.dumps([{"ServiceDisplayName": "Quill Mail", "Status": said}]).encode()
    found = microsoft_365.parse(
        {"consumer": document}, url="https://status.cloud.microsoft", read_at=datetime(2026, 1, 1, tzinfo=UTC)
    )
    assert found.status == status


@pytest.mark.parametrize("path", ["", "/m365", "/m365/consumer"])
async def test_the_documents_stand_at_the_root_of_the_host(path: str) -> None:
    consumer = "https://status.cloud.microsoft/api/posts/m365Consumer"
    assert await microsoft_365.locate(f"https://status.cloud.microsoft{path}", Served({consumer: 200})) == consumer
