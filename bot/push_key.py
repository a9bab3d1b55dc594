"""Our key for Web Push (VAPID), and where push services find us."""

from email.utils import parseaddr

from bot import vault
from bot.settings import Settings
from storage import notes
from storage.database import Database

NAME = "push:key"


async def kept(settings: Settings, database: Database) -> str:
    """The private key: made once for all processes, sealed in the database. Browsers that subscribed with it can
    be told nothing with another one."""
    from relay.transports.webpush_keys import new_key  # its libraries take a moment, and many run without them

    safe = vault.from_settings(settings)
    async with database.read() as session:
        sealed = await notes.get(session, NAME)
    if sealed is None:
        async with database.write() as session:
            sealed = await notes.keep(session, NAME, safe.seal(new_key()))
    return safe.open(sealed)


def subject(settings: Settings) -> str:
    """Whom a push service may ask what we do: who our mails are from, else our own address."""
    _, address = parseaddr(settings.mail_from or "")
    if "@" in address:
        return f"mailto:{address}"
    public = settings.public_url or ""
    return public if public.startswith("https://") else "mailto:uptimus@localhost"
