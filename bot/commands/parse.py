"""What somebody typed into a chat, as a command and its Request. Pure, and of no platform's.

Forgiving where people and their keyboards differ: smart quotes, dashes that an editor made of `--`, links and
channels as Slack and Discord write them, capital letters, blanks. What it can't make sense of, it says.
"""

import re
from collections import deque
from collections.abc import Collection
from dataclasses import dataclass, field, replace
from typing import Any

from bot.commands import spoken
from bot.commands.reply import CommandError, Request, UsageError, Wish
from bot.commands.spoken import guess
from bot.commands.usage import USAGES, with_usage

HELP = "help"
_TRY = "Try /uptimus help"
_QUOTES = str.maketrans({**dict.fromkeys("“”„‟«»", '"'), **dict.fromkeys("‘’‚‛", "'")})
_INVISIBLE = re.compile("[\u200b-\u200f\u2060\ufeff\x00]")
_DASHES = re.compile(r"(?<!\S)[-—–−‑]{1,3}(?=[A-Za-z])")
_LINK = re.compile(r"<((?:https?://|mailto:)[^|>\s]+)(?:\|[^>]*)?>")
_NAMED = re.compile(r"<([#@!][\w^]+)(?:\|[^>]*)?>")
"""A channel, a person, a group, with the name that is shown behind it."""
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
    "thread": "thread",
    "threads": "thread",
    "loud": "loud",
    "mention": "mention",
    "mentions": "mention",
    "mention-from": "mention_from",
    "mention_from": "mention_from",
    "remind": "remind",
    "reminder": "remind",
    "quiet": "quiet",
    "quiet-except": "quiet_except",
    "quiet_except": "quiet_except",
    "at": "at",
    "on": "on",
    "zone": "zone",
    "month": "month",
    "format": "format",
    "key": "key",
    "header": "header",
    "headers": "header",
    "type": "type",
    "types": "type",
    "untested": "untested",
    "ed25519": "ed25519",
}
_DASHED = frozenset({"month", "format", "key", "header", "type", "untested", "ed25519"})
"""Only with dashes: without, `Type: …` may be the words of a title."""
_SWITCHES = frozenset({"untested", "ed25519"})
"""They take no value."""
_SHOWN = ("stream", "component", "min-impact", "to", "days", "thread", "loud", "mention", "mention-from", "remind",
          "quiet", "quiet-except", "at", "on", "zone", "month", "format", "key", "header", "type", "untested",
          "ed25519")  # fmt: skip
_WORDS = tuple(f"--{name}" for name in _SHOWN)

_HOUR = r"\d{1,2}([:.h]\d{2})?\s*([ap]m)?"
_MORE = {
    "thread": r"(threads?|channel) (and|\+|&) (the )?(threads?|channel)|(channel|threads?) only",
    "quiet": rf"{_HOUR}\s*([-‐‑‒–—−]+|to|until|till)\s*{_HOUR}",
    "remind": r"\d+ (m|min|mins|minutes?|h|hours?|d|days?)",
    "at": r"\d{1,2}([:.]\d{2})? [ap]m",
}
"""Values of several words that nobody puts between quotes."""
_ZONE = re.compile(r"[A-Z][A-Za-z_]+/[A-Z][A-Za-z0-9_+/-]+")
"""What can be meant as nothing else, known or not."""
_LISTS = frozenset({"stream", "loud", "mention", "type"})


@dataclass
class _Words:
    """The tokens, sorted: what stands by itself, and the values of each flag."""

    plain: list[str] = field(default_factory=list)
    flags: dict[str, list[str]] = field(default_factory=dict)
    help: bool = False


def parse(
    text: str, *, commands: Collection[str], workspace: str, here: str, actor: str = "", here_name: str = ""
) -> tuple[str, Request]:
    """(the command's name, the request); raises CommandError, and nothing else.

    `here` is the destination of the channel that was typed in, `here_name` what people call it.
    """
    tokens = _tokens(text)
    try:
        words = _sorted(deque(tokens))
        command = _command(words.plain.pop(0) if words.plain else HELP, commands)
        if words.help and command != HELP:
            command, words = HELP, _Words([command])
        return command, _request(words, Request(workspace=workspace, actor=actor, here=here), here_name)
    except UsageError as error:
        name = _bare(tokens[0]).lower().lstrip("/-") if tokens else ""
        told = with_usage(str(error), name) if name in commands and name in USAGES else f"{error} {_TRY}"
        raise UsageError(told) from None


def _tokens(text: str) -> list[str]:
    text = _INVISIBLE.sub("", text).translate(_QUOTES)
    text = _NAMED.sub(r"<\1>", _LINK.sub(r"\1", _DASHES.sub("--", text)))
    return [match[0] for match in _TOKEN.finditer(text)]


