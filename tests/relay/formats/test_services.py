"""The other services: what is asked of each, and what is said when."""

import json
from typing import Any

import pytest
from standins.every_event import ADDRESS, ENDPOINTS, EVENTS, KEY

from relay.formats import FORMATS, Rendered, cloudevents, google_chat
from relay.formats.format import subject_key


def request(name: str, what: str, address: str = ADDRESS) -> Rendered:
    rendered = FORMATS[name].render(EVENTS[what], ENDPOINTS[name], address)
    assert rendered is not None
    return rendered


def body(name: str, what: str) -> dict[str, Any]:
    document: dict[str, Any] = json.loads(request(name, what).body)
    return document


OPSGENIE = "https://api.opsgenie.com/v2/alerts"
ALIAS = "uptimus%3Achargeover%3Aincident%3Awqrzsb2dhryr"


@pytest.mark.parametrize(
    ("what", "path"),
    [
        ("opened", ""),
        ("said something", ""),  # its impact was raised
        ("said no more", f"/{ALIAS}/notes?identifierType=alias"),
        ("identified", ""),
        ("monitoring", ""),
        ("resolved", f"/{ALIAS}/close?identifierType=alias"),
        ("removed", f"/{ALIAS}/close?identifierType=alias"),
        ("reopened", ""),
        ("component of an incident healed", f"/{ALIAS}/notes?identifierType=alias"),
        ("component healed", "/uptimus%3Achargeover%3Acomponent%3Ac1/close?identifierType=alias"),
    ],
)
@pytest.mark.parametrize("address", [OPSGENIE, OPSGENIE + "/", OPSGENIE + "#payments"])
def test_opsgenie_asks_the_right_thing(what: str, path: str, address: str) -> None:
    asked = request("opsgenie", what, address)
    assert (asked.method, asked.url) == ("POST", OPSGENIE + path)
    assert asked.headers == {"Authorization": f"GenieKey {KEY}"}
    assert KEY not in asked.body.decode()


def test_an_opsgenie_alert() -> None:
    alert = body("opsgenie", "opened")
    assert alert["message"] == "ChargeOver: Login outage. Investigating"
    assert alert["alias"] == "uptimus:chargeover:incident:wqrzsb2dhryr"
    assert alert["priority"] == "P2"
    assert "Some customers can't log in" in alert["description"]
    assert alert["details"]["components"] == "Main Application"


def test_cloudevents_are_binary() -> None:
    asked = request("cloudevents", "identified")
    assert asked.headers == {
        "ce-specversion": "1.0",
        "ce-id": EVENTS["identified"].id,
        "ce-type": "uptimus.incident.updated",
        "ce-source": "/uptimus/chargeover/incident/wqrzsb2dhryr",
        "ce-subject": "incident/wqrzsb2dhryr",
        "ce-time": "2025-07-18T19:03:00Z",
        "ce-sequence": "0000000003",
    }
    assert asked.body == request("standard", "identified").body


@pytest.mark.parametrize(
    ("value", "header"),
    [
        ("Euro € 😀", "Euro%20%E2%82%AC%20%F0%9F%98%80"),  # the specification's own example
        ('a"b%c', "a%22b%25c"),
        ("!#~'", "!#~'"),
        ("\r\n\x7f", "%0D%0A%7F"),
    ],
)
def test_header_values_are_percent_encoded(value: str, header: str) -> None:
    assert cloudevents.encoded(value) == header


def test_a_subject_is_a_thread_in_google_chat() -> None:
    threads = {body("google-chat", what)["thread"]["threadKey"] for what in ("opened", "identified", "resolved")}
    assert threads == {subject_key(EVENTS["opened"])}


@pytest.mark.parametrize(
    ("address", "url"),
    [
        (
            "https://chat.example/v1/spaces/A/messages?key=k&token=t%3D",
            "https://chat.example/v1/spaces/A/messages?key=k&token=t%3D&messageReplyOption=REPLY_MESSAGE_FALLBACK_TO_NEW_THREAD",
        ),
        (
            "https://chat.example/m?messageReplyOption=REPLY_MESSAGE_OR_FAIL&key=k",
            "https://chat.example/m?key=k&messageReplyOption=REPLY_MESSAGE_FALLBACK_TO_NEW_THREAD",
        ),
    ],
)
def test_the_address_of_google_chat_keeps_its_token(address: str, url: str) -> None:
    assert google_chat.threaded(address) == url


def test_a_google_chat_card() -> None:
    said = body("google-chat", "monitoring")
    card = said["cardsV2"][0]["card"]
    assert card["header"] == {"title": "ChargeOver", "subtitle": "Login outage"}
    assert {"textParagraph": {"text": "A fix is out &amp; we watch it."}} in card["sections"][0]["widgets"]


def test_a_teams_card() -> None:
    card = body("teams", "monitoring")["attachments"][0]["content"]
    assert card["type"] == "AdaptiveCard"
    assert card["body"][1]["text"] == "A fix is out &\u2060 we watch it."
    assert card["actions"][0]["url"] == "https://status.chargeover.com/incidents/wqrzsb2dhryr"


def test_a_mattermost_message() -> None:
    (attachment,) = body("mattermost", "monitoring")["attachments"]
    assert attachment["title"] == "ChargeOver:\u2060 Login outage"
    assert attachment["text"].startswith("**Monitoring**\n\nA fix is out & we watch it.")
    assert attachment["color"] == "#e8710a"


def test_statuspage_incidents_have_the_shape_that_its_subscribers_know() -> None:
    said = body("statuspage", "monitoring")
    assert said["page"] == {
        "id": "chargeover",
        "status_indicator": "major",
        "status_description": "Partial System Outage",
    }
    incident = said["incident"]
    assert (incident["name"], incident["status"], incident["impact"]) == ("Login outage", "monitoring", "major")
    assert incident["created_at"] == "2025-07-18T19:00:00Z"
    assert incident["monitoring_at"] == "2025-07-18T20:07:00Z"
    assert [one["status"] for one in incident["incident_updates"]] == [
        "monitoring", "identified", "investigating", "investigating",
    ]  # fmt: skip
    assert {one["incident_id"] for one in incident["incident_updates"]} == {"wqrzsb2dhryr"}


@pytest.mark.parametrize(
    ("what", "status"),
    [
        ("scheduled", "scheduled"),
        ("started", "in_progress"),
        ("completed", "completed"),
        ("canceled", "completed"),
    ],
)
def test_a_maintenance_is_an_incident_of_statuspage(what: str, status: str) -> None:
    incident = body("statuspage", what)["incident"]
    assert (incident["status"], incident["impact"]) == (status, "maintenance")
    assert incident["scheduled_for"] == "2025-07-18T19:00:00Z"


def test_statuspage_components() -> None:
    said = body("statuspage", "component fell")
    assert said["component_update"]["old_status"] == "operational"
    assert said["component_update"]["new_status"] == "major_outage"
    assert said["component_update"]["component_id"] == said["component"]["id"] == "c1"
    assert "incident" not in said
