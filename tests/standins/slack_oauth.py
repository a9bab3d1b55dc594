"""Installing into the stand-in Slack: the page that people are sent to, codes, tokens, rotation (OAuth v2)."""

import base64
from dataclasses import dataclass, replace
from typing import Any, NamedTuple
from urllib.parse import parse_qsl, urlencode, urlsplit
from uuid import uuid4

from aiohttp import web
from standins.slack_state import Json, Refusal, State
from standins.slack_workspace import Organization, Owner

CODE_LIFE = 10 * 60
TOKEN_LIFE = 43_200
KNOWN_SCOPES = frozenset(
    {
        "app_mentions:read",
        "channels:history",
        "channels:join",
        "channels:read",
        "chat:write",
        "chat:write.customize",
    }
    | {"chat:write.public", "commands", "groups:history", "groups:read", "im:history", "im:read", "im:write"}
    | {"incoming-webhook", "links:read", "links:write", "links.embed:write", "metadata.message:read", "mpim:read"}
    | {"reactions:read", "reactions:write", "team:read", "usergroups:read", "users:read", "users:read.email"}
)
"""Of bots, as far as an app like ours could ask for them."""


class AuthorizePageError(AssertionError):
    """Slack's page says this to the person, instead of sending them back."""


class Redirect(NamedTuple):
    """Where a person is sent back to: `url` with the code (or the error) and the state. `code`: "" if denied."""

    code: str
    url: str


@dataclass(frozen=True)
class _Code:
    """`owner`: the workspace or organization that the person chose."""

    owner: Owner
    team: str
    user: str
    scopes: frozenset[str]
    redirect_uri: str
    sent_uri: str | None
    """The redirect_uri of the address itself: if there was one, the exchange repeats it."""
    made_at: float
    used: bool = False


