"""Publishes a person's home tab: when they open it, and again after whatever they did in it."""

import json
from collections.abc import Mapping
from typing import Any

import aiohttp
import structlog
from slack_sdk.errors import SlackApiError, SlackClientError
from slack_sdk.web.async_client import AsyncWebClient

from bot.slack.desk import Desk, Refusal
from bot.slack.home_view import (
    FOLLOWS_A_PAGE,
    MOST_COMING,
    MOST_INCIDENTS,
    home_view,
    page_of,
    refused_view,
)
from bot.slack.inputs import View
from bot.slack.showing import team_of
from storage import follows, overview
from storage.overview import Overview

log = structlog.get_logger()


def page_in(body: Mapping[str, Any]) -> int | None:
    """The page of the home tab that a payload comes from, or over which its dialog was opened."""
    view = body.get("view") or {}
    if view.get("type") == "home":
        return page_of(view.get("private_metadata", ""))
    page = json.loads(view.get("private_metadata") or "{}").get("home")
    return page if isinstance(page, int) else None


async def publish(desk: Desk, client: AsyncWebClient, body: Mapping[str, Any], page: int, hash: str = "") -> None:
    """Shows a page of the tab to the person of the payload; with `hash` only if it was not shown anew since."""
    request = desk.request(body)
    view = await desk.attempt("home", _view(desk, request.workspace, page))
    if isinstance(view, Refusal):
        view = refused_view(view.text)
    try:
        await client.views_publish(user_id=request.actor, view=view, **({"hash": hash} if hash else {}))
    except SlackApiError as error:
        why = (error.response.get("response_metadata") or {}).get("messages")
        log.warning("slack.home_refused", reason=error.response.get("error"), why=why)
    except (aiohttp.ClientError, SlackClientError, TimeoutError, OSError) as error:
        log.warning("slack.home_lost", reason=type(error).__name__)


async def again(desk: Desk, client: AsyncWebClient, body: Mapping[str, Any]) -> None:
    """Shows the tab as it is now, if the payload comes from it."""
    page = page_in(body)
    if page is not None:
        await publish(desk, client, body, page)


async def _view(desk: Desk, workspace: str, page: int) -> View:
    async with desk.services.database.read() as session:
        workspace_id = await follows.workspace_if_any(session, workspace)
        seen = Overview()
        if workspace_id is not None:
            seen = await overview.of_workspace(
                session,
                workspace_id,
                offset=page * FOLLOWS_A_PAGE,
                limit=FOLLOWS_A_PAGE,
                most=MOST_INCIDENTS,
                most_coming=MOST_COMING,
            )
    return home_view(seen, page, team=team_of(workspace), checked_at=desk.services.now())
