"""digest: a summary for a channel, each day or each week."""

from collections.abc import Mapping
from typing import Any

from sqlalchemy.ext.asyncio import AsyncSession

from bot.commands import destinations, spoken
from bot.commands.destinations import named, shown_place
from bot.commands.names import spoken_words
from bot.commands.reply import CommandError, Reply, Request, Row, Section, UsageError
from bot.commands.services import Services, shown_moment
from bot.commands.spoken import WEEKDAYS, guess
from relay.digest import next_due
from storage import audit, follows, notices
from storage.tables import Destination, Notice

EVERY = {"daily": "day", "weekly": "week"}
_ALIASES = {"day": "daily", "week": "weekly", "none": "off", "stop": "off"}
DEFAULT = {"every": "day", "at": "09:00", "weekday": 0, "zone": "UTC"}


async def digest(services: Services, request: Request) -> Reply:
    """`daily`, `weekly` or `off`; alone it tells what is set. What is not said stays as it was."""
    spoken_ = [word.lower() for word in spoken_words(request)]
    word = _ALIASES.get(spoken_[0], spoken_[0]) if spoken_ else ""
    if word not in ("", "off", *EVERY) or len(spoken_) > 1:
        said = " ".join(spoken_)
        raise UsageError(f"I don't know “digest {said[:40]}”{guess(word, [*EVERY, 'off'])}")
    if word == "off":
        return await _off(services, request)
    if not word and request.at is None and request.on is None and request.zone is None:
        return await _shown(services, request)
    return await _set(services, request, word)


async def _set(services: Services, request: Request, word: str) -> Reply:
    uri = request.to or request.here
    destinations.transport_of(uri, services)
    async with services.database.write() as session:
        destination, secret = await destinations.find_or_add(services, session, request.workspace, uri)
        if secret is not None or destination.transport == "webhook":
            raise CommandError("A digest is for people to read: it goes to a channel, not to a webhook")
        former = await _notice(session, destination)
        plan = _plan(request, word, former.plan if former else None)
        now = services.now()
        due = next_due(plan, now)
        await notices.put(session, destination.id, notices.DIGEST, due, now, plan)
        what = f"a digest {_words(plan)} at {named(uri)}"
        await audit.note(session, destination.workspace_id, request.actor, "set", what)
    services.wake()
    place = shown_place(request, destination)
    return Reply(
        text=f"A digest comes {_words(plan)}{'' if place else f' at {uri}'}.",
        sections=(Section(rows=(Row(title="The next one", at=due, place=place),)),),
        data={"digest": plan, "next_at": shown_moment(due), "destination": uri},
    )


def _plan(request: Request, word: str, former: Mapping[str, Any] | None) -> dict[str, Any]:
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


async def _off(services: Services, request: Request) -> Reply:
    async with services.database.write() as session:
        destination = await _destination(session, request)
        removed = destination is not None and await notices.remove(session, destination.id, notices.DIGEST)
        if removed and destination is not None:
            what = f"the digest at {named(destination.uri)}"
            await audit.note(session, destination.workspace_id, request.actor, "removed", what)
    said = "No more digests here." if removed else "There was no digest here."
    return Reply(text=said, data={"digest": None})


async def _shown(services: Services, request: Request) -> Reply:
    async with services.database.read() as session:
        destination = await _destination(session, request)
        notice = await _notice(session, destination) if destination is not None else None
    if destination is None or notice is None:
        said = "No digest is set here; try: digest daily --at 09:00"
        return Reply(text=said, data={"digest": None})
    row = Row(title="The next one", at=notice.due_at, place=shown_place(request, destination))
    return Reply(
        text=f"A digest comes {_words(notice.plan)}.",
        sections=(Section(rows=(row,)),),
        data={"digest": notice.plan, "next_at": shown_moment(notice.due_at), "destination": destination.uri},
    )


async def _destination(session: AsyncSession, request: Request) -> Destination | None:
    workspace_id = await follows.workspace_if_any(session, request.workspace)
    uri = request.to or request.here
    return await follows.destination(session, workspace_id, uri) if workspace_id is not None else None


async def _notice(session: AsyncSession, destination: Destination) -> Notice | None:
    found = await notices.of_destination(session, destination.id)
    return next((one for one in found if one.kind == notices.DIGEST), None)


def _words(plan: Mapping[str, Any]) -> str:
    when = "every day" if plan["every"] == "day" else f"every {WEEKDAYS[plan['weekday']].capitalize()}"
    return f"{when} at {plan['at']} ({plan['zone']})"
