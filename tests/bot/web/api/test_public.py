"""What everybody may read through the API: what it tells, page by page, and how mistakes are answered."""

from datetime import timedelta
from typing import Any

from standins.pages import at, incident, snapshot, update
from standins.town import Town

from adapters.schema import Component, Maintenance, MaintenancePhase, Status

OPENED = update("u1", "investigating", 5)
SOLVED = update("u2", "resolved", 65)


def work(id_: str = "w1", **given: Any) -> Maintenance:
    values: dict[str, Any] = {
        "title": "Database upgrade",
        "phase": MaintenancePhase.SCHEDULED,
        "starts_at": at(900),
        "ends_at": at(960),
        "updates": (update(f"{id_}u", "scheduled", 1),),
    }
    return Maintenance.model_validate({"id": id_} | values | given)


async def test_a_provider_is_told_as_check_prints_it(town: Town) -> None:
    page = snapshot(incident(OPENED), app=Status.MAJOR_OUTAGE, maintenances=(work(),))
    await town.put(snapshot(), page)
    said = await town.json("/api/v1/providers/chargeover")
    public = page.public()
    assert said["provider"] == {
        "slug": "chargeover",
        "name": "ChargeOver",
        "url": "https://chargeover.example.com",
        "adapter": "statuspage",
    }
    assert {key: said[key] for key in ("status", "components", "incidents", "maintenances")} == {
        key: public[key] for key in ("status", "components", "incidents", "maintenances")
    }
    assert (said["readable"], said["failure"], said["category"]) == (True, None, "Payments")
    assert said["links"]["atom"] == "https://uptimus.example.com/status/chargeover/feed.atom"


async def test_what_an_unreadable_page_said_is_not_said_to_be_so(town: Town) -> None:
    await town.put(snapshot())
    await town.fail(reason="it is HTML")
    said = await town.json("/api/v1/providers/chargeover")
    assert (said["status"], said["readable"], said["failure"]) == ("unknown", False, "it is HTML")
    [listed] = (await town.json("/api/v1/providers?status=unknown"))["providers"]
    assert (listed["slug"], listed["status"]) == ("chargeover", "unknown")
    assert (await town.json("/api/v1/providers?status=operational"))["providers"] == []


async def slugs(town: Town, query: str) -> list[str]:
    return [one["slug"] for one in (await town.json(f"/api/v1/providers{query}"))["providers"]]


async def test_providers_are_searched(town: Town) -> None:
    await town.put(snapshot(app=Status.DEGRADED))
    await town.put(snapshot(), slug="quillpost", name="Quill & Post", category="Developer tools")
    await town.put(snapshot(), slug="nobody", name="100%_sure", category=None)
    assert await slugs(town, "") == ["chargeover", "nobody", "quillpost"]
    assert await slugs(town, "?q=POST") == ["quillpost"]
    assert await slugs(town, "?q=%25_s") == ["nobody"]
    assert await slugs(town, "?q=%00") == ["chargeover", "nobody", "quillpost"]
    assert await slugs(town, "?category=developer-tools") == ["quillpost"]
    assert await slugs(town, "?category=Developer%20tools") == ["quillpost"]
    assert await slugs(town, "?category=none-such") == []
    assert await slugs(town, "?status=degraded&q=charge") == ["chargeover"]


async def every(town: Town, path: str, key: str, token: str | None = None) -> list[Any]:
    """A list read page by page, by both of its links."""
    found, link = [], path
    while link:
        answer = await town.ask(link, token=token)
        assert answer.status == 200, answer.text
        found += answer.json[key]
        link = answer.json["next"]
        assert answer.headers.get("Link", "") == (f'<{link}>; rel="next"' if link else "")
        assert len(answer.json[key]) <= 2
    return found


