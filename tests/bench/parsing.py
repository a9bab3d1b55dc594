"""What needs neither a page nor a database: how long adapters parse, and how long the catalogue searches."""

import json
import math
import random
import statistics
import time
import unicodedata
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import UTC, datetime
from xml.etree import ElementTree

from rapidfuzz import fuzz, process
from standins.cases import whole

from adapters import ADAPTERS, catalogue
from adapters.catalogue import LIKE, Catalogue, Entry

READ_AT = datetime(2026, 1, 1, tzinfo=UTC)
SHOWN = 20
"""As many as `uptimus search` shows."""

Row = tuple[str, str, str]


def parse_times(times: int = 101) -> Iterator[Row]:
    """(e) Each adapter's largest fixture, beside the standard library's decoding of the same bytes."""
    for name in sorted(ADAPTERS):
        documents, parse = whole(name), ADAPTERS[name].parse
        ours, bare = _in_turns(
            lambda: parse(documents, url="https://status.example.com", read_at=READ_AT),  # noqa: B023
            lambda: _decode_all(documents),  # noqa: B023
            times,
        )
        size = sum(map(len, documents.values())) / 1024
        yield (
            f"(e) parse {name}, {size:.1f} KB",
            f"{ours * 1000:.2f} ms",
            f"decoded alone {bare * 1000:.3f} ms, ratio {ours / bare:.1f}",
        )


def _in_turns(ours: Callable[[], object], bare: Callable[[], object], times: int) -> tuple[float, float]:
    """The medians of both in seconds, by turns, so that both meet the same machine. The first round warms up."""
    ours(), bare()
    pairs = [(_seconds(ours), _seconds(bare)) for _ in range(times)]
    return statistics.median(pair[0] for pair in pairs), statistics.median(pair[1] for pair in pairs)


def _seconds(work: Callable[[], object]) -> float:
    began = time.perf_counter()
    work()
    return time.perf_counter() - began


def _decode_all(documents: Mapping[str, bytes]) -> None:
    """JSON by `json.loads`, XML by `xml.etree`: every fixture is one of them."""
    for document in documents.values():
        if document.lstrip().startswith(b"<"):
            ElementTree.fromstring(document)
        else:
            json.loads(document)


def search_times(number: int = 200) -> Iterator[Row]:
    """(f) The built-in catalogue, searched for what people type, beside rapidfuzz alone over the same names."""
    known = catalogue.load()
    names = sorted({_plain(name) for entry in known.entries for name in entry.names})
    wanted = typed(known, number)
    known.search(wanted[0], SHOWN)
    ours = sorted(_seconds(lambda: known.search(text, SHOWN)) for text in wanted)  # noqa: B023
    bare = sorted(_seconds(lambda: _fuzzy(text, names)) for text in wanted)  # noqa: B023
    for share in (50, 99):
        own, alone = _percentile(ours, share), _percentile(bare, share)
        yield (
            f"(f) search, {len(known.entries):,} providers, p{share}",
            f"{own * 1000:.2f} ms",
            f"rapidfuzz alone {alone * 1000:.2f} ms, ratio {own / alone:.1f}",
        )


def typed(known: Catalogue, number: int) -> list[str]:
    """Slugs, names, aliases and misspelt names of providers from all over the catalogue; the same in every run."""
    chance = random.Random(1)
    kinds = (_slug, _name, _alias, _misspelt)
    with_aliases = [entry for entry in known.entries if entry.aliases]
    some = {kind: chance.sample(with_aliases if kind is _alias else known.entries, number // 4) for kind in kinds}
    return [kind(entry, chance) for kind, entries in some.items() for entry in entries]


def _slug(entry: Entry, chance: random.Random) -> str:
    return entry.slug


def _name(entry: Entry, chance: random.Random) -> str:
    return entry.name


def _alias(entry: Entry, chance: random.Random) -> str:
    return chance.choice(entry.aliases)


def _misspelt(entry: Entry, chance: random.Random) -> str:
    """Two letters in the wrong order, one too few or one twice."""
    name = entry.name.lower()
    place = chance.randrange(max(len(name) - 1, 1))
    before, pair, after = name[:place], name[place : place + 2], name[place + 2 :]
    return before + chance.choice([pair[::-1], pair[1:], pair[:1] + pair]) + after


def _fuzzy(text: str, names: Sequence[str]) -> object:
    return process.extract(_plain(text), names, scorer=fuzz.ratio, score_cutoff=LIKE, limit=2 * SHOWN)


def _plain(text: str) -> str:
    """As the catalogue compares names: letters and digits alone."""
    return "".join(filter(str.isalnum, unicodedata.normalize("NFKD", text.casefold())))


def _percentile(ordered: Sequence[float], share: int) -> float:
    return ordered[math.ceil(len(ordered) * share / 100) - 1]
