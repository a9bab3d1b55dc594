"""What somebody typed into a chat, as a command and its Request. Pure, and of no platform's.

Forgiving where people and their keyboards differ: smart quotes, dashes that an editor made of `--`, links and
channels as Slack and Discord write them, capital letters, blanks. What it can't make sense of, it says.
"""

import re
from collections.abc import Collection, Iterator
from dataclasses import dataclass, field, replace
from difflib import get_close_matches

from adapters.schema import Impact
from bot.commands.reply import CommandError, Request
from relay.events import Stream

HELP = "help"
_TRY = "Try /uptimus help"
_QUOTES = str.maketrans({**dict.fromkeys("“”„‟«»", '"'), **dict.fromkeys("‘’‚‛", "'")})
_INVISIBLE = re.compile("[\u200b-\u200f\u2060\ufeff\x00]")
_DASHES = re.compile(r"(?<!\S)[-—–−‑]{1,3}(?=[A-Za-z])")
_LINK = re.compile(r"<((?:https?://|mailto:)[^|>\s]+)(?:\|[^>]*)?>")
_CHANNEL_LINK = re.compile(r"<#(\w+)(?:\|[^>]*)?>")
_CHANNEL = re.compile(r"^<#(\w+)>$")
_TOKEN = re.compile(r"""(?:"[^"]*"|'[^']*'(?!\S)|[^\s"]|")+?(?=\s|$)""")
_ENTITIES = (("&lt;", "<"), ("&gt;", ">"), ("&amp;", "&"))

_FLAGS = {
    "stream": "stream",
    "streams": "stream",
    "component": "component",
    "components": "component",
    "impact": "impact",
    "min-impact": "impact",
    "min_impact": "impact",
    "to": "to",
    "days": "days",
}
_WORDS = ("--stream", "--component", "--min-impact", "--to", "--days")
_STREAMS = {str(stream): str(stream) for stream in Stream} | {
    "incident": "incidents",
    "component": "components",
    "maintenances": "maintenance",
}
_IMPACTS = tuple(str(impact) for impact in Impact if impact != Impact.UNKNOWN)


@dataclass
class _Words:
    """The tokens, sorted: what stands by itself, and the values of each flag."""

    plain: list[str] = field(default_factory=list)
    flags: dict[str, list[str]] = field(default_factory=dict)


def parse(
    text: str, *, commands: Collection[str], workspace: str, here: str, actor: str = "", here_name: str = ""
) -> tuple[str, Request]:
    """(the command's name, the request); raises CommandError, and nothing else.

    `here` is the destination of the channel that was typed in, `here_name` what people call it.
    """
    words = _sorted(_tokens(text))
    command = _command(words.plain.pop(0) if words.plain else HELP, commands)
    request = Request(workspace=workspace, actor=actor, here=here)
    return command, _request(words, request, here_name)


def _tokens(text: str) -> list[str]:
    text = _INVISIBLE.sub("", text).translate(_QUOTES)
    text = _CHANNEL_LINK.sub(r"<#\1>", _LINK.sub(r"\1", _DASHES.sub("--", text)))
    return [match[0] for match in _TOKEN.finditer(text)]


def _sorted(tokens: list[str]) -> _Words:
    words, rest = _Words(), iter(tokens)
    for token in rest:
        flag, value = _flag(token, rest)
        if flag is None:
            words.plain.append(_bare(token))
        else:
            words.flags.setdefault(flag, []).append(value)
    return words


def _flag(token: str, rest: Iterator[str]) -> tuple[str | None, str]:
    """`--stream incidents`, `--stream=incidents` and `stream:incidents` are the same."""
    dashed = token.startswith("--") and len(token) > 2
    name, sign, value = _split(token.removeprefix("--") if dashed else token)
    flag = _FLAGS.get(name.lower())
    if dashed and name.lower() in ("help", "h"):
        return None, ""
    if flag is None and dashed:
        raise CommandError(f"I don't know the option --{name}{_guess('--' + name.lower(), _WORDS)} {_TRY}")
    if flag is None or not (dashed or sign):
        return None, ""
    value = value if sign else next(rest, "")
    if not _bare(value):
        raise CommandError(f"--{name} needs a value. {_TRY}")
    return flag, _bare(value)


