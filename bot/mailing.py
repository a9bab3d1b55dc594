"""Asks whoever reads at a mail address whether they want to be told there."""

from hashlib import sha256

from bot import mail_links
from bot.commands.reply import CommandError
from bot.commands.services import Services
from bot.mail_links import MailLink
from relay.transports.email import EmailTransport
from relay.transports.transport import DeliveryError
from storage import notes, opt_in
from storage.tables import Destination

MOST_A_DAY = 3
"""Questions to one address, whoever asks: nobody's mailbox is filled from here."""
DAY = 86400.0


async def invite(services: Services, destination: Destination) -> None:
    """Sends the mail with the link by which a destination is confirmed. Raises CommandError where it can't be
    sent; what was stored is then the caller's to take back.

    The destination is committed before: this opens a transaction of its own, and talks to the mail server.
    """
    address = destination.uri.removeprefix("mailto:")
    async with services.database.read() as session:
        row = await opt_in.destination(session, destination.id)
    if row is None:
        raise CommandError(f"{address} is no destination any more")
    asked_at = row.disabled_at.isoformat() if row.disabled_at is not None else None
    about = MailLink(address, row.id, asked_at)
    link = mail_links.confirm_link(services.vault, services.home, about, services.now())
    place = await _place(services, address)
    try:
        await _send(services, address, link)
    except CommandError:
        async with services.database.write() as session:
            await notes.forget(session, place)
        raise


async def _place(services: Services, address: str) -> str:
    """One of the day's few; under a name that does not tell the address."""
    name = f"{notes.ASKED}{sha256(address.lower().encode()).hexdigest()[:32]}"
    async with services.database.write() as session:
        for number in range(MOST_A_DAY):
            if await notes.put_unless_fresh(session, f"{name}:{number}", DAY):
                return f"{name}:{number}"
    raise CommandError(f"{address} was asked {MOST_A_DAY} times within a day; please wait until tomorrow")


async def _send(services: Services, address: str, link: str) -> None:
    transports = services.transports()
    try:
        email = transports.get("email")
        if not isinstance(email, EmailTransport):
            raise CommandError("Mail is not set up here: SMTP_URL and MAIL_FROM are missing")
        await email.ask(address, link)
    except DeliveryError as error:
        raise CommandError(f"The mail that asks {address} could not be sent: {error.reason}") from None
    finally:
        for transport in transports.values():
            await transport.aclose()
