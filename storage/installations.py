"""Where Slack's app is installed: slack_sdk's own stores on our tables, with every token encrypted at rest."""

from collections.abc import Callable, Sequence
from copy import copy
from datetime import UTC, datetime, timedelta
from typing import TypeVar

from slack_sdk.oauth.installation_store import Bot, Installation
from slack_sdk.oauth.installation_store.async_installation_store import AsyncInstallationStore
from slack_sdk.oauth.installation_store.sqlalchemy import (
    AsyncSQLAlchemyInstallationStore,
    SQLAlchemyInstallationStore,
)
from slack_sdk.oauth.state_store.async_state_store import AsyncOAuthStateStore
from slack_sdk.oauth.state_store.sqlalchemy import AsyncSQLAlchemyOAuthStateStore
from sqlalchemy import ColumnElement, and_, delete, func, or_, select
from sqlalchemy.ext.asyncio import AsyncSession

from storage.database import Database
from storage.tables import SlackBot, SlackInstallation, SlackOauthState, Workspace

Change = Callable[[str], str]
Kept = TypeVar("Kept", Bot, Installation)

STATE_SECONDS = 600
"""For so long somebody may take to say yes to an install."""

_TOKENS = ("bot_token", "bot_refresh_token", "user_token", "user_refresh_token")
_UNWANTED = (
    "incoming_webhook_url",
    "incoming_webhook_channel",
    "incoming_webhook_channel_id",
    "incoming_webhook_configuration_url",
)
"""An incoming webhook's address is a secret that we have no use for."""


class Installations(AsyncInstallationStore):
    """Every workspace's and every organisation's install of one app. `seal` and `open_` encrypt and decrypt a
    token: in the database there are sealed ones only, what is handed out is open."""

    def __init__(self, database: Database, client_id: str, *, seal: Change, open_: Change) -> None:
        self._database, self.client_id, self._seal, self._open = database, client_id, seal, open_
        self._plain = AsyncSQLAlchemyInstallationStore(client_id=client_id, engine=database.writer)

    async def async_save(self, installation: Installation) -> None:
        """Keeps an install, and nothing of an earlier one in the same place."""
        sealed = _changed(installation, self._seal)
        for name in _UNWANTED:
            setattr(sealed, name, None)
        async with self._database.turn:
            await self._plain.async_save(sealed)
        async with self._database.write() as session:
            await _prune(session, self.client_id, installation.enterprise_id, installation.team_id)

    async def async_save_bot(self, bot: Bot) -> None:
        """Keeps a bot's new tokens."""
        async with self._database.turn:
            await self._plain.async_save_bot(_changed(bot, self._seal))

    async def async_find_bot(
        self, *, enterprise_id: str | None, team_id: str | None, is_enterprise_install: bool | None = False
    ) -> Bot | None:
        """The bot of exactly this workspace or organisation."""
        async with self._database.turn:
            found = await self._plain.async_find_bot(
                enterprise_id=enterprise_id, team_id=team_id, is_enterprise_install=is_enterprise_install
            )
        return _changed(found, self._open) if found is not None else None

    async def async_find_installation(
        self,
        *,
        enterprise_id: str | None,
        team_id: str | None,
        user_id: str | None = None,
        is_enterprise_install: bool | None = False,
    ) -> Installation | None:
        """The install in exactly this workspace or organisation. Its tokens may have been renewed since: the
        bot's are those of `async_find_bot`."""
        async with self._database.turn:
            found = await self._plain.async_find_installation(
                enterprise_id=enterprise_id,
                team_id=team_id,
                user_id=user_id,
                is_enterprise_install=is_enterprise_install,
            )
        return _changed(found, self._open) if found is not None else None

    async def async_delete_bot(self, *, enterprise_id: str | None, team_id: str | None) -> None:
        """Forgets a bot."""
        async with self._database.turn:
            await self._plain.async_delete_bot(enterprise_id=enterprise_id, team_id=team_id)

    async def async_delete_installation(
        self, *, enterprise_id: str | None, team_id: str | None, user_id: str | None = None
    ) -> None:
        """Forgets who installed it."""
        async with self._database.turn:
            await self._plain.async_delete_installation(
                enterprise_id=enterprise_id, team_id=team_id, user_id=user_id
            )

    async def forget(self, *, enterprise_id: str | None, team_id: str | None, as_of: datetime) -> bool:
        """Forgets the install of a workspace, or of an organisation (`team_id` None), that there was at that
        moment. False: it was installed again since, and that install stays."""
        newer = _naive(as_of) + timedelta(seconds=1)  # Slack's events tell whole seconds
        async with self._database.write() as session:
            for table in (SlackBot, SlackInstallation):
                here = and_(table.client_id == self.client_id, _place(table, enterprise_id, team_id))
                await session.execute(
                    delete(table).where(here, table.installed_at <= newer),
                    execution_options={"synchronize_session": False},
                )
            left = select(SlackBot.id).where(
                SlackBot.client_id == self.client_id, _place(SlackBot, enterprise_id, team_id)
            )
            return (await session.execute(left.limit(1))).first() is None

    async def serving(self, team_id: str, enterprise_id: str | None = None) -> Bot | None:
        """The bot that serves a workspace: its own, or else the one of the organisation that it belongs to
        (where that is not given: as we remember it). It doesn't write, and waits for no writer."""
        remembered = select(Workspace.enterprise_id).where(Workspace.key == f"slack:{team_id}").scalar_subquery()
        organisation = SlackBot.enterprise_id == func.coalesce(enterprise_id, remembered)
        query = (
            select(SlackBot)
            .where(
                SlackBot.client_id == self.client_id,
                SlackBot.bot_token.is_not(None),
                or_(SlackBot.team_id == team_id, and_(SlackBot.team_id.is_(None), organisation)),
            )
            .order_by(SlackBot.team_id.is_(None), SlackBot.installed_at.desc(), SlackBot.id.desc())
            .limit(1)
        )
        async with self._database.read() as session:
            row = await session.scalar(query)
        return _changed(_bot(row), self._open) if row is not None else None

    async def all(self) -> Sequence[SlackInstallation]:
        """Every install, the oldest first, with its tokens as they are kept: sealed."""
        async with self._database.read() as session:
            found = await session.scalars(
                select(SlackInstallation)
                .where(SlackInstallation.client_id == self.client_id)
                .order_by(SlackInstallation.installed_at, SlackInstallation.id)
            )
            return found.all()


