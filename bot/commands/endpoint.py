"""How an address wants to be told: what a request asks of it, over what it had before."""

import asyncio
from collections.abc import Iterable
from dataclasses import replace
from difflib import get_close_matches
from typing import Any

from bot.commands import spoken
from bot.commands.reply import CommandError, Wish
from relay.endpoint import Endpoint
from relay.events import EventType
from relay.formats import FORMATS, check

TYPES = tuple(str(one) for one in EventType if one != EventType.TEST)
KINDS = tuple(dict.fromkeys(f"{one.partition('.')[0]}.*" for one in TYPES))


def says(wish: Wish) -> bool:
    """Whether anything is asked of the address."""
    return replace(wish, untested=False) != Wish()


async def wanted(wish: Wish, before: Endpoint | None) -> Endpoint:
    """The endpoint as it is to be; what is not said stays. Raises CommandError for what makes no sense."""
    endpoint = _changed(wish, before or Endpoint())
    try:
        await asyncio.to_thread(check, endpoint)  # a template is tried with dozens of events: up to 0.4 s
    except ValueError as error:
        raise CommandError(f"{str(error)[:1].upper()}{str(error)[1:]}") from None
    return endpoint


def _changed(wish: Wish, endpoint: Endpoint) -> Endpoint:
    changes: dict[str, Any] = {}
    if wish.format is not None:
        format_ = spoken.one_of("format", wish.format, {name: name for name in FORMATS}, FORMATS)
        changes["format"] = format_
        if format_ != endpoint.format:  # what belonged to the other one is of no use to this one
            changes |= {"key": None, "template": None}
    if wish.key is not None:
        changes["key"] = None if wish.key.strip().lower() == "none" else wish.key.strip()
    if wish.template is not None:
        changes["template"] = wish.template
    if wish.headers is not None:
        changes["headers"] = headers(wish.headers)
    if wish.types is not None:
        changes["types"] = types(wish.types)
    return replace(endpoint, **changes)


def headers(values: Iterable[str]) -> dict[str, str]:
    """`Name: value`, each; the last of one name counts. Raises CommandError, without the value in it."""
    given = [value for value in values if value.strip()]
    if [value.strip().lower() for value in given] == ["none"]:
        return {}
    found: dict[str, tuple[str, str]] = {}
    for value in given:
        name, colon, said = value.partition(":")
        if not colon or not name.strip():
            raise CommandError("A header is written as 'Name: value', as in --header 'X-Team: payments'")
        found[name.strip().lower()] = name.strip(), said.strip()
    return dict(found.values())


def types(values: Iterable[str]) -> tuple[str, ...]:
    """Event types in the order of all; a whole kind as `incident.*`; `all` is empty, which is all of them."""
    words = [word.lower() for value in values for word in value.replace(",", " ").split()]
    if words in (["all"], ["*"]):
        return ()
    chosen = {_type(word) for word in words}
    return tuple(one for one in (*KINDS, *TYPES) if one in chosen)


def _type(word: str) -> str:
    if word in TYPES or word in KINDS:
        return word
    if f"{word}.*" in KINDS:
        return f"{word}.*"
    close = get_close_matches(word, (*TYPES, *KINDS), n=1)
    meant = f"; did you mean {close[0]}? There" if close else ": there"
    raise CommandError(f"I don't know the event type “{word[:40]}”{meant} are {', '.join(KINDS)} and all")


def said(endpoint: Endpoint) -> list[str]:
    """What an endpoint has otherwise than the defaults, in words; nothing that is secret."""
    words = [] if endpoint.format == Endpoint.format else [f"as {endpoint.format}"]
    return words + ([f"only {', '.join(endpoint.types)}"] if endpoint.types else [])