def _sorted(rest: deque[str]) -> _Words:
    words = _Words()
    while rest:
        token = rest.popleft()
        if token.lower() in ("--help", "--h"):
            words.help = True
            continue
        flag, value = _flag(token, rest)
        if flag is None:
            words.plain.append(_bare(token))
        else:
            words.flags.setdefault(flag, []).append(value)
    return words


def _flag(token: str, rest: deque[str]) -> tuple[str | None, str]:
    """`--stream incidents`, `--stream=incidents` and `stream:incidents` are the same."""
    dashed = token.startswith("--") and len(token) > 2
    name, sign, value = _split(token.removeprefix("--") if dashed else token)
    flag = _FLAGS.get(name.lower())
    if flag is None and dashed:
        raise UsageError(f"I don't know the option --{name[:40]}{guess('--' + name.lower(), _WORDS)}")
    if flag is None or not (dashed or (sign and flag not in _DASHED)):
        return None, ""
    if flag in _SWITCHES:
        return flag, ""
    value = value if sign and value else rest.popleft() if rest and not rest[0].startswith("--") else ""
    if not _bare(value):
        raise UsageError(f"--{name} needs a value.")
    return flag, _whole(flag, _bare(value), rest)


def _whole(flag: str, value: str, rest: deque[str]) -> str:
    """The value with the words behind it that belong to it: `22:00 - 07:00 Europe/Berlin`, `@here, @channel`."""
    while flag in _LISTS and value.endswith(",") and rest and not rest[0].startswith("--"):
        value = f"{value} {_bare(rest.popleft())}"
    most = min(len(rest), 4) if flag in _MORE else 0
    for size in range(most, 0, -1):
        joined = " ".join([value, *(_bare(rest[number]) for number in range(size))])
        if re.fullmatch(_MORE[flag], joined, re.IGNORECASE):
            for _ in range(size):
                rest.popleft()
            value = joined
            break
    if flag == "quiet" and rest and (spoken.is_zone(_bare(rest[0])) or _ZONE.fullmatch(rest[0])):
        return f"{value} {_bare(rest.popleft())}"
    return value


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
        raise CommandError(f"I don't know “{word[:40]}”{guess(name, [*commands, HELP])} {_TRY}")
    return name


def _request(words: _Words, request: Request, here_name: str) -> Request:
    names = [word for word in words.plain if not _is_channel(word)]
    channels = [word for word in words.plain if _is_channel(word)] + words.flags.get("to", [])
    if len(set(channels)) > 1:
        raise UsageError("Please name one channel at a time.")
    spoken_words = tuple(name for name in names if name)
    text = " ".join(spoken_words)
    return replace(
        request,
        provider=text or None,
        text=text,
        words=spoken_words,
        to=_destination(channels[0], request, here_name) if channels else None,
        components=tuple(dict.fromkeys(words.flags.get("component", []))),
        wish=_wish(words.flags),
        **_manner(words.flags),
    )


def _wish(flags: dict[str, list[str]]) -> Wish:
    """What was said of how an address wants to be told."""
    return Wish(
        format=flags["format"][-1] if "format" in flags else None,
        key=flags["key"][-1] if "key" in flags else None,
        headers=tuple(flags["header"]) if "header" in flags else None,
        types=tuple(flags["type"]) if "type" in flags else None,
        ed25519="ed25519" in flags,
        untested="untested" in flags,
    )


def _manner(flags: dict[str, list[str]]) -> dict[str, Any]:
    """What was said of how it is to be told, as a Request has it. The last word counts where there can be one."""
    try:
        return _said(flags, {flag: values[-1] for flag, values in flags.items()})
    except CommandError as error:
        raise UsageError(str(error)) from None


def _said(flags: dict[str, list[str]], last: dict[str, str]) -> dict[str, Any]:
    for flag, checked in (
        ("remind", spoken.minutes),
        ("quiet", spoken.quiet),
        ("at", spoken.clock),
        ("zone", spoken.zone),
        ("on", spoken.weekday),
    ):
        if flag in last:
            checked(last[flag])
    if last.get("quiet_except", "none").lower() not in spoken.NOTHING:
        last["quiet_except"] = spoken.impact(last["quiet_except"])
    return {
        "days": _days(flags.get("days", [])),
        "streams": spoken.streams(flags.get("stream", [])),
        "min_impact": spoken.impact(last["impact"]) if "impact" in last else None,
        "shape": spoken.shape(last["thread"]) if "thread" in last else None,
        "loud": spoken.loud(flags["loud"]) if "loud" in flags else None,
        "mention": spoken.mention(flags["mention"]) if "mention" in flags else None,
        "mention_impact": spoken.impact(last["mention_from"]) if "mention_from" in last else None,
        **{name: last.get(name) for name in ("remind", "quiet", "quiet_except", "at", "zone", "on", "month")},
    }


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


def _days(values: list[str]) -> int:
    if not values:
        return Request.days
    if not re.fullmatch(r"[0-9]{1,4}", values[-1]) or not 1 <= int(values[-1]) <= 3650:
        raise CommandError("--days takes a number of days, such as 90")
    return int(values[-1])
