"""What a chat offers as somebody types: providers, time zones. Pure, and from memory: it has three seconds."""

import functools
import re
from collections import Counter
from collections.abc import Iterable, Sequence
from zoneinfo import available_timezones

from adapters.address import exact_url, normalize_url
from adapters.catalogue import Catalogue
from adapters.fetch import AdapterError

Offer = tuple[str, str]
"""(what it means, how it is shown)."""

_ADDRESS = re.compile(r"[\w-]+(\.[\w-]+)+(:\d+)?(/\S*)?")


def providers(
    catalogue: Catalogue, known: Sequence[tuple[str, str]], typed: str, *, most: int, longest: int
) -> list[Offer]:
    """At most `most` providers by what people type. `known`: (slug, name) of those in the database, which the
    catalogue may lack. Somebody who pastes an address is offered the page there, unless it is that of one known
    by name. What is meant is no longer than `longest` characters."""
    typed = typed.strip()
    named = dict(_named(catalogue, known, typed, most))
    twice = Counter(named.values())
    offered = [(slug, name if twice[name] == 1 else f"{name} ({slug})") for slug, name in named.items()]
    pasted = _pasted(catalogue, typed)
    # `fly.io` is a name first
    offered = pasted + offered if "://" in typed else offered[: most - len(pasted)] + pasted
    return [one for one in offered if len(one[0]) <= longest][:most]


def _named(
    catalogue: Catalogue, known: Sequence[tuple[str, str]], typed: str, most: int
) -> Iterable[tuple[str, str]]:
    wanted = typed.casefold()
    mine = [(slug, name) for slug, name in known if wanted in name.casefold() or wanted in slug]
    mine.sort(key=lambda one: (not one[1].casefold().startswith(wanted), one[1].casefold()))
    if not typed:
        others = sorted(((one.slug, one.name) for one in catalogue.entries), key=lambda one: one[1].casefold())
        return mine[: most // 2] + others[:most]
    found = [(one.slug, one.name) for one in catalogue.search(typed, most)]
    exact = catalogue.find(typed)
    return ([(exact.slug, exact.name)] if exact else []) + mine[: most // 2] + found


def _pasted(catalogue: Catalogue, typed: str) -> list[Offer]:
    """The page at an address, where the text is one."""
    if not ("://" in typed or _ADDRESS.fullmatch(typed)):
        return []
    try:
        page, address = normalize_url(typed), exact_url(typed)
    except AdapterError:
        return []
    return [(address, f"Follow the page at {page}")] if catalogue.find(page) is None else []


def zones(typed: str, most: int) -> list[Offer]:
    """Time zones by the name of a city or a continent, those that begin so first."""
    wanted = re.sub(r"[\s_]+", "_", typed.strip().casefold())
    found = [zone for zone in _zones() if wanted in zone.casefold()]
    found.sort(key=lambda zone: not any(part.startswith(wanted) for part in zone.casefold().split("/")))
    return [(zone, zone.replace("_", " ")) for zone in found[:most]]


@functools.cache
def _zones() -> tuple[str, ...]:
    """UTC first, then the cities, then what is left."""
    return tuple(sorted(available_timezones(), key=lambda zone: (zone != "UTC", "/" not in zone, zone)))
