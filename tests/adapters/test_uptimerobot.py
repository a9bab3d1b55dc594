"""UptimeRobot: where the list is, a list of several pages, what a reread costs, and the recorded pages."""

from collections import Counter
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from standins.getter import Served

from adapters import uptimerobot
from adapters.adapter import Page
from adapters.fetch import AdapterError
from adapters.schema import Snapshot, Status

TWO_PAGES = Path(__file__).parent / "fixtures" / "uptimerobot" / "two-pages"
RECORDED = Path(__file__).parents[3] / "shared" / "payloads" / "uptimerobot"
READ_AT = datetime(2026, 2, 3, tzinfo=UTC)
KEY = "QuiLLp0st7"
LIST = f"https://stats.uptimerobot.com/api/getMonitorList/{KEY}"
PAGE1 = (TWO_PAGES / "page1.json").read_bytes()
PAGE2 = (TWO_PAGES / "page2.json").read_bytes()


@pytest.mark.parametrize(
    ("url", "place"),
    [
        (f"https://stats.uptimerobot.com/{KEY}", LIST),
        (f"https://stats.uptimerobot.com/{KEY}/797021082", LIST),
        (LIST, LIST),
        (f"http://127.0.0.1:8080/{KEY}", f"http://127.0.0.1:8080/api/getMonitorList/{KEY}"),
    ],
)
async def test_an_address_that_names_the_page(url: str, place: str) -> None:
    getter = Served()
    assert await uptimerobot.locate(url, getter) == place
    assert not getter.asked


@pytest.mark.parametrize(
    "html",
    [
        f"window.pspApiPath = 'https://status.quillpost.example/api/getMonitorList/{KEY}';",
        f'pspApiPath="/api/getMonitorList/{KEY}?page=1"',
        f'{{"pspApiPath":"https:\\/\\/stats.uptimerobot.com\\/api\\/getMonitorList\\/{KEY}"}}',
        f"window.pspApiPath = 'https://status.quillpost.example/api/getMonitor/{KEY}?m=797021082';",
    ],
)
async def test_a_page_whose_html_names_its_list(html: str) -> None:
    getter = Served({"https://status.quillpost.example": html})
    place = await uptimerobot.locate("https://status.quillpost.example", getter)
    assert place == f"https://status.quillpost.example/api/getMonitorList/{KEY}"


@pytest.mark.parametrize("html", ["<html>nothing</html>", "/api/getMonitorList/", "/api/v2/getMonitors"])
async def test_html_that_names_no_list(html: str) -> None:
    with pytest.raises(AdapterError, match="names no list"):
        await uptimerobot.locate("https://s.quillpost.example", Served({"https://s.quillpost.example": html}))


async def test_a_list_of_several_pages_is_read_whole() -> None:
    getter = Served({LIST: PAGE1, f"{LIST}?page=2": PAGE2})
    page = Page(url=f"https://stats.uptimerobot.com/{KEY}", now=READ_AT)
    reading = await uptimerobot.read(page, getter)
    assert reading.snapshot is not None
    assert reading.snapshot.components is not None
    assert [one.id for one in reading.snapshot.components] == [str(800 + number) for number in range(1, 34)]
    assert reading.snapshot.status == Status.MAJOR_OUTAGE  # the one that is down stands on the second page
    getter.asked.clear()
    getter.etags.clear()
    soon = Page(url=page.url, now=READ_AT + timedelta(minutes=1), memory=reading.memory)
    again = await uptimerobot.read(soon, getter)
    assert again.snapshot is None
    assert getter.asked == [LIST, f"{LIST}?page=2"]
    assert getter.etags == [None, None]  # the validators of one page say nothing of the other


@pytest.mark.parametrize("second", [None, PAGE1], ids=["missing", "the first again"])
async def test_of_half_a_list_nothing_is_said_as_a_whole(second: bytes | None) -> None:
    getter = Served({LIST: PAGE1} | ({f"{LIST}?page=2": second} if second else {}))
    reading = await uptimerobot.read(Page(url=LIST, now=READ_AT), getter)
    assert reading.snapshot is not None
    assert len(reading.snapshot.components or ()) == 30
    assert reading.snapshot.status == Status.UNKNOWN
    assert reading.snapshot.coverage.some_components


async def test_a_broken_half_is_none() -> None:
    with pytest.raises(AdapterError, match="the list of monitors is HTML"):
        await uptimerobot.read(Page(url=LIST, now=READ_AT), Served({LIST: PAGE1, f"{LIST}?page=2": b"<html>"}))


async def test_a_list_of_which_nothing_can_be_read() -> None:
    empty = b'{"status":"ok","data":[],"psp":{"totalMonitors":3,"perPage":30}}'
    with pytest.raises(AdapterError, match="the list of monitors is empty"):
        await uptimerobot.read(Page(url=LIST, now=READ_AT), Served({LIST: empty}))


async def test_a_list_of_one_page_is_read_with_its_validators() -> None:
    whole = b'{"status":"ok","data":[{"monitorId":1,"name":"Letters","statusClass":"success"}]}'
    getter = Served({LIST: whole})
    first = await uptimerobot.read(Page(url=LIST, now=READ_AT), getter)
    assert first.snapshot is not None
    for later, has_validator in ((timedelta(minutes=1), True), (timedelta(hours=2), False)):
        getter.asked.clear()
        again = await uptimerobot.read(Page(url=LIST, now=READ_AT + later, memory=first.memory), getter)
        assert again.snapshot is None
        assert getter.asked == [LIST]
        assert (getter.etags[-1] is not None) == has_validator


async def test_a_list_without_an_end() -> None:
    endless = b'{"status":"ok","data":[],"psp":{"totalMonitors":900000000000,"perPage":30}}'
    with pytest.raises(AdapterError, match="too long"):
        await uptimerobot.read(Page(url=LIST, now=READ_AT), Served({LIST: endless}))


@pytest.mark.skipif(not RECORDED.is_dir(), reason="no recorded pages")
@pytest.mark.parametrize(
    ("name", "status", "statuses"),
    [
        (
            "gwc/gwc-mixed-states",
            Status.MAJOR_OUTAGE,
            {Status.OPERATIONAL: 4, Status.MAJOR_OUTAGE: 2, Status.UNKNOWN: 1},
        ),
        ("single/single-monitor-paused", Status.UNKNOWN, {Status.UNKNOWN: 1}),
        ("single/single-yumzi-ok", Status.OPERATIONAL, {Status.OPERATIONAL: 1}),
        ("three/three-linuxfabrik-ok", Status.OPERATIONAL, {Status.OPERATIONAL: 3}),
    ],
)
def test_the_recorded_pages(name: str, status: Status, statuses: dict[Status, int]) -> None:
    page = recorded(name)
    assert page.status == status
    assert Counter(one.status for one in page.components or ()) == statuses
    assert not page.incidents


@pytest.mark.skipif(not RECORDED.is_dir(), reason="no recorded pages")
def test_the_monitors_of_a_recorded_page() -> None:
    found = [(one.id, one.name) for one in recorded("three/three-linuxfabrik-ok").components or ()]
    assert found == [
        ("793467486", "001 cloud.linuxfabrik.io"),
        ("793467496", "001 office.linuxfabrik.io"),
        ("793467499", "001 ws.linuxfabrik.io"),
    ]


def recorded(name: str) -> Snapshot:
    document = (RECORDED / f"{name}.json").read_bytes()
    return uptimerobot.parse({"page1": document}, url="https://status.example.com", read_at=READ_AT)
