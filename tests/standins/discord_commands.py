"""The application commands of the stand-in Discord: registered by the bot, found by the person who types."""

import copy
from collections import defaultdict
from typing import Any

from standins.discord_command_rules import CHAT_INPUT, SUB_COMMAND, SUB_COMMAND_GROUP, commands_faults
from standins.discord_errors import Refusal, refuse
from standins.discord_guild import Guild, User
from standins.discord_lookups import Lookups
from standins.discord_permissions import BITS
from standins.discord_routes import Call, route
from standins.discord_state import Json

MOST_CREATES = 200
"""New commands a day, of the application and of each guild; names that are overwritten don't count."""
_GLOBAL = "/applications/{application_id}/commands"
_OF_GUILD = "/applications/{application_id}/guilds/{guild_id}/commands"


class Commands(Lookups):
    """`commands`: by guild ("" for the global ones), as Discord keeps them."""

    def __init__(self, **options: Any) -> None:
        self.commands: defaultdict[str, list[Json]] = defaultdict(list)
        self.command_creates: defaultdict[str, list[float]] = defaultdict(list)
        super().__init__(**options)

    @route("PUT", _GLOBAL)
    @route("PUT", _OF_GUILD)
    def _overwrite_commands(self, call: Call) -> list[Json]:
        scope, before = self._scope(call), {}
        for command in self.commands[scope]:
            before[command["type"], command["name"]] = command
        refuse(list(commands_faults(call.body or [])))
        wanted = [(one, (one.get("type") or CHAT_INPUT, one["name"])) for one in call.body or []]
        self._count_creates(scope, sum(key not in before for _, key in wanted))
        self.commands[scope] = [self._kept(one, before.get(key), scope) for one, key in wanted]
        return copy.deepcopy(self.commands[scope])

    @route("GET", _GLOBAL)
    @route("GET", _OF_GUILD)
    def _list_commands(self, call: Call) -> list[Json]:
        return copy.deepcopy(self.commands[self._scope(call)])

    @route("GET", _GLOBAL + "/{command_id}")
    @route("GET", _OF_GUILD + "/{command_id}")
    def _read_command(self, call: Call) -> Json:
        found = (one for one in self.commands[self._scope(call)] if one["id"] == call.names["command_id"])
        if (command := next(found, None)) is None:
            raise Refusal(10063)
        return copy.deepcopy(command)

    @route("DELETE", _GLOBAL + "/{command_id}")
    @route("DELETE", _OF_GUILD + "/{command_id}")
    def _delete_command(self, call: Call) -> None:
        scope, command = self._scope(call), self._read_command(call)
        self.commands[scope] = [one for one in self.commands[scope] if one["id"] != command["id"]]

    def _scope(self, call: Call) -> str:
        if call.names["application_id"] != self.application_id:
            raise Refusal(20012)
        return self.find_guild(call).id if "guild_id" in call.names else ""

    def _count_creates(self, scope: str, new: int) -> None:
        made = self.command_creates[scope]
        made[:] = [at for at in made if at > self.now() - 86400]
        if len(made) + new > MOST_CREATES:
            raise Refusal(30034)
        made += [self.now()] * new

    def _kept(self, command: Json, before: Json | None, scope: str) -> Json:
        permissions = command.get("default_member_permissions")
        kept: Json = {
            "type": CHAT_INPUT,
            "nsfw": False,
            "contexts": None,
            "integration_types": [0],
            "name_localizations": None,
            "description_localizations": None,
        }
        kept |= {key: value for key, value in command.items() if key != "dm_permission" and value is not None}
        kept |= {
            "id": before["id"] if before else self.new_id(),
            "application_id": self.application_id,
            "version": self.new_id(),
            "default_member_permissions": None if permissions is None else str(permissions),
            "description": command.get("description") or "",
        }
        return kept | ({"guild_id": scope} if scope else {})

    # whoever types

    def offered(self, guild: Guild, user: User, channel_permissions: int) -> list[Json]:
        """The commands that somebody sees who types `/` in a guild."""
        if not channel_permissions & BITS["USE_APPLICATION_COMMANDS"]:
            return []
        own = {one["name"] for one in self.commands[guild.id]}
        everywhere = [one for one in self.commands[""] if one["name"] not in own]
        found = [one for one in [*self.commands[guild.id], *everywhere] if one["type"] == CHAT_INPUT]
        return [one for one in found if _is_visible(one, channel_permissions)]

    def find_command(
        self, guild: Guild, user: User, permissions: int, words: str
    ) -> tuple[Json, list[Json], Json]:
        """(the command, the groups and sub-command on the way, the last of them) that these words are.

        AssertionError where the person can't type it: not registered, not visible, or not whole.
        """
        name, *path = words.removeprefix("/").split()
        offered = self.offered(guild, user, permissions)
        command = next((one for one in offered if one["name"] == name), None)
        if command is None:
            raise AssertionError(f"{user.name} sees no command /{name}, but {[one['name'] for one in offered]}")
        found, way = command, []
        for word in path:
            groups = [one for one in found.get("options") or [] if one["type"] in (SUB_COMMAND, SUB_COMMAND_GROUP)]
            inner = next((one for one in groups if one["name"] == word), None)
            if inner is None:
                raise AssertionError(f"/{words}: there is no {word}, but {[one['name'] for one in groups]}")
            way.append(inner)
            found = inner
        if any(one["type"] in (SUB_COMMAND, SUB_COMMAND_GROUP) for one in found.get("options") or []):
            raise AssertionError(f"/{words} is only the beginning of a command")
        return command, way, found


def _is_visible(command: Json, permissions: int) -> bool:
    needed = command["default_member_permissions"]
    if command.get("contexts") is not None and 0 not in command["contexts"]:
        return False
    if needed is None or permissions & BITS["ADMINISTRATOR"]:
        return True
    return int(needed) != 0 and permissions & int(needed) == int(needed)
