"""The OpenAPI document is true: every answer of a real server is what it says, whatever is asked."""

import asyncio
from collections.abc import Iterator
from typing import Any

import jsonschema
import pytest
import schemathesis
from hypothesis import strategies as st
from schemathesis.config import SchemathesisConfig
from schemathesis.engine import from_schema
from schemathesis.engine.events import FatalError, NonFatalError, ScenarioFinished
from standins.pages import at, incident, snapshot, update
from standins.town import Town

from adapters.schema import Maintenance, MaintenancePhase, Status
from bot.web.api import openapi
from bot.web.api.cursors import cursor
from bot.web.api.routes import OPERATIONS
from relay.events import EventType

EXAMPLES = 10
DOCUMENT = openapi.document(OPERATIONS, home="https://uptimus.example.com", version="1")

NUMBERS = st.integers(0, 9)
CURSORS = {
    "names": st.sampled_from(["a", "z"]).map(cursor),
    "positions": st.builds(cursor, NUMBERS, NUMBERS),
    "times": st.builds(cursor, st.just(at(5)), NUMBERS),
    "ids": NUMBERS.map(cursor),
    "events": st.builds(cursor, NUMBERS, NUMBERS),
}
for kind, strategy in CURSORS.items():
    schemathesis.openapi.format(f"cursor-of-{kind}", strategy)
schemathesis.openapi.format("time-zone", st.sampled_from(["UTC", "Europe/Berlin", "Asia/Kathmandu"]))


def test_every_type_of_event_is_a_webhook() -> None:
    assert set(DOCUMENT["webhooks"]) == {str(one) for one in EventType}
    for name, one in DOCUMENT["webhooks"].items():
        schema = one["post"]["requestBody"]["content"]["application/json"]["schema"]
        body = DOCUMENT["components"]["schemas"][schema["allOf"][0]["$ref"].rpartition("/")[2]]
        assert name in body["properties"]["type"]["enum"]
        assert len({parameter["name"] for parameter in one["post"]["parameters"]}) == 3


def test_every_reference_leads_somewhere() -> None:
    def walk(part: Any) -> Iterator[str]:
        if isinstance(part, dict):
            yield from [part["$ref"]] if isinstance(part.get("$ref"), str) else []
            for one in part.values():
                yield from walk(one)
        elif isinstance(part, list):
            for one in part:
                yield from walk(one)

    for reference in set(walk(DOCUMENT)):
        found: Any = DOCUMENT
        for name in reference.removeprefix("#/").split("/"):
            found = found[name]


def body_schema(type_: str) -> dict[str, Any]:
    schema = DOCUMENT["webhooks"][type_]["post"]["requestBody"]["content"]["application/json"]["schema"]
    return {**schema, "components": DOCUMENT["components"]}


OPENED, SOLVED = update("u1", "investigating", 5), update("u2", "resolved", 65)
WORK = Maintenance(
    id="w1", title="Upgrade", phase=MaintenancePhase.SCHEDULED, updates=(update("w", "scheduled", 1),)
)


async def test_what_is_recorded_is_as_the_document_says(town: Town) -> None:
    await town.put(
        snapshot(),
        snapshot(incident(OPENED), app=Status.MAJOR_OUTAGE, maintenances=(WORK,)),
        snapshot(incident(OPENED, SOLVED)),
    )
    events = (await town.json("/api/v1/events"))["events"]
    assert {one["type"].partition(".")[0] for one in events} == {"incident", "maintenance", "component"}
    for event in events:
        jsonschema.validate(event, body_schema(event["type"]), format_checker=jsonschema.FormatChecker())
        with pytest.raises(jsonschema.ValidationError):
            jsonschema.validate(event | {"data": {}}, body_schema(event["type"]))


async def test_the_document_is_served_whole_and_may_be_kept(town: Town) -> None:
    answer = await town.ask("/api/openapi.json")
    assert answer.json["openapi"] == "3.1.0"
    assert set(answer.json["paths"]) == set(DOCUMENT["paths"])
    assert (await town.ask("/api/openapi.json", If_None_Match=answer.headers["ETag"])).status == 304


@pytest.fixture
async def full(town: Town) -> tuple[str, str]:
    """The address of a server with something of everything, and a token."""
    await town.put(snapshot(), snapshot(incident(OPENED), app=Status.MAJOR_OUTAGE, maintenances=(WORK,)))
    await town.follow("local", "https://hooks.example.com/secret-path")
    return str(town.client.make_url("")).rstrip("/"), await town.token()


def failures(address: str, token: str) -> tuple[int, list[str]]:
    """How many answers were checked, and what was wrong with them."""
    config = SchemathesisConfig.from_dict(
        {
            "base-url": address,
            "seed": 1,
            "headers": {"Authorization": f"Bearer {token}"},
            "generation": {"max-examples": EXAMPLES, "database": "none"},
        }
    )
    found, checked = list[str](), 0
    for event in from_schema(schemathesis.openapi.from_dict(DOCUMENT, config=config)).execute():
        assert not isinstance(event, NonFatalError | FatalError), event
        if isinstance(event, ScenarioFinished):
            for case_id, checks in event.recorder.checks.items():
                checked += len(checks)
                asked = event.recorder.cases[case_id].value
                found += [
                    f"{asked.method} {asked.formatted_path} {asked.query}: {one.failure_info.failure.message}"
                    for one in checks
                    if one.failure_info is not None
                ]
    return checked, found


async def test_schemathesis_finds_nothing(full: tuple[str, str]) -> None:
    checked, found = await asyncio.to_thread(failures, *full)
    assert "\n".join(found) == ""
    assert checked > 1000
