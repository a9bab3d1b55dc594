"""Where Slack's app is installed: on our tables, sealed, the newest one of each place, beside other writers."""

import asyncio
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from cryptography.fernet import Fernet
from slack_sdk.oauth.installation_store import Installation
from slack_sdk.oauth.installation_store.sqlalchemy import AsyncSQLAlchemyInstallationStore
from slack_sdk.oauth.state_store.sqlalchemy import AsyncSQLAlchemyOAuthStateStore
from sqlalchemy import MetaData, Table, func, select, text
from sqlalchemy.ext.asyncio import AsyncSession

from storage import migrate, workspaces
from storage.database import Database
from storage.installations import Installations, OauthStates
from storage.tables import SlackBot, SlackInstallation, SlackOauthState

FERNET = Fernet(Fernet.generate_key())
SECRETS = ("xoxe.xoxb-1-abc", "xoxe-1-def", "xoxp-ghi", "xoxe-1-jkl", "https://hooks.slack.com/services/mno")


@pytest.fixture
def kept(database: Database) -> Installations:
    return Installations(
        database,
        "1.2",
        seal=lambda token: FERNET.encrypt(token.encode()).decode(),
        open_=lambda sealed: FERNET.decrypt(sealed.encode()).decode(),
    )


def install(
    team: str | None = "T1", enterprise: str | None = None, token: str = SECRETS[0], **more: Any
) -> Installation:
    about: dict[str, Any] = {
        "app_id": "A1", "team_id": team, "enterprise_id": enterprise, "user_id": "U1", "bot_id": "B1",
        "bot_user_id": "UB1", "bot_token": token, "bot_scopes": "commands,chat:write",
        "is_enterprise_install": team is None,
    }  # fmt: skip
    return Installation(**about | more)


ALL_SECRETS: dict[str, Any] = {
    "bot_refresh_token": SECRETS[1],
    "bot_token_expires_in": 43_200,
    "user_token": SECRETS[2],
    "user_refresh_token": SECRETS[3],
    "incoming_webhook_url": SECRETS[4],
    "incoming_webhook_channel": "#ops",
}


async def rows(database: Database) -> tuple[int, int]:
    async with database.read() as session:
        return await _count(session, SlackBot), await _count(session, SlackInstallation)


async def _count(session: AsyncSession, table: type[Any]) -> int:
    return (await session.scalar(select(func.count()).select_from(table))) or 0


STORE, STATES = AsyncSQLAlchemyInstallationStore, AsyncSQLAlchemyOAuthStateStore


@pytest.mark.parametrize(
    ("ours", "theirs"),
    [
        (SlackBot, STORE.build_bots_table(MetaData(), STORE.default_bots_table_name)),
        (SlackInstallation, STORE.build_installations_table(MetaData(), STORE.default_installations_table_name)),
        (SlackOauthState, STATES.build_oauth_states_table(MetaData(), "slack_oauth_states")),
    ],
)
def test_our_tables_are_the_stores_own_but_for_longer_texts(ours: Any, theirs: Table) -> None:
    mine = ours.__table__
    assert mine.name == theirs.name
    assert {column.name for column in mine.columns} == {column.name for column in theirs.columns}
    for column in theirs.columns:
        own = mine.columns[column.name]
        assert own.nullable == column.nullable, column.name
        assert own.type.python_type is column.type.python_type, column.name
        length = getattr(own.type, "length", None)
        assert length is None or length >= getattr(column.type, "length", 0), column.name


async def test_what_is_kept_is_found_again(kept: Installations) -> None:
    await kept.async_save(install(**ALL_SECRETS))
    bot = await kept.async_find_bot(enterprise_id=None, team_id="T1")
    serving = await kept.serving("T1")
    found = await kept.async_find_installation(enterprise_id=None, team_id="T1", user_id="U1")
    assert bot is not None
    assert serving is not None
    assert found is not None
    assert bot.__dict__ == serving.__dict__
    assert (bot.bot_token, bot.bot_refresh_token) == SECRETS[:2]
    assert (found.bot_token, found.user_token, found.user_refresh_token) == (SECRETS[0], SECRETS[2], SECRETS[3])
    assert (found.incoming_webhook_url, found.incoming_webhook_channel) == (None, None)
    assert bot.bot_scopes == ["commands", "chat:write"]
    assert bot.bot_token_expires_at is not None
    assert abs(bot.bot_token_expires_at - datetime.now(UTC).timestamp() - 43_200) < 60


