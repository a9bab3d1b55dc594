"""The door that people in Discord come in through: its commands and buttons, over the gateway.

discord.py does the protocol. Every process of the role `bot` looks at the token and the commands when it starts;
one of them holds the gateway.
"""

import asyncio
from collections.abc import Awaitable
from contextlib import suppress
from typing import Any

import aiohttp
import discord
import structlog

from bot.discord.client import Client
from bot.discord.desk import Answer, Commands, Desk
from bot.discord.gateway import Gateway
from bot.discord.sync import sync
from bot.settings import Settings, SettingsError

LONGEST_START = 30.0
NO_TOKEN, NO_INTENT = 4004, 4014
"""With these close codes no other try makes sense."""

log = structlog.get_logger("discord")


class DiscordDoorError(SettingsError):
    """Discord can't be used with these settings, or can't be reached; one line says why."""


class DiscordDoor:
    """Discord's commands. `services` is handed to each command as it is; `answer` asks one by its name (None: each
    is called as it is)."""

    def __init__(
        self, settings: Settings, commands: Commands, services: Any, answer: Answer | None = None
    ) -> None:
        if settings.discord_token is None:
            raise DiscordDoorError("DISCORD_TOKEN is missing")
        self._settings, self._services = settings, services
        self._desk = Desk(services, commands, answer)
        self._client: Client | None = None
        self._gateway = Gateway(services.database, self._connect)
        self._task: asyncio.Task[None] | None = None

    async def start(self) -> None:
        """Looks at the token, registers the commands if they have changed, and begins to wait for the gateway.
        Raises DiscordDoorError."""
        self._client = await logged_in(self._settings, self._desk)
        try:
            await checked(sync(self._client, self._services.database))
        except BaseException:
            await self._client.close()
            raise
        self._task = asyncio.create_task(self._gateway.run(), name="discord gateway")

    async def aclose(self) -> None:
        """Hears nothing more, lets the answers under way finish, gives the gateway back."""
        await self._desk.finish()
        if self._task is not None:
            self._task.cancel()
            with suppress(asyncio.CancelledError):
                await self._task
        await self._let_go()

    async def _connect(self) -> bool:
        """Until the connection ends by itself; whether another try makes sense."""
        try:
            if self._client is None:
                self._client = await logged_in(self._settings, self._desk)
            await self._client.connect()
        except discord.ConnectionClosed as error:
            log.warning("discord.closed", code=error.code)
            if error.code in (NO_TOKEN, NO_INTENT):
                return False
        except (DiscordDoorError, discord.DiscordException, aiohttp.ClientError, OSError, TimeoutError) as error:
            log.warning("discord.disconnected", reason=type(error).__name__)
        except Exception:
            log.exception("discord.failed", what="gateway")
        finally:
            await self._let_go()
        return True

    async def _let_go(self) -> None:
        client, self._client = self._client, None
        if client is not None:
            await client.close()


async def logged_in(settings: Settings, desk: Desk) -> Client:
    """A client that Discord knows. Raises DiscordDoorError."""
    client = Client(settings, desk)
    assert settings.discord_token is not None
    try:
        await checked(client.login(settings.discord_token.get_secret_value()))
    except BaseException:
        await client.close()
        raise
    return client


async def checked(call: Awaitable[Any]) -> Any:
    """Discord's answer to a first call; one line says what is wrong."""
    try:
        async with asyncio.timeout(LONGEST_START):
            return await call
    except discord.LoginFailure:
        raise DiscordDoorError("DISCORD_TOKEN: Discord does not accept it") from None
    except discord.HTTPException as error:
        code = f"{error.status}, {error.code}" if error.code else str(error.status)
        raise DiscordDoorError(f"Discord refused at start ({code})") from None
    except (discord.DiscordException, aiohttp.ClientError, TimeoutError, OSError) as error:
        raise DiscordDoorError(f"Discord could not be reached ({type(error).__name__})") from None
