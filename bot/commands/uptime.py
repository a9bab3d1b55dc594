"""uptime: ninety days, and what share of the known ones was operational."""

from datetime import timedelta

from sqlalchemy.ext.asyncio import AsyncSession

from bot.commands.reply import CommandError, DayCell, Reply, Request, Row, Section
from bot.commands.services import Services, counted, followed_by, known_provider, shown_status
from storage import history
from storage.history import DayState, Uptime
from storage.tables import Provider

MOST_DAYS = 366
MOST_ROWS = 30


async def uptime(services: Services, request: Request) -> Reply:
    """The day states and the known uptime of one provider, or of everything followed."""
    if not 1 <= request.days <= MOST_DAYS:
        raise CommandError(f"--days lies between 1 and {MOST_DAYS}")
    async with services.database.read() as session:
        if request.provider:
            provider = await known_provider(services, session, request.provider)
            return _one(provider, await of_provider(services, session, provider, request.days))
        mine = await followed_by(session, request)
        figures = [(one, await of_provider(services, session, one, request.days)) for one in mine[:MOST_ROWS]]
    if not figures:
        return Reply(text="Nothing is followed yet; try: follow chargeover", data={"providers": []})
    rows = tuple(Row(title=one.name, status=shown_status(one), detail=in_words(figure)) for one, figure in figures)
    return Reply(
        text=f"The last {counted(request.days, 'day')}.",
        sections=(
            Section(rows=rows, note=f"… and {len(mine) - MOST_ROWS} more" if len(mine) > MOST_ROWS else ""),
        ),
        data={"providers": [_json(one, figure) for one, figure in figures]},
    )


async def of_provider(services: Services, session: AsyncSession, provider: Provider, days: int) -> Uptime:
    """The day states of a provider, up to today (UTC)."""
    now = services.now()
    stretches = await history.stretches(session, provider, now - timedelta(days=days), now)
    return history.uptime(stretches, days, now)


def _one(provider: Provider, figure: Uptime) -> Reply:
    return Reply(
        text=f"{provider.name}: {in_words(figure)}.",
        sections=(
            Section(f"The last {counted(len(figure.days), 'day')}", days=cells(figure), note=_counts(figure)),
        ),
        data=_json(provider, figure),
    )


def cells(figure: Uptime) -> tuple[DayCell, ...]:
    """The days as they are drawn."""
    return tuple(DayCell(day, state.name.lower()) for day, state in figure.days)


def in_words(figure: Uptime) -> str:
    """A share never stands without the number of days that it was made from."""
    if figure.share is None:
        return f"no day of the last {len(figure.days)} is known yet"
    return f"known uptime {_percent(figure.share)} ({figure.known} known of {counted(len(figure.days), 'day')})"


def _percent(share: float) -> str:
    # Cut, not rounded: 100 % is said only of what has no flaw.
    return f"{int(share * 10000) / 100:g} %"


def _count(figure: Uptime) -> dict[str, int]:
    states = [state for _, state in figure.days]
    order = (DayState.OPERATIONAL, DayState.DEGRADED, DayState.OUTAGE, DayState.MAINTENANCE, DayState.UNKNOWN)
    return {state.name.lower(): states.count(state) for state in order}


def _counts(figure: Uptime) -> str:
    return ", ".join(f"{number} {name}" for name, number in _count(figure).items())


def _json(provider: Provider, figure: Uptime) -> dict[str, object]:
    return {
        "provider": provider.slug,
        "known_uptime": figure.share,
        "known_days": figure.known,
        "counts": _count(figure),
        "days": [{"date": day.isoformat(), "state": state.name.lower()} for day, state in figure.days],
    }
