"""Each provider once more as a page of Atlassian Statuspage has it: for the many programs that read those."""

import json
from functools import partial
from urllib.parse import quote

from aiohttp import web

from adapters.schema import Status
from bot.commands.services import Services, shown_status
from bot.web import conditional
from bot.web.api.problems import Problem, response
from bot.web.statuspage_documents import Site, documents, one_case
from storage import listing, providers, state
from storage.listing import Wanted

LISTED = 50
"""Of those that are over; those that are not are listed all."""
MOST = 1000
JSON = "application/json; charset=utf-8"


def routes(services: Services) -> list[web.RouteDef]:
    """The documents below a provider's page."""
    nothing = Site(id="", name="", page="", status=Status.UNKNOWN, readable=False, read_at=None)
    names = "|".join(sorted(documents(nothing), key=len, reverse=True))
    return [
        web.get(f"/status/{{slug}}/api/v2/{{name:{names}}}.json", partial(_document, services)),
        web.get("/status/{slug}/incidents/{id}.json", partial(_case, services)),
    ]


async def _document(services: Services, request: web.Request) -> web.StreamResponse:
    site = await _site(services, request.match_info["slug"])
    if site is None:
        return response(Problem(404, "No provider of this name is followed here"))
    return _answered(request, documents(site)[request.match_info["name"]])


async def _case(services: Services, request: web.Request) -> web.StreamResponse:
    site = await _site(services, request.match_info["slug"])
    found = one_case(site, request.match_info["id"]) if site is not None else None
    if found is None:
        return response(Problem(404, "There is no incident of this id here"))
    return _answered(request, found)


async def _site(services: Services, slug: str) -> Site | None:
    async with services.database.read() as session:
        row = await providers.by_slug(session, slug.replace("\0", ""))
        if row is None:
            return None
        components = await providers.components(session, row.id)
        incidents = [
            *await listing.incidents(session, row.id, Wanted(active=True), None, MOST),
            *await listing.incidents(session, row.id, Wanted(active=False), None, LISTED),
        ]
        works = [
            *await listing.maintenances(session, row.id, Wanted(active=True), None, MOST),
            *await listing.maintenances(session, row.id, Wanted(active=False), None, LISTED),
        ]
    incidents.sort(key=listing.begun, reverse=True)
    works.sort(key=listing.begun, reverse=True)
    return Site(
        id=f"uptimus-{row.id}",
        name=row.name,
        page=f"{services.home.rstrip('/')}/status/{quote(row.slug)}",
        status=shown_status(row),
        readable=row.failure is None,
        read_at=row.last_read_at,
        components=tuple(state.component(one) for one in components),
        incidents=tuple(state.incident(one) for one in incidents),
        maintenances=tuple(state.maintenance(one) for one in works),
    )


def _answered(request: web.Request, document: dict[str, object]) -> web.StreamResponse:
    body = json.dumps(document, ensure_ascii=False, separators=(",", ":")).encode(errors="replace")
    return conditional.answered(request, body, content_type=JSON, headers={"Access-Control-Allow-Origin": "*"})
