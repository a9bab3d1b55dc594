"""A page that changed its platform: what was known of it, in the words and ids of the new one. Pure.

Whatever a new platform shows of the time before the move is no news. What was known keeps its history and its open
threads: components are the same by their names, incidents and maintenances by their titles or their starts.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any

from adapters.schema import Incident, Snapshot
from storage.state import Case, Known, KnownComponent, State

SAME_START = timedelta(minutes=10)
"""Two active incidents of a page that began within this time, one on each platform, are one."""
SAME_DAY = timedelta(days=1)
"""Two of the same title are one when they began within this time: titles recur."""


@dataclass(frozen=True)
class Move:
    """What to compare the first read with, and the former ids by which rows know what has new ones now."""

    before: State
    """What the new platform would have told when the page was last read: what it says now is compared with it."""
    stored: State
    """What the rows hold once they know the new ids."""
    components: Mapping[str, str] = field(default_factory=dict)
    """Former id → id."""
    incidents: Mapping[str, str] = field(default_factory=dict)
    maintenances: Mapping[str, str] = field(default_factory=dict)


def move(state: State, snapshot: Snapshot, last_read_at: datetime) -> Move:
    """The state as the new platform would have told it at `last_read_at`, when the old one was read last."""
    parts = _same_components(state, snapshot)
    incidents = _same_cases(state.incidents, snapshot.incidents)
    maintenances = _same_cases(state.maintenances, snapshot.maintenances)
    before = replace(
        state,
        page_id=None,
        past_incidents=0,
        components=_renamed_components(state, snapshot, parts, incidents | maintenances, last_read_at),
        incidents=_as_told(state.incidents, snapshot.incidents, incidents, parts, last_read_at),
        maintenances=_as_told(state.maintenances, snapshot.maintenances, maintenances, parts, last_read_at),
    )
    stored = replace(
        state,
        components={
            parts.get(id_, id_): _with_id(one, parts.get(id_, id_)) for id_, one in state.components.items()
        },
        incidents=_with_ids(state.incidents, incidents),
        maintenances=_with_ids(state.maintenances, maintenances),
    )
    return Move(before, stored, _changed(parts), _changed(incidents), _changed(maintenances))


def _with_id(known: KnownComponent, id_: str) -> KnownComponent:
    return replace(known, component=known.component.model_copy(update={"id": id_}))


def _with_ids(known: Mapping[str, Known[Case]], ids: Mapping[str, str]) -> dict[str, Known[Case]]:
    return {
        ids.get(id_, id_): replace(one, case=one.case.model_copy(update={"id": ids.get(id_, id_)}))
        for id_, one in known.items()
    }


def _changed(ids: Mapping[str, str]) -> dict[str, str]:
    return {old: new for old, new in ids.items() if old != new}


def _same_components(state: State, snapshot: Snapshot) -> dict[str, str]:
    """Former id → id, by group and name, or by a name that there is once."""
    new: dict[tuple[str | None, str], str] = {}
    alone: dict[str, list[str]] = {}
    for component in snapshot.components or ():
        new.setdefault((_plain(component.group), _plain(component.name)), component.id)
        alone.setdefault(_plain(component.name), []).append(component.id)
    found: dict[str, str] = {}
    for id_, known in state.components.items():
        name = _plain(known.component.name)
        single = alone.get(name, [])
        same = new.get((_plain(known.component.group), name)) or (single[0] if len(single) == 1 else None)
        if same is not None and same not in found.values() and (same == id_ or same not in state.components):
            found[id_] = same
    return found


def _renamed_components(
    state: State, snapshot: Snapshot, ids: Mapping[str, str], cases: Mapping[str, str], last_read_at: datetime
) -> dict[str, KnownComponent]:
    """Each with the status that it had: a change of it is news as ever. One that is new was always so. Where the
    new platform tells of no components, there are none any more."""
    if snapshot.components is None:
        return {
            id_: replace(one, removed_at=one.removed_at or last_read_at) for id_, one in state.components.items()
        }
    by_id = {component.id: component for component in snapshot.components or ()}
    renamed = {
        ids.get(id_, id_): replace(
            known,
            told_in=_told_in(known.told_in, cases),
            component=by_id[ids[id_]].model_copy(update={"status": known.component.status})
            if id_ in ids
            else known.component,
        )
        for id_, known in state.components.items()
    }
    for id_, component in by_id.items():
        renamed.setdefault(id_, KnownComponent(component, told_status=component.status))
    return renamed


def _told_in(former: str | None, cases: Mapping[str, str]) -> str | None:
    if former is None:
        return None
    kind, _, id_ = former.partition(":")
    return f"{kind}:{cases.get(id_, id_)}"


def _same_cases(known: Mapping[str, Known[Case]], seen: tuple[Case, ...]) -> dict[str, str]:
    """Former id → id. Those that are active are looked for first."""
    found: dict[str, str] = {}
    for id_, one in sorted(known.items(), key=lambda item: not item[1].active):
        taken = {*known, *found.values()} - {id_}
        free = [case for case in seen if case.id not in taken]
        same = next((case for case in free if case.id == id_), None)
        same = same or next((case for case in free if _is_same(one.case, case)), None)
        if same is None and one.active:
            same = next((case for case in free if _near(_start(case), _start(one.case), SAME_START)), None)
        if same is not None:
            found[id_] = same.id
    return found


def _is_same(one: Case, other: Case) -> bool:
    if _plain(one.title) != _plain(other.title):
        return False
    return None in (_start(one), _start(other)) or _near(_start(one), _start(other), SAME_DAY)


def _as_told(
    known: Mapping[str, Known[Case]],
    seen: tuple[Case, ...],
    ids: Mapping[str, str],
    components: Mapping[str, str],
    last_read_at: datetime,
) -> dict[str, Known[Case]]:
    """What was known under its new id, with what the new platform had posted by then."""
    by_id = {case.id: case for case in seen}
    told: dict[str, Known[Case]] = {}
    for id_, one in known.items():
        ever = tuple(dict.fromkeys(components.get(part, part) for part in one.ever_component_ids))
        new = by_id.get(ids.get(id_, ""))
        case = one.case if new is None else _before(new, one.case, last_read_at)
        told[case.id] = replace(one, case=case, ever_component_ids=ever, missing=0)
    for case in seen:
        started = _start(case)
        posts: list[datetime] = [update.posted_at for update in case.updates]
        if case.id not in told and (started is None or min([started, *posts]) <= last_read_at):
            told[case.id] = Known(case, case.component_ids)
    return told


def _before(new: Case, old: Case, last_read_at: datetime) -> Case:
    changes: dict[str, Any] = {
        "phase": old.phase,
        "updates": tuple(update for update in new.updates if update.posted_at <= last_read_at),
    }
    if isinstance(old, Incident):
        changes["resolved_at"] = old.resolved_at
    return new.model_copy(update=changes)


def _start(case: Any) -> datetime | None:
    start: datetime | None = case.started_at if isinstance(case, Incident) else case.starts_at
    return start


def _near(one: datetime | None, other: datetime | None, within: timedelta) -> bool:
    return one is not None and other is not None and abs(one - other) <= within


def _plain(text: str | None) -> str:
    return "".join(character for character in (text or "").casefold() if character.isalnum())
