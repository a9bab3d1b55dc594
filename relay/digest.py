"""The digest: what became of everything that is followed at one place in a day or a week. Pure."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from adapters.schema import OVER, Impact, Incident, Maintenance, MaintenancePhase, Status
from relay.bulletin import Bulletin, Row, Section
from relay.manner import SEVERITY, WORST
from relay.wording import lasting, plain
from storage.history import Uptime

MOST_ROWS = 40
MOST_DAYS = 90
LEEWAY = timedelta(hours=2)
"""A period that differs by less from a day or a week (a changed clock, a late start) is called one."""

_OF_IMPACT = {
    Impact.MINOR: Status.DEGRADED,
    Impact.MAJOR: Status.PARTIAL_OUTAGE,
    Impact.CRITICAL: Status.MAJOR_OUTAGE,
}


@dataclass(frozen=True)
class Plan:
    """When a digest is due: at that time of the day by the clocks of `zone`, every day or (0: every Monday …) on
    one day of the week."""

    at: time
    weekday: int | None
    zone: str

    @property
    def period(self) -> timedelta:
        """What one digest covers, usually."""
        return timedelta(days=1 if self.weekday is None else 7)


def plan_of(stored: Mapping[str, Any]) -> Plan:
    """As a notice's row holds it."""
    weekly = stored["every"] == "week"
    return Plan(
        time.fromisoformat(str(stored["at"])),
        int(stored.get("weekday") or 0) if weekly else None,
        str(stored["zone"]),
    )


def next_due(plan: Mapping[str, Any], after: datetime) -> datetime:
    """The first time after that moment, in UTC. On the day on which the clocks go forward a time that they skip is
    as much later as they skip; on the day on which they go back one that comes twice is the first of the two."""
    chosen = plan_of(plan)
    zone = ZoneInfo(chosen.zone)
    today = after.astimezone(zone).date()
    days = (today + timedelta(days=ahead) for ahead in range(9))
    moments = (
        datetime.combine(day, chosen.at, zone).astimezone(UTC)
        for day in days
        if chosen.weekday in (None, day.weekday())
    )
    return next(moment for moment in moments if moment > after)


@dataclass(frozen=True)
class Wanted:
    """What a follow asks for, as far as a digest goes."""

    incidents: bool = True
    maintenance: bool = True
    component_ids: frozenset[str] = frozenset()
    least: Impact | None = None

    @property
    def whole(self) -> bool:
        """It asks for all trouble of the provider, not for some of it."""
        return self.incidents and not self.component_ids and self.least is None

    def incident(self, case: Incident) -> bool:
        """Whether it is one that the follow asks for. What a page does not say may be the worst."""
        grave = self.least is None or SEVERITY.get(case.impact, WORST) >= SEVERITY[self.least]
        return self.incidents and grave and self._concerns(case.component_ids)

    def planned(self, case: Maintenance) -> bool:
        """Whether it is one that the follow asks for."""
        return self.maintenance and self._concerns(case.component_ids)

    def _concerns(self, named: Sequence[str]) -> bool:
        return not self.component_ids or not named or not self.component_ids.isdisjoint(named)


@dataclass(frozen=True)
class Told:
    """One provider, as a digest tells of it."""

    name: str
    url: str
    status: Status
    """As far as it is known now."""
    failure: str | None = None
    """Why its page can't be read at present."""
    incidents: tuple[Incident, ...] = ()
    """Those of the period that are asked for."""
    troubled: bool = False
    """Its page showed trouble, with an incident or without."""
    coming: tuple[Maintenance, ...] = ()
    uptime: Uptime | None = None

    @property
    def eventful(self) -> bool:
        """It is told in a row of its own."""
        return bool(self.incidents) or self.troubled or self.failure is not None


def days_touched(plan: Mapping[str, Any], since: datetime, now: datetime) -> int:
    """How many days of the plan's zone the period touches, today included."""
    zone = ZoneInfo(plan_of(plan).zone)
    days = (now.astimezone(zone).date() - since.astimezone(zone).date()).days + 1
    return max(1, min(days, MOST_DAYS))


def trouble(incidents: Sequence[Incident], since: datetime, now: datetime) -> timedelta:
    """How long at least one incident was active in the period, as far as the page says when. One of which it says
    that nothing was affected is none."""
    ended, total = since, timedelta()
    for begins, ends in sorted(
        (case.started_at, _end(case, now))
        for case in incidents
        if case.started_at is not None and case.impact != Impact.NONE
    ):
        begins, ends = max(begins, ended), min(ends, now)
        if ends > begins:
            total, ended = total + (ends - begins), ends
    return total


