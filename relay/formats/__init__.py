"""FORMATS: the one list of what a webhook's body can look like."""

from collections.abc import Mapping

from relay.endpoint import Endpoint
from relay.formats import (
    cloudevents,
    google_chat,
    mattermost,
    opsgenie,
    pagerduty,
    standard,
    statuspage,
    teams,
    template,
)
from relay.formats.format import Format, Rendered
from relay.formats.headers import check_headers

__all__ = ["FORMATS", "Format", "Rendered", "check", "check_headers"]

FORMATS: Mapping[str, Format] = {
    "standard": standard.FORMAT,
    "cloudevents": cloudevents.FORMAT,
    "template": template.FORMAT,
    "pagerduty": pagerduty.FORMAT,
    "opsgenie": opsgenie.FORMAT,
    "teams": teams.FORMAT,
    "google-chat": google_chat.FORMAT,
    "mattermost": mattermost.FORMAT,
    "statuspage": statuspage.FORMAT,
}
"""By the name that an endpoint's `format` holds."""


def check(endpoint: Endpoint) -> None:
    """Raises ValueError, with one plain sentence and no secret in it, for an endpoint that can't be told."""
    known = FORMATS.get(endpoint.format)
    if known is None:
        raise ValueError(f"there is no format “{endpoint.format[:40]}”: there are {', '.join(FORMATS)}")
    if endpoint.template is not None and not known.needs_template:
        raise ValueError(f"the format {endpoint.format} takes no template")
    if endpoint.key is not None and known.needs_key is None:
        raise ValueError(f"the format {endpoint.format} takes no key")
    check_headers(endpoint.headers)
    known.check(endpoint)
