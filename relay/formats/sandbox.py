"""The language of a template's texts: Jinja2's sandbox, cut down until what a text costs is bounded.

No loops, no macros, no calls, no includes, no arithmetic but + and -, and a short list of filters. Names reach
into the event's JSON and never into Python. Whatever is touched is counted against one budget for the whole
document: a template can't blow up, so it needs no clock to stop it.
"""

import json
import math
from collections.abc import Callable, Mapping
from contextvars import ContextVar
from datetime import datetime
from typing import Any
from urllib.parse import quote

from jinja2 import StrictUndefined, TemplateError, nodes
from jinja2.runtime import Undefined
from jinja2.sandbox import ImmutableSandboxedEnvironment

BUDGET = 1024 * 1024
"""Characters that one document may touch."""
EXPRESSIONS = 600
DEPTH = 30
_ALLOWED = (
    nodes.Template, nodes.Output, nodes.TemplateData, nodes.Name, nodes.Getattr, nodes.Getitem, nodes.Const,
    nodes.Filter, nodes.Test, nodes.Compare, nodes.Operand, nodes.And, nodes.Or, nodes.Not, nodes.CondExpr,
    nodes.If, nodes.Concat, nodes.Add, nodes.Sub, nodes.Neg, nodes.Keyword,
)  # fmt: skip
TESTS = ("defined", "undefined", "none", "string", "number")

_left: ContextVar[list[int]] = ContextVar("left")


class TooMuchError(TemplateError):
    """The document touches more text than its budget allows."""


def budget(characters: int = BUDGET) -> None:
    """A fresh budget for the document that is now to be filled."""
    _left.set([characters])


def _charged(value: Any) -> Any:
    left = _left.get()
    left[0] -= len(value) if isinstance(value, str | list) else 1
    if left[0] < 0:
        raise TooMuchError(f"the template touches more than {BUDGET // 1024} KiB of text")
    return value


class Sandbox(ImmutableSandboxedEnvironment):
    """Reads keys of objects and places of lists; no attribute of anything."""

    intercepted_binops = frozenset({"+"})

    def call_binop(self, context: Any, operator: str, left: Any, right: Any) -> Any:
        """Lists could be added to each other until none of their elements had room."""
        if isinstance(left, list) or isinstance(right, list):
            raise TemplateError("+ is for numbers and texts, not for lists")
        return _charged(super().call_binop(context, operator, left, right))

    def getattr(self, obj: Any, attribute: str) -> Any:
        return self.getitem(obj, attribute)

    def getitem(self, obj: Any, argument: Any) -> Any:
        if isinstance(obj, Mapping) and isinstance(argument, str) and argument in obj:
            return _charged(obj[argument])
        if isinstance(obj, list) and isinstance(argument, int) and -len(obj) <= argument < len(obj):
            return _charged(obj[argument])
        if isinstance(obj, Undefined):
            return obj  # `a.b | default(…)` may also lack the a
        return self.undefined(f"the event has no {argument!r} there", name=str(argument))


def _finalize(value: Any) -> str:
    """As it stands within a text: null is nothing, what is no text is JSON."""
    if isinstance(value, Undefined):
        return str(value)  # raises
    return str(_charged("" if value is None else value if isinstance(value, str) else _json(value)))


def _json(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False)


def _default(value: Any, other: Any = "") -> Any:
    return other if isinstance(value, Undefined) or value is None else value


def _join(value: Any, between: str = ", ") -> str:
    parts = [_finalize(one) for one in value] if isinstance(value, list) else [_finalize(value)]
    _charged_for(len(between) * len(parts))
    return between.join(parts)


def _replace(value: Any, old: str, new: str) -> str:
    text = _finalize(value)
    if not old:
        raise TemplateError("replace needs a text to look for")
    _charged_for(len(text) + text.count(old) * len(new))
    return text.replace(old, new)


def _charged_for(characters: int) -> None:
    _left.get()[0] -= characters
    _charged(None)


def _truncate(value: Any, length: int = 100) -> str:
    text = _finalize(value)
    return text if len(text) <= length else text[: max(0, length - 1)] + "…"


def _pluck(value: Any, name: str) -> list[Any]:
    found = (
        [one[name] for one in value if isinstance(one, Mapping) and name in one] if isinstance(value, list) else []
    )
    return list(_charged(found))


def _place(index: int) -> Callable[[Any], Any]:
    def place(value: Any) -> Any:
        return _charged(value[index]) if isinstance(value, str | list) and value else None

    return place


def _epoch(value: Any) -> int:
    return int(datetime.fromisoformat(_finalize(value)).timestamp())


