"""One workspace can never read or change another's things, whatever it says, presses, fills in or asks for."""

import json
import logging
import re
import secrets
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from typing import Any
from urllib.parse import unquote_plus, urlencode

import pytest
import structlog
from aiohttp import web
from aiohttp.test_utils import TestServer
from slack_sdk.oauth.installation_store import Installation
from standins.owner import OWNER, STORY, Owned, belongings, given_away, owner
from standins.whole import Whole, signed, whole

from bot import logs
from bot.commands import COMMANDS, answer
from bot.commands.parse import parse
from bot.commands.reply import CommandError
from bot.slack import ways
from bot.slack.desk import Desk
from bot.slack.handlers import HANDLERS
from bot.web.api.routes import OPERATIONS
from storage import api_tokens, follows
from storage.database import Database
from storage.tables import Provider

STRANGERS = {
    "slack:T2": "slack:T2/C2",
    "discord:200000000000000002": "discord:200000000000000002/300000000000000003",
}
"""Workspaces that have nothing, and where their people type."""


@dataclass
class Slack:
    """Takes every call, and remembers what it was told."""

    said: list[str] = field(default_factory=list)
    url: str = ""

    async def take(self, request: web.Request) -> web.Response:
        body = await request.text()
        self.said.append(f"{request.path} {request.query_string} {body}")
        return web.json_response(
            {
                "ok": True,
                "ts": "1.1",
                "channel": "C2",
                "view": {"id": "V1", "hash": "h"},
                "user": {"id": "U2", "team_id": "T2", "is_admin": True},
                "messages": [],
            }
        )


@asynccontextmanager
async def _slack() -> AsyncIterator[Slack]:
    made = Slack()
    served = web.Application()
    served.router.add_route("*", "/{rest:.*}", made.take)
    async with TestServer(served) as server:
        made.url = str(server.make_url("/api/"))
        yield made


@dataclass
class Street:
    """The owner, a stranger, and the server that both are at."""

    whole: Whole
    slack: Slack
    owned: Owned
    token: str
    """The stranger's."""


@pytest.fixture
async def street(database: Database, database_url: str) -> AsyncIterator[Street]:
    """T1 is the owner's, T2 the stranger's; both have the app."""
    logs.configure("json", level=logging.CRITICAL)  # what was made up makes some stumble, at length
    structlog.configure(cache_logger_on_first_use=False)
    async with _slack() as slack, whole(database, database_url, slack_api_url=slack.url) as made:
        owned = await owner(made.services)
        kept = ways.installations(made.settings, database, made.services.vault)
        for team in ("T1", "T2"):
            await kept.async_save(
                Installation(
                    app_id="A1",
                    team_id=team,
                    bot_token=f"xoxb-{team}",
                    bot_id="B1",
                    bot_user_id="U0",
                    user_id="U1",
                    bot_scopes=["commands"],
                )
            )
        async with database.write() as session:
            place = await follows.workspace(session, "slack:T2")
            token = await api_tokens.make(session, place, "mine")
            assert token is not None
            page = await session.get_one(Provider, 1)
            page.due_at = owned_due = page.last_read_at
        yield Street(made, slack, owned, token)
        async with database.read() as session:
            page = await session.get_one(Provider, 1)
            assert page.due_at is not None, "the owner's page is read no more"
            assert owned_due is not None


# what can be said

SAID: dict[str, tuple[str, ...]] = {
    "follow": (
        "follow chargeover --to {hook}",
        "follow chargeover {channel}",
        "follow chargeover --to {mail}",
        "follow chargeover --to {short}",
        "follow chargeover --to {uri}",
    ),
    "unfollow": (
        "unfollow chargeover",
        "unfollow chargeover --to {hook}",
        "unfollow chargeover --to {short}",
        "unfollow chargeover {channel}",
        "unfollow chargeover --to {uri}",
    ),
    "list": ("list", "list {hook}"),
    "status": ("status", "status chargeover"),
    "uptime": ("uptime", "uptime chargeover"),
    "incidents": ("incidents chargeover",),
    "maintenance": ("maintenance", "maintenance chargeover"),
    "search": ("search charge", "search {hook}"),
    "related": ("related chargeover",),
    "report": ("report chargeover", "report chargeover --month 2026-01"),
    "mute": (
        "mute",
        "mute chargeover",
        "mute off",
        "mute chargeover off",
        "mute {channel}",
        "mute chargeover {channel}",
        "mute chargeover --to {uri}",
    ),
    "digest": (
        "digest",
        "digest off",
        "digest off {channel}",
        "digest off --to {uri}",
        "digest daily --to {uri}",
        "digest weekly --to {hook}",
        "digest --to {mail}",
        "digest off --to {mail}",
    ),
    "webhook": (
        "webhook",
        "webhook list",
        "webhook add {hook} --untested",
        "webhook test {hook}",
        "webhook secret {hook}",
        "webhook rotate {hook}",
        "webhook enable {hook}",
        "webhook remove {hook}",
        "webhook remove {short}",
        "webhook secret {short}",
        "webhook remove {mail}",
        "webhook deliveries",
        "webhook deliveries {hook}",
        "webhook deliveries dead",
        "webhook deliveries {delivery}",
        "webhook replay {delivery}",
        "webhook replay dead",
        "webhook replay 30d",
        "webhook replay dead {hook}",
        "webhook replay 30d {short}",
    ),
    "settings": ("settings", "settings changes admins", "settings changes everyone"),
    "audit": ("audit", "audit {channel}"),
    "help": ("help", "help webhook"),
}
"""Each command in each of its ways, about the owner's things."""


