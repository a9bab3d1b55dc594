"""Each format tells each event in a way that can be sent, or says that it has nothing to say."""

import json
import re
from collections.abc import Iterator
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st
from standins.every_event import ADDRESS, ENDPOINTS, EVENTS, hostile

from relay.endpoint import Endpoint
from relay.events import EventType, StoredEvent
from relay.formats import FORMATS, Rendered, check

LIMITS = {"mattermost": 7900, "teams": 28 * 1024, "google-chat": 32000, "pagerduty": 512 * 1024}
"""Bytes that the services take."""
SILENT = {
    "pagerduty": {
        *("signal raised", "signal cleared", "signal confirmed"),
        *("edited", "postmortem", "unreadable", "readable", "component of an incident healed"),
        *("scheduled", "window moved", "maintenance edited", "reminder", "started", "completed", "canceled"),
    },
    "opsgenie": {
        *("signal raised", "signal cleared", "signal confirmed"),
        *("edited", "postmortem", "unreadable", "readable"),
        *("scheduled", "window moved", "maintenance edited", "reminder", "started", "completed", "canceled"),
    },
    "statuspage": {"removed", "unreadable", "readable", "signal raised", "signal cleared", "signal confirmed"},
}
"""What a format says nothing about."""
PINGS = {
    "mattermost": re.compile(r"@\w"),
    "teams": re.compile(r"<at|@\w"),
    "google-chat": re.compile(r"<users/"),
}
"""How somebody is called there."""
NASTY = (
    "@channel @all @here @everyone <users/all> <at>all</at> <!channel> [@all](https://x.example/@channel)",
    "https://x.example/@channel and <https://x.example/@all>",
    "{{ 7 * 7 }} {% for a in b %} ${{x}} {{DATE(2026-01-01T00:00:00Z,SHORT)}}",
    '"}],"routing_key":"other\\',
    "\ud800 \0 \u2028 \u202e reversed",
    "**bold [a](https://evil.example) [https://bank.example](https://evil.example)" * 400,
    "\\" * 9000,
    "<" * 9000,
    "😀" * 9000,
    "\r\nX-Injected: 1\r\n\r\n",
    "",
)


def test_there_is_an_event_of_every_type() -> None:
    assert {event.type for event in EVENTS.values()} == set(EventType)


def test_there_is_an_endpoint_of_every_format() -> None:
    assert ENDPOINTS.keys() == FORMATS.keys()


@pytest.mark.parametrize("name", FORMATS)
def test_an_endpoint_with_what_the_format_needs_is_accepted(name: str) -> None:
    check(ENDPOINTS[name])


@pytest.mark.parametrize("name", FORMATS)
@pytest.mark.parametrize("what", EVENTS)
def test_every_event(name: str, what: str) -> None:
    rendered = FORMATS[name].render(EVENTS[what], ENDPOINTS[name], ADDRESS)
    assert (rendered is None) == (what in SILENT.get(name, ()))
    if rendered is not None:
        can_be_sent(name, rendered)


@pytest.mark.parametrize("name", FORMATS)
def test_what_is_shared_depends_on_the_event_alone(name: str) -> None:
    other = replace(ENDPOINTS[name], key="another", headers={"X-A": "b"}, types=("incident.*",))
    here = FORMATS[name].render(EVENTS["opened"], ENDPOINTS[name], ADDRESS)
    there = FORMATS[name].render(EVENTS["opened"], other, "https://elsewhere.example/b")
    if FORMATS[name].shared:
        assert here == there
    elif name != "template":
        assert here != there, "it could be shared"


def can_be_sent(name: str, rendered: Rendered) -> None:
    json.loads(rendered.body)
    assert len(rendered.body) <= LIMITS.get(name, 1024**2)
    for header, value in rendered.headers.items():
        assert re.fullmatch(r"[A-Za-z-]+", header)
        assert re.fullmatch(r"[ -~]*", value)
    assert rendered.url is None or re.fullmatch(r"https://[!-~]+", rendered.url)


def tell(text: str) -> Iterator[tuple[str, StoredEvent, Rendered]]:
    for event in hostile(text):
        for name, form in FORMATS.items():
            rendered = form.render(event, ENDPOINTS[name], ADDRESS)
            if rendered is not None:
                yield name, event, rendered


@pytest.mark.parametrize("text", NASTY, ids=range(len(NASTY)))
def test_nasty_text(text: str) -> None:
    for name, _, rendered in tell(text):
        can_be_sent(name, rendered)
        if name in PINGS:
            pings_nobody(name, json.loads(rendered.body))


@given(st.text(max_size=300))
def test_any_text(text: str) -> None:
    for name, _, rendered in tell(text):
        can_be_sent(name, rendered)
        if name in PINGS:
            pings_nobody(name, json.loads(rendered.body))


def pings_nobody(name: str, document: object) -> None:
    for text in texts(document):
        assert PINGS[name].search(text) is None, text[:200]


def texts(document: object) -> Iterator[str]:
    if isinstance(document, str):
        yield document
    elif isinstance(document, dict | list):
        for part in document.values() if isinstance(document, dict) else document:
            yield from texts(part)


@pytest.mark.parametrize(
    ("endpoint", "why"),
    [
        (Endpoint(format="xml"), "there is no format “xml”"),
        (Endpoint(schema_version=2), "there is no schema version 2: there is 1"),
        (Endpoint(format="cloudevents", schema_version=0), "there is no schema version 0"),
        (Endpoint(format="pagerduty"), "needs a PagerDuty integration key"),
        (Endpoint(format="pagerduty", key="a b"), "without spaces"),
        (Endpoint(format="opsgenie"), "needs an Opsgenie API key"),
        (Endpoint(format="opsgenie", key="k\r\nX: y"), "without spaces"),
        (
            Endpoint(format="opsgenie", key="sesame-1", headers={"authorization": "x"}),
            "holds the Opsgenie API key",
        ),
        (Endpoint(format="template"), "needs a template"),
        (Endpoint(template="{}"), "takes no template"),
        (Endpoint(key="sesame-1"), "takes no key"),
        (Endpoint(headers={"Host": "x"}), "set by uptimus itself"),
    ],
)
def test_what_can_not_be_told_is_refused(endpoint: Endpoint, why: str) -> None:
    with pytest.raises(ValueError, match=why) as caught:
        check(endpoint)
    assert "\n" not in str(caught.value)
    assert endpoint.key is None or endpoint.key not in str(caught.value)
