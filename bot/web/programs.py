"""What programs ask for rather than people: the API, feeds, calendars, badges, Statuspage's documents, hooks,
the sitemap."""

from collections.abc import Sequence

from aiohttp import web
from aiohttp.typedefs import Middleware

from bot.commands.services import Services
from bot.limits import Network
from bot.web import badges, calendars, charts, feeds, inbound, sitemap, statuspage
from bot.web.api import gate
from bot.web.api import routes as api
from bot.web.api.gate import Gate


def routes(services: Services, proxies: Sequence[Network] = ()) -> list[web.RouteDef]:
    """Every route. `proxies` are believed about whom they speak for."""
    return [
        *api.routes(services),
        *feeds.routes(services),
        *calendars.routes(services),
        *badges.routes(services),
        *charts.routes(services),
        *statuspage.routes(services),
        *sitemap.routes(services),
        *inbound.routes(services, proxies=proxies),
    ]


def middlewares(services: Services, proxies: Sequence[Network] = ()) -> list[Middleware]:
    """Who comes in to the API."""
    return [gate.middleware(Gate(services.database, proxies=proxies))]
