"""What every part of the stand-in Slack shares: the workspaces, the clock, and what went wrong."""

import asyncio
import time
from collections.abc import Callable
from typing import Any, TypeVar

from standins.slack_channel import Channel
from standins.slack_workspace import Organization, Owner, Token, User, Workspace

Json = dict[str, Any]
T = TypeVar("T")


class Refusal(Exception):  # noqa: N818  (it is Slack's answer, no failure of ours)
    """An answer with `ok: false`. `wait`: seconds, for a 429."""

    def __init__(self, error: str, *, wait: float = 0, **more: Any) -> None:
        super().__init__(error)
        self.error, self.wait, self.more = error, wait, more


class State:
    """The workspaces, by id, and the organizations; T1 is there from the beginning, with C1 and C2."""

    app_id = "A1"

    def __init__(self, *, now: Callable[[], float] = time.time) -> None:
        self.workspaces: dict[str, Workspace] = {}
        self.organizations: dict[str, Organization] = {}
        self.violations: list[str] = []
        self.allow_mentions: set[str] = set()
        """Mentions that are meant in this test, each as it is written in a message: `<@U7>`, `<!here>`."""
        self._now = now
        self._last_ts = 0
        self._made = 0
        self._waiting: list[asyncio.Future[None]] = []
        self.add_workspace("T1", name="Example", bot_token="xoxb-1-stand-in", bot_user="UBOT")
        self.add_channel("C1", "ops")
        self.add_channel("C2", "general")

    # workspaces

    def add_workspace(
        self,
        id: str,
        *,
        enterprise_id: str | None = None,
        name: str | None = None,
        installed: bool = True,
        bot_token: str | None = None,
        bot_user: str | None = None,
    ) -> Workspace:
        """One more workspace, without channels. Its people: U1, who administers it, and U2.

        `installed`: the bot is in it already, with a token that no rotation ever replaces; otherwise it takes an
        `approve`. `enterprise_id`: the organization it belongs to, which comes to be with its first workspace.
        """
        made = Workspace(id, name or id.title(), bot_user or f"UBOT{id[1:]}", enterprise_id=enterprise_id)
        made.add_user("U1", admin=True)
        made.add_user("U2")
        self.workspaces[id] = made
        if installed:
            made.issue(bot_token or f"xoxb-{id}-stand-in")
        if enterprise_id is not None and enterprise_id not in self.organizations:
            organization = Organization(enterprise_id, enterprise_id.title(), f"UBOT{enterprise_id}")
            self.organizations[enterprise_id] = organization
        return made

    def add_channel(self, id: str, name: str | None = None, *, team: str = "T1", **more: Any) -> Channel:
        """A channel, public and with the bot in it unless told otherwise."""
        return self.workspaces[team].add_channel(id, name, **more)

    def add_user(self, id: str, *, team: str = "T1", **more: Any) -> User:
        """A person, a plain member unless told otherwise."""
        return self.workspaces[team].add_user(id, **more)

    def channel(self, id: str, team: str = "T1") -> Channel:
        """A channel with its messages."""
        return self.workspaces[team].channels[id]

    def transcript(self, id: str, team: str = "T1") -> str:
        """The channel as a person would see it."""
        return self.channel(id, team).transcript()

    def delete(self, channel: str, ts: str, team: str = "T1") -> None:
        """Somebody deletes a message."""
        messages = self.channel(channel, team).messages
        messages[:] = [message for message in messages if message.ts != ts]

    # the first workspace, by the names it had when it was the only one

    @property
    def team_id(self) -> str:
        """The first workspace's id."""
        return "T1"

    @property
    def bot_token(self) -> str:
        """The first workspace's token."""
        return self.workspaces["T1"].bot_token

    @property
    def bot_user(self) -> str:
        """The bot's user in the first workspace."""
        return self.workspaces["T1"].bot_user

    @property
    def scopes(self) -> set[str]:
        """What the first workspace granted; a test may change it."""
        return self.workspaces["T1"].scopes

    @property
    def token_error(self) -> str | None:
        """What every call for the first workspace is answered with."""
        return self.workspaces["T1"].token_error

    @token_error.setter
    def token_error(self, error: str | None) -> None:
        self.workspaces["T1"].token_error = error

    # looking and waiting

    def assert_clean(self) -> None:
        """Nothing was sent that should not be."""
        assert not self.violations, "\n".join(self.violations)

    async def until(self, condition: Callable[[], T], within: float = 60) -> T:
        """Waits until this holds, looked at after everything the app does; AssertionError if it never does."""
        try:
            async with asyncio.timeout(within):
                while not (found := condition()):
                    news = asyncio.get_running_loop().create_future()
                    self._waiting.append(news)
                    await news
        except TimeoutError:
            raise AssertionError(f"it did not come to be within {within} s") from None
        return found

    def _changed(self) -> None:
        """Something happened here."""
        waiting, self._waiting = self._waiting, []
        for news in waiting:
            if not news.done():
                news.set_result(None)

    def _violation(self, text: str) -> None:
        self.violations.append(text)

    def _ts(self) -> str:
        self._last_ts = max(self._last_ts + 1, int(time.time() * 1_000_000))
        return f"{self._last_ts // 1_000_000}.{self._last_ts % 1_000_000:06d}"

    def _new_id(self, kind: str) -> str:
        self._made += 1
        return f"{kind}{self._made:07d}"

    # whose token it is

    def _owners(self) -> list[Owner]:
        return [*self.workspaces.values(), *self.organizations.values()]

    def _owner_of(self, token: str) -> tuple[Owner, Token] | None:
        return next(((owner, owner.tokens[token]) for owner in self._owners() if token in owner.tokens), None)

    def _install_of(self, workspace: Workspace) -> Owner:
        """The installation that speaks for the workspace: its own, or the one of its whole organization."""
        organization = self.organizations.get(workspace.enterprise_id or "")
        return organization if organization and organization.installed and not workspace.installed else workspace

    def _about(self, workspace: Workspace) -> Json:
        """`team`, `enterprise` and `is_enterprise_install`, as requests to the app carry them."""
        organization = self.organizations.get(workspace.enterprise_id or "")
        team = {"id": workspace.id, "domain": workspace.domain}
        if organization is not None:
            team |= {"enterprise_id": organization.id, "enterprise_name": organization.name}
        return {
            "team": team,
            "enterprise": {"id": organization.id, "name": organization.name} if organization else None,
            "is_enterprise_install": isinstance(self._install_of(workspace), Organization),
            "api_app_id": self.app_id,
            "token": "deprecated",
        }