async def test_no_token_stands_in_the_file(tmp_path: Path) -> None:
    database = Database(f"sqlite:///{tmp_path}/uptimus.db")
    await migrate.upgrade(database)
    kept = Installations(database, "1.2", seal=lambda t: FERNET.encrypt(t.encode()).decode(), open_=lambda s: s)
    await kept.async_save(install(**ALL_SECRETS))
    await kept.async_save_bot(install(**ALL_SECRETS).to_bot())
    async with database.engine.connect() as connection:
        await connection.execute(text("PRAGMA wal_checkpoint(TRUNCATE)"))
    await database.aclose()
    written = b"".join(path.read_bytes() for path in tmp_path.iterdir())  # noqa: ASYNC240
    assert b"UB1" in written
    assert [secret for secret in SECRETS if secret.encode() in written] == []


async def test_only_the_newest_of_each_place_is_kept(kept: Installations, database: Database) -> None:
    for number in range(3):
        await kept.async_save(install("T1", token=f"xoxb-{number}", user_id=f"U{number}"))
        await kept.async_save(install("T2", token=f"xoxb-2-{number}"))
        await kept.async_save(install(None, "E1", token=f"xoxb-e-{number}"))
    # it joined an organisation meanwhile
    await kept.async_save(install("T2", "E1", token="xoxb-2-new"))
    assert await rows(database) == (3, 3)
    found = [await kept.serving("T1"), await kept.serving("T2"), await kept.serving("T9", "E1")]
    assert [one.bot_token for one in found if one is not None] == ["xoxb-2", "xoxb-2-new", "xoxb-e-2"]


async def test_a_renewed_token_takes_the_place_of_the_old_one(kept: Installations, database: Database) -> None:
    await kept.async_save(install(**ALL_SECRETS))
    bot = await kept.serving("T1")
    assert bot is not None
    bot.bot_token = "xoxe.xoxb-1-new"
    await kept.async_save_bot(bot)
    again = await kept.serving("T1")
    assert again is not None
    assert again.bot_token == "xoxe.xoxb-1-new"
    assert (await rows(database))[0] == 1


async def test_an_organisations_bot_serves_the_workspaces_that_are_known_to_be_its_own(
    kept: Installations, database: Database
) -> None:
    await kept.async_save(install(None, "E1"))
    assert await kept.serving("T1") is None
    assert await kept.serving("T1", "E2") is None
    async with database.write() as session:
        await workspaces.seen(session, "slack:T1", enterprise_id="E1")
    assert await kept.serving("T1") is not None
    await kept.async_save(install("T1", "E1", token="xoxb-own"))
    own = await kept.serving("T1")
    assert own is not None
    assert own.bot_token == "xoxb-own"


async def test_another_apps_installs_are_not_ours(kept: Installations, database: Database) -> None:
    await kept.async_save(install())
    other = Installations(database, "3.4", seal=str, open_=str)
    assert await other.serving("T1") is None
    assert list(await other.all()) == []
    assert [one.user_id for one in await kept.all()] == ["U1"]


@pytest.mark.parametrize(("age", "gone"), [(-60, True), (0, True), (60, False)])
async def test_an_install_is_forgotten_unless_it_is_newer_than_the_news(
    age: float, gone: bool, kept: Installations, database: Database
) -> None:
    """`age`: how many seconds after the news it was made."""
    await kept.async_save(install("T2"))
    made = install("T1", "E1")
    await kept.async_save(made)
    told_at = datetime.fromtimestamp(made.installed_at, UTC) - timedelta(seconds=age)
    assert await kept.forget(enterprise_id=None, team_id="T1", as_of=told_at) is gone
    assert (await kept.serving("T1") is None) is gone
    assert await kept.serving("T2") is not None
    assert await rows(database) == ((1, 1) if gone else (2, 2))


async def test_forgetting_twice_is_once(kept: Installations) -> None:
    await kept.async_save(install())
    now = datetime.now(UTC)
    for _ in range(2):
        assert await kept.forget(enterprise_id=None, team_id="T1", as_of=now)


async def test_a_state_is_good_once(database: Database) -> None:
    states = OauthStates(database)
    state = await states.async_issue()
    assert not await states.async_consume("bogus")
    assert await states.async_consume(state)
    assert not await states.async_consume(state)


async def test_many_write_at_once(kept: Installations, database: Database) -> None:
    """None of them finds the database locked."""
    states = OauthStates(database)

    async def other(number: int) -> None:
        async with database.write() as session:
            await workspaces.seen(session, f"slack:T{number}")

    await asyncio.gather(
        *(kept.async_save(install(f"T{number}")) for number in range(10)),
        *(states.async_issue() for _ in range(10)),
        *(other(number) for number in range(10)),
        *(kept.serving(f"T{number}") for number in range(10)),
    )
    assert await rows(database) == (10, 10)
