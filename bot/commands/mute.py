"""mute: nothing is added to a thread that has grown too loud; its first message goes on telling the state."""

from collections.abc import Sequence

from sqlalchemy.ext.asyncio import AsyncSession

from bot.commands import permission
from bot.commands.addresses import named
from bot.commands.names import leading, spoken_words
from bot.commands.reply import CommandError, Reply, Request, Row, Section
from bot.commands.services import Services, counted
from storage import audit, follows, mutes
from storage.mutes import Active

_STAYS = "The first message is kept up to date. What is muted stays so until it is over, also if it opens again"


async def mute(services: Services, request: Request) -> Reply:
    """Mutes every thread here about what is active at a provider, or those with certain words in their titles;
    `off` lets them speak again. Without a name: what is muted here."""
    words = spoken_words(request)
    if not words:
        return await _listed(services, request)
    muted = words[-1].lower() != "off"
    words = words if muted else words[:-1]
    if not words:
        return await _unmute_all(services, request)
    uri = request.to or request.here
    async with services.database.write() as session:
        provider, title = await leading(services, session, words)
        there = await mutes.active(session, request.workspace, uri, provider.id)
        chosen = _titled(there, title, provider.name)
        await _set(session, request, chosen, muted)
    services.wake()
    return _reply(provider.name, chosen, muted)


async def _unmute_all(services: Services, request: Request) -> Reply:
    async with services.database.write() as session:
        there = await mutes.active(session, request.workspace, request.to or request.here)
        chosen = [one for one in there if one.muted]
        if not chosen:
            raise CommandError("Nothing is muted here")
        await _set(session, request, chosen, False)
    services.wake()
    return _reply("", chosen, False)


async def _set(session: AsyncSession, request: Request, chosen: Sequence[Active], muted: bool) -> None:
    await mutes.set_muted(session, [one.id for one in chosen], muted=muted)
    workspace_id = await follows.workspace(session, request.workspace)
    for one in chosen:
        what = _what(one.provider, one.title, one.uri)
        await audit.note(session, workspace_id, request.actor, _action(muted), what)


async def mute_thread(services: Services, request: Request, thread_id: int, muted: bool) -> Reply:
    """What a thread's button does. Raises CommandError, also for a thread of another workspace."""
    await permission.check(services, request, "mute")
    async with services.database.write() as session:
        owner = await mutes.owner(session, request.workspace, thread_id)
        if owner is None:
            raise CommandError("That thread is not known here any more")
        await mutes.set_muted(session, [owner.thread_id], muted=muted)
        workspace_id = await follows.workspace(session, request.workspace)
        what = _what(owner.provider, owner.title, owner.uri)
        await audit.note(session, workspace_id, request.actor, _action(muted), what)
    services.wake()
    subject = f"{owner.provider}: {owner.title}" if owner.title else owner.provider
    return Reply(
        text=f"{subject} is {'muted here' if muted else 'told here again'}.",
        sections=(Section(note=f"{_STAYS}."),) if muted else (),
        data={"thread": thread_id, "muted": muted},
    )


async def _listed(services: Services, request: Request) -> Reply:
    uri = request.to or request.here
    async with services.database.read() as session:
        rows = [one for one in await mutes.active(session, request.workspace, uri) if one.muted]
    data = {"muted": [_json(one) for one in rows]}
    if not rows:
        return Reply(text="Nothing is muted here; try: mute chargeover", data=data)
    return Reply(
        text=f"{counted(len(rows), 'thread')} muted here.",
        sections=(Section(rows=_rows(rows), note="`mute <provider> off` lets it speak again."),),
        data=data,
    )


def _titled(there: Sequence[Active], words: Sequence[str], name: str) -> list[Active]:
    """Those with all the words in their titles."""
    if not there:
        raise CommandError(f"Nothing active at {name} is told here")
    chosen = [one for one in there if all(word.casefold() in one.title.casefold() for word in words)]
    if not chosen:
        titles = "; ".join(one.title[:80] for one in there[:3])
        raise CommandError(f"Nothing active at {name} is called “{' '.join(words)[:80]}”; there is {titles}")
    return chosen


def _reply(name: str, chosen: Sequence[Active], muted: bool) -> Reply:
    number = counted(len(chosen), "thread") + (f" of {name}" if name else "")
    said = f"{number} muted here." if muted else f"{number} told here again."
    note = f"{_STAYS}; `mute {name} off` undoes it." if muted else ""
    data = {"muted" if muted else "unmuted": [_json(one) for one in chosen]}
    return Reply(text=said, sections=(Section(rows=_rows(chosen), note=note),), data=data)


def _rows(shown: Sequence[Active]) -> tuple[Row, ...]:
    return tuple(Row(title=f"{one.provider}: {one.title}", url=one.url) for one in shown)


def _json(one: Active) -> dict[str, object]:
    return {"thread": one.id, "provider": one.provider, "title": one.title, "destination": one.uri}


def _action(muted: bool) -> str:
    return "muted" if muted else "unmuted"


def _what(provider: str, title: str, uri: str) -> str:
    return f"{provider}: {title} at {named(uri)}" if title else f"{provider} at {named(uri)}"
