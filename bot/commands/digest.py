"""digest: a summary for a channel, each day or each week."""

from sqlalchemy.ext.asyncio import AsyncSession

from bot.commands import destinations, digest_plan
from bot.commands.addresses import named
from bot.commands.destinations import seen_by, shown_place
from bot.commands.digest_plan import EVERY
from bot.commands.names import spoken_words
from bot.commands.permission import LOCAL
from bot.commands.reply import CommandError, Reply, Request, Row, Section, UsageError
from bot.commands.services import Services, shown_moment
from bot.commands.spoken import guess
from bot.commands.standing import why_silent
from relay.manner import Shape
from storage import audit, follows, notices
from storage.tables import Destination

_ALIASES = {"day": "daily", "week": "weekly", "none": "off", "stop": "off"}


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
    uri = await destinations.meant(services, request, request.to or request.here)
    if not destinations.told_to(destinations.transport_of(uri, services)):
        raise CommandError(
            "A digest is for people to read: it goes to a channel or a mail address, not to a webhook"
        )
    async with services.database.write() as session:
        there = await destinations.find_or_add(services, session, request, uri)
        destination = there.row
        former = await digest_plan.of(session, destination)
        plan = digest_plan.wanted(request, word, former.plan if former else None)
        due = await digest_plan.put(session, request, destination, plan, services.now())
    await destinations.greet(services, request, there)
    services.wake()
    place, shown = shown_place(request, destination), seen_by(request, uri)
    note = why_silent(request, destination, new=there.new) if destination.disabled_at is not None else ""
    return Reply(
        text=f"A digest comes {digest_plan.words(plan)}{'' if place else f' at {shown}'}.",
        sections=(Section(rows=(Row(title="The next one", at=due, place=place),), note=note),),
        data={"digest": plan, "next_at": shown_moment(due), "destination": shown},
    )


async def _off(services: Services, request: Request) -> Reply:
    async with services.database.write() as session:
        destination = await _destination(session, request)
        if destination is not None:
            await _refuse_where_it_is_all(session, request, destination)
        removed = destination is not None and await notices.remove(session, destination.id, notices.DIGEST)
        if removed and destination is not None:
            what = f"the digest at {named(destination.uri)}"
            await audit.note(session, destination.workspace_id, request.actor, "removed", what)
    said = "No more digests here." if removed else "There was no digest here."
    return Reply(text=said, data={"digest": None})


async def _refuse_where_it_is_all(session: AsyncSession, request: Request, destination: Destination) -> None:
    """What is told in the digest alone would not be told at all any more."""
    rows = await follows.of_workspace(session, destination.workspace_id)
    alone = [provider.slug for one, provider, at in rows if at.id == destination.id and one.shape == Shape.DIGEST]
    if alone:
        say = "uptimus follow" if request.workspace == LOCAL else "/uptimus follow"
        raise CommandError(
            f"{', '.join(alone[:5])}{' …' if len(alone) > 5 else ''} is told there in the digest alone: first"
            f" unfollow it, or have it told one by one, as in: {say} {alone[0]} --thread threads"
        )


async def _shown(services: Services, request: Request) -> Reply:
    async with services.database.read() as session:
        destination = await _destination(session, request)
        notice = await digest_plan.of(session, destination) if destination is not None else None
    if destination is None or notice is None:
        said = "No digest is set here; try: digest daily --at 09:00"
        return Reply(text=said, data={"digest": None})
    row = Row(title="The next one", at=notice.due_at, place=shown_place(request, destination))
    return Reply(
        text=f"A digest comes {digest_plan.words(notice.plan)}.",
        sections=(Section(rows=(row,)),),
        data={
            "digest": notice.plan,
            "next_at": shown_moment(notice.due_at),
            "destination": seen_by(request, destination.uri),
        },
    )


async def _destination(session: AsyncSession, request: Request) -> Destination | None:
    workspace_id = await follows.workspace_if_any(session, request.workspace)
    uri = request.to or request.here
    return await destinations.find(session, workspace_id, uri) if workspace_id is not None else None
