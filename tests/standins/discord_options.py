"""What somebody types behind a command of the stand-in Discord, as Discord hands it to the bot."""

from collections.abc import Callable
from typing import Any, Final

from standins.discord_channel import Channel
from standins.discord_command_rules import BOOLEAN, CHANNEL, INTEGER, NUMBER, ROLE, STRING, USER
from standins.discord_guild import Guild, User

Json = dict[str, Any]
_TYPES: Final[dict[int, tuple[type, ...]]] = {
    STRING: (str,),
    INTEGER: (int,),
    BOOLEAN: (bool,),
    USER: (User,),
    CHANNEL: (Channel,),
    ROLE: (str,),
    NUMBER: (int, float),
}


def filled(
    command: Json, values: dict[str, Any], guild: Guild, user: User, *, focused: str | None = None
) -> tuple[list[Json], Json]:
    """(options, resolved) of a command, from what is typed by name.

    AssertionError for what Discord's client does not let anybody send. `focused`: the option that is being typed,
    for autocomplete; then nothing has to be whole.
    """
    known = {option["name"]: option for option in command.get("options") or []}
    if unknown := values.keys() - known.keys():
        raise AssertionError(f"there is no option {sorted(unknown)}, but {list(known)}")
    missing = [name for name, option in known.items() if option.get("required") and name not in values]
    if missing and focused is None:
        raise AssertionError(f"{missing} must be filled in")
    options: list[Json] = []
    resolved: Json = {}
    for name, value in values.items():
        option = known[name]
        if name != focused:
            _check(option, value)
        sent = value.id if isinstance(value, User | Channel) else value
        options.append({"name": name, "type": option["type"], "value": sent})
        if isinstance(value, User):
            resolved.setdefault("users", {})[value.id] = value.as_discord()
            resolved.setdefault("members", {})[value.id] = partial_member(guild, value)
        elif isinstance(value, Channel):
            resolved.setdefault("channels", {})[value.id] = partial_channel(value, guild, user)
    if focused is not None:
        _focus(options, focused)
    return options, resolved


def nested(way: list[Json], options: list[Json]) -> list[Json]:
    """The options inside of the groups and the sub-command that they belong to."""
    for step in reversed(way):
        options = [{"name": step["name"], "type": step["type"], "options": options}]
    return options


def partial_channel(channel: Channel, guild: Guild, user: User) -> Json:
    """A channel as interactions carry it."""
    about = channel.as_discord()
    for name in ("permission_overwrites", "available_tags"):
        about.pop(name, None)
    return about | {"permissions": str(guild.permissions(user, channel))}


def partial_member(guild: Guild, user: User) -> Json:
    """A member as interactions resolve one: without the user, with what they may."""
    about = guild.member(user) | {"permissions": str(guild.permissions(user))}
    for name in ("user", "deaf", "mute"):
        about.pop(name)
    return about


def _focus(options: list[Json], focused: str) -> None:
    for option in options:
        if option["name"] == focused:
            option["focused"] = True
            return
    raise AssertionError(f"nothing is typed in {focused}")


def _check(option: Json, value: Any) -> None:
    name, kind = option["name"], option["type"]
    taken: Any = _TYPES[kind]
    if not isinstance(value, taken) or (kind == INTEGER and isinstance(value, bool)):
        raise AssertionError(f"{name}: {value!r} is not what this option takes")
    choices = [choice["value"] for choice in option.get("choices") or []]
    if choices and value not in choices:
        raise AssertionError(f"{name}: {value!r} is none of {choices}")
    if kind == CHANNEL and option.get("channel_types") and value.kind not in option["channel_types"]:
        raise AssertionError(f"{name}: {value.name} is not of a kind that is offered")
    measures: dict[str, Callable[[], bool]] = {
        "min_length": lambda: len(value) < option["min_length"],
        "max_length": lambda: len(value) > option["max_length"],
        "min_value": lambda: value < option["min_value"],
        "max_value": lambda: value > option["max_value"],
    }
    for bound, broken in measures.items():
        if option.get(bound) is not None and broken():
            raise AssertionError(f"{name}: {value!r} is beyond {bound} {option[bound]}")
