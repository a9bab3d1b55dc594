"""What a follow chose, as whoever tells its events needs it. Most follows chose the same: it is read once."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
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


WISHES = (
    Follow.incidents,
    Follow.components,
    Follow.maintenance,
    Follow.signals,
    cast(Follow.component_ids, Text).label("component_ids"),
    Follow.min_impact,
    Follow.shape,
    cast(Follow.loud, Text).label("loud"),
    cast(Follow.mention, Text).label("mention"),
    Follow.mention_impact,
    Follow.remind_minutes,
    cast(Follow.quiet, Text).label("quiet"),
)
"""The columns of which `wishes` makes them. (JSON as text: what was read before is not read again.)"""


def wishes(row: Row[*tuple[Any, ...]]) -> Wishes:
    """Those of a row with the columns of WISHES."""
    return _wishes(
        row.incidents,
        row.components,
        row.maintenance,
        row.signals,
        row.component_ids,
        row.min_impact,
        row.shape,
        row.loud,
        row.mention,
        row.mention_impact,
        row.remind_minutes,
        row.quiet,
    )


@lru_cache(FOLLOWS_KEPT)
def _wishes(
    incidents: bool,
    components: bool,
    maintenance: bool,
    signals: bool,
    component_ids: str,
    min_impact: str | None,
    shape: str,
    loud: str,
    mention: str,
    mention_impact: str | None,
    remind_minutes: int | None,
    quiet: str | None,
) -> Wishes:
    return Wishes(
        incidents,
        components,
        maintenance,
        signals,
        tuple(json.loads(component_ids)),
        min_impact,
        shape,
        tuple(json.loads(loud)),
        tuple(json.loads(mention)),
        mention_impact,
        remind_minutes,
        json.loads(quiet) if quiet is not None else None,
    )
