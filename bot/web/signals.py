"""Where readers of a page say that they have trouble, too: as a plain form, or as that form sent by its script.

Other sites can make no browser say so: `Origin` has to be ours, and `Sec-Fetch-Site` must not name another. There
is no cookie. Of who reports, nothing is kept but a hash for a day (bot.persons).
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from urllib.parse import parse_qs, quote

import structlog
from aiohttp import web

from adapters.schema import Component
from bot import signals
from bot.commands.services import Services
from bot.limits import Network, client_of
from bot.signals import Raised, Said
from bot.web import conditional, pages
from bot.web.origin import is_ours
from bot.web.push_asked import RefusedError
from bot.web.server import SAFE_HEADERS
from storage import providers, state
from storage.tables import Provider

LONGEST_BODY = 2048
LONGEST_AGENT = 512
HEADERS = SAFE_HEADERS | {
    "Content-Security-Policy": "default-src 'none'; style-src 'self'; img-src 'self'; script-src 'self'; "
    "connect-src 'self'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'",
    "Cache-Control": "no-store",
    "X-Robots-Tag": "noindex",
}
SCRIPT = Path(__file__).parent / "static" / "signal.js"
DONE = {
    "counted": "Thank you: your report is counted.",
    "again": "You have reported this today; everybody is counted once a day.",
}

log = structlog.get_logger("web")


@dataclass(frozen=True)
class SignalView:
    """What the form's template shows: `{% include "signal.html" %}` wants it as `view`, and a ProviderView has all
    of these fields. `signal`: what is raised at this moment."""

    slug: str
    name: str
    components: tuple[Component, ...] = ()
    signal: Raised | None = None


def routes(services: Services, *, proxies: Sequence[Network] = ()) -> list[web.RouteDef]:
    """The form, and its script. `proxies` are believed about whom they speak for."""
    door = _Door(services, partial(client_of, proxies=proxies))
    return [
        web.get("/status/{slug}/signals", door.ask),
        web.post("/status/{slug}/signals", door.take),
        web.get("/static/signal.js", _script),
    ]


class _Door:
    def __init__(self, services: Services, client: Callable[[web.Request], str]) -> None:
        self._services, self._client = services, client

    async def ask(self, request: web.Request) -> web.StreamResponse:
        """The form on a page of its own, and what came of it."""
        try:
            view = await self._view(request)
        except RefusedError as refused:
            return _page(None, refused.said, refused.status)
        return _page(view, DONE.get(request.query.get("done", ""), ""))

    async def take(self, request: web.Request) -> web.StreamResponse:
        """Somebody has trouble, too."""
        in_json = "application/json" in request.headers.get("Accept", "")
        try:
            _check_origin(request, self._services.home)
            done = await self._taken(request)
        except RefusedError as refused:
            if in_json:
                return web.json_response({"error": refused.said}, status=refused.status, headers=HEADERS)
            return _page(None, refused.said, refused.status)
        if in_json:
            return web.json_response({"said": DONE[done], "counted": done == "counted"}, headers=HEADERS)
        # so that a reload sends nothing again
        to = f"/status/{quote(request.match_info['slug'], safe='')}/signals?done={done}"
        return web.Response(status=303, headers=HEADERS | {"Location": to})

    async def _taken(self, request: web.Request) -> str:
        form = await _form(request)
        provider = await self._provider(request)
        client = self._client(request)
        if wait := self._services.signals.wait(client, provider.slug):
            log.info("signal refused", provider=provider.slug, wait=wait)
            raise RefusedError(429, "More was reported from here than can be taken. Please try again later.")
        async with self._services.database.read() as session:
            listed = await providers.components(session, provider.id)
        known = {one.external_id for one in listed}
        said = Said(
            who=("page", client, request.headers.get("User-Agent", "")[:LONGEST_AGENT]),
            source="page",
            component=form["component"] if form.get("component") in known else None,
            zone=form.get("zone"),
        )
        counted = await signals.take(self._services.database, self._services.vault, provider, said)
        return "counted" if counted else "again"

    async def _view(self, request: web.Request) -> SignalView:
        provider = await self._provider(request)
        async with self._services.database.read() as session:
            listed = await providers.components(session, provider.id)
            raised = await signals.raised(session, provider)
        return SignalView(provider.slug, provider.name, tuple(state.component(row) for row in listed), raised)

    async def _provider(self, request: web.Request) -> Provider:
        slug = request.match_info["slug"].replace("\0", "")
        async with self._services.database.read() as session:
            found = await providers.by_slug(session, slug)
        if found is None:
            raise RefusedError(404, "No provider of this name is followed here.")
        return found


def _check_origin(request: web.Request, home: str) -> None:
    """Raises RefusedError for what another site's page sends, and for what does not say where it comes from."""
    origin, site = request.headers.get("Origin"), request.headers.get("Sec-Fetch-Site")
    fine = site in (None, "same-origin") and (origin is None or is_ours(origin, request, home))
    if not fine or (origin is None and site is None):
        raise RefusedError(403, "This can only be sent from our own pages.")


async def _form(request: web.Request) -> dict[str, str]:
    """The fields of the form, the first of each name. Raises RefusedError."""
    if request.content_type != "application/x-www-form-urlencoded":
        raise RefusedError(415, "The body has to be a form.")
    said = bytearray()
    while chunk := await request.content.read(LONGEST_BODY + 1 - len(said)):
        said += chunk
        if len(said) > LONGEST_BODY:
            raise RefusedError(413, f"The form may have {LONGEST_BODY} bytes at most.")
    try:
        found = parse_qs(said.decode(), max_num_fields=10)
    except ValueError:
        raise RefusedError(400, "The body has to be a form.") from None
    return {name: values[0] for name, values in found.items()}


def _page(view: SignalView | None, said: str, status: int = 200) -> web.Response:
    if view is None:
        html = pages.words_page("Not reported", said)
    else:
        html = pages.rendered("signals.html", view=view, said=said)
    return web.Response(text=html, content_type="text/html", status=status, headers=HEADERS)


async def _script(request: web.Request) -> web.StreamResponse:
    return conditional.answered(
        request, SCRIPT.read_bytes(), content_type="text/javascript; charset=utf-8", cache="no-cache"
    )
