"""The word to those who follow when something can't be sent (any more) to where they follow. Pure."""

import re
from collections.abc import Iterable, Sequence
from datetime import datetime
from urllib.parse import urlsplit

from relay.bulletin import Bulletin, Row, Section

MOST_ROWS = 40
ANNOUNCERS = ("slack", "discord", "email", "apprise", "console")
"""The transports that can tell an operator of trouble elsewhere, the best first."""

_PLACE = re.compile(r"(slack|discord):([A-Z0-9]+)/[A-Z0-9]+")
_WORKSPACE = re.compile(r"(slack|discord):([A-Z0-9]+)")
_PERSON = {"slack": re.compile(r"[UW][A-Z0-9]{2,}"), "discord": re.compile(r"[0-9]{15,20}")}


def people(uri: str, followed_by: Iterable[str], workspace: str = "") -> dict[str, str]:
    """Who is to be told: each person with their own address (`TEAM/USER`, `GUILD/USER`), each once.

    Those of the channel's chat; where the destination is no channel, those of the chat whose workspace it belongs
    to. Nobody where neither is a chat: a terminal's operator has no address.
    """
    found = _PLACE.fullmatch(uri) or _WORKSPACE.fullmatch(workspace)
    if found is None:
        return {}
    return {person: f"{found[2]}/{person}" for person in followed_by if _PERSON[found[1]].fullmatch(person)}


def is_place(uri: str) -> bool:
    """Whether the destination is a channel of a chat."""
    return _PLACE.fullmatch(uri) is not None


def named(uri: str) -> str:
    """A destination as everybody of its workspace may read it: without what may be secret in its address."""
    scheme, _, rest = uri.partition(":")
    if scheme in ("http", "https"):
        return f"a webhook of {urlsplit(uri).hostname or 'an unknown host'}"
    if scheme == "apprise":
        return f"an address of Apprise ({rest.partition(':')[0]})"
    return {"mailto": rest, "webpush": "a browser"}.get(scheme, uri)


def trouble(uri: str, why: str, providers: Sequence[tuple[str, str]]) -> Bulletin:
    """Nothing can be sent there any more. `providers`: name and address of each that is followed there."""
    said = (
        "uptimus can't post any more in a place where you follow status pages"
        if is_place(uri)
        else f"uptimus can't send any more to {named(uri)}, where you follow status pages"
    )
    return Bulletin(f"{said}: {why.rstrip('.')}.", (_where(uri), _what(providers)))


def warning(uri: str, since: datetime, why: str | None, providers: Sequence[tuple[str, str]]) -> Bulletin:
    """Tries to send something there have failed since then. (why: the last time)"""
    place = "a place" if is_place(uri) else named(uri)
    because = f": {why.rstrip('.')}" if why else ""
    return Bulletin(
        f"What uptimus sends to {place}, where you follow status pages, does not arrive at present{because}.",
        (_where(uri, Row("Since", at=since)), _what(providers)),
    )


def _where(uri: str, *more: Row) -> Section:
    row = Row("Where", place=uri) if is_place(uri) else Row("Where", detail=named(uri))
    return Section(rows=(row, *more))


def _what(providers: Sequence[tuple[str, str]]) -> Section:
    rows = tuple(Row(name, url=url) for name, url in providers[:MOST_ROWS])
    hidden = len(providers) - len(rows)
    return Section("It follows there", rows, note=f"… and {hidden} more" if hidden else "")
