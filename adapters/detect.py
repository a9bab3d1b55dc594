"""Which kind of page is at an address, from evidence: its host, what its HTML holds, what it answers.

A whole read is the only proof: many pages answer 200 with HTML to every path, some answer another platform's path
in their own form, and hosts that nobody claimed show their platform's advertisement.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime
from urllib.parse import urlsplit

from adapters import ADAPTERS
from adapters.adapter import Adapter, Getter, Page, Reading
from adapters.address import exact_url, normalize_url
from adapters.evidence import MOST_OWN, PageLooks, looks_of
from adapters.fetch import AdapterError, Answer, FetchError

__all__ = ["Detected", "detect", "normalize_url"]

MOST_REQUESTS = 6
FEED = "feed"
HTML_OR_FEED = "text/html, application/rss+xml;q=0.9, application/atom+xml;q=0.9, */*;q=0.5"


@dataclass(frozen=True)
class Detected:
    """What is at an address: which adapter reads it, from which address on, what it read (its snapshot is never
    None), and why we think so, a line each."""

    adapter: str
    url: str
    reading: Reading
    evidence: tuple[str, ...]


async def detect(url: str, getter: Getter, now: datetime) -> Detected:
    """Finds out which adapter reads the page, in at most six requests and those of the read itself.

    Raises AdapterError, whose line says what was tried.
    """
    search = _Search(_Asks(getter), now)
    return await search.at(url)


class _Asks:
    """A getter that asks for the same document once only, and counts."""

    def __init__(self, getter: Getter) -> None:
        self._getter = getter
        self._answers: dict[str, Answer | AdapterError] = {}

    @property
    def number(self) -> int:
        return len(self._answers)

    def has(self, url: str) -> bool:
        """Whether it was asked for already."""
        return _asked(url) in self._answers

    async def get(
        self,
        url: str,
        *,
        etag: str | None = None,
        last_modified: str | None = None,
        accept: str = "application/json",
    ) -> Answer:
        """As a Fetcher does; without validators, since nothing is remembered of the page yet."""
        known = self._answers.get(_asked(url))
        if known is None:
            try:
                known = await self._getter.get(url, accept=accept)
            except AdapterError as error:
                known = error
            self._answers[_asked(url)] = known
        if isinstance(known, AdapterError):
            raise known
        return known


def _asked(url: str) -> str:
    """The same for all ways to write an address: one without a path is asked for as one with a slash."""
    return url if urlsplit(url).path or "?" in url else f"{url}/"


class _Guess:
    """A getter for an adapter that nothing speaks for: so many requests, until one is answered by a document."""

    def __init__(self, asks: _Asks, left: int) -> None:
        self._asks = asks
        self._most = asks.number + left
        self._is_hit = False

    async def get(
        self,
        url: str,
        *,
        etag: str | None = None,
        last_modified: str | None = None,
        accept: str = "application/json",
    ) -> Answer:
        if not self._is_hit and not self._asks.has(url) and self._asks.number >= self._most:
            raise AdapterError("its other places were not tried")
        answer = await self._asks.get(url, accept=accept)
        self._is_hit = self._is_hit or (answer.status == 200 and not answer.body.lstrip().startswith(b"<"))
        return answer


@dataclass
class _Search:
    asks: _Asks
    now: datetime
    tried: dict[tuple[str, str], str] = field(default_factory=dict)
    """Why an adapter (its name) can't read an address."""
    evidence: list[str] = field(default_factory=list)
    retry_after: float | None = None
    elsewhere: AdapterError | None = None
    """Why the status page that the page links to can't be read."""

    async def at(self, pasted: str, *, linked: bool = False) -> Detected:
        """Looks at the page itself, then tries what it looks like, then what can be guessed."""
        base = normalize_url(pasted)
        looks = await self._look(base)
        base = looks.url
        exact = exact_url(pasted)
        feeds = list(_feeds(exact, looks))
        for adapter, address, why in _evident(exact, base, looks):
            found = await self._read(adapter, address, why)
            if found:
                return found
        if looks.private and looks.text:  # a login; where even that is refused, documents may be open
            raise self._private(looks)
        if looks.status_page and not linked:
            found = await self._linked(base, looks.status_page)
            if found:
                return found
        spare = len(feeds)
        for adapter in ADAPTERS.values():
            if adapter.guessed and (adapter.name, base) not in self.tried:
                guess = _Guess(self.asks, self._left() - spare)
                found = await self._read(adapter, base, "its documents stand where such a page has them", guess)
                if found:
                    return found
        for feed, why in feeds:
            found = await self._read(ADAPTERS[FEED], feed, why)
            if found:
                return found
        raise self._private(looks) if looks.private else self.elsewhere or self._nothing(looks)

    async def _linked(self, base: str, status_page: str) -> Detected | None:
        """What is at the status page that a page links to; None where that can't be read: this may be one, too."""
        known = list(self.evidence)
        self.evidence.append(f"{urlsplit(base).netloc} links to its status page, {status_page}")
        try:
            return await self.at(status_page, linked=True)
        except AdapterError as error:
            self.elsewhere, self.evidence = error, known
            return None

    def _left(self) -> int:
        return MOST_REQUESTS - self.asks.number

    async def _look(self, base: str) -> PageLooks:
        try:
            answer = await self.asks.get(base if urlsplit(base).path else f"{base}/", accept=HTML_OR_FEED)
        except FetchError as error:
            self.retry_after = error.retry_after
            if self.retry_after or "resolved" in error.reason or "private network" in error.reason:
                raise
            return PageLooks(url=base, private="it asks for a login" if error.status in (401, 403) else None)
        looks = looks_of(answer, base)
        if looks.url != base:
            self.evidence.append(f"{base} leads to {looks.url}")
        return looks

    async def _read(
        self, adapter: Adapter, address: str, why: str, getter: Getter | None = None
    ) -> Detected | None:
        try:
            reading = await adapter.read(Page(url=address, now=self.now), getter or self.asks)
        except AdapterError as error:
            self.tried[adapter.name, address] = error.reason
            self.retry_after = max(self.retry_after or 0.0, error.retry_after or 0.0) or None
            return None
        assert reading.snapshot is not None
        said = f"it reads whole as {adapter.title}"
        return Detected(adapter.name, reading.snapshot.provider.url, reading, (*self.evidence, why, said))

    def _private(self, looks: PageLooks) -> AdapterError:
        return AdapterError(f"this page is private: {looks.private}", self.retry_after)

    def _nothing(self, looks: PageLooks) -> AdapterError:
        if len(looks.umbrella) > MOST_OWN:
            pages = ", ".join(looks.umbrella[:5])
            return AdapterError(f"this page stands for {len(looks.umbrella)} others; name one of them: {pages}")
        tried: dict[str, list[str]] = {}
        for (name, _), reason in self.tried.items():
            said = tried.setdefault("nothing there" if reason.startswith("there is no ") else reason, [])
            said += [name] if name not in said else []
        told = "; ".join(f"{', '.join(names)}: {reason}" for reason, names in tried.items())
        return AdapterError(f"no status page that uptimus can read ({told})", self.retry_after)


