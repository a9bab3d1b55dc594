"""Which of a forum's tags fit a post: for its phase and its impact, where such tags exist. Pure."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from relay.events import StoredEvent

MOST = 5

_ALSO = {
    "investigating": ("investigation", "new", "open", "active", "ongoing"),
    "identified": ("cause found", "active", "ongoing", "open"),
    "monitoring": ("watching", "active", "ongoing", "open"),
    "resolved": ("solved", "fixed", "closed", "done", "over"),
    "postmortem": ("post mortem", "resolved", "solved", "fixed", "closed", "done"),
    "scheduled": ("planned", "upcoming", "announced"),
    "in progress": ("started", "under way", "active", "ongoing"),
    "verifying": ("in progress", "active", "ongoing"),
    "completed": ("done", "finished", "resolved", "closed"),
    "canceled": ("cancelled", "closed"),
    "critical": ("critical impact", "critical outage", "outage"),
    "major": ("major impact", "major outage", "outage"),
    "minor": ("minor impact", "minor outage", "degraded"),
    "none": ("no impact",),
    "operational": ("resolved", "solved", "fixed", "closed", "done"),
    "degraded": ("degraded performance", "minor"),
    "partial outage": ("outage", "major"),
    "major outage": ("outage", "critical"),
    "maintenance": ("planned",),
}
"""Other names for a phase, an impact or a status, the nearest first."""
_VOCABULARY = frozenset(_ALSO) | {word for words in _ALSO.values() for word in words}


@dataclass(frozen=True)
class Tag:
    """A tag of a forum. moderated: only those who manage threads may set it."""

    id: str
    name: str
    moderated: bool = False


def chosen(event: StoredEvent, tags: Sequence[Tag], *, required: bool, applied: Sequence[str] = ()) -> list[str]:
    """The ids that a post is to have. Of those `applied` the ones that speak of neither phase nor impact stay.
    Empty where none fits, unless one is `required`: then the first that everybody may set."""
    known = {tag.id: tag for tag in tags}
    free = {_plain(tag.name): tag.id for tag in reversed(tags) if not tag.moderated}
    kept = [id for id in applied if id in known and _plain(known[id].name) not in _VOCABULARY]
    fitting = [id for word in _words(event) if (id := _nearest(word, free)) is not None]
    found = list(dict.fromkeys((*fitting, *kept)))[:MOST]
    if not found and required:
        return [tag.id for tag in tags if not tag.moderated][:1]
    return found


def _words(event: StoredEvent) -> list[str]:
    """Phase, impact, and what kind of thing it is."""
    data = event.data
    if data.incident is not None:
        return [data.incident.phase, data.incident.impact, "incident", data.provider.name]
    if data.maintenance is not None:
        return [data.maintenance.phase, "maintenance", data.provider.name]
    return [data.component.status if data.component is not None else "unknown", data.provider.name]


def _nearest(word: str, free: Mapping[str, str]) -> str | None:
    word = _plain(word)
    return next((free[name] for name in (word, *_ALSO.get(word, ())) if name in free), None)


def _plain(name: str) -> str:
    """Without emoji and signs: "🔴 Major" is "major"."""
    return " ".join(re.findall(r"\w+", name.replace("_", " ").casefold()))
