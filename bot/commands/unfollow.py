"""unfollow: no more messages about this provider at this destination."""

from sqlalchemy.ext.asyncio import AsyncSession

from bot.commands import destinations
from bot.commands.addresses import named
from bot.commands.destinations import seen_by, shown_place
from bot.commands.reply import CommandError, Reply, Request, Row, Section
from bot.commands.services import Services, known_provider
from storage import audit, follows, notices, providers
from storage.tables import Destination, Follow


async def unfollow(services: Services, request: Request) -> Reply:
    """Ends the follow at `to`, or here, or the only one there is."""
    async with services.database.write() as session:
        provider = await known_provider(services, session, request.provider)
        workspace_id = await follows.workspace(session, request.workspace)
        rows = await follows.of_workspace(session, workspace_id)
        mine = [(follow, destination) for follow, followed, destination in rows if followed.id == provider.id]
        to = await destinations.find(session, workspace_id, request.to) if request.to else None
        follow, destination = _chosen(mine, request, provider.name, to.uri if to else request.to)
        await follows.remove(session, follow)
        await providers.end_polling_if_unfollowed(session, provider.id)
        last = not any(other.id == destination.id for one, _, other in rows if one.id != follow.id)
        digest_ended = last and await _silence(session, destination)
        what = f"{provider.name} at {named(destination.uri)}"
        await audit.note(session, workspace_id, request.actor, "unfollowed", what)
    place = shown_place(request, destination)
    note = "Nothing is followed there any more, so its digest ends, too." if digest_ended else ""
    return Reply(
        text=f"No longer following {provider.name}{'' if place else f' at {seen_by(request, destination.uri)}'}.",
        sections=(Section(rows=(Row(title=provider.name, place=place),) if place else (), note=note),),
        data={"provider": provider.slug, "destination": seen_by(request, destination.uri)},
    )


async def _silence(session: AsyncSession, destination: Destination) -> bool:
    """Nothing is followed at the destination any more: nothing is left to be summed up. Whether a digest ended."""
    await notices.remove(session, destination.id, notices.SUMMARY)
    return await notices.remove(session, destination.id, notices.DIGEST)


def _chosen(
    mine: list[tuple[Follow, Destination]], request: Request, name: str, to: str | None
) -> tuple[Follow, Destination]:
    wanted = to or request.here
    for follow, destination in mine:
        if destination.uri == wanted:
            return follow, destination
    if to is None and len(mine) == 1:
        return mine[0]
    if not mine:
        raise CommandError(f"{name} is not followed{f' at {seen_by(request, to)}' if to else ''}")
    there = ", ".join(seen_by(request, destination.uri) for _, destination in mine)
    if request.workspace != "local":
        raise CommandError(f"{name} is not followed in that channel; `/uptimus list` shows where it is")
    if to is not None:
        raise CommandError(f"{name} is not followed at {seen_by(request, to)}, but at {there}")
    raise CommandError(f"{name} is followed at {there}; say which one with --to")
