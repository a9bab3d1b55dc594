"""What a browser is told of an event: the notification that our service worker shows, and its urgency. Pure."""

import base64
import hashlib
import json
from collections.abc import Mapping
from typing import Any
from urllib.parse import quote

from adapters.schema import Impact, rfc3339
from relay.events import EventType, StoredEvent
from relay.transports import plain_text
from relay.transports.transport import Telling

GONE = "the browser's subscription is gone"
"""Why a destination is disabled that is to be removed."""

_TURNS = (EventType.INCIDENT_OPENED, EventType.INCIDENT_RESOLVED, EventType.INCIDENT_REOPENED)


def tag_of(event: StoredEvent) -> str:
    """The same for every event of a subject, another one for every other: 32 letters of URL-safe base64."""
    about = "\0".join((event.data.provider.slug, str(event.subject.kind), event.subject.id))
    return base64.urlsafe_b64encode(hashlib.sha256(about.encode()).digest()[:24]).decode()


def notification(telling: Telling, tag: str) -> dict[str, Any]:
    """What the page's service worker is told to show. `url` is a path of our own; `renotify`: who was told of the
    subject before is to be told anew by sound, and not just to find the notification changed."""
    event = telling.event
    shown = plain_text.lines(event, begun=telling.reference is not None)
    return {
        "title": shown.title,
        "body": shown.body,
        "tag": tag,
        "url": f"/status/{quote(event.data.provider.slug, safe='')}",
        "at": rfc3339(event.seen_at),
        "renotify": (telling.loud or event.type in _TURNS)
        and not (telling.muted or plain_text.adds_nothing(event)),
    }


def message(shown: Mapping[str, Any], size: int) -> bytes:
    """As JSON of at most so many bytes: the body is cut, and the title where that is not enough."""
    for most in (len(shown["body"]), *(size // part for part in (2, 4, 8, 16))):
        cut = {"title": plain_text.cut(shown["title"], most + 20), "body": plain_text.cut(shown["body"], most)}
        made = json.dumps({**shown, **cut}, ensure_ascii=False, separators=(",", ":")).encode(errors="replace")
        if len(made) <= size:
            break
    return made


def urgency(event: StoredEvent) -> str:
    """What a battery is spent on: grave trouble at once, edits and plans when the device is awake anyway."""
    incident = event.data.incident
    if plain_text.adds_nothing(event) or event.type == EventType.MAINTENANCE_SCHEDULED:
        return "low"
    grave = incident is not None and incident.impact in (Impact.MAJOR, Impact.CRITICAL)
    return "high" if grave and event.type in _TURNS else "normal"