def _evident(exact: str, base: str, looks: PageLooks) -> Iterator[tuple[Adapter, str, str]]:
    """What the address and the page itself speak for, the stronger first: adapter, address, why."""
    path = urlsplit(exact).path.rstrip("/")
    hosts = {urlsplit(exact).hostname or "", urlsplit(base).hostname or ""}
    found: dict[str, tuple[tuple[int, int], str, str]] = {}
    for adapter in (one for one in ADAPTERS.values() if one.name != FEED):
        ending = max((one for one in adapter.paths if path.endswith(one)), key=len, default="")
        host = next((one for one in adapter.hosts if any(_is_at(name, one) for name in hosts)), None)
        mark = next((one for one in adapter.marks if one in looks.text), None)
        shape = adapter.shape.search(path) if adapter.shape else None
        if host:
            why = f"{host.lstrip('.')} is where {adapter.title} has its pages"
            found[adapter.name] = (2, len(host)), exact if ending else base, why
        elif ending:
            found[adapter.name] = (1, len(ending)), exact, f"the address ends in {ending}"
        elif shape:
            why = f"the address holds {shape[0]}, as those of {adapter.title} do"
            found[adapter.name] = (1, len(shape[0])), exact, why
        elif mark:
            why = f"the page's HTML holds {mark!r}, as {adapter.title} writes it"
            found[adapter.name] = (0, 0), base, why
    for name in sorted(found, key=lambda one: found[one][0], reverse=True):  # stable: else as they are listed
        _, address, why = found[name]
        yield ADAPTERS[name], address, why


def _feeds(exact: str, looks: PageLooks) -> Iterator[tuple[str, str]]:
    """Feeds that may stand for the page, the last resort: address, why."""
    path = urlsplit(exact).path.rstrip("/")
    ending = next((one for one in ADAPTERS[FEED].paths if path.endswith(one)), None)
    if looks.is_feed:
        yield exact, "the document is a feed"
    elif ending:
        yield exact, f"the address ends in {ending}"
    elif looks.feeds:
        yield looks.feeds[0], f"the page names {looks.feeds[0]} as its feed"
    elif urlsplit(exact).query:
        yield exact, "the address asks for one document"


def _is_at(host: str, place: str) -> bool:
    return host.endswith(place) if place.startswith(".") else host == place
