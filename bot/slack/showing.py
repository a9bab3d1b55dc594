"""Opens, pushes and updates dialogs, and says in words when Slack won't have them."""

import asyncio
import secrets
from collections.abc import Awaitable, Mapping
from typing import Any

import aiohttp
import structlog
from slack_bolt.context.ack.async_ack import AsyncAck
from slack_bolt.context.respond.async_respond import AsyncRespond
from slack_sdk.errors import SlackApiError, SlackClientError
from slack_sdk.web.async_client import AsyncWebClient
from slack_sdk.webhook import WebhookResponse

from bot.commands.reply import CommandError, Reply
from bot.slack import inputs
from bot.slack.desk import Refusal
from bot.slack.inputs import View
from relay.transports.slack_bulletin import bulletin_message, error_message

NOT_YET = (0.1, 0.3, 0.9, 1.8)
"""Seconds between looks for a dialog that Slack may not have opened yet."""

log = structlog.get_logger()

_LOST = (aiohttp.ClientError, SlackClientError, TimeoutError, OSError)


async def open_view(client: AsyncWebClient, body: Mapping[str, Any], view: View) -> str:
    """Opens a dialog over what is there: its id. Raises CommandError."""
    try:
        over = body.get("view") is not None and body["view"].get("type") == "modal"
        call = client.views_push if over else client.views_open
        opened = await call(trigger_id=str(body.get("trigger_id")), view=view)
        return str(opened["view"]["id"])
    except SlackApiError as error:
        log.warning("slack.view_refused", reason=error.response.get("error"), why=_messages(error))
        raise CommandError("Slack didn't open the dialog in time; please try once more") from None
    except _LOST as error:
        raise CommandError(f"Slack could not be reached ({type(error).__name__}); please try once more") from None


async def update_view(
    client: AsyncWebClient,
    view: View,
    *,
    view_id: str | None = None,
    external_id: str | None = None,
    hash: str = "",
) -> Mapping[str, Any] | None:
    """Shows something else in a dialog that is open: the view as Slack has it now, None where it is there no more,
    or where `hash` says that it has changed since."""
    named: dict[str, Any] = {"view_id": view_id} if view_id else {"external_id": external_id}
    for wait in (*NOT_YET, None) if external_id else (None,):
        try:
            updated = await client.views_update(view=view, **named, **({"hash": hash} if hash else {}))
            found: Mapping[str, Any] = updated["view"]
        except SlackApiError as error:
            if error.response.get("error") != "not_found" or wait is None:
                log.info("slack.view_lost", reason=error.response.get("error"), why=_messages(error))
                return None
            await asyncio.sleep(wait)
        except _LOST as error:
            log.warning("slack.view_lost", reason=type(error).__name__)
            return None
        else:
            return found
    return None


def _messages(error: SlackApiError) -> Any:
    return (error.response.get("response_metadata") or {}).get("messages")


async def work(ack: AsyncAck, title: str, what: str) -> str:
    """Acknowledges a dialog that was sent with another one on top of it, which says that work is under way: the
    external id of that. (Updated in place, a quick answer could come to Slack before the word that one is coming,
    and be overwritten by it.)"""
    external_id = f"work-{secrets.token_hex(12)}"
    await ack(response_action="push", view=inputs.working(title, what) | {"external_id": external_id})
    return external_id


async def finish(
    client: AsyncWebClient, external_id: str, title: str, outcome: Reply | Refusal, team: str
) -> None:
    """Shows what came of the work."""
    await update_view(client, outcome_view(title, outcome, team), external_id=external_id)


async def respond(answer: AsyncRespond, message: Mapping[str, Any], *, in_channel: bool = False) -> None:
    """To the response_url, beside what is there; without its pictures where Slack can't get those, and as plain
    text where it finds a fault in the blocks."""
    kind = "in_channel" if in_channel else "ephemeral"
    given: dict[str, Any] = {"response_type": kind, "replace_original": False}
    try:
        result = await answer(**message, **given)
        if _is_refused(result) and message != (bare := without_pictures(message)):
            result = await answer(**bare, **given)
        if _is_refused(result):
            result = await answer(text=message["text"], **given)
    except _LOST as error:
        log.warning("slack.answer_lost", reason=type(error).__name__)
        return
    if result.status_code != 200:
        log.warning("slack.answer_refused", status=result.status_code, answer=result.body[:200])


def _is_refused(result: WebhookResponse) -> bool:
    return result.status_code == 400 or (result.status_code == 500 and "block" in result.body)


def without_pictures(message: Mapping[str, Any]) -> Mapping[str, Any]:
    """The same in words alone."""
    blocks = message.get("blocks")
    if not blocks or all(one["type"] != "image" for one in blocks):
        return message
    return {**message, "blocks": [one for one in blocks if one["type"] != "image"]}


async def attempt_call(what: str, call: Awaitable[Any]) -> bool:
    """Whether Slack did it; why not is logged."""
    try:
        await call
    except SlackApiError as error:
        log.info("slack.refused", what=what, reason=error.response.get("error"), why=_messages(error))
        return False
    except _LOST as error:
        log.warning("slack.lost", what=what, reason=type(error).__name__)
        return False
    return True


def message_of(outcome: Reply | Refusal, team: str | None = None) -> dict[str, Any]:
    """An answer or a refusal as a message."""
    return error_message(outcome.text) if isinstance(outcome, Refusal) else bulletin_message(outcome, team)


def outcome_view(title: str, outcome: Reply | Refusal, team: str) -> View:
    """An answer, or a refusal that leads back to what was asked."""
    if isinstance(outcome, Refusal):
        return inputs.refused(title, error_message(outcome.text))
    return inputs.answered(title, bulletin_message(outcome, team))


def team_of(workspace: str) -> str:
    """`slack:T1` → `T1`."""
    return workspace.partition(":")[2]
