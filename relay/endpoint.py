"""How a destination wants to be told, beyond its address: what is stored of it, and what a transport is given."""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from relay.events import SCHEMA_VERSION

Seal = Callable[[str], str]
"""Encrypts; the other way round it decrypts."""


@dataclass(frozen=True)
class Endpoint:
    """Options of a webhook, of a push subscription … What was not chosen has its default."""

    format: str = "standard"
    """One of FORMATS: what a webhook's body looks like."""
    types: tuple[str, ...] = ()
    """The event types that are wanted (`incident.resolved`, or `incident.*`); empty: all."""
    schema_version: int = SCHEMA_VERSION
    """Of the JSON of events: the one that was current when the endpoint was made."""
    template: str | None = None
    """The user's own JSON document, for the format `template`."""
    headers: Mapping[str, str] = field(default_factory=dict)
    """Sent with every request. Secret."""
    key: str | None = None
    """What the service behind the address wants to see (a routing key, an API key). Secret."""
    subscription: Mapping[str, Any] | None = None
    """A browser's push subscription. Secret."""


_SECRET = ("headers", "key", "subscription")


def stored(endpoint: Endpoint, seal: Seal) -> tuple[dict[str, Any], str | None]:
    """The two columns of a destination that hold an endpoint: `options`, and `sealed` (None: no secrets)."""
    options = {
        "format": endpoint.format,
        "types": list(endpoint.types),
        "schema_version": endpoint.schema_version,
        "template": endpoint.template,
    }
    secret = {name: value for name in _SECRET if (value := getattr(endpoint, name))}
    return options, seal(json.dumps(secret)) if secret else None


def from_stored(options: Mapping[str, Any], sealed: str | None, open_: Seal) -> Endpoint:
    """The endpoint that two columns hold; whatever is missing there has its default."""
    secret = json.loads(open_(sealed)) if sealed else {}
    known = {name: options[name] for name in ("format", "schema_version", "template") if name in options}
    return Endpoint(**known, types=tuple(options.get("types", ())), **secret)
