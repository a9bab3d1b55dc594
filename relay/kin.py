"""Which incidents are one and the same trouble, so that they are told in one thread. Pure."""

import re
from collections.abc import Sequence
from datetime import timedelta
from urllib.parse import urlsplit

from adapters import ADAPTERS
from adapters.schema import Incident
from storage.kin import Candidate, plain

SAME_TIME = timedelta(minutes=1)
AGAIN_WITHIN = timedelta(days=1)
"""Of the first of them."""

_SHARED_SITES = frozenset(
    {"github.io", "netlify.app", "pages.dev", "uptimerobot.com", "vercel.app"}
    | {host[1:] for adapter in ADAPTERS.values() for host in adapter.hosts if host.startswith(".")}
)
"""Where pages of many companies live."""
_SECOND_LEVEL = frozenset({"co", "com", "net", "org", "ac", "gov", "edu"})


def root_of(incident: Incident, provider_id: int, url: str, candidates: Sequence[Candidate]) -> Candidate | None:
    """The incident in whose thread this one is to be told; None: in its own.

    The same incident on a sibling page: same title and start, and the same company or the same text. Once more on
    the same page, as machines post: same title and text, within a day of the first.
    """
    for other in candidates:
        if other.provider_id != provider_id:
            if _same_start(incident, other.incident) and (
                company(url) == company(other.url) or _same_text(incident, other.incident)
            ):
                return other
        elif other.incident.id != incident.id and _again(incident, other.incident):
            return other
    return None


def _same_start(one: Incident, other: Incident) -> bool:
    return (
        one.started_at is not None
        and other.started_at is not None
        and abs(one.started_at - other.started_at) <= SAME_TIME
    )


def _again(one: Incident, first: Incident) -> bool:
    if one.started_at is None or first.started_at is None:
        return False
    return timedelta(0) <= one.started_at - first.started_at <= AGAIN_WITHIN and _opening(one) == _opening(first)


def _opening(incident: Incident) -> str:
    """What an incident began with; numbers aside, since machines count and measure."""
    return re.sub(r"\d+", "0", plain(incident.updates[0].body)) if incident.updates else ""


def _same_text(one: Incident, other: Incident) -> bool:
    bodies = {plain(update.body) for update in one.updates} - {""}
    return not bodies.isdisjoint(plain(update.body) for update in other.updates)


def company(url: str) -> str:
    """Whose page it is, as far as its address says: `atlassian.com` of jira-software.status.atlassian.com; the
    whole host where many companies share what follows its first dot."""
    host = urlsplit(url).hostname or url
    labels = host.split(".")
    size = 3 if len(labels) > 2 and labels[-2] in _SECOND_LEVEL and len(labels[-1]) == 2 else 2
    site = ".".join(labels[-size:])
    return host if site in _SHARED_SITES else site
