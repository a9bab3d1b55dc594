"""The format `template`: a JSON document of the user's own, each text in it filled from the event.

It stays JSON whatever the event holds, since only the texts within the document are templates. A text that is one
expression and nothing else may become a number, a list, an object or null.
"""

import functools
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from jinja2 import TemplateError, nodes
from jinja2.runtime import Undefined

from relay import messages, states
from relay.endpoint import Endpoint
from relay.events import EventType, StoredEvent
from relay.formats import sandbox
from relay.formats.format import Format, Rendered, as_bytes, paragraphs
from relay.formats.samples import samples
from relay.formats.standard import check_version, document

MOST = 16 * 1024
"""Bytes of a template."""
MOST_RENDERED = 256 * 1024
"""Bytes of what is sent."""
LEAVES = 100
LEVELS = 20
Fill = Callable[[Mapping[str, Any]], Any]
_SANDBOX = sandbox.sandbox()


def render(event: StoredEvent, endpoint: Endpoint, _: str) -> Rendered:
    """The document, filled. A test event holds a made-up event of a type that the endpoint wants."""
    return Rendered(_filled(_compiled(endpoint.template or ""), _values(event, endpoint)))


def check(endpoint: Endpoint) -> None:
    """Tries the template against events of every type that the endpoint wants, whole and sparse ones."""
    check_version(endpoint)
    if not endpoint.template:
        raise ValueError("this format needs a template: a JSON document")
    document_ = _compiled(endpoint.template)
    for type_ in _wanted(endpoint):
        for event in samples(type_):
            try:
                _filled(document_, _values(event, endpoint))
            except ValueError as error:
                raise ValueError(f"{error} (tried with an event “{type_}”)") from None


@dataclass(frozen=True)
class _Document:
    fill: Fill


def _filled(document_: _Document, values: Mapping[str, Any]) -> bytes:
    sandbox.budget()
    try:
        body = as_bytes(document_.fill(values))
    except TemplateError as error:
        raise ValueError(f"the template can't be filled: {_one_line(error)}") from None
    except Exception as error:  # whatever happens within a template is its maker's to know
        raise ValueError(f"the template can't be filled: {_one_line(error)}") from None
    if len(body) > MOST_RENDERED:
        raise ValueError(f"the filled template has more than {MOST_RENDERED // 1024} KiB")
    return body


def _values(event: StoredEvent, endpoint: Endpoint) -> dict[str, Any]:
    """The names that a template knows: the event's own, and how it reads."""
    shown, own = event, document(event, endpoint)
    if event.type == EventType.TEST:
        shown = next((one for type_ in _wanted(endpoint) for one in samples(type_)), event)
        own = document(shown, endpoint) | {name: own[name] for name in ("id", "type", "timestamp", "sequence")}
    happened = messages.note(shown)
    return own | {
        "title": states.subject_title(shown),
        "state": states.state_words(shown),
        "status": str(states.status_of(shown)),
        "happened": happened.title,
        "summary": happened.summary,
        "body": paragraphs(happened.body, MOST),
        "link": states.link(shown),
    }


def _wanted(endpoint: Endpoint) -> list[EventType]:
    def wants(type_: str) -> bool:
        return any(type_ == one or (one.endswith("*") and type_.startswith(one[:-1])) for one in endpoint.types)

    known: list[EventType] = [type_ for type_ in EventType if type_ != EventType.TEST]
    return [type_ for type_ in known if wants(type_)] if endpoint.types else known


@functools.lru_cache(maxsize=256)
def _compiled(text: str) -> _Document:
    if len(text.encode(errors="replace")) > MOST:
        raise ValueError(f"a template has at most {MOST // 1024} KiB")
    try:
        document_ = json.loads(text, parse_constant=_no_constant)
    except (ValueError, RecursionError):
        raise ValueError("a template is a JSON document, and this is none") from None
    sandbox.budget()  # constant expressions are folded while they are compiled
    if not isinstance(document_, dict | list):
        raise ValueError("a template is a JSON object or a list")  # noqa: TRY004
    return _Document(_part(document_, 0, _Count()))


class _Count:
    """How much of a template has been seen."""

    def __init__(self) -> None:
        self.leaves = self.expressions = 0

    def add(self, expressions: int) -> None:
        self.leaves += 1
        self.expressions += expressions
        if self.leaves > LEAVES or self.expressions > sandbox.EXPRESSIONS:
            raise ValueError(
                f"a template has at most {LEAVES} texts with expressions and {sandbox.EXPRESSIONS} parts of these"
            )


def _part(value: Any, level: int, count: _Count) -> Fill:
    if level > LEVELS:
        raise ValueError(f"a template is at most {LEVELS} levels deep")
    if isinstance(value, dict):
        named = {name: _part(one, level + 1, count) for name, one in value.items()}
        return lambda values: {name: fill(values) for name, fill in named.items()}
    if isinstance(value, list):
        listed = [_part(one, level + 1, count) for one in value]
        return lambda values: [fill(values) for fill in listed]
    if isinstance(value, str) and "{" in value:
        return _leaf(value, count)
    return lambda _: value


def _leaf(text: str, count: _Count) -> Fill:
    tree, expressions = sandbox.parsed(_SANDBOX, text)
    count.add(expressions)
    only = _only_expression(tree)
    if only is None:
        return _SANDBOX.from_string(tree).render
    kept = nodes.Assign(nodes.Name("result", "store", lineno=1), only, lineno=1)
    template = _SANDBOX.from_string(nodes.Template([kept], lineno=1))

    def fill(values: Mapping[str, Any]) -> Any:
        context = template.new_context(dict(values))
        for _ in template.root_render_func(context):
            pass
        result = context.vars["result"]
        return str(result) if isinstance(result, Undefined) else sandbox.charge(result)  # such a str raises

    return fill


def _only_expression(tree: nodes.Template) -> nodes.Expr | None:
    """The one expression that a leaf is, where it is nothing else."""
    if len(tree.body) != 1 or not isinstance(tree.body[0], nodes.Output):
        return None
    parts = tree.body[0].nodes
    return parts[0] if len(parts) == 1 and not isinstance(parts[0], nodes.TemplateData) else None


def _no_constant(name: str) -> Any:
    raise ValueError(name)


def _one_line(error: Exception) -> str:
    return " ".join(str(error).split())[:200] or type(error).__name__


FORMAT = Format(render, check, needs_template=True)
