"""When a digest comes: what was said of it, what is set at a destination, and how that reads."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from sqlalchemy.ext.asyncio import AsyncSession

from bot.commands import spoken
from bot.commands.addresses import named
from bot.commands.reply import Request, UsageError
from bot.commands.spoken import WEEKDAYS
from relay.digest import next_due
from storage import audit, notices
from storage.tables import Destination, Notice

EVERY = {"daily": "day", "weekly": "week"}
DEFAULT = {"every": "day", "at": "09:00", "weekday": 0, "zone": "UTC"}


def wanted(request: Request, word: str, former: Mapping[str, Any] | None) -> dict[str, Any]:
    """What was said over what was set over the defaults. A weekday alone makes it weekly."""
    plan = {**DEFAULT, **(former or {})}
    if request.on is not None:
        if word == "daily":
            raise UsageError("A daily digest comes every day; --on is for a weekly one")
        plan |= {"weekday": spoken.weekday(request.on), "every": "week"}
    plan |= {"every": EVERY[word]} if word else {}
    plan |= {"at": spoken.clock(request.at).isoformat("minutes")} if request.at is not None else {}
    plan |= {"zone": spoken.zone(request.zone)} if request.zone is not None else {}
    return plan


def words(plan: Mapping[str, Any]) -> str:
    """`every Monday at 09:00 (UTC)`."""
    when = "every day" if plan["every"] == "day" else f"every {WEEKDAYS[plan['weekday']].capitalize()}"
    return f"{when} at {plan['at']} ({plan['zone']})"


async def of(session: AsyncSession, destination: Destination) -> Notice | None:
    """The digest that is set at a destination."""
    found = await notices.of_destination(session, destination.id)
    return next((one for one in found if one.kind == notices.DIGEST), None)


async def put(
    session: AsyncSession, request: Request, destination: Destination, plan: Mapping[str, Any], now: datetime
) -> datetime:
    """Sets a destination's digest; when the next one is due."""
    due = next_due(plan, now)
    await notices.put(session, destination.id, notices.DIGEST, due, now, plan)
    what = f"a digest {words(plan)} at {named(destination.uri)}"
    await audit.note(session, destination.workspace_id, request.actor, "set", what)
    return due


async def ensured(
    session: AsyncSession, request: Request, destination: Destination, now: datetime
) -> Mapping[str, Any]:
    """The plan of the digest at a destination, which gets a daily one where it has none."""
    there = await of(session, destination)
    if there is None:
        await put(session, request, destination, DEFAULT, now)
    return there.plan if there is not None else DEFAULT
