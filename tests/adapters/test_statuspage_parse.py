"""What a Statuspage says: pages of our own making beside what is expected of them, recorded ones, broken ones."""

import copy
import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
import structlog
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from adapters import fields
from adapters.fetch import AdapterError
from adapters.schema import Coverage, Impact, Incident, IncidentPhase, Maintenance, Snapshot, Status
from adapters.statuspage import parse

FIXTURES = Path(__file__).with_name("fixtures")
CASES = sorted(path.name for path in (FIXTURES / "statuspage").iterdir())
RECORDED = Path(__file__).parents[3] / "shared" / "payloads" / "statuspage"
READ_AT = datetime(2026, 1, 1, tzinfo=UTC)
URL = "https://status.example.com"


def documents(case: str) -> dict[str, bytes]:
    """The documents of one case, under the names that `parse` knows them by."""
    files = (FIXTURES / "statuspage" / case).glob("*.json")
    return {
        file.stem.replace("incident_", "incident:"): file.read_bytes()
        for file in files
        if file.stem not in {"expected", "gone"}
    }


def parsed(case: str) -> Snapshot:
    gone = FIXTURES / "statuspage" / case / "gone.json"
    ids = frozenset(json.loads(gone.read_bytes())) if gone.exists() else frozenset()
    return parse(documents(case), url=URL, read_at=READ_AT, gone=ids)


def summary(**changes: Any) -> bytes:
    """A small whole summary, with some of its keys changed, or left out where the change is `...`."""
    whole = {
        "page": {"id": "p", "name": "P", "updated_at": "2026-01-01T00:00:00Z"},
        "status": {"indicator": "none"},
        "components": [{"id": "c", "name": "C", "status": "operational"}],
        "incidents": [],
        "scheduled_maintenances": [],
    }
    return json.dumps({key: value for key, value in (whole | changes).items() if value is not ...}).encode()


def one(**changes: Any) -> dict[str, Any]:
    """An incident."""
    whole = {
        "id": "i",
        "name": "I",
        "status": "investigating",
        "impact": "minor",
        "started_at": "2026-01-01T00:00:00Z",
    }
    return whole | changes


def read(*incidents: dict[str, Any], **more: dict[str, Any]) -> Snapshot:
    found = {"summary": summary(incidents=list(incidents))}
    return parse(found | {k: json.dumps(v).encode() for k, v in more.items()}, url=URL, read_at=READ_AT)


@pytest.mark.parametrize("case", CASES)
def test_what_is_expected(case: str) -> None:
    expected = json.loads((FIXTURES / "statuspage" / case / "expected.json").read_bytes())
    assert parsed(case).model_dump(mode="json") == expected


def test_chargeover_on_a_calm_day() -> None:
    said = parsed("chargeover-calm")
    assert said.status == Status.OPERATIONAL
    assert [component.name for component in said.components or ()] == [
        "Main Application",
        "Public Website",
        "Search",
        "Email Sending",
        "Payment Processing",
        "Developer Docs",
        "Integrations",
    ]
    assert [incident.id for incident in said.incidents] == ["wqrzsb2dhryr", "bc4vlzlx8vfm", "3zfsdz4msf3s"]
    login, firewall, ups = said.incidents
    assert [update.phase for update in login.updates] == [
        "investigating", "investigating", "identified", "monitoring", "resolved", "postmortem"
    ]  # fmt: skip
    assert login.resolved_at == datetime(2025, 7, 18, 20, 14, tzinfo=UTC)
    assert login.phase == firewall.phase == IncidentPhase.POSTMORTEM
    assert firewall.updates[-1].posted_at == datetime(2025, 7, 28, 15, 4, tzinfo=UTC)
    assert firewall.updates[0].posted_at == firewall.resolved_at == datetime(2025, 7, 5, 21, 57, tzinfo=UTC)
    assert ups.phase == IncidentPhase.RESOLVED
    assert said.coverage == Coverage(active_incidents=True, active_maintenances=True, past_incidents=True)


def test_the_newer_of_two_copies_counts() -> None:
    login = parsed("chargeover-login-outage").incidents[0]
    assert login.phase == IncidentPhase.IDENTIFIED
    assert len(login.updates) == 3
    old, new = (one(name=name, updated_at=f"2026-01-0{day}T00:00:00Z") for name, day in (("Old", 1), ("New", 2)))
    assert read(old, incidents={"incidents": [new]}).incidents[0].title == "New"
    assert read(new, incidents={"incidents": [old]}).incidents[0].title == "New"
    assert read(one(name="A"), incidents={"incidents": [one(name="B")]}).incidents[0].title == "B"


