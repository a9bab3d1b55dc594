"""What a menu offers as somebody types: providers, components, time zones. Pure, and from memory: Slack waits
three seconds for it and takes a hundred at most."""

import functools
import re
from collections import Counter
from collections.abc import Iterable, Sequence
from zoneinfo import available_timezones

from adapters.address import exact_url, normalize_url
from adapters.catalogue import Catalogue
from adapters.fetch import AdapterError
from bot.slack.inputs import MOST_OPTIONS, OPTION_VALUE, Option, option

_ADDRESS = re.compile(r"[\w-]+(\.[\w-]+)+(:\d+)?(/\S*)?")


def providers(catalogue: Catalogue, known: Sequence[tuple[str, str]], typed: str) -> list[Option]:
    """Providers by what people type. `known`: (slug, name) of those in the database, which the catalogue may lack.
    Somebody who pastes an address is offered the page there, unless it is that of one known by name."""
    typed = typed.strip()
    named = dict(_named(catalogue, known, typed))
    twice = Counter(named.values())
    offered = [option(slug, name if twice[name] == 1 else f"{name} ({slug})") for slug, name in named.items()]
    pasted = _pasted(catalogue, typed)
    # `fly.io` is a name first
    offered = pasted + offered if "://" in typed else offered[: MOST_OPTIONS - len(pasted)] + pasted
    return [one for one in offered if len(one["value"]) <= OPTION_VALUE][:MOST_OPTIONS]


def _named(catalogue: Catalogue, known: Sequence[tuple[str, str]], typed: str) -> Iterable[tuple[str, str]]:
    wanted = typed.casefold()
    mine = [(slug, name) for slug, name in known if wanted in name.casefold() or wanted in slug]
    mine.sort(key=lambda one: (not one[1].casefold().startswith(wanted), one[1].casefold()))
    if not typed:
        others = sorted(((one.slug, one.name) for one in catalogue.entries), key=lambda one: one[1].casefold())
        return mine[: MOST_OPTIONS // 2] + others[:MOST_OPTIONS]
    found = [(one.slug, one.name) for one in catalogue.search(typed, MOST_OPTIONS)]
    exact = catalogue.find(typed)
    return ([(exact.slug, exact.name)] if exact else []) + mine[: MOST_OPTIONS // 2] + found


def _pasted(catalogue: Catalogue, typed: str) -> list[Option]:
    """The page at an address, where the text is one."""
    if not ("://" in typed or _ADDRESS.fullmatch(typed)):
        return []
    try:
        page, address = normalize_url(typed), exact_url(typed)
    except AdapterError:
        return []
    return [option(address, f"Follow the page at {page}")] if catalogue.find(page) is None else []


def components(options: Iterable[Option], typed: str) -> list[Option]:
    """Components whose name or group has the text in it."""
    wanted = typed.strip().casefold()
    return [one for one in options if wanted in one["text"]["text"].casefold()][:MOST_OPTIONS]


def component(external_id: str, name: str, group: str | None) -> Option:
    """One component. The page's own id means it, where that isn't too long for Slack."""
    value = external_id if len(external_id) <= OPTION_VALUE else name[:OPTION_VALUE]
    return option(value, f"{group} · {name}" if group else name)


def zones(typed: str) -> list[Option]:
    """Time zones by the name of a city or a continent, those that begin so first."""
    wanted = re.sub(r"[\s_]+", "_", typed.strip().casefold())
    found = [zone for zone in _zones() if wanted in zone.casefold()]
    found.sort(key=lambda zone: not any(part.startswith(wanted) for part in zone.casefold().split("/")))
    return [option(zone, zone.replace("_", " ")) for zone in found[:MOST_OPTIONS]]


@functools.cache
def _zones() -> tuple[str, ...]:
    """UTC first, then the cities, then what is left."""
    return tuple(sorted(available_timezones(), key=lambda zone: (zone != "UTC", "/" not in zone, zone)))
