"""The Events API of the stand-in Slack: what happens in a workspace, told to the app."""

from uuid import uuid4

from standins.slack_channel import Channel, Message
from standins.slack_delivery import Delivery
from standins.slack_messages import Messages
from standins.slack_state import Json
from standins.slack_workspace import Organization, Workspace


class Events(Delivery, Messages):
    """Each helper changes the workspace and then tells the app, where what was granted lets Slack tell it."""

    async def event(
        self, event: Json, *, team: str = "T1", event_id: str | None = None, retry: bool = False
    ) -> str:
        """An event as it is given, to be acknowledged in 3 s: its id. `retry`: as Slack's first repeat of it."""
        id = event_id or f"Ev{uuid4().hex[:10].upper()}"
        event = {"event_ts": self._ts()} | event
        organization = self.organizations.get(team)
        about = self._organization_envelope(organization) if organization else self._envelope(team)
        body = {
            "token": "deprecated",
            "api_app_id": self.app_id,
            "type": "event_callback",
            "event": event,
            "event_id": id,
            "event_time": int(float(event["event_ts"])),
            "is_ext_shared_channel": False,
        }
        await self._hand_over("events_api", body | about, f"event {event['type']}", retry=retry)
        return id

    def _envelope(self, team: str) -> Json:
        workspace = self.workspaces[team]
        install = self._install_of(workspace)
        authorization = {
            "enterprise_id": workspace.enterprise_id,
            "team_id": workspace.id,
            "user_id": install.bot_user,
            "is_bot": True,
            "is_enterprise_install": isinstance(install, Organization),
        }
        about = {"team_id": workspace.id, "context_team_id": workspace.id, "authorizations": [authorization]}
        return about | {"enterprise_id": workspace.enterprise_id} if workspace.enterprise_id else about

    def _organization_envelope(self, organization: Organization) -> Json:
        authorization = {
            "enterprise_id": organization.id,
            "team_id": None,
            "user_id": organization.bot_user,
            "is_bot": True,
            "is_enterprise_install": True,
        }
        return {"team_id": None, "enterprise_id": organization.id, "authorizations": [authorization]}

    async def _tell(self, workspace: Workspace, scope: str | None, event: Json) -> None:
        """Where the bot is installed and the scope was granted."""
        install = self._install_of(workspace)
        if install.installed and (scope is None or scope in install.scopes):
            await self.event(event, team=workspace.id)

    async def _tell_of(self, channel: Channel, what: str, event: Json) -> None:
        """`channel_…`, or `group_…` of a private channel, which only its members hear of."""
        kind, scope = ("group", "groups:read") if channel.private else ("channel", "channels:read")
        if channel.member or not channel.private:
            await self._tell(self.workspaces[channel.team], scope, {"type": f"{kind}_{what}"} | event)

    # what happens to a channel

    async def archive(self, id: str, team: str = "T1", user: str = "U1") -> None:
        """Somebody archives the channel: nobody can write there."""
        channel = self.channel(id, team)
        channel.archived = True
        await self._tell_of(channel, "archive", {"channel": id, "user": user, "is_moved": 0})

    async def unarchive(self, id: str, team: str = "T1", user: str = "U1") -> None:
        """Somebody takes the channel out of the archive."""
        channel = self.channel(id, team)
        channel.archived = False
        await self._tell_of(channel, "unarchive", {"channel": id, "user": user})

    async def rename(self, id: str, name: str, team: str = "T1") -> None:
        """The channel has another name; its id stays."""
        channel = self.channel(id, team)
        channel.name = name
        about = {"id": id, "name": name, "name_normalized": name, "is_channel": not channel.private}
        await self._tell_of(channel, "rename", {"channel": about | {"created": 1}})

    async def delete_channel(self, id: str, team: str = "T1", user: str = "U1") -> None:
        """The channel is gone for good, with all its messages."""
        channel = self.workspaces[team].channels.pop(id)
        await self._tell_of(channel, "deleted", {"channel": id, "actor_id": user})

    async def kick(self, id: str, team: str = "T1", user: str = "U1") -> None:
        """Somebody removes the bot from the channel."""
        channel = self.channel(id, team)
        await self._tell_of(channel, "left", {"channel": id, "actor_id": user})
        channel.member = False

    async def invite(self, id: str, team: str = "T1", user: str = "U1") -> None:
        """Somebody invites the bot into the channel."""
        channel, workspace = self.channel(id, team), self.workspaces[team]
        channel.member = True
        scope, kind = ("groups:read", "G") if channel.private else ("channels:read", "C")
        joined = {"type": "member_joined_channel", "channel": id, "channel_type": kind, "team": team}
        bot = self._install_of(workspace).bot_user
        await self._tell(workspace, scope, joined | {"user": bot, "inviter": user})

    async def convert(self, id: str, new_id: str | None = None, team: str = "T1") -> str:
        """The channel is shared with another organization and has another id from now on: the new id."""
        channels = self.workspaces[team].channels
        channel = channels.pop(id)
        channel.id = new_id or self._new_id("C")
        channels[channel.id] = channel
        for message in channel.messages:
            message.channel = channel.id
        changed = {"type": "channel_id_changed", "old_channel_id": id, "new_channel_id": channel.id}
        await self._tell(self.workspaces[team], None, changed)
        return channel.id

    # what happens to the app

    async def uninstall(
        self,
        team: str = "T1",
        order: tuple[str, ...] = ("app_uninstalled", "tokens_revoked"),
        *,
        twice: bool = False,
    ) -> None:
        """Somebody removes the app from a workspace, or from an organization by its id.

        Every token is dead (`account_inactive`), the bot is in no channel any more. `order`: of the two events;
        `twice`: Slack tells both once more, as it does with what it thinks was not heard.
        """
        owner = self.organizations.get(team) or self.workspaces[team]
        owner.kill("account_inactive")
        for workspace in self.workspaces.values():
            if team in (workspace.id, workspace.enterprise_id) and not self._install_of(workspace).installed:
                for channel in workspace.channels.values():
                    channel.member = False
        events: dict[str, Json] = {
            "app_uninstalled": {"type": "app_uninstalled"},
            "tokens_revoked": {"type": "tokens_revoked", "tokens": {"oauth": [], "bot": [owner.bot_user]}},
        }
        told = [(await self.event(events[kind], team=team), kind) for kind in order]
        for id, kind in told if twice else ():
            await self.event(events[kind], team=team, event_id=id, retry=True)

    def revoke(self, team: str = "T1") -> None:
        """Every token of the workspace (or organization) answers token_revoked, and nobody is told."""
        (self.organizations.get(team) or self.workspaces[team]).kill("token_revoked")

    async def open_home(self, user: str = "U1", team: str = "T1", tab: str = "home") -> None:
        """Somebody looks at the app's home, or at its messages tab."""
        workspace = self.workspaces[team]
        workspace.user(user)
        opened: Json = {"type": "app_home_opened", "user": user, "channel": f"D{user[1:]}", "tab": tab}
        home = workspace.homes.get(user)
        if home is not None and tab == "home":
            opened["view"] = home.as_slack(self.app_id, workspace.bot_id)
        await self._tell(workspace, None, opened)

    async def share_links(
        self, channel: str, *urls: str, user: str = "U1", team: str = "T1", text: str = ""
    ) -> Message:
        """Somebody writes a message with addresses that the app shows previews of: the message."""
        workspace = self.workspaces[team]
        room = self.channel(channel, team)
        text = text or " ".join(f"<{url}>" for url in urls)
        message = self._store(room, {"text": text}, workspace.user(user).id)
        workspace.shared_links[channel, message.ts] = set(urls)
        links = [{"url": url, "domain": url.split("/")[2]} for url in urls]
        shared = {"type": "link_shared", "channel": channel, "message_ts": message.ts, "user": user}
        about = {
            "unfurl_id": f"C{message.ts}",
            "source": "conversations_history",
            "is_bot_user_member": room.member,
        }
        await self._tell(workspace, "links:read", shared | about | {"links": links})
        return message
