"""A template of the user's own: what it can say, and all that it can't do."""

import json
import time
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from standins.every_event import EVENTS, TEMPLATE
from standins.login_outage import incident, incident_event, update

from relay.endpoint import Endpoint
from relay.events import EventType, StoredEvent
from relay.formats import check, template
from relay.formats.sandbox import FILTERS


def endpoint(document: Any, *types: str) -> Endpoint:
    text = document if isinstance(document, str) else json.dumps(document)
    return Endpoint(format="template", template=text, types=types)


def filled(document: Any, event: StoredEvent = EVENTS["identified"]) -> Any:
    rendered = template.render(event, endpoint(document), "https://x.example")
    return json.loads(rendered.body)


@pytest.mark.parametrize(
    ("leaf", "value"),
    [
        ("as it is", "as it is"),
        ("{not an expression}", "{not an expression}"),
        ("{{ type }}", "incident.updated"),
        ("{{ sequence }}", 3),
        ("n={{ sequence }}", "n=3"),
        ("{{ data.incident.title }}", "Login outage"),
        ("{{ data['incident']['title'] }}", "Login outage"),
        ("{{ data.update.phase }}", "identified"),
        ("{{ data.incident.updates[0].phase }}", "investigating"),
        ("{{ data.incident.component_ids }}", ["c1"]),
        ("c: {{ data.incident.component_ids }}", 'c: ["c1"]'),
        ("{{ data.incident.resolved_at }}", None),
        ("at {{ data.incident.resolved_at }}.", "at ."),
        ("{{ data.incident.phase == 'identified' }}", True),
        ("{{ 'in' in data.incident.phase }}", False),
        ("{{ 1 + sequence }}", 4),
        ("{{ title ~ ' / ' ~ state }}", "Login outage / Identified"),
        ("{% if data.incident.impact == 'major' %}!{% else %}.{% endif %}", "!"),
        ("{{ 'P1' if data.incident.impact == 'critical' else 'P3' }}", "P3"),
        ("{{ data.maintenance.title | default('none') }}", "none"),
        ("{{ data.incident.resolved_at | default('open') }}", "open"),
        (
            "{{ data.incident.updates | pluck('phase') | join(' > ') }}",
            "investigating > investigating > identified",
        ),
        ("{{ data.incident.updates | length }}", 3),
        ("{{ (data.incident.updates | last).phase }}", "identified"),
        ("{{ data.incident.component_ids | first }}", "c1"),
        ("{{ timestamp | epoch }}", 1752865380),
        ("{{ title | upper }} {{ title | lower }}", "LOGIN OUTAGE login outage"),
        ("{{ title | truncate(6) }}", "Login…"),
        ("{{ title | replace('Login', 'Sign-in') }}", "Sign-in outage"),
        ("{{ ' a ' | trim }}", "a"),
        ("{{ title | urlencode }}", "Login%20outage"),
        ("{{ data.incident.component_ids | tojson }}", '["c1"]'),
        ("{{ data.incident.impact | pick('low', critical='P1', major='P2') }}", "P2"),
        ("{{ data.incident.phase | pick('low', critical='P1') }}", "low"),
        ("{{ status }} {{ link }}", "partial_outage https://status.chargeover.com/incidents/wqrzsb2dhryr"),
        ("{{ body }}", "A third party's metrics service holds up the login page."),
    ],
)
def test_leaves(leaf: str, value: Any) -> None:
    assert filled({"a": [leaf]}) == {"a": [value]}


def test_every_filter_is_shown_to_work() -> None:
    marks = [mark for mark in test_leaves.pytestmark if mark.name == "parametrize"]
    shown = " ".join(leaf for leaf, _ in marks[0].args[1])
    assert [name for name in FILTERS if f"| {name}" not in shown] == []


def test_what_is_no_text_stays_as_it_is() -> None:
    document = {"a": [True, None, 1.5, {"b": "c"}], "{{ type }}": "keys are no templates"}
    assert filled(document) == document


@given(st.text(max_size=200))
def test_it_stays_json_whatever_the_page_says(text: str) -> None:
    said = update("investigating", 1, text)
    event = incident_event(EventType.INCIDENT_OPENED, incident=incident(1, title=text), update=said)
    document = filled({"quoted": '"{{ data.incident.title }}"', "whole": "{{ data.update.body }}"}, event)
    expected = text.encode(errors="replace").decode()
    assert document == {"quoted": f'"{expected}"', "whole": expected}


def test_templates_that_fit_every_event_are_accepted() -> None:
    check(endpoint(TEMPLATE))
    check(
        endpoint({"a": "{{ title }} {{ state }} {{ status }} {{ happened }} {{ summary }} {{ body }} {{ link }}"})
    )


def test_a_template_for_incidents_alone_is_accepted_where_only_these_are_wanted() -> None:
    document = {"a": "{{ data.incident.title }}"}
    check(endpoint(document, "incident.*"))
    check(endpoint(document, "incident.opened", "incident.resolved"))
    with pytest.raises(ValueError, match=r"tried with an event “maintenance\.scheduled”"):
        check(endpoint(document))


