"""Where readers of mails agree to get them, and end them. Opening a link changes nothing, since programs that look
for viruses open links, too: a button does. The token in the address is the proof, so no cookie is asked for."""

from collections.abc import Awaitable, Callable, Mapping

import structlog
from aiohttp import web

from bot import mail_links
from bot.commands.services import Services
from bot.mail_links import LinkError, MailLink, Purpose
from bot.web import pages
from bot.web.server import SAFE_HEADERS
from relay import record
from storage import audit, opt_in
from storage.tables import Destination

UNSUBSCRIBED = "its reader unsubscribed"
HEADERS = SAFE_HEADERS | {
    "Content-Security-Policy": "default-src 'none'; style-src 'self'; img-src 'self'; base-uri 'none'; "
    "form-action 'self'; frame-ancestors 'none'",
    "Referrer-Policy": "no-referrer",
    "Cache-Control": "no-store",
    "X-Robots-Tag": "noindex",
}
"""One button is allowed, in no frame; the address, which is the proof, is told to nobody."""

Answer = Callable[[web.Request], Awaitable[web.StreamResponse]]

log = structlog.get_logger("web")


def routes(services: Services) -> Mapping[tuple[str, str], Answer]:
    """By method and path."""
    door = _MailDoor(services)
    return {
        ("GET", "/mail/confirm/{token}"): door.ask_confirm,
        ("POST", "/mail/confirm/{token}"): door.confirm,
        ("GET", "/mail/unsubscribe/{token}"): door.ask_unsubscribe,
        ("POST", "/mail/unsubscribe/{token}"): door.unsubscribe,
    }


class _MailDoor:
    def __init__(self, services: Services) -> None:
        self._services = services

    async def ask_confirm(self, request: web.Request) -> web.Response:
        """A page with one button."""
        try:
            about = self._read("confirm", request)
            if not (await self._asked(about)).unconfirmed:
                return _confirmed(about)
        except LinkError as error:
            return _refusal(error)
        text = f"Changes of status pages that are followed for {about.address} will be sent there as they happen."
        return _page("Get messages by mail?", text, button="Yes, send them")

    async def confirm(self, request: web.Request) -> web.Response:
        """The button was pressed."""
        try:
            about = self._read("confirm", request)
            await self._agree(about)
        except LinkError as error:
            return _refusal(error)
        self._services.wake()
        return _confirmed(about)

    async def ask_unsubscribe(self, request: web.Request) -> web.Response:
        """A page with one button."""
        try:
            about = self._read("unsubscribe", request)
        except LinkError as error:
            return _refusal(error)
        text = f"uptimus will send nothing more to {about.address}."
        if about.destination_id is not None:
            text = f"What this mail belongs to will not be sent to {about.address} any more."
        return _page("Unsubscribe?", text, button="Unsubscribe")

    async def unsubscribe(self, request: web.Request) -> web.Response:
        """The button was pressed, or a mail client did it with one click (RFC 8058)."""
        try:
            about = self._read("unsubscribe", request)
        except LinkError as error:
            return _refusal(error)
        await self._refuse(about)
        again = "Should that be a mistake: whoever set it up can ask you again."
        return _page("Unsubscribed", f"Nothing more of it is sent to {about.address}. {again}")

    def _read(self, purpose: Purpose, request: web.Request) -> MailLink:
        return mail_links.read(self._services.vault, purpose, request.match_info["token"], self._services.now())

    async def _asked(self, about: MailLink) -> Destination:
        async with self._services.database.read() as session:
            found = await opt_in.addressed(session, about.uri, about.destination_id)
        return _valid(found[0] if found else None, about)

    async def _agree(self, about: MailLink) -> None:
        async with self._services.database.write() as session:
            found = await opt_in.addressed(session, about.uri, about.destination_id)
            row = _valid(found[0] if found else None, about)
            if not row.unconfirmed:
                return
            for provider, follow_id in await opt_in.start_afresh(session, row.id):
                await record.open_threads(session, provider, follow_id)
            await opt_in.agree(session, row.id)
            await audit.note(session, row.workspace_id, "", "confirmed (by its reader)", row.uri)
        log.info("mail confirmed", destination=row.id)

    async def _refuse(self, about: MailLink) -> None:
        async with self._services.database.write() as session:
            for row in await opt_in.addressed(session, about.uri, about.destination_id):
                if row.unconfirmed and row.disabled_because == UNSUBSCRIBED:
                    continue
                await opt_in.refuse(session, row.id, UNSUBSCRIBED)
                await audit.note(session, row.workspace_id, "", "unsubscribed (by its reader)", row.uri)
                log.info("mail unsubscribed", destination=row.id)


def _valid(row: Destination | None, about: MailLink) -> Destination:
    """The destination that a question was about, if it still stands. Raises LinkError."""
    if row is None:
        raise LinkError("What you were asked about is gone: nobody wants to send you anything any more.")
    asked_at = row.disabled_at.isoformat() if row.disabled_at is not None else None
    if row.unconfirmed and about.asked_at != asked_at:
        raise LinkError(
            "This link does not count any more, since you unsubscribed later. A new one may be asked for."
        )
    return row


def _confirmed(about: MailLink) -> web.Response:
    return _page(
        "Confirmed", f"From now on changes of status pages are sent to {about.address}. Each mail can end it."
    )


def _refusal(error: LinkError) -> web.Response:
    return _page("This link can't be used", str(error), status=410)


def _page(title: str, text: str, *, button: str | None = None, status: int = 200) -> web.Response:
    html = pages.button_page(title, text, button)
    return web.Response(text=html, content_type="text/html", status=status, headers=HEADERS)