def test_looked_up_ones_belong_to_the_snapshot() -> None:
    said = parsed("looked-up")
    assert [(incident.id, incident.phase) for incident in said.incidents] == [("wqrzsb2dhryr", "resolved")]
    assert [(work.id, work.phase) for work in said.maintenances] == [("m0datacent01", "completed")]
    assert said.coverage.gone == {"x0vanished01"}


def test_an_unknown_word_is_told_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(fields, "_told", set())
    with structlog.testing.capture_logs() as logs:
        for _ in range(3):
            said = read(one(status="pondering"), one(id="j", status="pondering", impact="huge"))
    assert [(log["kind"], log["word"]) for log in logs] == [("incident phase", "pondering"), ("impact", "huge")]
    assert [(incident.phase, incident.impact) for incident in said.incidents] == [
        (IncidentPhase.UNKNOWN, Impact.UNKNOWN), (IncidentPhase.UNKNOWN, Impact.MINOR)
    ]  # fmt: skip


def test_unknown_words_are_not_told_for_ever(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(fields, "_told", set())
    with structlog.testing.capture_logs() as logs:
        read(*(one(id=f"i{n}", status=f"word {n}") for n in range(2 * fields.MOST_WORDS)))
    assert len(logs) == fields.MOST_WORDS


@pytest.mark.parametrize(
    ("incident", "resolved_at"),
    [
        (one(status="resolved", resolved_at="2026-01-02T00:00:00+02:00"), datetime(2026, 1, 1, 22, tzinfo=UTC)),
        (one(status="resolved"), None),
        (one(status="investigating", resolved_at="2026-01-02T00:00:00Z"), None),
        (one(status="postmortem", resolved_at=None, incident_updates=[
            {"id": "a", "status": "resolved", "display_at": "2026-01-03T00:00:00Z"},
            {"id": "b", "status": "postmortem", "display_at": None, "created_at": "2026-01-09T00:00:00Z"},
        ]), datetime(2026, 1, 3, tzinfo=UTC)),
    ],
)  # fmt: skip
def test_when_it_was_resolved(incident: dict[str, Any], resolved_at: datetime | None) -> None:
    assert read(incident).incidents[0].resolved_at == resolved_at


@pytest.mark.parametrize(
    "moment",
    [
        None,
        5,
        "",
        "soon",
        "2026-01-01",
        "2026-01-01T00:00:00",
        "0001-01-01T00:00:00+23:00",
        "9999-12-31T23:59:59-23:00",
        "2026-13-01T00:00:00Z",
        "1" * 5000,
        ["2026-01-01T00:00:00Z"],
    ],
)
def test_what_is_no_moment_is_absent(moment: object) -> None:
    assert read(one(started_at=moment)).incidents[0].started_at is None


def test_updates_of_the_same_time_and_order() -> None:
    def at(id: str, display: str | None, created: str) -> dict[str, Any]:
        return {"id": id, "status": "investigating", "display_at": display, "created_at": created}

    posts = [
        at("d", None, "2026-01-01T03:00:00Z"),
        at("c", "2026-01-01T01:00:00Z", "2026-01-01T02:00:00Z"),
        at("b", "2026-01-01T01:00:00Z", "2026-01-01T01:30:00Z"),
        at("a", "2026-01-01T01:00:00Z", "2026-01-01T02:00:00Z"),
        at("d", "2026-01-05T00:00:00Z", "2026-01-05T00:00:00Z"),
    ]
    assert [update.id for update in read(one(incident_updates=posts)).incidents[0].updates] == ["b", "a", "c", "d"]


def test_planned_work_among_the_incidents_is_maintenance() -> None:
    said = read(one(scheduled_for="2026-01-05T00:00:00Z", status="in_progress"))
    assert said.incidents == ()
    assert [work.phase for work in said.maintenances] == ["in_progress"]


@pytest.mark.parametrize(
    ("document", "reason"),
    [
        (b"", "summary.json is not JSON"),
        (b"  <!DOCTYPE html><html></html>", "summary.json is HTML"),
        (summary()[:-20], "summary.json is not JSON"),
        (b"\xff\xfe\x00", "summary.json is not JSON"),
        (b"[]", "summary.json is not a JSON object"),
        (b"null", "summary.json is not a JSON object"),
        (b"[" * 100_000, "summary.json is nested too deeply"),
        (b'{"page":' + b'{"a":' * 100_000, "summary.json is nested too deeply"),
        (b'{"a": ' + b"9" * 5000 + b"}", "summary.json is not JSON"),
        (b"[" + b"[]," * 1_000_000 + b"[]]", "summary.json holds too many values"),
        (b"{}", "does not say whose page it is"),
        (summary(page=None), "does not say whose page it is"),
        (summary(components=..., incidents=...), "neither components nor incidents"),
        (summary(components=None, incidents=None), "neither components nor incidents"),
        (b'{"page": {"name": "X", "status": "UP"}, "activeIncidents": []}', "this is an Instatus page"),
        (summary(components=[1]), "a component that is not an object"),
        (summary(components=[{"name": "C"}]), "a component without an id"),
        (summary(components=[{"id": 5, "name": "C"}]), "a component without an id"),
        (summary(components=[{"id": "a\x00b", "name": "C"}]), "a component without an id"),
        (summary(components=[{"id": "x" * 1000, "name": "C"}]), "a component without an id"),
        (summary(components=[{"id": "c"}]), "a component without a name"),
        (summary(components=[{"id": "c", "name": " \n"}]), "a component without a name"),
        (summary(incidents=[None]), "an incident that is not an object"),
        (summary(incidents=[one(id=None)]), "an incident without an id"),
        (summary(incidents=[one(name=None)]), "an incident without a name"),
        (summary(incidents=[one(incident_updates=["x"])]), "an update that is not an object"),
        (
            summary(incidents=[one(incident_updates=[{"id": None, "status": "resolved"}])]),
            "an update without an id",
        ),
        (summary(incidents=[one(started_at=None, incident_updates=[{"id": "u"}])]), "an update without a time"),
        (summary(scheduled_maintenances=[{"id": "m"}]), "a maintenance without a name"),
    ],
)
def test_what_is_no_summary(document: bytes, reason: str) -> None:
    with pytest.raises(AdapterError) as caught:
        parse({"summary": document}, url=URL, read_at=READ_AT)
    assert reason in caught.value.reason
    assert "\n" not in caught.value.reason


@pytest.mark.parametrize(
    ("more", "reason"),
    [
        ({"incidents": b"<html>"}, "incidents.json is HTML"),
        ({"incidents": b"{}"}, "incidents.json holds no list"),
        ({"incidents": b'{"incidents": null}'}, "incidents.json holds no list"),
        ({"maintenances": b'{"incidents": []}'}, "scheduled-maintenances.json holds no list"),
        ({"incidents": b'{"page": {"id": "other"}, "incidents": []}'}, "incidents.json belongs to another page"),
        ({"incident:i": b'{"id": "j", "name": "J"}'}, "shows another one"),
        ({"incident:i": b"[]"}, "the page of one incident is not a JSON object"),
    ],
)
def test_what_may_not_stand_beside_a_summary(more: dict[str, bytes], reason: str) -> None:
    with pytest.raises(AdapterError, match=reason):
        parse({"summary": summary(), **more}, url=URL, read_at=READ_AT)


def test_without_a_summary_nothing_is_known() -> None:
    with pytest.raises(AdapterError):
        parse({}, url=URL, read_at=READ_AT)


def test_a_byte_order_mark_and_other_encodings() -> None:
    for encoding in ("utf-8-sig", "utf-16", "utf-32"):
        document = summary().decode().encode(encoding)
        assert parse({"summary": document}, url=URL, read_at=READ_AT).page_id == "p"


def test_the_json_is_the_public_one() -> None:
    shown = parsed("chargeover-login-outage").public()
    assert list(shown) == ["provider", "status", "components", "incidents", "maintenances", "read_at"]
    assert json.loads(json.dumps(shown)) == shown


# Anything that JSON can hold, with a liking for what pages use.
SCALARS = (
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.text(max_size=20)
    | st.just(10**400)
    | st.sampled_from(
        ["resolved", "scheduled", "2026-01-01T00:00:00Z", "c", "i", "<b>x</b>", "\ud800", "\x00", ""]
    )
)
KEYS = st.sampled_from(
    [
        "id",
        "name",
        "status",
        "page",
        "components",
        "incidents",
        "incident_updates",
        "body",
        "display_at",
        "group",
        "group_id",
        "updated_at",
        "scheduled_maintenances",
        "scheduled_for",
        "affected_components",
        "code",
        "indicator",
        "impact",
        "position",
        "shortlink",
    ]
)
JSON = st.recursive(
    SCALARS, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(KEYS, inner, max_size=4), max_leaves=12
)


def places(value: Any) -> list[tuple[Any, Any]]:
    """Every place in a document: what holds it, and its key there."""
    found: list[tuple[Any, Any]] = []
    entries = list(
        value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    )
    for key, inner in entries:
        found.append((value, key))
        found += places(inner)
    return found


def outcome(found: dict[str, bytes]) -> Snapshot | AdapterError:
    """What comes of reading these documents; that it is one of the two is what is to be proved."""
    try:
        return parse(found, url=URL, read_at=READ_AT)
    except AdapterError as error:
        return error


def only_snapshots_and_adapter_errors(found: dict[str, bytes]) -> None:
    result = outcome(found)
    if isinstance(result, AdapterError):
        assert "\n" not in result.reason
    else:
        assert Snapshot.model_validate_json(result.model_dump_json()) == result


MANY = settings(max_examples=150, suppress_health_check=list(HealthCheck))
WHOLE = {case: {name: json.loads(text) for name, text in documents(case).items()} for case in CASES}


@MANY
@given(st.data())
def test_a_page_with_anything_anywhere(data: st.DataObject) -> None:
    case = copy.deepcopy(WHOLE[data.draw(st.sampled_from(CASES))])
    for _ in range(data.draw(st.integers(1, 3))):
        found = places(case)
        holder, key = found[data.draw(st.integers(0, len(found) - 1))]
        holder[key] = data.draw(JSON)
    only_snapshots_and_adapter_errors({name: json.dumps(value).encode() for name, value in case.items()})


@MANY
@given(st.dictionaries(KEYS, JSON, max_size=6))
def test_an_object_of_anything(document: dict[str, Any]) -> None:
    only_snapshots_and_adapter_errors({"summary": json.dumps(document).encode()})


@MANY
@given(st.sampled_from(CASES), st.integers(0, 20_000), st.binary(max_size=8), st.integers(0, 50))
def test_a_page_with_any_bytes_changed(case: str, at: int, new: bytes, cut: int) -> None:
    def changed(text: bytes) -> bytes:
        place = at % len(text)
        return text[:place] + new + text[place + cut :]

    only_snapshots_and_adapter_errors({name: changed(text) for name, text in documents(case).items()})


@pytest.mark.skipif(not RECORDED.is_dir(), reason="no recorded pages here")
def test_recorded_summaries() -> None:
    files = {*RECORDED.rglob("*summary*.json"), *RECORDED.glob("github/series-*/*.json")}
    assert len(files) > 100
    read_well = 0
    for file in sorted(files):
        result = outcome({"summary": file.read_bytes()})
        if isinstance(result, AdapterError):
            # A failed download of the recorder's, and test data of another project that leaves everything out.
            assert not file.read_bytes() or "neither components nor incidents" in result.reason, file
            continue
        read_well += 1
        assert result.coverage.active_incidents or result.components
        assert result.page_id
        cases: list[Incident | Maintenance] = [*result.incidents, *result.maintenances]
        for case in cases:
            assert case.title
            assert case.phase != "unknown"
            assert case.updates or "synthetic" in file.parent.name
            assert not any("<b" in update.body or "</" in update.body for update in case.updates)
    assert read_well > 100


@pytest.mark.skipif(not RECORDED.is_dir(), reason="no recorded pages here")
@pytest.mark.parametrize("vendor", ["atlassian", "anthropic", "stripe"])
def test_recorded_incidents(vendor: str) -> None:
    incidents = json.loads((RECORDED / vendor / "incidents-raw-objects.json").read_bytes())
    said = read(incidents={"incidents": incidents})
    assert len(said.incidents) == len({incident["id"] for incident in incidents})
    for incident in said.incidents:
        assert incident.started_at
        assert incident.phase != IncidentPhase.UNKNOWN
        assert incident.impact != Impact.UNKNOWN
        assert [update.posted_at for update in incident.updates] == sorted(
            update.posted_at for update in incident.updates
        )
