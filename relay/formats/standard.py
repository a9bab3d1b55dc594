"""The format `standard`: Standard Webhooks, the event as the API shows it."""

from collections.abc import Callable, Mapping
from typing import Any

from relay.endpoint import Endpoint
from relay.events import StoredEvent
from relay.formats.format import Format, Rendered, as_bytes

VERSIONS: Mapping[int, Callable[[StoredEvent], dict[str, Any]]] = {1: StoredEvent.public}
"""The JSON of an event by `schema_version`. An endpoint keeps the version that it was made with."""


def document(event: StoredEvent, endpoint: Endpoint) -> dict[str, Any]:
    """The event in the endpoint's version; ValueError where that is not known."""
    check_version(endpoint)
    return VERSIONS[endpoint.schema_version](event)


def check_version(endpoint: Endpoint) -> None:
    """Raises ValueError for a version that was never made."""
    if endpoint.schema_version not in VERSIONS:
        known = ", ".join(map(str, VERSIONS))
        raise ValueError(f"there is no schema version {endpoint.schema_version}: there is {known}")


def render(event: StoredEvent, endpoint: Endpoint, _: str) -> Rendered:
    """The whole event."""
    return Rendered(as_bytes(document(event, endpoint)))


FORMAT = Format(render, check_version, shared=True)
