"""What a follow chose, as whoever tells its events needs it. Most follows chose the same: it is read once."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, fields
from functools import lru_cache
from operator import attrgetter
from typing import Any

from sqlalchemy import Row, Text, cast

from storage.tables import Follow

FOLLOWS_KEPT = 10_000


@dataclass(frozen=True, eq=False)
class Wishes:
    """What of a follow's row says what is told, and how. Follows that chose the same share one."""

    incidents: bool
    components: bool
    maintenance: bool
    signals: bool
    component_ids: tuple[str, ...]
    min_impact: str | None
    shape: str
    loud: tuple[str, ...]
    mention: tuple[str, ...]
    mention_impact: str | None
    remind_minutes: int | None
    quiet: Mapping[str, str | None] | None


_LISTS = ("component_ids", "loud", "mention")
_JSON = (*_LISTS, "quiet")
_NAMES = tuple(one.name for one in fields(Wishes))

WISHES = tuple(
    cast(getattr(Follow, name), Text).label(name) if name in _JSON else getattr(Follow, name) for name in _NAMES
)
"""The columns of which `wishes` makes them. (JSON as text: what was read before is not read again.)"""

_kept = attrgetter(*_NAMES)


def wishes(row: Row[*tuple[Any, ...]]) -> Wishes:
    """Those of a row with the columns of WISHES."""
    return _read(*_kept(row))


@lru_cache(FOLLOWS_KEPT)
def _read(*kept: Any) -> Wishes:
    found = dict(zip(_NAMES, kept, strict=True))
    found |= {name: tuple(json.loads(found[name])) for name in _LISTS}
    return Wishes(**found | {"quiet": json.loads(found["quiet"] or "null")})