def _end(case: Incident, now: datetime) -> datetime:
    if case.phase not in OVER:
        return now
    said = [update.posted_at for update in case.updates if update.phase == "resolved"]
    return case.resolved_at or (said or [now])[-1]


def in_words(figure: Uptime) -> str:
    """A share never stands without the number of days that it was made from."""
    if figure.share is None:
        return "no day of the period is known"
    known = f"known uptime {_percent(figure.share)} ({figure.known} known of {_counted(len(figure.days), 'day')})"
    lasted = figure.seconds
    if lasted.uptime is None:
        return known
    return f"{known}, {_percent(lasted.uptime)} by time ({_percent(lasted.observed_share)} of it observed)"


def _percent(share: float) -> str:
    # cut, not rounded: 100 % is said only of what has no flaw; what a float misses by is none
    return f"{int(share * 10000 + 1e-6) / 100:g} %"


def digest(told: Sequence[Told], plan: Mapping[str, Any], since: datetime, now: datetime) -> Bulletin | None:
    """The whole of it; None where nothing is followed."""
    if not told:
        return None
    active = [(one, case) for one in told for case in one.incidents if case.phase not in OVER]
    eventful = [one for one in told if one.eventful]
    coming = sorted(
        ((one, case) for one in told for case in one.coming),
        key=lambda pair: pair[1].starts_at or now,
    )
    calm = len(told) - len(eventful)
    sections, room = list[Section](), MOST_ROWS
    for heading, rows, note in (
        ("Active now", [_active_row(one, case) for one, case in active], ""),
        ("What happened", [_row(one, since, now) for one in eventful], _calm(calm, among=bool(eventful))),
        ("Coming maintenance", [_maintenance_row(one, case) for one, case in coming], ""),
    ):
        shown = tuple(rows[:room])
        left = f"… and {len(rows) - len(shown)} more" if len(rows) > len(shown) else ""
        room -= len(shown)
        if rows or note:
            sections.append(Section(heading if rows else None, shown, note=" · ".join(filter(None, (left, note)))))
    return Bulletin(_summary(told, active, plan_of(plan), since, now), tuple(sections))


def _summary(told: Sequence[Told], active: Sequence[object], plan: Plan, since: datetime, now: datetime) -> str:
    period = "day" if plan.weekday is None else "week"
    usual = abs((now - since) - plan.period) < LEEWAY
    lead = f"The last {period if usual else lasting(now - since)}"
    number = sum(len(one.incidents) for one in told)
    unreadable = sum(one.failure is not None for one in told)
    blind = f" {_counted(unreadable, 'page')} can't be read at present." if unreadable else ""
    if not number:
        return f"{lead}: no incidents at {_followed(told)}.{blind}"
    places = sum(bool(one.incidents) for one in told)
    now_active = f"{len(active) or 'none'} of them active now"
    where = f"at {places} of {_counted(len(told), 'provider')}"
    return f"{lead}: {_counted(number, 'incident')} {where}, {now_active}.{blind}"


def _followed(told: Sequence[Told]) -> str:
    return told[0].name if len(told) == 1 else f"the {len(told)} providers that are followed here"


def _calm(number: int, *, among: bool) -> str:
    if not number:
        return ""
    return f"{_counted(number, 'other' if among else 'provider')}: nothing happened"


def _active_row(one: Told, case: Incident) -> Row:
    phase = "active" if case.phase == "unknown" else plain(case.phase)
    impact = "" if case.impact == Impact.UNKNOWN else f", impact {plain(case.impact)}"
    return Row(
        f"{one.name}: {case.title}",
        _OF_IMPACT.get(case.impact, Status.UNKNOWN),
        f"{phase}{impact}",
        case.started_at,
        case.url or one.url,
    )


def _row(one: Told, since: datetime, now: datetime) -> Row:
    said = list[str]()
    if one.failure is not None:
        said.append(f"its page can't be read ({one.failure})")
    if one.incidents:
        lasted = trouble(one.incidents, since, now)
        said.append(_counted(len(one.incidents), "incident"))
        said += [f"{lasting(lasted)} of trouble"] if lasted else []
    elif one.troubled:
        said.append("its page showed trouble without an incident")
    if one.uptime is not None:
        said.append(in_words(one.uptime))
    return Row(one.name, one.status, ", ".join(said), url=one.url)


def _maintenance_row(one: Told, case: Maintenance) -> Row:
    phase = "announced" if case.phase == MaintenancePhase.UNKNOWN else plain(case.phase)
    return Row(f"{one.name}: {case.title}", Status.MAINTENANCE, phase, case.starts_at, case.url or one.url)


def _counted(number: int, noun: str) -> str:
    return f"{number} {noun}{'' if number == 1 else 's'}"
