"""What a bot asks the stand-in Discord about itself, people and guilds."""

from typing import Any

from standins.discord_channel import KINDS, Channel
from standins.discord_errors import Refusal
from standins.discord_guild import Guild, User
from standins.discord_rest import Rest
from standins.discord_routes import Call, route
from standins.discord_state import Json


class Lookups(Rest):
    """Answers of a guild that the bot is not in are those for one that does not exist."""

    @route("GET", "/users/@me")
    def _me(self, call: Call) -> Json:
        more = {"mfa_enabled": True, "locale": "en-US", "email": None, "verified": True}
        return self.bot.as_discord() | more

    @route("GET", "/oauth2/applications/@me")
    @route("GET", "/applications/@me")
    def _application(self, call: Call) -> Json:
        return {
            "id": self.application_id,
            "name": "uptimus",
            "icon": None,
            "description": "",
            "type": None,
            "summary": "",
            "verify_key": "0" * 64,
            "flags": 0,
            "flags_new": "0",
            "bot_public": True,
            "bot_require_code_grant": False,
            "redirect_uris": [],
            "interactions_endpoint_url": None,
            "role_connections_verification_url": None,
            "owner": self.owner.as_discord(),
            "approximate_guild_count": len(self.guilds),
            "approximate_user_install_count": 0,
            "approximate_user_authorization_count": 0,
            "explicit_content_filter": 0,
            "team": None,
            "eligible_oauth2_scopes": [],
        }

    @route("GET", "/users/{user_id}")
    def _somebody(self, call: Call) -> Json:
        return self._user(call.names["user_id"]).as_discord()

    @route("POST", "/users/@me/channels")
    def _direct(self, call: Call) -> Json:
        person = self._user(str(call.body["recipient_id"]))
        return self.direct(person).as_discord()

    @route("GET", "/users/@me/guilds")
    def _my_guilds(self, call: Call) -> list[Json]:
        after = int(call.query.get("after", 0))
        found = [one for one in self.guilds.values() if one.here and int(one.id) > after]
        return [self._brief(one) for one in found[: int(call.query.get("limit", 200))]]

    @route("DELETE", "/users/@me/guilds/{guild_id}")
    def _leave(self, call: Call) -> None:
        guild = self.find_guild(call)
        guild.here = False
        self._tell("GUILD_DELETE", {"id": guild.id}, guild)

    @route("GET", "/guilds/{guild_id}")
    def _guild(self, call: Call) -> Json:
        guild = self.find_guild(call)
        counts = {"approximate_member_count": len(guild.people) + 1, "approximate_presence_count": 1}
        return guild.as_discord() | (counts if call.query.get("with_counts") in ("1", "true") else {})

    @route("GET", "/guilds/{guild_id}/channels")
    def _guild_channels(self, call: Call) -> list[Json]:
        return [one.as_discord() for one in self.find_guild(call).channels.values() if not one.is_thread]

    @route("GET", "/guilds/{guild_id}/roles")
    def _guild_roles(self, call: Call) -> list[Json]:
        return [one.as_discord() for one in self.find_guild(call).roles]

    @route("GET", "/guilds/{guild_id}/members/{user_id}")
    def _guild_member(self, call: Call) -> Json:
        guild, user = self.find_guild(call), self._user(call.names["user_id"])
        if user is not self.bot and user.id not in guild.people:
            raise Refusal(10007)
        return guild.member(user)

    @route("GET", "/guilds/{guild_id}/threads/active")
    def _active_threads(self, call: Call) -> Json:
        found = [one for one in self.find_guild(call).active_threads() if self.bot_may(one, "VIEW_CHANNEL")]
        return {"threads": [one.as_discord() for one in found], "members": [], "has_more": False}

    # finding

    def find_guild(self, call: Call) -> Guild:
        """Refusal for a guild without the bot."""
        guild = self.guilds.get(call.names["guild_id"])
        if guild is None or not guild.here:
            raise Refusal(10004)
        return guild

    def direct(self, person: User) -> Channel:
        """The direct messages of the bot with a person, `messages` in them."""
        found = (one for one in self.channels.values() if one.person is person)
        if (channel := next(found, None)) is None:
            channel = Channel(self.new_id(), person.name, KINDS["dm"], None, person=person)
            self.channels[channel.id] = channel
        return channel

    def _user(self, id: str) -> User:
        if id not in self.users:
            raise Refusal(10013)
        return self.users[id]

    def _brief(self, guild: Guild) -> Json:
        about: dict[str, Any] = {"id": guild.id, "name": guild.name, "icon": None, "banner": None, "owner": False}
        return about | {"permissions": str(guild.permissions(self.bot)), "features": []}
