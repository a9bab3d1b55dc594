"""What a menu offers as somebody types: providers, components, time zones. Pure, and from memory: Slack waits
three seconds for it and takes a hundred at most."""

from collections.abc import Iterable, Sequence

from adapters.catalogue import Catalogue
from bot import suggest
from bot.slack.inputs import MOST_OPTIONS, OPTION_VALUE, Option, option


def providers(catalogue: Catalogue, known: Sequence[tuple[str, str]], typed: str) -> list[Option]:
    """Providers by what people type, or the page at an address that they paste."""
    found = suggest.providers(catalogue, known, typed, most=MOST_OPTIONS, longest=OPTION_VALUE)
    return [option(*one) for one in found]


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
    return [option(*one) for one in suggest.zones(typed, MOST_OPTIONS)]
