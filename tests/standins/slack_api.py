"""The Web API of the stand-in Slack: who calls, with what, how often, and which failure a test has arranged."""

import asyncio
import json
from collections import defaultdict, deque
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from aiohttp import web
from standins import slack_methods as methods
from standins.slack_chat import Chat
from standins.slack_limits import Limits
from standins.slack_oauth import OAuth
from standins.slack_state import Json, Refusal
from standins.slack_views import Views
from standins.slack_workspace import Organization, Owner, Workspace

HANG = "hang"
POSTED_BUT_500 = "posted_but_500"
_STRUCTURED = frozenset({"blocks", "metadata", "attachments", "view", "unfurls"})


@dataclass
class Call:
    """A call as it came. `team`: None where the token told nothing. `error`: empty once it was answered `ok`."""

    method: str
    arguments: Json
    team: str | None
    error: str = ""


@dataclass
class _Failure:
    kind: str
    retry_after: float


class Api(Chat, Views, OAuth):
    """Every call is remembered, refused ones too."""

    def __init__(self, *, rate: float | None = 1.0, burst: int = 5, **options: Any) -> None:
        super().__init__(**options)
        self.calls: list[Call] = []
        self._limits = Limits(rate, burst, self._now)
        self._failures: defaultdict[tuple[str, str | None], deque[_Failure]] = defaultdict(deque)
        self._stopping = asyncio.Event()
        self._methods: dict[str, Callable[[Workspace, Json], Json]] = {
            "chat.postMessage": self._post_message,
            "chat.update": self._update,
            "chat.postEphemeral": self._post_ephemeral,
            "chat.unfurl": self._unfurl,
            "chat.getPermalink": self._permalink,
            "conversations.info": self._conversation,
            "users.info": self._person,
            "views.open": self._open_view,
            "views.push": self._push_view,
            "views.update": self._update_view,
            "views.publish": self._publish_view,
        }

    def fail_next(
        self, method: str, kind: str, team: str | None = None, *, times: int = 1, retry_after: float = 1
    ) -> None:
        """The next calls fail: one of Slack's errors, a status ("503"), HANG, or POSTED_BUT_500.

        `team`: only calls for that workspace.
        """
        special = kind in (HANG, POSTED_BUT_500) or kind.isdecimal()
        if not special and not methods.is_answer(method, kind):
            raise ValueError(f"{method} never answers {kind}")
        self._failures[method, team].extend(_Failure(kind, retry_after) for _ in range(times))

    def called(self, method: str, team: str | None = None) -> list[Json]:
        """The arguments of each call of a method (for a workspace), refused ones too."""
        return [call.arguments for call in self.calls if call.method == method and team in (None, call.team)]

    # a call

    async def _web_api(self, request: web.Request) -> web.StreamResponse:
        method = request.match_info["method"]
        try:
            arguments, token = await _arguments(request, method)
        except ValueError:
            return _refusal(Refusal("invalid_arguments"))
        owner, workspace = self._caller(token, arguments)
        team = workspace.id if workspace else owner.id if owner else None
        self.calls.append(call := Call(method, arguments, team))
        failure = self._failure(method, team)
        if failure is not None and failure.kind != POSTED_BUT_500:
            call.error = failure.kind
            self._changed()
            return await self._fail(failure)
        try:
            answer = self._answered(call, token, request.headers.get("Authorization", ""))
        except Refusal as refusal:
            call.error = refusal.error
            return _refusal(refusal)
        finally:
            self._changed()
        return web.Response(status=500, text="oops") if failure else web.json_response({"ok": True} | answer)

    def _answered(self, call: Call, token: str | None, authorization: str) -> Json:
        method, arguments = call.method, call.arguments
        if method not in methods.ARGUMENTS:
            self._violation(f"{method} is not known here")
            raise Refusal("unknown_method")
        if method == "oauth.v2.access":
            self._check_arguments(method, arguments)
            self._check_limit("", method, None)
            return self._oauth_access(arguments, authorization)
        owner = self._gate(method, token)
        self._check_arguments(method, arguments)
        self._check_limit(call.team or "", method, arguments.get("channel"))
        if owner is None:
            return {"url": self._new_socket_url()}
        if method == "auth.test":
            return self._auth_test(owner)
        workspace = self._workspace_of(owner, arguments)
        if workspace is None:
            raise Refusal("team_not_found" if "channel" in arguments else "invalid_arguments")
        return self._methods[method](workspace, arguments)

    def _gate(self, method: str, token: str | None) -> Owner | None:
        """Whose token it is (None: the app's own); Refusal for one that does not do."""
        if not token:
            raise Refusal("not_authed")
        found = self._owner_of(token)
        if found is None and token != self.app_token:
            raise Refusal("invalid_auth")
        if (found is None) != (method == "apps.connections.open"):
            raise Refusal("not_allowed_token_type")
        if found is None:
            return None
        owner, known = found
        if error := owner.token_error or known.error:
            raise Refusal(error)
        if known.expires_at is not None and known.expires_at <= self._now():
            raise Refusal("token_expired")
        self._check_scope(method, owner)
        return owner

    def _check_scope(self, method: str, owner: Owner) -> None:
        needed = methods.SCOPES.get(method, ())
        if needed and not owner.scopes.intersection(needed):
            raise Refusal("missing_scope", needed=",".join(needed), provided=",".join(sorted(owner.scopes)))

    def _check_arguments(self, method: str, arguments: Json) -> None:
        if unknown := arguments.keys() - methods.arguments(method):
            self._violation(f"{method}: unknown arguments {sorted(unknown)}")
            raise Refusal("invalid_arg_name")
        if missing := [name for name in methods.REQUIRED.get(method, ()) if not arguments.get(name)]:
            self._violation(f"{method}: {missing} missing")
            raise Refusal("invalid_arguments")

    def _check_limit(self, team: str, method: str, channel: Any) -> None:
        wait = self._limits.wait(team, method, str(channel) if channel is not None else None)
        if wait > 0:
            raise Refusal("ratelimited", wait=wait)

    # whose call it is

    def _caller(self, token: str | None, arguments: Json) -> tuple[Owner | None, Workspace | None]:
        found = self._owner_of(token) if token else None
        return (found[0], self._workspace_of(found[0], arguments)) if found else (None, None)

    def _workspace_of(self, owner: Owner, arguments: Json) -> Workspace | None:
        """The token's workspace; with an organization's token the one where the named thing is."""
        if isinstance(owner, Workspace):
            return owner
        ours = [one for one in self.workspaces.values() if one.enterprise_id == owner.id]
        begun = self._interactions.get(str(arguments.get("trigger_id", "")))
        channel, user = arguments.get("channel"), arguments.get("user_id") or arguments.get("user")
        if arguments.get("team_id") is not None:
            return next((one for one in ours if one.id == arguments["team_id"]), None)
        named = {str(arguments.get("view_id")), str(arguments.get("external_id"))}
        tests: list[Callable[[Workspace], bool]] = [
            lambda one: begun is not None and begun.team == one.id,
            lambda one: channel is not None and (one.room(channel) is not None or channel in one.users),
            lambda one: any(named & {view.id, view.external_id} for view in self._views_of(one)),
            lambda one: channel is None and user in one.users,
        ]
        return next((one for test in tests for one in ours if test(one)), None)

    def _auth_test(self, owner: Owner) -> Json:
        enterprise_id = getattr(owner, "enterprise_id", owner.id)
        about = {
            "url": f"https://{owner.name.lower()}.slack.com/",
            "team_id": owner.id,
            "team": owner.name,
            "user_id": owner.bot_user,
            "user": "uptimus",
            "bot_id": f"B{owner.id[1:]}",
            "is_enterprise_install": isinstance(owner, Organization),
        }
        return about | {"enterprise_id": enterprise_id} if enterprise_id else about

    # failures

    def _failure(self, method: str, team: str | None) -> _Failure | None:
        for key in dict.fromkeys([(method, team), (method, None)]):
            if self._failures[key]:
                return self._failures[key].popleft()
        return None

    async def _fail(self, failure: _Failure) -> web.StreamResponse:
        if failure.kind == HANG:
            await self._stopping.wait()
            return web.Response(status=503)
        if failure.kind.isdecimal():
            return web.Response(
                status=int(failure.kind), text="<html>upstream trouble</html>", content_type="text/html"
            )
        wait = failure.retry_after if failure.kind == "ratelimited" else 0
        return _refusal(Refusal(failure.kind, wait=wait))


async def _arguments(request: web.Request, method: str) -> tuple[Json, str | None]:
    """(arguments, token), from JSON, from a form or from the address, as the method takes them."""
    arguments: Json = dict(request.query)
    if request.content_type == "application/json":
        body = await request.json()
        token = body.pop("token", None)
        arguments |= ({} if method in methods.FORM_ONLY else body) | ({"token": token} if token else {})
    else:
        arguments |= {key: str(value) for key, value in (await request.post()).items()}
    for name in _STRUCTURED & arguments.keys():
        if isinstance(arguments[name], str):
            arguments[name] = json.loads(arguments[name])
    scheme, _, token = request.headers.get("Authorization", "").partition(" ")
    given = arguments.pop("token", None)
    return arguments, token if scheme == "Bearer" else given


def _refusal(refusal: Refusal) -> web.Response:
    body = {"ok": False, "error": refusal.error, **refusal.more}
    if not refusal.wait:
        return web.json_response(body)
    headers = {"Retry-After": str(max(1, -(-int(refusal.wait * 1000) // 1000)))}
    return web.json_response(body, status=429, headers=headers)
