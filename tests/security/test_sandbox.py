"""Hostile templates: nothing gets out, nothing blows up, and whatever is wrong is a sentence."""

import json
import secrets
import time
import tracemalloc
from typing import Any

import pytest
from standins.every_event import EVENTS
from standins.login_outage import incident, incident_event, update

from relay.endpoint import Endpoint
from relay.events import EventType, StoredEvent
from relay.formats import check, template

MEGABYTES = 60
SECONDS = 30.0
"""Of the processor's time."""


def huge() -> StoredEvent:
    """An event of a page that says as much as a page may."""
    told = incident(1, title="Login outage")
    many = [
        {"id": f"u{n}", "phase": "investigating", "body": "x" * 20_000, "posted_at": "2026-01-01T00:00:00Z"}
        for n in range(200)
    ]
    event = incident_event(EventType.INCIDENT_UPDATED, incident=told, update=update("investigating", 1, "y"))
    data = {**event.raw_data, "incident": {**event.raw_data["incident"], "updates": many}}
    return StoredEvent(
        id=event.id,
        type=event.type,
        sequence=event.sequence,
        subject=event.subject,
        seen_at=event.seen_at,
        raw_data=data,
    )


def endpoint(document: Any) -> Endpoint:
    return Endpoint(format="template", template=json.dumps(document), types=("incident.updated",))


TOO_MUCH = {
    "joining with ~": ["{{ " + " ~ ".join(["data"] * 100) + " }}"],
    "joining in what is not shown": ["{{ 'a' if (data ~ data) else 'b' }}"] * 20,
    "adding lists": ["{{ " + " + ".join(["data.incident.updates"] * 10) + " }}"],
    "adding lists in pairs": ["{{ ((data.incident.updates + data.incident.updates) + [])[0] }}"],
    "the whole event a hundred times": ["{{ data }}"] * 100,
    "the whole event within a text": ["a {{ data }}"] * 100,
    "a list of it": ["{{ data.incident.updates }}"] * 100,
    "as JSON of JSON": ["{{ data" + " | tojson" * 20 + " }}"],
    "encoded, of letters that become nine": ["{{ data.incident.updates[0].body | replace('x', '€') | urlencode }}"]
    * 9,
    "encoded": ["{{ data | tojson" + " | urlencode" * 20 + " }}"],
    "every a a b": ["{{ data.incident.updates | tojson | replace('x', 'xxxxxxxxxxxxxxxxxxxx') }}"],
    "longer and longer": ["{{ title" + " | replace('', 'a')" * 2 + " }}"],
    "doubled": ["{{ 'a'" + " | replace('a', 'aa')" * 27 + " }}"],
    "joined": ["{{ data.incident.updates | pluck('body') | join('" + "z" * 5000 + "') }}"],
}


@pytest.mark.parametrize("document", TOO_MUCH.values(), ids=TOO_MUCH)
def test_it_can_not_blow_up(document: Any) -> None:
    event = huge()
    began = time.process_time()
    tracemalloc.start()
    try:
        with pytest.raises(
            ValueError, match=r"touches more than|for numbers and texts|not possible|needs a text|KiB"
        ):
            template.render(event, endpoint(document), "https://x.example")
        assert tracemalloc.get_traced_memory()[1] < MEGABYTES * 2**20
    finally:
        tracemalloc.stop()
    assert time.process_time() - began < SECONDS


def test_what_is_nested_takes_no_longer_than_what_is_not() -> None:
    """Jinja2's optimizer would look at it again and again: seven times as long for the same expressions."""

    def seconds(depth: int) -> float:
        leaf = "{{ title" + " | upper" * depth + " }}"
        document, before = [secrets.token_hex(4)] + [f"{leaf} x"] * (540 // (depth + 3)), time.process_time()
        check(endpoint(document))
        return time.process_time() - before

    assert min(seconds(27) for _ in range(3)) < 4 * min(seconds(6) for _ in range(3))


WRONG = (
    "{{ 1e999 }}",
    "{{ -1e999 }}",
    "{{ 1e308 + 1e308 }}",
    "{{ 1e308 + 1e308 - 1e308 - 1e308 - 1e308 }}",
    "{{ data.incident.updates | join(data) }}",
    "{{ data.incident.updates | join(5) }}",
    "{{ title | truncate(none) }}",
    "{{ title | truncate(1.5) }}",
    "{{ title | truncate(length='a') }}",
    "{{ title | truncate(nonsense=1) }}",
    "{{ title | upper(1) }}",
    "{{ title | pick(*data) }}",
    "{{ title | epoch }}",
    "{{ '0001-01-01T00:00:00' | epoch }}",
    "{{ data.incident.component_ids[99999999999999999999] }}",
    "{{ data[data.incident.updates] }}",
    "{{ data < 1 }}",
    "{{ id - id }}",
    "{{ -title }}",
    "{{ id is string(1) }}",
    "{{ " + "9" * 5000 + " }}",
)


@pytest.mark.parametrize("leaf", WRONG)
def test_whatever_is_wrong_is_one_sentence(leaf: str) -> None:
    with pytest.raises(ValueError, match=r".") as caught:
        check(endpoint([leaf]))
    assert "\n" not in str(caught.value)
    assert len(str(caught.value)) < 400


NAMES = (
    "self", "super", "loop", "context", "environment", "undefined", "missing", "resolve", "concat", "varargs",
    "kwargs", "caller", "l_0_id", "t_1", "result", "root", "name", "blocks", "debug_info", "__import__",
    "__builtins__", "open", "print", "type_", "str", "Markup", "escape", "request", "config", "secrets", "key",
    "headers", "subscription", "address", "endpoint",
)  # fmt: skip


@pytest.mark.parametrize("name", NAMES)
def test_no_name_of_ours_or_of_pythons_is_known(name: str) -> None:
    with pytest.raises(ValueError, match=r"is undefined|“self” is not possible"):
        check(endpoint([f"{{{{ {name} }}}}"]))


@pytest.mark.parametrize(
    "chain",
    [
        "data.__class__", "data['__class__']", "data['__class__'.upper()]", "data.get('x')", "data.incident.keys",
        "data.incident.updates.append", "data.incident.updates.sort", "title.__len__", "title.format",
        "title['format']", "title.format_map", "(title ~ '').format", "sequence.real", "sequence.bit_length",
        "none.__class__", "true.__class__", "data.incident.updates[0].__dict__", "''.join",
    ],
)  # fmt: skip
def test_no_attribute_is_reached(chain: str) -> None:
    for leaf in (f"{{{{ {chain} }}}}", f"a {{{{ {chain} | default('') }}}} {{{{ {chain} }}}}"):
        with pytest.raises(ValueError, match=r"has no|not possible"):
            check(endpoint([leaf]))


def test_what_is_undefined_can_be_asked_for_and_gives_nothing_away() -> None:
    leaf = "{{ request is defined }} {{ data.__class__ is defined }} {{ data.a.b.__init__ | default('nothing') }}"
    rendered = template.render(EVENTS["identified"], endpoint([leaf]), "https://x.example")
    assert json.loads(rendered.body) == ["false false nothing"]


def test_joining_says_the_same_as_writing_side_by_side() -> None:
    document = ["{{ id ~ data.incident.resolved_at ~ data.incident.component_ids ~ sequence }}"]
    beside = ["{{ id }}{{ data.incident.resolved_at }}{{ data.incident.component_ids }}{{ sequence }}"]
    event = EVENTS["identified"]
    joined, written = (
        template.render(event, endpoint(one), "https://x.example").body for one in (document, beside)
    )
    assert joined == written
