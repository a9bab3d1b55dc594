"""PagerDuty's Events API v2, by the rules of its documentation."""

import json
from typing import Any

import jsonschema
import pytest
from standins.every_event import ENDPOINTS, EVENTS, hostile
from standins.login_outage import incident, incident_event

from adapters.schema import Impact
from relay.events import EventType, StoredEvent
from relay.formats import pagerduty

# https://developer.pagerduty.com/docs/events-api-v2/trigger-events/
SCHEMA = {
    "type": "object",
    "required": ["routing_key", "event_action", "dedup_key", "payload"],
    "additionalProperties": False,
    "properties": {
        "routing_key": {"type": "string", "minLength": 32, "maxLength": 32},
        "event_action": {"enum": ["trigger", "acknowledge", "resolve"]},
        "dedup_key": {"type": "string", "minLength": 1, "maxLength": 255},
        "client": {"type": "string"},
        "client_url": {"type": "string", "format": "uri"},
        "links": {
            "type": "array",
            "items": {
                "required": ["href"],
                "properties": {"href": {"type": "string", "format": "uri"}, "text": {"type": "string"}},
            },
        },
        "payload": {
            "type": "object",
            "required": ["summary", "source", "severity"],
            "additionalProperties": False,
            "properties": {
                "summary": {"type": "string", "minLength": 1, "maxLength": 1024},
                "source": {"type": "string", "minLength": 1},
                "severity": {"enum": ["critical", "error", "warning", "info"]},
                "timestamp": {"type": "string", "format": "date-time"},
                "component": {"type": "string"},
                "group": {"type": "string"},
                "class": {"type": "string"},
                "custom_details": {"type": "object", "additionalProperties": {"type": "string"}},
            },
        },
    },
}


def told(event: StoredEvent) -> dict[str, Any] | None:
    rendered = pagerduty.render(event, ENDPOINTS["pagerduty"], pagerduty.ADDRESS)
    if rendered is None:
        return None
    document: dict[str, Any] = json.loads(rendered.body)
    jsonschema.validate(document, SCHEMA, format_checker=jsonschema.FormatChecker())
    return document


@pytest.mark.parametrize(
    ("what", "action"),
    [
        ("opened", "trigger"),
        ("opened, sparse", "trigger"),
        ("opened, over already", "resolve"),
        ("said something", "trigger"),
        ("identified", "trigger"),
        ("monitoring", "acknowledge"),
        ("resolved", "resolve"),
        ("reopened", "trigger"),
        ("removed", "resolve"),
        ("postmortem", None),
        ("edited", None),
        ("scheduled", None),
        ("started", None),
        ("completed", None),
        ("component fell", "trigger"),
        ("component healed", "resolve"),
        ("component of an incident healed", None),
        ("unreadable", None),
        ("test", "trigger"),
    ],
)
def test_actions(what: str, action: str | None) -> None:
    document = told(EVENTS[what])
    assert (document["event_action"] if document else None) == action


def test_one_key_for_a_subject_and_another_for_each_other() -> None:
    story = ("opened", "said something", "identified", "monitoring", "resolved", "reopened")
    keys = {document["dedup_key"] for what in story if (document := told(EVENTS[what]))}
    assert keys == {"uptimus:chargeover:incident:wqrzsb2dhryr"}
    others = [told(EVENTS[what]) for what in ("component fell", "test")]
    assert len(keys | {document["dedup_key"] for document in others if document}) == 3


@pytest.mark.parametrize(
    ("impact", "severity"),
    [
        (Impact.CRITICAL, "critical"),
        (Impact.MAJOR, "error"),
        (Impact.MINOR, "warning"),
        (Impact.NONE, "info"),
        (Impact.UNKNOWN, "warning"),
    ],
)
def test_severity(impact: Impact, severity: str) -> None:
    document = told(incident_event(EventType.INCIDENT_OPENED, incident=incident(1, impact=impact)))
    assert document is not None
    assert document["payload"]["severity"] == severity


def test_what_is_known_is_there() -> None:
    document = told(EVENTS["opened"])
    assert document is not None
    assert document["payload"]["summary"] == "ChargeOver: Login outage. Investigating"
    assert document["payload"]["custom_details"] == {
        "provider": "ChargeOver",
        "status": "partial outage",
        "impact": "major",
        "phase": "investigating",
        "components": "Main Application",
        "started": "2025-07-18T19:00:00Z",
        "said": "Some customers can't log in. Payments go on as usual.",
        "page": "https://status.chargeover.com/incidents/wqrzsb2dhryr",
        "event": EVENTS["opened"].id,
    }


@pytest.mark.parametrize("text", ["x" * 5000, "ü" * 300, "a b\r\nc", "\ud800"])
def test_long_and_odd_ids_and_texts_keep_the_rules(text: str) -> None:
    for event in hostile(text):
        told(event)
