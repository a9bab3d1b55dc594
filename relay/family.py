"""How several subjects that share a thread read together: sibling pages, and the same trouble again. Pure."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from adapters.schema import Status
from relay.events import Affected, EventType, StoredEvent
from relay.messages import Card, Fact, Note, Standing, card, note
from relay.states import link, state_words, status_of, subject_title
from relay.transports.transport import Kin
from storage.kin import plain as compared

_WORST_FIRST = (
    Status.MAJOR_OUTAGE,
    Status.PARTIAL_OUTAGE,
    Status.DEGRADED,
    Status.MAINTENANCE,
    Status.UNKNOWN,
    Status.OPERATIONAL,
)


@dataclass(frozen=True)
class _Family:
    """What is told in one thread, by provider, the first told first; of each the oldest incident first."""

    pages: tuple[tuple[StoredEvent, ...], ...]

    @property
    def names(self) -> str:
        """`Jira and Confluence`; `Jira, Confluence and 2 more`."""
        names = [page[0].data.provider.name for page in self.pages]
        if len(names) > 2:
            return f"{names[0]}, {names[1]} and {len(names) - 2} more"
        return " and ".join(names)

    @property
    def newest(self) -> tuple[StoredEvent, ...]:
        """Of each provider what it says now."""
        return tuple(page[-1] for page in self.pages)

    @property
    def worst(self) -> StoredEvent:
        """The one whose state the thread's is."""
        return min(self.newest, key=lambda event: _WORST_FIRST.index(status_of(event)))

    def page_of(self, event: StoredEvent) -> tuple[StoredEvent, ...]:
        """The incidents of the event's own provider."""
        return next(page for page in self.pages if event in page)


def family_card(event: StoredEvent, kin: Sequence[Kin], told: int | None = None) -> Card:
    """The first message of a thread that may be shared. `told` counts the updates of the oldest subject that it
    retells; None: it is posted now, and tells the event's own story so far."""
    if not kin:
        return card(event, told)
    family = _family(event, kin)
    first, now, worst = family.pages[0][0], family.newest[0], family.worst
    said = card(worst)
    return replace(
        said,
        headline=f"{family.names}: {subject_title(now)}",
        summary=family.names + said.summary.removeprefix(worst.data.provider.name),
        facts=(*said.facts, *_again(family)),
        affected=_affected(family),
        story=card(event).story if told is None else card(now, told if now is first else 1).story,
        url=link(now),
        standings=_standings(family) if len(family.pages) > 1 else (),
    )


def family_note(event: StoredEvent, kin: Sequence[Kin]) -> Note | None:
    """One update in a thread that may be shared; None where a sibling has told the very same already."""
    if not kin:
        return note(event)
    if event.type == EventType.INCIDENT_OPENED:
        return _opening(event, kin)
    if _said(event) in {said for one in kin if not one.same_page for said in _all_said(one.event)}:
        return None
    return named_note(event, kin)


def named_note(event: StoredEvent, kin: Sequence[Kin]) -> Note:
    """With the provider's name, where the thread is about several."""
    plain_note = note(event)
    if all(one.same_page for one in kin):
        return plain_note
    return replace(plain_note, title=f"{event.data.provider.name}: {plain_note.title}")


def _family(event: StoredEvent, kin: Sequence[Kin]) -> _Family:
    older = [one.event for one in kin if one.older]
    younger = [one.event for one in kin if not one.older]
    pages: dict[str, list[StoredEvent]] = {}
    for member in (*older, event, *younger):
        if member is event or member.data.incident is not None or member.data.maintenance is not None:
            pages.setdefault(member.data.provider.slug, []).append(member)
    return _Family(tuple(tuple(sorted(page, key=_began)) for page in pages.values()))


def _began(event: StoredEvent) -> datetime:
    incident, maintenance = event.data.incident, event.data.maintenance
    started = incident.started_at if incident is not None else maintenance.starts_at if maintenance else None
    return started or event.seen_at


def _again(family: _Family) -> tuple[Fact, ...]:
    page = max(family.pages, key=len)
    return (Fact("Again", (f"{len(page)} times since ", _began(page[0]))),) if len(page) > 1 else ()


def _standings(family: _Family) -> tuple[Standing, ...]:
    return tuple(
        Standing(one.data.provider.name, state_words(one), status_of(one), link(one)) for one in family.newest
    )


def _affected(family: _Family) -> tuple[Affected, ...]:
    if len(family.pages) == 1:
        return family.newest[0].context.affected
    return tuple(
        part.model_copy(update={"name": f"{one.data.provider.name}: {part.name}"})
        for one in family.newest
        for part in one.context.affected
    )


def _opening(event: StoredEvent, kin: Sequence[Kin]) -> Note:
    """One more incident in a thread that has begun; its text, unless it stands there already."""
    number = 1 + _family(event, kin).page_of(event).index(event)
    siblings = any(not one.same_page for one in kin)
    place = f" at {event.data.provider.name}" if siblings else ""
    lead = f"Again{place} ({number}×)" if number > 1 else f"Also{place}"
    told = {body for one in kin for body, _ in _all_said(one.event)}
    opened = note(event)
    body = "" if compared(opened.body) in told else opened.body
    return replace(opened, title=f"{lead} · {state_words(event)}", body=body)


def _said(event: StoredEvent) -> tuple[str, str] | None:
    update = event.data.update
    return (compared(update.body), update.phase) if update is not None and update.body.strip() else None


def _all_said(event: StoredEvent) -> list[tuple[str, str]]:
    subject = event.data.incident or event.data.maintenance
    updates = subject.updates if subject is not None else ()
    return [(compared(update.body), update.phase) for update in updates if update.body.strip()]
