"""uptimus as a page of Statuspage: our own adapter reads it back and finds what is known."""

import pytest
from standins.pages import at, incident, snapshot, update
from standins.town import HOME, Town

from adapters.adapter import Page
from adapters.fetch import AdapterError, Fetcher
from adapters.schema import Component, Impact, Maintenance, MaintenancePhase, Snapshot, Status
from adapters.statuspage import ADAPTER

COMPONENTS = (
    Component(id="app", name="Main Application", status=Status.MAJOR_OUTAGE, changed_at=at(5)),
    Component(id="eu", name="EU", group="Regions", status=Status.OPERATIONAL, changed_at=at(1)),
    Component(id="us", name="US", group="Regions", description="West", status=Status.DEGRADED, changed_at=at(2)),
    Component(id="api", name="API", status=Status.MAINTENANCE, changed_at=at(3)),
)
WORK = Maintenance(
    id="w1",
    title="Upgrade",
    phase=MaintenancePhase.SCHEDULED,
    starts_at=at(900),
    ends_at=None,
    component_ids=("api",),
    url="https://status.example.com/w1",
    updates=(update("w", "scheduled", 1),),
)
DONE = WORK.model_copy(update={"id": "w0", "phase": MaintenancePhase.COMPLETED, "starts_at": at(0)})
OPENED, MONITORED, SOLVED = (
    update("u1", "investigating", 5),
    update("u2", "monitoring", 15),
    update("u3", "resolved", 65),
)
PAGE = snapshot(
    incident(OPENED, MONITORED, impact=Impact.CRITICAL),
    incident(OPENED, SOLVED, id_="over", resolved_at=at(65), started_at=at(0)),
    app=Status.PARTIAL_OUTAGE,
    components=COMPONENTS,
    maintenances=(WORK, DONE),
)


async def read(town: Town, slug: str = "chargeover") -> Snapshot:
    """What the adapter finds at our own address."""
    fetcher = Fetcher(user_agent="test", allow_private_networks=True)
    url = str(town.client.make_url(f"/status/{slug}"))
    try:
        reading = await ADAPTER.read(
            Page(url=url, interval=60, now=at(600), memory={}, open_ids=frozenset()), fetcher
        )
    finally:
        await fetcher.aclose()
    assert reading.snapshot is not None
    return reading.snapshot


async def test_our_own_adapter_reads_it_back(town: Town) -> None:
    await town.put(PAGE)
    found = await read(town)
    assert found.status == PAGE.status
    assert found.components == PAGE.components
    assert found.incidents == PAGE.incidents
    assert found.maintenances == PAGE.maintenances
    assert found.provider.name == "ChargeOver"
    assert (found.coverage.active_incidents, found.coverage.past_incidents) == (True, True)


@pytest.mark.parametrize("status", list(Status))
async def test_every_state_is_carried(town: Town, status: Status) -> None:
    await town.put(snapshot(app=status))
    found = await read(town)
    assert found.status == status
    assert found.components is not None
    assert found.components[0].status == status


async def test_what_cant_be_read_now_is_unknown(town: Town) -> None:
    await town.put(PAGE)
    await town.fail()
    found = await read(town)
    assert found.status == Status.UNKNOWN
    assert {one.status for one in found.components or ()} == {Status.UNKNOWN}
    await town.put(slug="never", name="Never read")
    assert (await read(town, "never")).status == Status.UNKNOWN
    with pytest.raises(AdapterError, match="no Statuspage at this address"):
        await read(town, "nobody")


async def test_the_other_documents(town: Town) -> None:
    await town.put(PAGE)
    base = "/status/chargeover/api/v2"

    async def ids(name: str, key: str) -> list[str]:
        return [one["id"] for one in (await town.json(f"{base}/{name}.json"))[key]]

    assert await ids("incidents", "incidents") == ["inc1", "over"]
    assert await ids("incidents/unresolved", "incidents") == ["inc1"]
    assert await ids("scheduled-maintenances", "scheduled_maintenances") == ["w1", "w0"]
    assert await ids("scheduled-maintenances/upcoming", "scheduled_maintenances") == ["w1"]
    assert await ids("scheduled-maintenances/active", "scheduled_maintenances") == []
    assert (await town.json(f"{base}/status.json"))["status"] == {
        "indicator": "major",
        "description": "Partial Outage",
    }
    components = (await town.json(f"{base}/components.json"))["components"]
    [group] = [one for one in components if one["group"]]
    assert (group["name"], group["components"], group["status"]) == (
        "Regions",
        ["eu", "us"],
        "degraded_performance",
    )
    summary = await town.json(f"{base}/summary.json")
    assert summary["page"]["url"] == f"{HOME}/status/chargeover"
    assert [one["id"] for one in summary["incidents"]] == ["inc1"]
    assert (await town.json("/status/chargeover/incidents/over.json"))["status"] == "resolved"
    assert (await town.json("/status/chargeover/incidents/w1.json"))["scheduled_for"] == "2026-01-02T03:00:00Z"
    for path in (
        f"{base}/secrets.json",
        "/status/chargeover/incidents/none.json",
        "/status/nobody/api/v2/status.json",
    ):
        assert (await town.ask(path)).status == 404
