"""provider hook: the address at which a provider's own page may say that it has changed, to be read at once."""

import secrets

from bot.commands.reply import CommandError, Reply, Request, Section
from bot.commands.services import Services, known_provider
from storage import hooks


async def show(services: Services, request: Request) -> Reply:
    """The provider's hook, made when it is asked for for the first time."""
    async with services.database.write() as session:
        provider = await known_provider(services, session, request.provider)
        sealed = await hooks.sealed(session, provider.id)
        if sealed is None:
            sealed = services.vault.seal(f"{provider.id}.{secrets.token_urlsafe(24)}")
            await hooks.put(session, provider.id, sealed)
    url = f"{services.home.rstrip('/')}/hooks/statuspage/{services.vault.open(sealed)}"
    note = f"Subscribe to {provider.url} by webhook with it. Who knows it can have the page read early, no more."
    return Reply(
        text=f"{provider.name}'s hook: {url}",
        sections=(Section(note=note),),
        data={"provider": provider.slug, "hook": url},
    )


async def revoke(services: Services, request: Request) -> Reply:
    """The provider's hook leads nowhere any more."""
    async with services.database.write() as session:
        provider = await known_provider(services, session, request.provider)
        if not await hooks.remove(session, provider.id):
            raise CommandError(f"{provider.name} has no hook")
    return Reply(text=f"{provider.name}'s hook is revoked.", data={"provider": provider.slug, "revoked": True})