class OAuth(State):
    """`rotation`: tokens expire after 12 h. `redirect_urls`: those of the app's settings; None takes any."""

    client_id, client_secret = "111.222", "c11ent-5ecre7"

    def __init__(self, **options: Any) -> None:
        super().__init__(**options)
        self.rotation = False
        self.redirect_urls: set[str] | None = None
        self.port = 0
        self._codes: dict[str, _Code] = {}

    @property
    def authorize_url(self) -> str:
        """What stands here for https://slack.com/oauth/v2/authorize."""
        return f"http://127.0.0.1:{self.port}/oauth/v2/authorize"

    @property
    def refreshes(self) -> int:
        """How often tokens were refreshed, in all workspaces."""
        return sum(owner.refreshes for owner in self._owners())

    # the person

    async def approve(self, url: str, team: str = "T1", user: str = "U1", *, org_wide: bool = False) -> Redirect:
        """A person who was sent to this address allows the installation in that workspace, or in its organization.

        Raises AuthorizePageError where Slack's page shows an error instead.
        """
        asked = self._asked(url)
        workspace = self.workspaces[team]
        owner: Owner = workspace
        if org_wide:
            if workspace.enterprise_id is None:
                raise AuthorizePageError("org_wide: the workspace belongs to no organization")
            owner = self.organizations[workspace.enterprise_id]
        workspace.user(user)
        sent = dict(parse_qsl(urlsplit(url).query)).get("redirect_uri")
        code = f"{uuid4().int % 10**10}.{uuid4().hex}"
        scopes = frozenset(asked["scope"].replace(" ", ",").split(",")) - {""}
        self._codes[code] = _Code(owner, team, user, scopes, asked["redirect_uri"], sent, self._now())
        return Redirect(code, self._back(asked, {"code": code}))

    async def deny(self, url: str) -> Redirect:
        """A person who was sent to this address cancels."""
        return Redirect("", self._back(self._asked(url), {"error": "access_denied"}))

    def _back(self, asked: dict[str, str], result: dict[str, str]) -> str:
        state = {"state": asked["state"]} if "state" in asked else {}
        return asked["redirect_uri"] + ("&" if "?" in asked["redirect_uri"] else "?") + urlencode(result | state)

    def _asked(self, url: str) -> dict[str, str]:
        """What the address asks for, with the redirect_uri that applies; AuthorizePageError for its faults."""
        place, asked = urlsplit(url), dict(parse_qsl(urlsplit(url).query, keep_blank_values=True))
        if url.partition("?")[0] != self.authorize_url:
            raise AuthorizePageError(f"{place.netloc}{place.path} is not where people are asked")
        if asked.get("client_id") != self.client_id:
            raise AuthorizePageError("invalid_client_id")
        scopes = set(asked.get("scope", "").replace(" ", ",").split(",")) - {""}
        if not scopes:
            raise AuthorizePageError("no_scopes")
        if unknown := scopes - KNOWN_SCOPES:
            raise AuthorizePageError(f"invalid_scope: {sorted(unknown)}")
        if asked.get("user_scope"):
            self._violation(f"authorize: asks for a person's own token ({asked['user_scope']})")
        if not asked.get("state"):
            self._violation("authorize: no state, anybody could send people back with a code of theirs")
        return asked | {"redirect_uri": self._redirect_uri(asked.get("redirect_uri"))}

    def _redirect_uri(self, given: str | None) -> str:
        """One of the app's settings, or below it."""
        if self.redirect_urls is None:
            if not given:
                raise AuthorizePageError("bad_redirect_uri: none is given, and none is in the settings")
            return given
        if given and not any(given == known or given.startswith(f"{known}/") for known in self.redirect_urls):
            raise AuthorizePageError(f"bad_redirect_uri: {given}")
        return given or min(self.redirect_urls)

    async def _authorize_page(self, request: web.Request) -> web.Response:
        """For people: a page with one link for each workspace."""
        try:
            self._asked(f"{self.authorize_url}?{request.query_string}")
            links = [
                f'<p><a href="/approve?{request.query_string}&team_id={id}">Allow in {workspace.name}</a></p>'
                for id, workspace in self.workspaces.items()
            ]
        except AuthorizePageError as error:
            return web.Response(text=f"<h1>Something went wrong</h1><p>{error}</p>", content_type="text/html")
        return web.Response(text=f"<h1>May it come in?</h1>{''.join(links)}", content_type="text/html")

    async def _approve_page(self, request: web.Request) -> web.Response:
        team = request.query["team_id"]
        redirect = await self.approve(f"{self.authorize_url}?{request.query_string}", team)
        raise web.HTTPFound(redirect.url)

    # the app

    def _oauth_access(self, arguments: Json, authorization: str) -> Json:
        """`oauth.v2.access`: a code, or a refresh token, for tokens."""
        self._check_client(arguments, authorization)
        match arguments.get("grant_type", "authorization_code"):
            case "authorization_code":
                return self._exchange(arguments)
            case "refresh_token":
                return self._refresh(str(arguments.get("refresh_token", "")))
        raise Refusal("invalid_grant_type")

    def _check_client(self, arguments: Json, authorization: str) -> None:
        scheme, _, encoded = authorization.partition(" ")
        id, secret = arguments.get("client_id"), arguments.get("client_secret")
        if scheme == "Basic":
            id, _, secret = base64.b64decode(encoded).decode().partition(":")
        if id != self.client_id:
            raise Refusal("invalid_client_id")
        if secret != self.client_secret:
            raise Refusal("bad_client_secret")

    def _exchange(self, arguments: Json) -> Json:
        code = self._codes.get(arguments.get("code", ""))
        if code is None or self._now() - code.made_at > CODE_LIFE:
            raise Refusal("invalid_code")
        if code.used:
            raise Refusal("code_already_used")
        if (
            arguments.get("redirect_uri", code.redirect_uri if code.sent_uri is None else None)
            != code.redirect_uri
        ):
            raise Refusal("bad_redirect_uri")
        self._codes[arguments["code"]] = replace(code, used=True)
        owner = code.owner
        # what was granted before is granted still, as long as the app was not removed in between
        owner.scopes = owner.scopes | code.scopes if owner.installed else set(code.scopes)
        if self.rotation or not owner.installed or owner.token_error is not None:
            self._issue(owner)
        return self._granted(owner) | {"authed_user": {"id": code.user}}

    def _refresh(self, refresh_token: str) -> Json:
        owner = next((one for one in self._owners() if refresh_token and one.refresh_token == refresh_token), None)
        if owner is None:
            raise Refusal("invalid_refresh_token")
        owner.refreshes += 1
        self._issue(owner)
        return self._granted(owner)

    def _issue(self, owner: Owner) -> None:
        kind = "xoxe.xoxb-1" if self.rotation else "xoxb"
        owner.issue(f"{kind}-{owner.id}-{uuid4().hex}", self._now() + TOKEN_LIFE if self.rotation else None)
        owner.refresh_token = f"xoxe-1-{uuid4().hex}" if self.rotation else ""

    def _granted(self, owner: Owner) -> Json:
        """Without rotation another installation of a workspace answers the token that it has."""
        org_wide = isinstance(owner, Organization)
        enterprise = owner if org_wide else self.organizations.get(getattr(owner, "enterprise_id", None) or "")
        answer: Json = {
            "app_id": self.app_id,
            "scope": ",".join(sorted(owner.scopes)),
            "token_type": "bot",
            "access_token": owner.bot_token,
            "bot_user_id": owner.bot_user,
            "team": None if org_wide else {"id": owner.id, "name": owner.name},
            "enterprise": {"id": enterprise.id, "name": enterprise.name} if enterprise else None,
            "is_enterprise_install": org_wide,
        }
        if self.rotation:
            answer |= {"refresh_token": owner.refresh_token, "expires_in": TOKEN_LIFE}
        return answer

    def expire_tokens(self, team: str = "T1") -> None:
        """The access tokens of a workspace (or organization) are past their time; a refresh brings a new one."""
        owner = self.organizations.get(team) or self.workspaces[team]
        for token in owner.tokens.values():
            token.expires_at = self._now()
