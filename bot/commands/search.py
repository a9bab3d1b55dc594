"""search: providers that can be followed by name."""

from bot.commands.reply import CommandError, Reply, Request, Row, Section
from bot.commands.services import Services, counted


async def search(services: Services, request: Request) -> Reply:
    """Looks the text up in the catalogue."""
    text = (request.text or request.provider or "").strip()
    if not text:
        raise CommandError("Search for what? As in: search payments")
    found = services.catalogue.search(text, 20)
    data = {"providers": [{"slug": entry.slug, "name": entry.name, "url": entry.url} for entry in found]}
    if not found:
        return Reply(
            text=f"Nothing in the catalogue matches {text[:80]!r}; a status page's address works too.", data=data
        )
    rows = tuple(Row(title=entry.name, detail=entry.slug, url=entry.url) for entry in found)
    return Reply(text=f"{counted(len(found), 'provider')} found.", sections=(Section(rows=rows),), data=data)