def _urlencode(value: Any) -> str:
    text = _finalize(value)
    _charged_for(3 * len(text.encode()))  # before, since it is slow
    return quote(text, safe="")


def _pick(value: Any, choices_key: Any = None, /, **choices: Any) -> Any:
    return choices.get(_finalize(value), choices_key)


def _concatenated(*values: Any) -> str:
    return "".join(_finalize(one) for one in values)


_TILDE = "~"
"""No name that a template can say."""

FILTERS: dict[str, Callable[..., Any]] = {
    "default": _default,
    "epoch": _epoch,
    "first": _place(0),
    "join": _join,
    "last": _place(-1),
    "length": lambda value: len(value) if isinstance(value, str | list | dict) else 0,
    "lower": lambda value: _finalize(value).lower(),
    "pick": _pick,
    "pluck": _pluck,
    "replace": _replace,
    "tojson": lambda value: _charged(_json(value)),
    "trim": lambda value: _finalize(value).strip(),
    "truncate": _truncate,
    "upper": lambda value: _finalize(value).upper(),
    "urlencode": _urlencode,
}
"""All there are. docs/webhooks.md says what each does."""


def sandbox() -> Sandbox:
    """An environment with nothing in it but what is listed here."""
    made = Sandbox(
        undefined=StrictUndefined,
        finalize=_finalize,
        autoescape=False,
        keep_trailing_newline=True,
        optimized=False,  # it looks at nested expressions again and again: 0.4 s for a template of 4 KiB
    )
    made.globals.clear()
    made.filters = FILTERS | {_TILDE: _concatenated}
    made.tests = {name: made.tests[name] for name in TESTS}
    return made


def charge(value: Any) -> Any:
    """The value of a whole leaf, counted by its length as JSON: one may be all that the event holds."""
    if isinstance(value, list | dict):
        _charged_for(len(_json(value)))
    if isinstance(value, float) and not math.isfinite(value):
        raise TemplateError("a number is too large")
    return value


def parsed(environment: Sandbox, text: str) -> tuple[nodes.Template, int]:
    """A leaf's tree and how many expressions it has; ValueError for what is not allowed."""
    try:
        tree = environment.parse(text)
        count = _checked(tree, 0)
        _count_joins(tree)
    except RecursionError:
        raise ValueError("an expression is nested too deeply") from None
    except TemplateError as error:
        raise ValueError(_one_line(error)) from None
    return tree, count


def _checked(node: nodes.Node, depth: int) -> int:
    if depth > DEPTH:
        raise ValueError("an expression is nested too deeply")
    if type(node) not in _ALLOWED:
        raise ValueError(f"“{_named(node)}” is not possible in a template")
    if isinstance(node, nodes.Name) and node.name == "self":  # Jinja2's own: the template itself
        raise ValueError("“self” is not possible in a template")
    if isinstance(node, nodes.Const) and isinstance(node.value, float) and not math.isfinite(node.value):
        raise ValueError("a number is too large")
    if isinstance(node, nodes.Filter) and node.name not in FILTERS:
        raise ValueError(f"there is no filter “{str(node.name)[:40]}”: there are {', '.join(FILTERS)}")
    if isinstance(node, nodes.Test) and node.name not in TESTS:
        raise ValueError(f"there is no test “{str(node.name)[:40]}”: there are {', '.join(TESTS)}")
    return (not isinstance(node, nodes.TemplateData)) + sum(
        _checked(child, depth + 1) for child in node.iter_child_nodes()
    )


def _count_joins(node: nodes.Node) -> None:
    """`a ~ b` becomes a filter of ours: Jinja2's own would join without counting, and show Python's brackets."""
    for name, value in list(node.iter_fields()):
        if isinstance(value, list):
            setattr(node, name, [_joined(one) if isinstance(one, nodes.Node) else one for one in value])
        elif isinstance(value, nodes.Node):
            setattr(node, name, _joined(value))


def _joined(node: nodes.Node) -> nodes.Node:
    _count_joins(node)
    if not isinstance(node, nodes.Concat):
        return node
    first, *rest = node.nodes
    return nodes.Filter(first, _TILDE, rest, [], None, None, lineno=node.lineno)


_WORDS = {
    nodes.For: "for",
    nodes.Macro: "macro",
    nodes.Call: "a call",
    nodes.Mul: "*",
    nodes.Pow: "**",
    nodes.Mod: "%",
}


def _named(node: nodes.Node) -> str:
    return _WORDS.get(type(node), type(node).__name__.lower())


def _one_line(error: Exception) -> str:
    return " ".join(str(error).split())[:200]