class OauthStates(AsyncOAuthStateStore):
    """That it was us who sent somebody to Slack to install: each state is good once, for ten minutes."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._plain = AsyncSQLAlchemyOAuthStateStore(
            expiration_seconds=STATE_SECONDS, engine=database.writer, table_name=SlackOauthState.__tablename__
        )

    async def async_issue(self, *args: object, **kwargs: object) -> str:
        """A new state. Those that nobody came back with are forgotten."""
        async with self._database.write() as session:
            over = SlackOauthState.expire_at < _naive(datetime.now(UTC))
            await session.execute(delete(SlackOauthState).where(over))
        async with self._database.turn:
            return await self._plain.async_issue(*args, **kwargs)

    async def async_consume(self, state: str) -> bool:
        """Whether it is one of ours and still good; from now on it isn't."""
        async with self._database.turn:
            return await self._plain.async_consume(state)


def _changed(kept: Kept, change: Change) -> Kept:
    """The same, with every token of it sealed or opened."""
    made = copy(kept)
    for name in _TOKENS:
        token = getattr(kept, name, None)
        if token is not None:
            setattr(made, name, change(token))
    return made


def _bot(row: SlackBot) -> Bot:
    kept = {column.key: getattr(row, column.key) for column in SlackBot.__table__.columns}
    return SQLAlchemyInstallationStore.build_bot_entity(kept)


async def _prune(session: AsyncSession, client_id: str, enterprise_id: str | None, team_id: str | None) -> None:
    """Leaves the newest row of a place alone: the stores only ever add."""
    for table in (SlackBot, SlackInstallation):
        here = and_(table.client_id == client_id, _place(table, enterprise_id, team_id))
        newest = select(func.max(table.id)).where(here).scalar_subquery()
        await session.execute(
            delete(table).where(here, table.id != newest), execution_options={"synchronize_session": False}
        )


def _place(
    table: type[SlackBot] | type[SlackInstallation], enterprise_id: str | None, team_id: str | None
) -> ColumnElement[bool]:
    """A workspace by itself, whether it has joined an organisation or not; or an organisation."""
    if team_id is not None:
        return table.team_id == team_id
    return and_(table.team_id.is_(None), table.enterprise_id == enterprise_id)


def _naive(moment: datetime) -> datetime:
    """As the stores keep times: UTC, without saying so."""
    return moment.astimezone(UTC).replace(tzinfo=None)
