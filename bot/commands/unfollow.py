"""unfollow: no more messages about this provider at this destination."""

from bot.commands.reply import CommandError, Reply, Request
from bot.commands.services import Services, known_provider
from storage import follows, providers
from storage.tables import Destination, Follow


async def unfollow(services: Services, request: Request) -> Reply:
    """Ends the follow at `to`, or here, or the only one there is."""
    async with services.database.write() as session:
        provider = await known_provider(services, session, request.provider)
        workspace_id = await follows.workspace(session, request.workspace)
        rows = await follows.of_workspace(session, workspace_id)
        mine = [(follow, destination) for follow, followed, destination in rows if followed.id == provider.id]
        follow, destination = _chosen(mine, request, provider.name)
        await follows.remove(session, follow)
        await providers.end_polling_if_unfollowed(session, provider.id)
    data = {"provider": provider.slug, "destination": destination.uri}
    return Reply(text=f"No longer following {provider.name} at {destination.uri}.", data=data)


def _chosen(mine: list[tuple[Follow, Destination]], request: Request, name: str) -> tuple[Follow, Destination]:
    wanted = request.to or request.here
    for follow, destination in mine:
        if destination.uri == wanted:
            return follow, destination
    if request.to is None and len(mine) == 1:
        return mine[0]
    if not mine or request.to is not None:
        raise CommandError(f"{name} is not followed{f' at {request.to}' if request.to else ''}")
    raise CommandError(f"{name} is followed at {', '.join(uri.uri for _, uri in mine)}; say which one with --to")
