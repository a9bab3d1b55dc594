"""The providers that are known from the start, as data."""

import functools
import re
import tomllib
import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

from rapidfuzz import fuzz, process

from adapters.address import normalize_url
from adapters.fetch import AdapterError

BUILT_IN = Path(__file__).with_name("catalogue.toml")
CATEGORIES = (
    "AI",
    "Analytics",
    "Automation",
    "CI/CD & code",
    "CRM & sales",
    "Cloud & hosting",
    "Communication",
    "Crypto",
    "Customer support",
    "DNS & CDN",
    "Data & databases",
    "Developer tools",
    "E-commerce",
    "Education",
    "Email",
    "Finance & accounting",
    "Gaming",
    "Government",
    "HR & payroll",
    "Health",
    "IoT",
    "Legal & e-signature",
    "Logistics & travel",
    "Marketing",
    "Media & streaming",
    "Monitoring & incident response",
    "Other",
    "Payments",
    "Productivity & collaboration",
    "Real estate",
    "Search",
    "Security & identity",
    "Social",
    "Storage & backup",
    "Telecom & internet providers",
)
LONGEST_TEXT = 60
"""Letters of what somebody typed that are looked at."""
LIKE = 72
"""How much alike (of 100) a name and a misspelling of it are."""


@dataclass(frozen=True, slots=True)
class Entry:
    """One provider: `slug` is its stable name in addresses, `adapter` one of ADAPTERS, None where the kind of page
    is still to be found out."""

    slug: str
    name: str
    category: str
    url: str
    adapter: str | None = None
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
        self._names = {key: entry for key, entry in self._by_key.items() if key}
        self._index((_place(entry.url), entry) for entry in self.entries)

    def find(self, text: str) -> Entry | None:
        """The provider of this slug, name, alias or page address."""
        text = text.strip()
        is_address = re.match(r"(?i)https?://\S+$", text)
        return self._by_key.get(_key(_place(text) if is_address else text))

    def search(self, text: str, limit: int) -> list[Entry]:
        """Providers that the text may mean, best first: whole names, beginnings, parts of names, misspelt names,
        categories."""
        wanted = _key(text)[:LONGEST_TEXT]
        if not wanted:
            return []
        ranks: dict[str, tuple[float, str]] = {}
        for key, entry in self._names.items():
            place = _rank(wanted, key)
            if place and (entry.slug not in ranks or place < ranks[entry.slug][0]):
                ranks[entry.slug] = (place, entry.name.casefold())
        for place, entry in enumerate(self._alike(wanted, limit)):
            ranks[entry.slug] = min(ranks.get(entry.slug, (9, "")), (3 + place / 1000, ""))
        for entry in self.entries:
            if len(wanted) > 1 and wanted in _key(entry.category):
                ranks.setdefault(entry.slug, (5, entry.name.casefold()))
        by_slug = {entry.slug: entry for entry in self.entries}
        return [by_slug[slug] for slug in sorted(ranks, key=ranks.__getitem__)[:limit]]

    def nearest(self, text: str, limit: int = 3) -> list[Entry]:
        """Providers that are called or spelled much like this: "did you mean"."""
        wanted = _key(text)[:LONGEST_TEXT]
        begins = [entry for key, entry in self._names.items() if len(wanted) > 2 and key.startswith(wanted)]
        begins.sort(key=lambda entry: (len(entry.name), entry.name.casefold()))
        return list(dict.fromkeys([*begins, *self._alike(wanted, limit)]))[:limit]

    def _alike(self, wanted: str, limit: int) -> list[Entry]:
        if len(wanted) < 3:
            return []
        found = process.extract(wanted, self._names.keys(), scorer=fuzz.ratio, score_cutoff=LIKE, limit=2 * limit)
        return list(dict.fromkeys(self._names[key] for key, _, _ in found))[:limit]

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
    try:
        document = tomllib.loads(path.read_text("utf-8"))
        return Catalogue(_entry(slug, fields) for slug, fields in document.items())
    except (KeyError, TypeError, ValueError) as error:
        raise ValueError(f"{path.name} is not a catalogue: {error}") from error


def _entry(slug: str, fields: object) -> Entry:
    if not isinstance(fields, dict):
        raise TypeError(f"{slug} is no table")
    unknown = fields.keys() - {"name", "category", "page", "adapter", "aliases"}
    if unknown:
        raise ValueError(f"{slug} has {', '.join(sorted(unknown))}")
    aliases = fields.get("aliases", [])
    if not isinstance(aliases, list):
        raise TypeError(f"the aliases of {slug} are no list")
    return Entry(
        slug=slug,
        name=str(fields["name"]),
        category=str(fields["category"]),
        url=str(fields["page"]),
        adapter=str(fields["adapter"]) if "adapter" in fields else None,
        aliases=tuple(str(alias) for alias in aliases),
    )


def _place(url: str) -> str:
    """An address without its scheme and what leads below the page: several pages may share a host."""
    try:
        parts = urlsplit(normalize_url(url))
    except AdapterError:
        return ""
    return f"{parts.netloc}{parts.path}"


def _key(text: str) -> str:
    plain = unicodedata.normalize("NFKD", text.casefold())
    return "".join(character for character in plain if character.isalnum())


def _rank(wanted: str, key: str) -> int:
    """1 is best; 0 is no match."""
    if wanted == key:
        return 1
    if key.startswith(wanted):
        return 2
    return 4 if len(wanted) > 1 and wanted in key else 0