def _split(token: str) -> tuple[str, str, str]:
    found = re.match(r"^([A-Za-z_-]+)([:=])(.*)$", token, re.DOTALL)
    return (found[1], found[2], found[3]) if found else (token, "", "")


def _bare(token: str) -> str:
    """Without its quotes and entities."""
    for quote in "\"'":
        if len(token) > 1 and token[0] == token[-1] == quote:
            token = token[1:-1]
            break
    token = token.replace('"', "").strip()
    if _CHANNEL.match(token):
        return token
    for entity, char in _ENTITIES:
        token = token.replace(entity, char)
    return token


def _command(word: str, commands: Collection[str]) -> str:
    name = word.lower().lstrip("/-")
    if name in ("", "?", "h", HELP):
        return HELP
    if name not in commands:
        raise CommandError(f"I don't know “{word[:40]}”{_guess(name, [*commands, HELP])} {_TRY}")
    return name


def _guess(word: str, known: Collection[str]) -> str:
    close = get_close_matches(word, known, n=1)
    return f"; did you mean {close[0]}?" if close else "."


def _request(words: _Words, request: Request, here_name: str) -> Request:
    names = [word for word in words.plain if not _is_channel(word)]
    channels = [word for word in words.plain if _is_channel(word)] + words.flags.get("to", [])
    if len(set(channels)) > 1:
        raise CommandError("Please name one channel at a time")
    text = " ".join(name for name in names if name)
    return replace(
        request,
        provider=text or None,
        text=text,
        to=_destination(channels[0], request, here_name) if channels else None,
        streams=tuple(dict.fromkeys(_streams(words.flags.get("stream", [])))),
        components=tuple(dict.fromkeys(words.flags.get("component", []))),
        min_impact=_impact(words.flags.get("impact", [])),
        days=_days(words.flags.get("days", [])),
    )


def _is_channel(word: str) -> bool:
    return bool(_CHANNEL.match(word)) or (word.startswith("#") and len(word) > 1)


def _destination(word: str, request: Request, here_name: str) -> str:
    """A channel as a destination of this workspace; an address as it is."""
    if channel := _CHANNEL.match(word):
        return f"{request.workspace}/{channel[1]}"
    if word.startswith("#"):
        if word[1:].lower() == here_name.lower():
            return request.here
        raise CommandError(
            f"I can't tell which channel {word[:80]} is: pick it from the list that appears as you type"
        )
    _same_workspace(word, request.workspace)
    return word


def _same_workspace(to: str, workspace: str) -> None:
    """Somebody in a chat reaches the channels of that chat, and no other workspace's, and not our terminal."""
    scheme = to.partition(":")[0].lower()
    if scheme == "console" or (scheme in ("slack", "discord") and not to.startswith(f"{workspace}/")):
        raise CommandError("From here I can only post to channels of this workspace")


def _streams(values: list[str]) -> Iterator[str]:
    for value in re.split(r"[,\s]+", " ".join(values).lower().strip()):
        if value and value not in _STREAMS:
            raise CommandError(f"I don't know the stream “{value[:40]}”: there are {', '.join(Stream)}")
        if value:
            yield _STREAMS[value]


def _impact(values: list[str]) -> str | None:
    if not values:
        return None
    if (impact := values[-1].lower()) not in _IMPACTS:
        raise CommandError(f"I don't know the impact “{impact[:40]}”: there are {', '.join(_IMPACTS)}")
    return impact


def _days(values: list[str]) -> int:
    if not values:
        return Request.days
    if not re.fullmatch(r"[0-9]{1,4}", values[-1]) or not 1 <= int(values[-1]) <= 3650:
        raise CommandError("--days takes a number of days, such as 90")
    return int(values[-1])
