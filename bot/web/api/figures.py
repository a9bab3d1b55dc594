"""A provider's history as the API has it: the days, and both figures with what they were made from."""

from zoneinfo import ZoneInfo

from sqlalchemy.ext.asyncio import AsyncSession

from bot.commands.services import Services
from bot.web.api.models import Day, HistoryAnswer, KnownUptime, WeightedUptime
from storage import histories
from storage.history import Uptime
from storage.tables import Provider


async def history(
    services: Services, session: AsyncSession, provider: Provider, days: int, zone: str
) -> HistoryAnswer:
    """The last days up to today, in the reader's zone."""
    found = await histories.last_days(session, provider, days, services.now(), ZoneInfo(zone))
    return _answer(provider, zone, found.whole.uptime)


def _answer(provider: Provider, zone: str, figure: Uptime) -> HistoryAnswer:
    return HistoryAnswer(
        provider=provider.slug,
        zone=zone,
        days=tuple(Day(date=day, state=state.name.lower()) for day, state in figure.days),
        known_uptime=KnownUptime(
            share=figure.share,
            operational_days=figure.operational,
            known_days=figure.known,
            days=len(figure.days),
        ),
        time_weighted_uptime=WeightedUptime(
            share=figure.seconds.uptime, observed_share=figure.seconds.observed_share
        ),
    )
