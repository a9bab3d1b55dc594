"""The reader of fixed sets of documents: what is gone, and of which kind it was."""

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta

import pytest
from standins.getter import Served

from adapters import fields
from adapters.adapter import Page, Reading
from adapters.compose import compose
from adapters.fetch import FetchError
from adapters.reader import Document, DocumentReader
from adapters.schema import Coverage, Incident, Maintenance, MaintenancePhase, Snapshot

NOW = datetime(2026, 1, 1, tzinfo=UTC)
URL = "https://status.acme.example"
MAIN = f"{URL}/main.json"


def parse(documents: Mapping[str, bytes], *, url: str, read_at: datetime) -> Snapshot:
    """`{"incidents": [id], "maintenances": [id], "complete": [kind]}`."""
    said = fields.decode(documents["main"], "main")
    complete = said.get("complete", [])
    return compose(
        adapter="test",
        url=url,
        read_at=read_at,
        name="Acme",
        incidents=[Incident(id=one, title=one) for one in said["incidents"]],
        maintenances=[Maintenance(id=one, title=one) for one in said["maintenances"]],
        coverage=Coverage(
            active_incidents="incidents" in complete, active_maintenances="maintenances" in complete
        ),
    )


READER = DocumentReader(lambda base: {"main": Document(f"{base}/main.json")}, parse)


async def read(server: Served, reading: Reading | None, *open_ids: str, minutes: int = 0) -> Reading:
    memory = reading.memory if reading else {}
    now = NOW + timedelta(minutes=minutes)
    page = Page(url=URL, now=now, memory=memory, open_ids=frozenset(open_ids))
    return await READER(page, server)


def gone(reading: Reading) -> set[str] | None:
    return None if reading.snapshot is None else set(reading.snapshot.coverage.gone)


@pytest.mark.parametrize(
    ("complete", "expected"),
    [
        (["incidents", "maintenances"], {"i", "m"}),
        (["incidents"], {"i"}),
        (["maintenances"], {"m"}),
        ([], set()),
    ],
)
async def test_what_a_complete_list_shows_no_more_is_gone(complete: list[str], expected: set[str]) -> None:
    server = Served({MAIN: {"incidents": ["i"], "maintenances": ["m"], "complete": complete}})
    first = await read(server, None)
    assert gone(first) == set()
    server.documents[MAIN] = {"incidents": [], "maintenances": [], "complete": complete}
    second = await read(server, first, "i", "m")
    assert gone(second) == expected
    third = await read(server, second, "i", "m")
    assert gone(third) == (expected or None), "said again as long as it is open, though the page is unchanged"


async def test_what_is_remembered_by_nobody_is_gone_where_both_lists_are_complete() -> None:
    said = {"incidents": [], "maintenances": [], "complete": ["incidents", "maintenances"]}
    server = Served({MAIN: said})
    assert gone(await read(server, None, "x")) == {"x"}
    said["complete"] = ["incidents"]
    assert gone(await read(server, None, "x")) == set()


async def test_an_unchanged_page_is_asked_with_its_validator_but_once_an_hour() -> None:
    server = Served({MAIN: {"incidents": ["i"], "maintenances": []}})
    reading = await read(server, None)
    for minutes in (1, 59, 61, 62):
        later = await read(server, reading, "i", minutes=minutes)
        assert later.snapshot is None
        reading = later
    assert [one is None for one in server.etags] == [True, False, False, True, False]


async def test_what_moves_to_the_other_list_is_gone_from_the_first() -> None:
    both = ["incidents", "maintenances"]
    server = Served({MAIN: {"incidents": [], "maintenances": ["x"], "complete": both}})
    first = await read(server, None)
    server.documents[MAIN] = {"incidents": ["x"], "maintenances": [], "complete": both}
    second = await read(server, first, "x")
    assert gone(second) == {"x"}
    assert gone(await read(server, second, "x")) == {"x"}, "said twice, as of anything that is gone"
    server.documents[MAIN]["complete"] = ["incidents"]
    assert gone(await read(server, first, "x")) == set()


def parse_by_the_clock(documents: Mapping[str, bytes], *, url: str, read_at: datetime) -> Snapshot:
    """A maintenance from 00:10 to 00:20, of which the page never says how far it is."""
    assert documents
    begins_at, ends_at = NOW + timedelta(minutes=10), NOW + timedelta(minutes=20)
    phase = MaintenancePhase.SCHEDULED if read_at < begins_at else MaintenancePhase.IN_PROGRESS
    phase = MaintenancePhase.COMPLETED if read_at >= ends_at else phase
    planned = Maintenance(id="m", title="Work", phase=phase, starts_at=begins_at, ends_at=ends_at)
    return compose(
        adapter="test", url=url, read_at=read_at, name="Acme", maintenances=[planned], coverage=Coverage()
    )


async def test_what_only_the_clock_tells_is_told_in_time() -> None:
    server, memory, found = Served({MAIN: {}}), dict[str, object](), []
    reader = DocumentReader(lambda base: {"main": Document(f"{base}/main.json")}, parse_by_the_clock)
    for minutes in (0, 9, 10, 11, 19, 20, 21):
        now = NOW + timedelta(minutes=minutes)
        reading = await reader(Page(url=URL, now=now, memory=memory), server)
        memory = dict(reading.memory)
        found.append(reading.snapshot and reading.snapshot.maintenances[0].phase)
    assert found == ["scheduled", None, "in_progress", None, None, "completed", None]
    assert [one is None for one in server.etags] == [True, False, True, False, False, True, False]


ELSEWHERE = DocumentReader(
    lambda base: {
        "main": Document(f"{base}/main.json"),
        "more": Document(f"{base}/v1.json", needed=False, elsewhere=(f"{base}/v2.json",), guarded=True),
    },
    parse,
)


@pytest.mark.parametrize(
    ("more", "asked"),
    [
        ({"/v1.json": {"a": 1}}, ["/main.json", "/v1.json"]),
        ({"/v2.json": {"a": 1}}, ["/main.json", "/v1.json", "/v2.json"]),
        ({}, ["/main.json", "/v1.json", "/v2.json"]),
        ({"/v1.json": FetchError("no", status=403)}, ["/main.json", "/v1.json", "/v2.json"]),
    ],
)
async def test_a_document_that_stands_elsewhere_or_is_refused(more: dict[str, object], asked: list[str]) -> None:
    documents: dict[str, object] = {f"{URL}{path}": document for path, document in more.items()}
    server = Served({MAIN: {"incidents": [], "maintenances": []}} | documents)
    reading = await ELSEWHERE(Page(url=URL, now=NOW), server)
    assert reading.snapshot is not None
    assert [url.removeprefix(URL) for url in server.asked] == asked


async def test_a_document_that_fails_otherwise_fails_the_read() -> None:
    server = Served({MAIN: {"incidents": [], "maintenances": []}, f"{URL}/v1.json": FetchError("no", status=500)})
    with pytest.raises(FetchError):
        await ELSEWHERE(Page(url=URL, now=NOW), server)