def test_every_command_is_said() -> None:
    assert set(SAID) == set(COMMANDS)


def named(owned: Owned) -> dict[str, str]:
    return {
        "hook": owned.hook,
        "short": f"https://hooks.example.com/…{owned.hook[-4:]}",
        "mail": owned.mail,
        "channel": f"<#{owned.channel}|ops>",
        "uri": f"{OWNER}/{owned.channel}",
        "delivery": owned.delivery,
    }


NOBODYS = {
    "hook": "https://hooks.example.com/nobodys-hook/zzjj",
    "short": "https://hooks.example.com/…zzjj",
    "mail": "mailto:ops@nobodys.mail",
    "channel": "<#CNOBODY|ops>",
    "uri": f"{OWNER}/CNOBODY",
    "delivery": "987654.1",
}
"""The same, of which nobody has anything."""


async def said(services: Any, workspace: str, words: str) -> str:
    """The whole answer, or the whole refusal."""
    try:
        name, request = parse(
            words, commands=COMMANDS, workspace=workspace, here=STRANGERS[workspace], here_name="x", actor="U2"
        )
        reply = await answer(services, name, request)
    except CommandError as error:
        return f"refused: {error}"
    return f"{reply.text} {reply.sections} {json.dumps(reply.data, default=str)}"


def plain(text: str, names: dict[str, str], echo: bool) -> str:
    """Without what was typed, and what differs between two of a kind: secrets, times, numbers."""
    typed = {re.sub(r"^<#(\w+)\|.*$", r"\1", value) for value in names.values()} if echo else set()
    typed |= {value.removeprefix("mailto:") for value in typed} | {f"…{value[-4:]}" for value in typed}
    for one in sorted(typed, key=len, reverse=True):
        text = re.sub(rf"(?<![0-9:]){re.escape(one)}(?![0-9])", "IT", text)  # not within a time
    return re.sub(r"whsec_[A-Za-z0-9+/=]+|whpk_\S+|\d+", "#", text)


@pytest.mark.parametrize("workspace", STRANGERS)
async def test_no_command_tells_or_changes_anything_of_anothers(street: Street, workspace: str) -> None:
    before = await belongings(street.whole.services, street.owned.workspace_id)
    names = named(street.owned)
    lines = [line for some in SAID.values() for line in some]
    for line in sorted(lines, key=_makes):
        echo = "{" in line
        answered = await said(street.whole.services, workspace, line.format_map(names))
        shown = plain(answered, names, echo)
        assert given_away(shown) == [], (line, shown)
        other = plain(await said(street.whole.services, workspace, line.format_map(NOBODYS)), NOBODYS, echo)
        if echo and not _makes(line):
            assert shown == other, line  # as if there was no such thing
        assert await belongings(street.whole.services, street.owned.workspace_id) == before, line


def _makes(line: str) -> bool:
    """Whether it would give the stranger something like it: those are said last."""
    return line.startswith(("follow", "webhook add", "digest daily", "digest weekly"))


# what can be pressed, filled in and chosen in Slack


@dataclass
class Listened:
    """Stands in for slack-bolt's app while handlers are registered: what they listen to."""

    found: list[tuple[str, str]] = field(default_factory=list)

    def __getattr__(self, kind: str) -> Callable[[Any], Callable[[Any], None]]:
        return lambda name: lambda _: self.found.append((kind, name))


def listened() -> list[tuple[str, str]]:
    """(kind, id) of all that Slack may send us."""
    app = Listened()
    for register in HANDLERS:
        register(app, Desk(None, COMMANDS))  # type: ignore[arg-type]
    return app.found


def test_the_walk_knows_every_kind_of_payload() -> None:
    assert {kind for kind, _ in listened()} == {
        "action",
        "view",
        "options",
        "event",
        "message_shortcut",
        "global_shortcut",
    }


