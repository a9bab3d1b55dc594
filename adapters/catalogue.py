"""The providers that are known from the start, as data."""

import functools
import re
import tomllib
import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass
from difflib import get_close_matches
from pathlib import Path
from urllib.parse import urlsplit

BUILT_IN = Path(__file__).with_name("catalogue.toml")


@dataclass(frozen=True, slots=True)
class Entry:
    """One provider: `slug` is its stable name in addresses, `adapter` one of ADAPTERS."""

    slug: str
    name: str
    category: str
    url: str
    adapter: str
    aliases: tuple[str, ...] = ()

    @property
    def names(self) -> tuple[str, ...]:
        """Everything people call it."""
        return (self.slug, self.name, *self.aliases)


class Catalogue:
    """Entries, found by what people type: case, accents, spaces and punctuation don't matter."""

    def __init__(self, entries: Iterable[Entry]) -> None:
        self.entries = tuple(entries)
        self._by_key: dict[str, Entry] = {}
        # All slugs before all names before all aliases: an alias never hides another provider's slug.
        self._index((entry.slug, entry) for entry in self.entries)
        self._index((entry.name, entry) for entry in self.entries)
        self._index((alias, entry) for entry in self.entries for alias in entry.aliases)
        self._index((urlsplit(entry.url).netloc, entry) for entry in self.entries)

    def find(self, text: str) -> Entry | None:
        """The provider of this slug, name, alias or page address."""
        text = text.strip()
        parts = urlsplit(text) if re.match(r"(?i)https?://\S+$", text) else None
        return self._by_key.get(_key(parts.netloc if parts else text))

    def search(self, text: str, limit: int) -> list[Entry]:
        """Providers that the text may mean, best first: whole names, beginnings, parts of names, categories."""
        wanted = _key(text)
        if not wanted:
            return []
        ranked = [(rank, entry.name.casefold(), entry) for entry in self.entries if (rank := _rank(wanted, entry))]
        ranked.sort(key=lambda one: one[:2])
        return [entry for _, _, entry in ranked[:limit]]

    def nearest(self, text: str, limit: int = 3) -> list[Entry]:
        """Providers that are spelled much like this: "did you mean"."""
        keys = get_close_matches(_key(text)[:40], self._by_key, n=3 * limit, cutoff=0.6)
        return list(dict.fromkeys(self._by_key[key] for key in keys))[:limit]

    def _index(self, names: Iterable[tuple[str, Entry]]) -> None:
        for name, entry in names:
            self._by_key.setdefault(_key(name), entry)


def load(path: Path | None = None) -> Catalogue:
    """The catalogue of a file, or ours, which is read at the first call only.

    Raises ValueError when the file is not what it should be.
    """
    return _built_in() if path is None else _read(path)


@functools.cache
def _built_in() -> Catalogue:
    return _read(BUILT_IN)


def _read(path: Path) -> Catalogue:
    document = tomllib.loads(path.read_text("utf-8"))
    try:
        return Catalogue(
            Entry(**(entry | {"aliases": tuple(entry.get("aliases", ()))})) for entry in document["provider"]
        )
    except (KeyError, TypeError) as error:
        raise ValueError(f"{path.name} is not a catalogue: {error}") from error


def _key(text: str) -> str:
    plain = unicodedata.normalize("NFKD", text.casefold())
    return "".join(character for character in plain if character.isalnum())


def _rank(wanted: str, entry: Entry) -> int:
    """1 is best; 0 is no match."""
    keys = [_key(name) for name in entry.names]
    if wanted in keys:
        return 1
    if any(key.startswith(wanted) for key in keys):
        return 2
    if any(wanted in key for key in keys):
        return 3
    return 4 if wanted in _key(entry.category) else 0
