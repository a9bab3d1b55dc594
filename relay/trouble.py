"""The word to those who follow when nothing can be sent any more to where they follow. Pure."""

import re
from collections.abc import Iterable, Sequence

from relay.bulletin import Bulletin, Row, Section

MOST_ROWS = 40

_PLACE = re.compile(r"(slack|discord):([A-Z0-9]+)/[A-Z0-9]+")
_PERSON = {"slack": re.compile(r"[UW][A-Z0-9]{2,}"), "discord": re.compile(r"[0-9]{15,20}")}


def people(uri: str, followed_by: Iterable[str]) -> dict[str, str]:
    """Who is to be told: each person with their own address (`TEAM/USER`, `GUILD/USER`), each once.

    Nobody where the destination is no channel of a chat: a terminal's operator has no address.
    """
    found = _PLACE.fullmatch(uri)
    if found is None:
        return {}
    return {person: f"{found[2]}/{person}" for person in followed_by if _PERSON[found[1]].fullmatch(person)}


def trouble(uri: str, why: str, providers: Sequence[tuple[str, str]]) -> Bulletin:
    """`providers`: name and address of each that is followed there."""
    rows = tuple(Row(name, url=url) for name, url in providers[:MOST_ROWS])
    hidden = len(providers) - len(rows)
    return Bulletin(
        f"uptimus can't post any more in a place where you follow status pages: {why.rstrip('.')}.",
        (
            Section(rows=(Row("Where", place=uri),)),
            Section("It follows there", rows, note=f"… and {hidden} more" if hidden else ""),
        ),
    )