def test_a_test_event_holds_a_made_up_one_that_is_wanted() -> None:
    wanted = endpoint({"type": "{{ type }}", "id": "{{ id }}", "of": "{{ data.incident.title }}"}, "incident.*")
    rendered = template.render(EVENTS["test"], wanted, "https://x.example")
    assert json.loads(rendered.body) == {"type": "test", "id": EVENTS["test"].id, "of": "Slow answers"}


@pytest.mark.parametrize(
    ("document", "why"),
    [
        ("not json", "is a JSON document, and this is none"),
        ('"text"', "is a JSON object or a list"),
        ('{"a": NaN}', "is a JSON document"),
        ("[" * 8000 + "]" * 8000, "is a JSON document, and this is none|levels deep"),
        ("[" * 30 + "1" + "]" * 30, "at most 20 levels deep"),
        (json.dumps(["x" * 17000]), "at most 16 KiB"),
        (json.dumps(["{{ id }}"] * 101), "at most 100 texts"),
        (["{{ id " + "~ id " * 700 + "}}"], "parts of these|nested too deeply"),
        (["{{ nothing }}"], "'nothing' is undefined"),
        (["{{ data.nothing }}"], "has no 'nothing' there"),
        (["{{ data.update.body }}"], "can't be filled"),
        (["{{ id"], "unexpected end|end of print"),
        (["{% if %}"], "Expected an expression"),
        (["{{ " + "(" * 3000 + "id" + ")" * 3000 + " }}"], "nested too deeply"),
        (["{{ " + "not " * 3000 + "id }}"], "nested too deeply"),
        (["{{ id | upper" + " | upper" * 200 + " }}"], "nested too deeply"),
    ],
)
def test_refused(document: Any, why: str) -> None:
    with pytest.raises(ValueError, match=why) as caught:
        check(endpoint(document))
    assert "\n" not in str(caught.value)
    assert len(str(caught.value)) < 400


@pytest.mark.parametrize(
    "leaf",
    [
        "{{ ''.__class__ }}",
        "{{ ''.__class__.__mro__[1].__subclasses__() }}",
        "{{ ''['__class__'] }}",
        "{{ data.__init__ }}",
        "{{ data.items }}",
        "{{ data.update.__class__ }}",
        "{{ title.upper }}",
        "{{ self }}",
        "{{ self.__init__ }}",
        "{{ cycler }}",
        "{{ lipsum }}",
        "{{ joiner }}",
        "{{ namespace }}",
        "{{ config }}",
        "{{ id.format(1) }}",
        "{{ range(10) }}",
        "{{ dict(a=1) }}",
        "{{ caller() }}",
        "{{ id | attr('__class__') }}",
        "{{ id | map('upper') }}",
        "{{ id | format(1) }}",
        "{{ 2 * 3 }}",
        "{{ 'a' * 1000000000 }}",
        "{{ 9 ** 9 ** 9 }}",
        "{{ '%1000000000d' % 1 }}",
        "{{ 1 / 0 }}",
        "{{ [1, 2] }}",
        "{{ (1, 2) }}",
        "{{ {'a': 1} }}",
        "{{ id[1:2] }}",
        "{% for a in data %}{{ a }}{% endfor %}",
        "{% set a = 1 %}",
        "{% macro a() %}{% endmacro %}",
        "{% include 'a' %}",
        "{% import 'a' as b %}",
        "{% extends 'a' %}",
        "{% block a %}{% endblock %}",
        "{% call a() %}{% endcall %}",
        "{% filter upper %}a{% endfilter %}",
        "{% with a = 1 %}{% endwith %}",
        "{{ id is divisibleby 2 }}",
        "{{ id is callable }}",
        "{{ id | truncate(*data) }}",
    ],
)
def test_nothing_gets_out_of_the_sandbox(leaf: str) -> None:
    for document in ([leaf], [f"a {leaf}"]):
        with pytest.raises(ValueError, match=r"."):
            check(endpoint(document))


LONG = incident_event(
    EventType.INCIDENT_OPENED,
    incident=incident(1, title="t" * 1000, updates=tuple(update("x", n, "b" * 20000) for n in range(50))),
    update=update("investigating", 1, "ab" * 10000),
)


@pytest.mark.parametrize(
    "leaf",
    [
        "{{ body | replace('a', body) | replace('b', body) | replace('a', body) }}",
        "{{ body | replace('a', body) }}",
        "{{ data.incident.updates | tojson | replace('b', 'bbbbbbbbbb') }}",
        "{{ data.incident.updates | join(body) | join(body) }}",
        "{{ body | replace('', 'x') }}",
        "{{ body " + "~ body " * 20 + "}}" + "{{ data }}" * 3,
        "{{ data }}" * 60,
        "{{ data.incident.updates | pluck('body') | join | upper | lower | upper }}",
    ],
)
def test_nothing_blows_up(leaf: str) -> None:
    began = time.process_time()
    with pytest.raises(ValueError, match=r"touches more than|more than 256 KiB|look for") as caught:
        filled([leaf] * 9, LONG)
    assert time.process_time() - began < 20
    assert "bbb" not in str(caught.value)


def test_the_largest_templates_are_filled_soon() -> None:
    leaf = "{{ title | upper | lower }}"
    filled([leaf] * 100)
    began = time.process_time()
    filled([leaf] * 100)
    assert time.process_time() - began < 5
