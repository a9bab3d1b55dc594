"""Registering the commands with Discord: only when they have changed, for that is counted."""

import hashlib
import json
from typing import Any

import structlog

from bot.discord.client import Client
from storage import notes
from storage.database import Database

COMMANDS = "discord-commands"
"""The note that says what is registered."""

log = structlog.get_logger("discord")


async def sync(client: Client, database: Database, *, always: bool = False) -> bool:
    """Whether they were registered just now. The client is logged in. Raises discord.HTTPException."""
    mark = _mark(client)
    async with database.read() as session:
        before = await notes.get(session, COMMANDS)
    if before == mark and not always:
        return False
    registered = await client.tree.sync()
    async with database.write() as session:
        await notes.put(session, COMMANDS, mark)
    log.info("discord.synced", commands=len(registered))
    return True


def described(client: Client) -> list[dict[str, Any]]:
    """The commands as they are registered."""
    return [command.to_dict(client.tree) for command in client.tree.get_commands()]


def _mark(client: Client) -> str:
    """Whose they are, and what they are."""
    said = json.dumps(described(client), sort_keys=True, default=str)
    return f"{client.application_id}:{hashlib.sha256(said.encode()).hexdigest()}"