def values(owned: Owned) -> list[str]:
    """What a button could be made to say."""
    forged = {
        "provider": "chargeover",
        "workspace": OWNER,
        "actor": "U9",
        "here": f"{OWNER}/{owned.channel}",
        "to": f"{OWNER}/{owned.channel}",
        "is_admin": True,
    }
    ids = [
        str(owned.follow_id),
        str(owned.thread_id),
        owned.delivery,
        str(owned.destination_id),
        owned.hook,
    ]
    menus = [f"{action}:{owned.follow_id}" for action in ("change", "unfollow", "mute", "unmute")]
    lines = [
        "webhook list",
        "audit",
        "list",
        f"unfollow chargeover --to {OWNER}/{owned.channel}",
        "mute chargeover",
    ]
    return [*ids, *menus, *lines, json.dumps(forged)]


def _state(owned: Owned, words: str) -> dict[str, Any]:
    """Every question of every dialog, answered with the owner's things."""

    def one(name: str, **chosen: Any) -> dict[str, Any]:
        return {name: {name: chosen}}

    option = {"text": {"type": "plain_text", "text": "x"}, "value": "chargeover"}
    return {
        **one("provider", type="external_select", selected_option=option),
        **one("channel", type="conversations_select", selected_conversation=owned.channel),
        **one("digest_channel", type="conversations_select", selected_conversation=owned.channel),
        **one("streams", type="checkboxes", selected_options=[{"value": "incidents"}]),
        **one("every", type="static_select", selected_option={"value": "off"}),
        **one("editors", type="static_select", selected_option={"value": "admins"}),
        **one("words", type="plain_text_input", value=words),
        **one("post", type="checkboxes", selected_options=[{"value": "post"}]),
    }


def payloads(owned: Owned) -> list[dict[str, Any]]:
    """All that a member of T2 could have sent, about the owner's things."""
    who = {"team": {"id": "T2"}, "user": {"id": "U2", "team_id": "T2"}, "api_app_id": "A1", "token": "x"}
    meta = json.dumps(
        {
            "follow": owned.follow_id,
            "channel": owned.channel,
            "provider": {"value": "chargeover", "text": {"text": "x"}},
            "thread": "1.1",
            "home": 0,
        }
    )
    found: list[dict[str, Any]] = []
    for kind, name in listened():
        if kind == "action":
            for value in values(owned):
                pressed = {
                    "action_id": name,
                    "block_id": "b",
                    "type": "button",
                    "value": value,
                    "action_ts": "1",
                    "selected_option": {"value": value},
                    "selected_conversation": owned.channel,
                }
                buttons = [
                    {
                        "type": "actions",
                        "block_id": "b",
                        "elements": [
                            {"type": "button", "action_id": "uptimus.details", "value": str(owned.thread_id)}
                        ],
                    }
                ]
                view = {
                    "id": "V1",
                    "type": "modal",
                    "callback_id": "follow",
                    "private_metadata": meta,
                    "hash": "h",
                    "state": {"values": _state(owned, value)},
                    "blocks": [],
                }
                place = {"channel": {"id": "C2"}, "message": {"ts": "1.1", "text": "", "blocks": buttons}}
                where = place if name.startswith("uptimus.") else {"view": view}
                found.append({"type": "block_actions", "actions": [pressed], **where})
        elif kind == "view":
            for words in (
                "audit",
                "list",
                "webhook list",
                f"webhook secret {owned.hook}",
                f"mute chargeover --to {OWNER}/{owned.channel}",
            ):
                view = {
                    "id": "V1",
                    "type": "modal",
                    "callback_id": name,
                    "private_metadata": meta,
                    "hash": "h",
                    "state": {"values": _state(owned, words)},
                    "blocks": [],
                }
                found.append({"type": "view_submission", "view": view})
        elif kind == "options":
            found.append(
                {"type": "block_suggestion", "action_id": name, "block_id": f"{name}:chargeover", "value": "char"}
            )
        elif kind == "message_shortcut":
            found.append(
                {
                    "type": "message_action",
                    "callback_id": name,
                    "channel": {"id": owned.channel},
                    "message": {"ts": "1.1"},
                    "message_ts": "1.1",
                }
            )
        elif kind == "global_shortcut":
            found.append({"type": "shortcut", "callback_id": name, "action_ts": "1"})
    return [who | {"trigger_id": secrets.token_hex(8)} | one for one in found]


def events(owned: Owned) -> list[dict[str, Any]]:
    """What Slack could be made to tell of T2."""
    gone = ("channel_archive", "channel_deleted", "channel_left", "group_archive", "group_deleted", "group_left")
    told: list[dict[str, Any]] = [{"type": one, "channel": owned.channel} for one in gone]
    told += [
        {"type": "channel_id_changed", "old_channel_id": owned.channel, "new_channel_id": "C9"},
        {"type": "app_home_opened", "tab": "home", "user": "U2", "channel": "D1"},
        {"type": "link_shared", "channel": "C2", "message_ts": "1.1", "links": [{"url": owned.hook}]},
        {"type": "tokens_revoked", "tokens": {"bot": ["U0"]}},
        {"type": "app_uninstalled"},
    ]
    return [
        {
            "type": "event_callback",
            "team_id": "T2",
            "api_app_id": "A1",
            "event_id": secrets.token_hex(8),
            "event_time": 4_000_000_000,
            "authorizations": [{"team_id": "T2", "is_enterprise_install": False}],
            "event": one,
        }
        for one in told
    ]


