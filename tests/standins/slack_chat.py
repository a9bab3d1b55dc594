"""The methods of the stand-in's Web API about messages, channels and people."""

from typing import Any

from standins import slack_rules as rules
from standins.slack_channel import Channel
from standins.slack_messages import Messages
from standins.slack_state import Json, Refusal
from standins.slack_workspace import Workspace


class Chat(Messages):
    """Each takes the workspace that the token is for, and its arguments; it answers, or raises Refusal."""

    def _post_message(self, workspace: Workspace, arguments: Json) -> Json:
        room = self._open_room(workspace, arguments)
        self._check_message("chat.postMessage", arguments)
        self._check_thread(room, arguments)
        message = self._store(room, arguments)
        return {"channel": room.id, "ts": message.ts, "message": {}}

    def _update(self, workspace: Workspace, arguments: Json) -> Json:
        room = workspace.room(arguments["channel"])
        if room is None or (room.private and not room.member):
            raise Refusal("channel_not_found")
        if room.archived:
            raise Refusal("is_inactive")
        self._check_message("chat.update", arguments)
        message = room.find(arguments["ts"]) if isinstance(arguments["ts"], str) else None
        if message is None:
            raise Refusal("message_not_found")
        if message.user != "uptimus":
            raise Refusal("cant_update_message")
        # Slack's page has said of blocks that are left out both that the old ones go and that they stay
        message.rewrite(arguments.get("text", ""), arguments.get("blocks", message.blocks))
        message.metadata = arguments.get("metadata", message.metadata)
        return {"channel": room.id, "ts": message.ts, "text": message.text}

    def _post_ephemeral(self, workspace: Workspace, arguments: Json) -> Json:
        room = self._open_room(workspace, arguments)
        self._check_message("chat.postEphemeral", arguments)
        if arguments["user"] not in room.users:
            raise Refusal("user_not_in_channel")
        answer = self._answer(arguments, workspace, room.id, arguments["user"])
        return {"message_ts": answer.ts}

    def _open_room(self, workspace: Workspace, arguments: Json) -> Channel:
        """The channel or the person, if the bot may write there."""
        id = str(arguments["channel"])
        if id.startswith("#"):
            self._violation(f"a channel's name instead of its id: {id}")
        if id.startswith(("U", "W")):
            return self._direct_room(workspace, id)
        room = workspace.room(id)
        if room is None or (room.private and not room.member):
            raise Refusal("channel_not_found")
        if room.archived:
            raise Refusal("is_archived")
        if not room.member and "chat:write.public" not in self._install_of(workspace).scopes:
            raise Refusal("not_in_channel")
        if room.refuses:
            raise Refusal(room.refuses)
        return room

    def _direct_room(self, workspace: Workspace, user: str) -> Channel:
        if user not in workspace.users or workspace.users[user].deleted:
            raise Refusal("channel_not_found")
        if not workspace.messages_tab:
            raise Refusal("messages_tab_disabled")
        room = workspace.room(f"D{user[1:]}")
        assert room is not None
        return room

    def _unfurl(self, workspace: Workspace, arguments: Json) -> Json:
        channel, ts = arguments.get("channel"), arguments.get("ts")
        if "unfurl_id" in arguments or "source" in arguments:
            if arguments.get("source") != "conversations_history":
                raise Refusal("invalid_source" if "source" in arguments else "missing_source")
            ts = str(arguments.get("unfurl_id", "")).removeprefix("C")
            channel = next((room for room, shared in workspace.shared_links if shared == ts), None)
            if channel is None:
                raise Refusal("invalid_unfurl_id")
        if not channel or not ts:
            raise Refusal("missing_channel" if not channel else "missing_ts")
        room = workspace.room(channel)
        if room is None:
            raise Refusal("cannot_find_channel")
        message = room.find(ts)
        if message is None:
            raise Refusal("cannot_find_message")
        unfurls = self._checked_unfurls(arguments.get("unfurls"))
        if unfurls.keys() - workspace.shared_links.get((channel, ts), set()):
            raise Refusal("cannot_unfurl_url")
        message.unfurls |= unfurls
        return {}

    def _checked_unfurls(self, unfurls: Any) -> dict[str, Json]:
        if not unfurls:
            raise Refusal("missing_unfurls")
        if not isinstance(unfurls, dict) or not all(isinstance(one, dict) for one in unfurls.values()):
            raise Refusal("invalid_unfurls_format")
        for url, unfurl in unfurls.items():
            if unknown := unfurl.keys() - {"blocks", "preview", "hide_color", "color"}:
                self._violation(f"chat.unfurl: {url} with {sorted(unknown)}")
            refused, unwanted = rules.block_faults(unfurl.get("blocks", []), self.allow_mentions)
            for fault in (*refused, *unwanted):
                self._violation(f"chat.unfurl: {url}: {fault}")
            if refused or not unfurl.get("blocks"):
                raise Refusal("invalid_unfurls_format", response_metadata={"messages": refused})
        return unfurls

    def _permalink(self, workspace: Workspace, arguments: Json) -> Json:
        room = workspace.room(arguments["channel"])
        if room is None or (room.private and not room.member):
            raise Refusal("channel_not_found")
        message = room.find(arguments["message_ts"])
        if message is None:
            raise Refusal("message_not_found")
        link = f"https://{workspace.domain}.slack.com/archives/{room.id}/p{message.ts.replace('.', '')}"
        thread = f"?thread_ts={message.thread_ts}&cid={room.id}" if message.thread_ts else ""
        return {"channel": room.id, "permalink": link + thread}

    def _conversation(self, workspace: Workspace, arguments: Json) -> Json:
        room = workspace.room(arguments["channel"])
        if room is None or (room.private and not room.member):
            raise Refusal("channel_not_found")
        scope = "im:read" if room.id.startswith("D") else "groups:read" if room.private else "channels:read"
        granted = self._install_of(workspace).scopes
        if scope not in granted:
            raise Refusal("missing_scope", needed=scope, provided=",".join(sorted(granted)))
        about = {"id": room.id, "name": room.name, "is_archived": room.archived, "is_member": room.member}
        about |= {"is_private": room.private, "is_channel": not room.private, "context_team_id": workspace.id}
        if str(arguments.get("include_num_members")).lower() in ("true", "1"):
            about["num_members"] = len(room.users) + room.member
        return {"channel": about}

    def _person(self, workspace: Workspace, arguments: Json) -> Json:
        user = workspace.users.get(arguments["user"])
        if user is None:
            raise Refusal("user_not_found")
        about = {
            "id": user.id,
            "team_id": user.home or workspace.id,
            "name": user.name,
            "real_name": user.name.title(),
            "deleted": user.deleted,
            "profile": {"real_name": user.name.title(), "display_name": user.name},
            "is_bot": False,
            "is_app_user": False,
        }
        if not user.deleted:
            about |= {"tz": user.tz, "tz_label": user.tz, "tz_offset": user.tz_offset}
            about |= {"is_admin": user.admin or user.owner, "is_owner": user.owner, "is_primary_owner": False}
            about |= {"is_restricted": user.guest, "is_ultra_restricted": False}
        if str(arguments.get("include_locale")).lower() in ("true", "1"):
            about["locale"] = "en-US"
        return {"user": about}
