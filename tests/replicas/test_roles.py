"""Two whole processes with every role on one PostgreSQL: what one of them is to do at a time is done once."""

import asyncio
from datetime import timedelta
from pathlib import Path

import pytest
from cryptography.fernet import Fernet
from replicas.outside import page
from sqlalchemy import insert, select
from standins.replica import environment, running
from standins.slack import SlackServer

from relay.signals import LEAST
from storage import migrate, notices, providers
from storage.database import Database
from storage.tables import Destination, Event, Maintenance, Provider, Signal

DAILY = {"every": "day", "at": "09:00", "weekday": 0, "zone": "UTC"}
ONCE = ("New switches】", "user reports】", "The last day")


@pytest.mark.timeout(180)
async def test_reminders_notices_and_signals_are_told_once(new_postgresql: str, tmp_path: Path) -> None:
    database = Database(new_postgresql)
    await migrate.upgrade(database)
    async with SlackServer() as slack:
        provider_id = await page(database, "stormy", ["slack:T1/C1"], "slack", signals=True)
        await _all_due(database, provider_id)
        env = environment(
            new_postgresql, Fernet.generate_key().decode(), SLACK_BOT_TOKEN=slack.bot_token,
            SLACK_APP_TOKEN=slack.app_token, SLACK_API_URL=slack.api_url,
        )  # fmt: skip
        async with running(2, env=env, folder=tmp_path) as processes:
            await slack.until(lambda: len(slack.channel("C1").messages) >= 3, 60)
            await asyncio.sleep(1.0)  # for what comes once more
            [reply] = await slack.slash("/uptimus", "list", channel="C1", user="U1")
            assert "Stormy" in reply.shown
            codes = await asyncio.gather(*(one.stop() for one in processes))
        slack.assert_clean()
        shown = [message.shown for message in slack.channel("C1").messages]
    assert codes == [0, 0]
    assert [sum(words in one for one in shown) for words in ONCE] == [1, 1, 1], shown
    assert len(shown) == 3
    assert {call.error for call in slack.calls} == {""}
    async with database.read() as session:
        types = await session.scalars(select(Event.type).order_by(Event.type))
        assert types.all() == ["maintenance.reminder", "signal.raised"]
    await database.aclose()


async def _all_due(database: Database, provider_id: int) -> None:
    """A maintenance begins within the hour, a digest is due, and so many people report trouble."""
    async with database.write() as session:
        now = await providers.database_now(session)
        provider = await session.get_one(Provider, provider_id)
        provider.first_read_at = now - timedelta(days=1)
        starts = now + timedelta(minutes=60) - timedelta(seconds=1)
        session.add(
            Maintenance(
                provider_id=provider_id, external_id="m1", title="New switches", phase="scheduled", url=None,
                component_ids=[], ever_component_ids=[], updates=[], revision=0, missing=0, removed=False,
                first_seen_at=now - timedelta(hours=5), starts_at=starts, ends_at=starts + timedelta(hours=1),
            )
        )  # fmt: skip
        await session.execute(
            insert(Signal),
            [
                {"provider_id": provider_id, "day": now.date(), "person": f"p{place}", "at": now, "source": "page"}
                for place in range(LEAST)
            ],
        )
        [place] = (await session.scalars(select(Destination))).all()
        await notices.put(session, place.id, notices.DIGEST, now, now - timedelta(days=1), DAILY)