def test_the_walk_tells_every_event() -> None:
    told = {one["event"]["type"] for one in events(Owned(1, "C1", "", "", 1, 1, "", 1, ""))}
    assert {name for kind, name in listened() if kind == "event"} <= told


async def _told(street: Street, about: Owned) -> list[str]:
    """Everything that came of every payload and every event about these things."""
    answers = []
    for payload in payloads(about):
        payload["response_url"] = street.slack.url + "respond"
        body = urlencode({"payload": json.dumps(payload)})
        answers.append(await _sent(street, body, signed(body)))
    for event in events(about):
        body = json.dumps(event)
        answers.append(await _sent(street, body, signed(body) | {"Content-Type": "application/json"}))
    await street.whole.door.aclose()  # once everything has been answered
    assert len(street.slack.said) > 100
    return [*street.slack.said, *answers]


async def test_no_id_in_slack_tells_or_changes_anything_of_anothers(street: Street) -> None:
    """The owner's follows, threads and deliveries by their numbers; channels and addresses are the stranger's."""
    services, owned = street.whole.services, street.owned
    before = await belongings(services, owned.workspace_id)
    told = await _told(street, replace(owned, channel="C2", hook="https://hooks.example.com/mine"))
    assert [text[:2000] for text in told if given_away(unquote_plus(text)) or STORY in unquote_plus(text)] == []
    assert await belongings(services, owned.workspace_id) == before


async def test_no_address_in_slack_tells_or_changes_anything_of_anothers(street: Street) -> None:
    """The owner's channel and webhook, by their names."""
    services, owned = street.whole.services, street.owned
    before = await belongings(services, owned.workspace_id)
    shown = [_own_words(text, owned) for text in await _told(street, owned)]
    assert [text[:2000] for text in shown if given_away(text)] == []
    assert await belongings(services, owned.workspace_id) == before


async def _sent(street: Street, body: str, headers: dict[str, str]) -> str:
    response = await street.whole.ask("POST", "/slack/events", data=body, headers=headers)
    assert response.status == 200, (response.status, body[:300])
    return await response.text()


def _own_words(text: str, owned: Owned) -> str:
    """Without what a member of T2 said themselves: a dialog comes back as it was filled in, and a refusal names
    what it is about."""
    text = unquote_plus(text)
    for one in (
        owned.hook,
        owned.hook[:-2],
        f"{OWNER}/{owned.channel}",
        f"T2/{owned.channel}",
        f"<#{owned.channel}>",
    ):
        text = text.replace(one, "")
    for one in ("channel", "selected_conversation", "initial_conversation", "default_to_current_conversation"):
        text = re.sub(rf'\\*"{one}\\*": ?\\*"{owned.channel}\\*"', "", text)
    return re.sub(rf"(channel=|\b(every|at|weekday|zone):){owned.channel}\b", "", text)


# what can be asked of the API


async def test_no_token_opens_anything_of_anothers(street: Street) -> None:
    services, owned = street.whole.services, street.owned
    mine, theirs = ({"Authorization": f"Bearer {one}"} for one in (street.token, owned.token))
    before = await belongings(services, owned.workspace_id)
    asked = 0
    for operation in OPERATIONS:
        path = "/api/v1" + operation.path.format_map(
            {"slug": "chargeover", "delivery": owned.delivery, "incident": "i1"}
        )
        for query in ("", f"?destination={owned.destination_id}", "?limit=1"):
            response = await street.whole.ask(operation.method, path + query, headers=mine)
            text = await response.text()
            assert given_away(text) == [], path
            asked += 1
            if operation.own and "{delivery}" in operation.path:
                assert response.status in (400, 404), path
            if operation.own and response.status == 200:
                assert [one for one in json.loads(text).values() if isinstance(one, list) and one] == [], path
    assert asked > 10
    assert await belongings(services, owned.workspace_id) == before
    for path in (
        "/api/v1/follows",
        "/api/v1/destinations",
        "/api/v1/deliveries",
        f"/api/v1/deliveries/{owned.delivery}",
    ):
        response = await street.whole.ask("GET", path, headers=theirs)
        assert response.status == 200
        text = await response.text()
        assert "owners-header" not in text
        assert "owners-hook" not in text
        assert given_away(text) or path.endswith("destinations"), path  # the owner sees what is theirs
