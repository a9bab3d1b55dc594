"""`POST /hooks/statuspage/{token}`: a provider's own page says that it has changed. Nothing that it says is
believed, or even read: its page is read now, that is all."""

import hmac
import re
from collections.abc import Sequence

from aiohttp import web

from bot.commands.services import Services
from bot.limits import Network, RateLimit, client_of
from bot.settings import SettingsError
from bot.vault import Vault
from bot.web.conditional import SAFE_HEADERS
from storage import hooks

MOST_BYTES = 1024 * 1024
_TOKEN = re.compile(r"([1-9][0-9]{0,17})\.([A-Za-z0-9_-]{20,60})")


def routes(
    services: Services,
    *,
    proxies: Sequence[Network] = (),
    early: RateLimit | None = None,
    asked: RateLimit | None = None,
) -> list[web.RouteDef]:
    """The one door. `early` limits how often each provider's page is read because of it, `asked` how often one
    address may knock."""
    door = _Door(
        services,
        proxies,
        early or RateLimit(1, int(hooks.EARLY_EVERY)),
        asked or RateLimit(60),
    )
    return [web.post("/hooks/statuspage/{token}", door.answer)]


def matches(vault: Vault, sealed: str | None, token: str) -> bool:
    """Whether it is the token that was sealed, found out in constant time."""
    if sealed is None:
        return False
    try:
        return hmac.compare_digest(vault.open(sealed).encode(), token.encode())
    except SettingsError:
        return False


class _Door:
    def __init__(self, services: Services, proxies: Sequence[Network], early: RateLimit, asked: RateLimit) -> None:
        self._services, self._proxies, self._early, self._asked = services, proxies, early, asked

    async def answer(self, request: web.Request) -> web.StreamResponse:
        """202 at once, whatever comes of it; 404 for a token that nobody made."""
        verdict = self._asked.take(client_of(request, self._proxies))
        if verdict.wait:
            return _said(429, {"Retry-After": str(verdict.wait)})
        if (request.content_length or 0) > MOST_BYTES:
            return _said(413)
        found = _TOKEN.fullmatch(request.match_info["token"])
        if found is None or not await self._is_known(int(found[1]), found[0]):
            return _said(404)
        if not self._early.take(found[1]).wait:
            async with self._services.database.write() as session:
                await hooks.read_now(session, int(found[1]))
            self._services.wake()
        return _said(202)

    async def _is_known(self, provider_id: int, token: str) -> bool:
        async with self._services.database.read() as session:
            sealed = await hooks.sealed(session, provider_id)
        return matches(self._services.vault, sealed, token)


def _said(status: int, headers: dict[str, str] | None = None) -> web.Response:
    return web.Response(status=status, headers={**SAFE_HEADERS, "Cache-Control": "no-store", **(headers or {})})
