"""uptime: ninety days, and two figures: what share of the known days was operational, and of the time observed."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import UTC, tzinfo
from typing import TYPE_CHECKING
from urllib.parse import quote, urlencode
from zoneinfo import ZoneInfo

from sqlalchemy.ext.asyncio import AsyncSession

from bot.commands import spoken
from bot.commands.reply import CommandError, DayCell, Picture, Reply, Request, Row, Section
from bot.commands.services import Services, counted, followed_by, known_provider, shown_status
from storage import histories, providers
from storage.days import History
from storage.histories import Histories
from storage.history import DayState, Uptime
from storage.seconds import Seconds
from storage.tables import Component, Provider

if TYPE_CHECKING:
    from bot.charts import Strip

MOST_DAYS = 366
MOST_ROWS = 30
MOST_COMPONENTS = 10
"""Those that were in trouble, in the text. In the data are all."""

STATES = (DayState.OPERATIONAL, DayState.DEGRADED, DayState.OUTAGE, DayState.MAINTENANCE, DayState.UNKNOWN)


async def uptime(services: Services, request: Request) -> Reply:
    """The day states and both figures of one provider and its components, or of everything followed."""
    if not 1 <= request.days <= MOST_DAYS:
        raise CommandError(f"--days lies between 1 and {MOST_DAYS}")
    zone = ZoneInfo(spoken.zone(request.zone)) if request.zone else UTC
    async with services.database.read() as session:
        if request.provider:
            provider = await known_provider(services, session, request.provider)
            components = await providers.components(session, provider.id)
            ids = [one.id for one in components]
            found = await histories.last_days(
                session, provider, request.days, services.now(), zone, components=ids
            )
            return _one(provider, found, components, drawn(services, request, provider, found, components))
        mine = await followed_by(session, request)
        figures = [(one, await _whole(services, session, one, request.days, zone)) for one in mine[:MOST_ROWS]]
    if not figures:
        return Reply(text="Nothing is followed yet; try: follow chargeover", data={"providers": []})
    rows = tuple(
        Row(title=one.name, status=shown_status(one), detail=in_words(past.uptime)) for one, past in figures
    )
    return Reply(
        text=f"The last {counted(request.days, 'day')}.",
        sections=(
            Section(rows=rows, note=f"… and {len(mine) - MOST_ROWS} more" if len(mine) > MOST_ROWS else ""),
        ),
        data={"providers": [_json(one, past) for one, past in figures]},
    )


async def _whole(
    services: Services, session: AsyncSession, provider: Provider, days: int, zone: tzinfo
) -> History:
    return (await histories.last_days(session, provider, days, services.now(), zone)).whole


async def of_provider(services: Services, session: AsyncSession, provider: Provider, days: int) -> Uptime:
    """The day states of a provider, up to today (UTC)."""
    return (await _whole(services, session, provider, days, UTC)).uptime


def drawn(
    services: Services, request: Request, provider: Provider, found: Histories, components: Sequence[Component]
) -> Picture:
    """The same as a picture. Where our address is a public one it is there as well, anew each hour: chats keep
    what they have seen."""
    strips = lines(provider, found, components)
    asked = {"days": str(request.days), "at": f"{services.now():%Y%m%d%H}"}
    asked |= {"zone": spoken.zone(request.zone)} if request.zone else {}
    home = services.home.rstrip("/")
    url = f"{home}/status/{quote(provider.slug, safe='')}/uptime.png?{urlencode(asked)}"

    def png() -> bytes:
        from bot.charts import chart  # its library takes a moment

        return chart(strips())

    def alt() -> str:
        from bot.charts import alt

        return alt(strips())

    return Picture("uptime.png", png, alt, url if home.startswith("https://") else None)


def lines(
    provider: Provider, found: Histories, components: Sequence[Component]
) -> Callable[[], tuple[Strip, ...]]:
    """What a picture of them shows: the provider, and the components that were in trouble, the worst first."""
    rows = [
        (provider.name, found.whole.uptime),
        *((one.name, figure) for one, figure in flawed(found, components)),
    ]

    def strips() -> tuple[Strip, ...]:
        from bot.charts import Strip

        return tuple(Strip(name, cells(figure), in_words(figure)) for name, figure in rows[: MOST_COMPONENTS + 1])

    return strips


def flawed(found: Histories, components: Sequence[Component]) -> list[tuple[Component, Uptime]]:
    """The components that were not always up, the worst first."""
    figures = [(one, found.components[one.id].uptime) for one in components]
    flawed = [(one, figure) for one, figure in figures if figure.operational < figure.known]
    flawed.sort(key=lambda pair: (pair[1].seconds.uptime if pair[1].seconds.observed else 1, pair[1].share or 0))
    return flawed


def _one(provider: Provider, found: Histories, components: Sequence[Component], picture: Picture) -> Reply:
    figure = found.whole.uptime
    return Reply(
        text=f"{provider.name}: {in_words(figure)}.",
        sections=(
            Section(f"The last {counted(len(figure.days), 'day')}", days=cells(figure), note=_counts(figure)),
            *_troubled(found, components),
        ),
        picture=picture,
        data=_json(provider, found.whole)
        | {"components": [_component_json(one, found.components[one.id]) for one in components]},
    )


def _troubled(found: Histories, components: Sequence[Component]) -> tuple[Section, ...]:
    worst = flawed(found, components)
    rows = tuple(Row(title=one.name, detail=in_words(figure)) for one, figure in worst[:MOST_COMPONENTS])
    more = len(worst) - len(rows)
    figures = [found.components[one.id].uptime for one in components]
    calm = sum(figure.operational == figure.known > 0 for figure in figures)
    said = [f"… and {more} more"] if more else []
    said += [f"{counted(calm, 'component')}: operational on every known day"] if calm and rows else []
    return (Section("Components in trouble", rows, note=" · ".join(said)),) if rows else ()


def cells(figure: Uptime) -> tuple[DayCell, ...]:
    """The days as they are drawn."""
    return tuple(DayCell(day, state.name.lower()) for day, state in figure.days)


def in_words(figure: Uptime) -> str:
    """A share never stands without the number of days, or the share of the time, that it was made from."""
    if figure.share is None:
        return f"no day of the last {len(figure.days)} is known yet"
    days = f"known uptime {percent(figure.share)} ({figure.known} known of {counted(len(figure.days), 'day')})"
    return days + by_time(figure.seconds)


def by_time(lasted: Seconds) -> str:
    """`, 99.21 % by time (3.2 % of it observed)`; nothing where nothing was observed."""
    if lasted.uptime is None:
        return ""
    return f", {percent(lasted.uptime)} by time ({observed(lasted)} of it observed)"


def observed(lasted: Seconds) -> str:
    """What share of the time was observed."""
    return percent(lasted.observed_share, 1) if lasted.observed_share >= 0.001 else "less than 0.1 %"


def percent(share: float, digits: int = 2) -> str:
    """Cut, not rounded: 100 % is said only of what has no flaw."""
    scale = 10**digits
    # what a float misses by is no flaw
    return f"{int(share * 100 * scale + 1e-6) / scale:g} %"


def counts(figure: Uptime) -> dict[str, int]:
    """How many days had each state."""
    states = [state for _, state in figure.days]
    return {state.name.lower(): states.count(state) for state in STATES}


def _counts(figure: Uptime) -> str:
    return ", ".join(f"{number} {name}" for name, number in counts(figure).items())


def figures_json(past: History) -> dict[str, object]:
    """Both figures with what each was made from, as the JSON of answers has them; and the days."""
    figure = past.uptime
    return {
        "known_uptime": figure.share,
        "known_days": figure.known,
        "filled_days": past.filled,
        "time_weighted_uptime": figure.seconds.uptime,
        "observed_share": figure.seconds.observed_share,
        "observed_seconds": int(figure.seconds.observed),
        "counts": counts(figure),
        "days": [
            {"date": one.day.isoformat(), "state": one.state.name.lower(), "source": str(one.source)}
            for one in past.days
        ],
    }


def _json(provider: Provider, past: History) -> dict[str, object]:
    return {"provider": provider.slug, **figures_json(past)}


def _component_json(component: Component, past: History) -> dict[str, object]:
    """Without its days: a page may have hundreds of components."""
    figures = {name: value for name, value in figures_json(past).items() if name != "days"}
    return {"id": component.external_id, "name": component.name, **figures}