async def test_lists_are_read_page_by_page(town: Town) -> None:
    incidents = [
        incident(update(f"u{number}", "resolved", number // 2 * 10), id_=f"i{number}") for number in range(5)
    ]
    works = tuple(work(f"w{number}", starts_at=None) for number in range(5))
    components = tuple(Component(id=f"c{n}", name=f"Part {n}", status=Status.OPERATIONAL) for n in range(5))
    await town.put(snapshot(*incidents, components=components, maintenances=works))
    for number in range(4):
        await town.put(snapshot(), slug=f"p{number}")
    base = "/api/v1/providers/chargeover"
    assert [one["id"] for one in await every(town, f"{base}/components?limit=2", "components")] == [
        "c0", "c1", "c2", "c3", "c4",
    ]  # fmt: skip
    assert [one["id"] for one in await every(town, f"{base}/incidents?limit=2", "incidents")] == [
        "i4", "i3", "i2", "i1", "i0",
    ]  # fmt: skip
    assert len({one["id"] for one in await every(town, f"{base}/maintenances?limit=2", "maintenances")}) == 5
    listed = await every(town, "/api/v1/providers?limit=2&category=payments", "providers")
    assert [one["slug"] for one in listed] == ["chargeover", "p0", "p1", "p2", "p3"]


async def test_incidents_are_chosen_by_state_and_time(town: Town) -> None:
    await town.put(
        snapshot(
            incident(update("a", "investigating", 100), id_="new"),
            incident(update("b", "resolved", 10), id_="old", started_at=at(0)),
        )
    )
    base = "/api/v1/providers/chargeover/incidents"

    async def ids(query: str) -> list[str]:
        return [one["id"] for one in (await town.json(f"{base}?{query}"))["incidents"]]

    assert await ids("state=active") == ["new"]
    assert await ids("state=past") == ["old"]
    assert await ids(f"since={at(0):%Y-%m-%dT%H:%M:%SZ}") == ["new", "old"]
    assert await ids(f"since={at(1):%Y-%m-%dT%H:%M:%SZ}") == ["new"]
    assert await ids(f"until={at(100):%Y-%m-%dT%H:%M:%SZ}") == ["old"]
    local = (at(1) + timedelta(hours=2)).strftime("%Y-%m-%dT%H:%M:%S")
    assert await ids(f"since={local}%2B02:00") == ["new"]
    assert await ids(f"since={local}+02:00") == ["new"]


async def test_history_has_both_figures_and_their_samples(town: Town) -> None:
    await town.put(snapshot(incident(OPENED, SOLVED)))
    said = await town.json("/api/v1/providers/chargeover/history?days=7&zone=Asia/Kathmandu")
    assert (said["provider"], said["zone"], len(said["days"])) == ("chargeover", "Asia/Kathmandu", 7)
    assert said["known_uptime"]["days"] == 7
    assert said["known_uptime"]["known_days"] == sum(one["state"] != "unknown" for one in said["days"])
    assert said["known_uptime"]["operational_days"] == sum(one["state"] == "operational" for one in said["days"])
    assert set(said["time_weighted_uptime"]) == {"share", "observed_share"}
    assert "outage" in {one["state"] for one in said["days"]}


async def test_events_go_on_where_the_last_answer_ended(town: Town) -> None:
    await town.put(snapshot(), snapshot(incident(OPENED)), snapshot(incident(OPENED, SOLVED)))
    first = await town.json("/api/v1/events?limit=1")
    assert (first["more"], [one["type"] for one in first["events"]]) == (True, ["incident.opened"])
    assert first["events"][0]["data"]["incident"]["id"] == "inc1"
    second = await town.json(first["next"])
    assert (second["more"], [one["type"] for one in second["events"]]) == (False, ["incident.resolved"])
    waiting = await town.json(second["next"])
    assert (waiting["more"], waiting["events"]) == (False, [])
    reopened = update("u3", "investigating", 70)
    await town.put(snapshot(incident(OPENED, SOLVED, reopened)))
    assert [one["type"] for one in (await town.json(waiting["next"]))["events"]] == ["incident.reopened"]


async def test_events_are_chosen_by_provider_and_type(town: Town) -> None:
    for slug in ("chargeover", "quillpost"):
        await town.put(snapshot(), snapshot(incident(OPENED)), snapshot(incident(OPENED, SOLVED)), slug=slug)
    some = await town.json("/api/v1/events?provider=quillpost&type=incident.resolved&type=incident.reopened")
    assert [(one["type"], one["data"]["provider"]["slug"]) for one in some["events"]] == [
        ("incident.resolved", "quillpost")
    ]
    answer = await town.ask("/api/v1/events?provider=nobody")
    assert (answer.status, answer.json["parameter"]) == (404, "provider")


async def test_who_has_it_already_is_told_so(town: Town) -> None:
    await town.put(snapshot())
    path = "/api/v1/providers/chargeover"
    first = await town.ask(path)
    tag = first.headers["ETag"]
    assert tag.startswith('"')
    again = await town.ask(path, If_None_Match=f'"other", W/{tag}')
    assert (again.status, again.body, again.headers["ETag"]) == (304, b"", tag)
    assert (await town.ask(path, If_None_Match='"other"')).status == 200
    await town.put(snapshot(app=Status.DEGRADED))
    assert (await town.ask(path, If_None_Match=tag)).status == 200
    head = await town.ask(path, "HEAD")
    assert (head.status, head.body) == (200, b"")


async def test_what_browsers_and_caches_are_told(town: Town) -> None:
    headers = (await town.ask("/api/v1/providers")).headers
    assert headers["Content-Type"] == "application/json; charset=utf-8"
    assert headers["X-Content-Type-Options"] == "nosniff"
    assert headers["Cache-Control"] == "public, max-age=10, stale-while-revalidate=30"
    assert headers["Access-Control-Allow-Origin"] == "*"
    assert "Access-Control-Allow-Credentials" not in headers
    assert "default-src 'none'" in headers["Content-Security-Policy"]


WRONG = [
    ("/api/v1/providers?limit=0", "limit", "greater"),
    ("/api/v1/providers?limit=101", "limit", "less"),
    ("/api/v1/providers?limit=1e1", "limit", "whole number"),
    ("/api/v1/providers?limit=5&limit=6", "limit", "2 times"),
    ("/api/v1/providers?limt=5", "limt", "limit"),
    ("/api/v1/providers?status=broken", "status", "operational"),
    ("/api/v1/providers?cursor=abc", "cursor", "next"),
    ("/api/v1/providers?cursor=WzFd", "cursor", "next"),
    ("/api/v1/events?after=WyJhIl0", "after", "next"),
    ("/api/v1/events?after=WzkyMjMzNzIwMzY4NTQ3NzU4MDhd", "after", "next"),
    ("/api/v1/events?type=incident.closed", "type", "incident.opened"),
    ("/api/v1/providers/chargeover/incidents?since=yesterday", "since", "RFC 3339"),
    ("/api/v1/providers/chargeover/incidents?since=2026-01-01T00:00:00", "since", "RFC 3339"),
    ("/api/v1/providers/chargeover/incidents?since=2026-02-30T00:00:00Z", "since", "no time"),
    ("/api/v1/providers/chargeover/incidents?until=0001-01-01T00:00:00%2B14:00", "until", "no time"),
    ("/api/v1/providers/chargeover/history?days=367", "days", "366"),
    ("/api/v1/providers/chargeover/history?zone=../../etc/passwd", "zone", "time zone"),
]


async def test_a_wrong_parameter_is_named(town: Town) -> None:
    await town.put(snapshot())
    for path, parameter, word in WRONG:
        answer = await town.ask(path)
        assert answer.headers["Content-Type"] == "application/problem+json", path
        assert (answer.status, answer.json["status"], answer.json["parameter"]) == (400, 400, parameter), path
        assert word in answer.json["detail"], path


NOWHERE = (
    "/api",
    "/api/",
    "/api/v1",
    "/api/v2/providers",
    "/api/v1/providers/nobody",
    "/api/v1/providers/%00",
    "/api/v1/providers/a%2Fb",
    "/api/v1/providers/nobody/history",
    "/api/v1/providers/ChargeOver",
)


async def test_what_is_not_there_is_a_problem_and_no_page(town: Town) -> None:
    await town.put(snapshot())
    for path in NOWHERE:
        answer = await town.ask(path)
        assert (answer.status, answer.headers["Content-Type"]) == (404, "application/problem+json"), path
        assert answer.json["title"] == "Not Found"
        assert answer.json["detail"]


async def test_other_methods_are_refused_with_those_there_are(town: Town) -> None:
    answer = await town.ask("/api/v1/providers", "DELETE")
    assert (answer.status, answer.headers["Allow"]) == (405, "GET, HEAD")
    assert answer.headers["Content-Type"] == "application/problem+json"


async def test_hostile_text_stays_text(town: Town) -> None:
    evil = "</script>\u2028\u0007<!--"
    await town.put(snapshot(incident(OPENED, title=evil)))
    said = await town.json("/api/v1/providers/chargeover/incidents")
    assert said["incidents"][0]["title"].startswith("</script>\u2028\u0007<!--")
