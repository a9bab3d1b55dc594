"""Atlassian Statuspage, and who else answers in its form: which documents to read, and when.

A poll of an unchanged page reads `summary.json` alone. That document lists what is active and nothing else, so
there are two more ways to news: an id that was active and is listed no more is looked up by itself, and now and
then the lists of incidents and maintenances are swept for what began and ended between two polls, was backdated,
or got its postmortem days later. What the documents say is read in `statuspage_parse`.
"""

import re
from typing import Any, Literal
from urllib.parse import quote

from adapters import fields
from adapters.adapter import Adapter, Getter, Knows, Page, Reading
from adapters.address import normalize_url
from adapters.fetch import AdapterError, Answer
from adapters.reader import digest, remembered, together
from adapters.schema import Value
from adapters.statuspage_parse import assemble, ids, parse
from adapters.statuspage_past import read_past

__all__ = ["ADAPTER", "parse", "read"]

SWEEP_EVERY = 3600.0
SWEEP_AFTER_TICK = 600.0
SWEEP_AFTER_TICK_POLLS = 10
STALE_FOR = 3600.0
"""Seconds for which an edge may serve an old copy: Statuspage sends `stale-if-error=3600`."""

ABSENT = frozenset({404, 410})
LISTS = {"incidents": "incidents.json", "maintenances": "scheduled-maintenances.json"}

# Possessive, so that a hostile document is passed over in linear time.
_PAGE = re.compile(rb'"page"\s*+:\s*+\{(?:[^{}"]++|"(?:[^"\\]++|\\.)*+")*+\}', re.DOTALL)
_UPDATED_AT = re.compile(rb'"updated_at"\s*+:\s*+"([0-9A-Za-z:.+ -]{1,40})"')
# incident.io's ids. Its pages have no address for one incident, and answering 404 there would mean nothing.
_ULID = re.compile(r"[0-9A-HJKMNP-TV-Z]{26}")


class _Copy(Value):
    """What is remembered of a document: the digest of what it says, and its `page.updated_at`, which ticks."""

    digest: str = ""
    tick: str = ""


class _Memory(Value):
    """What is remembered of a page. Times are seconds of the epoch."""

    version: Literal[1] = 1
    etag: str | None = None
    last_modified: str | None = None
    summary: _Copy = _Copy()
    seen_at: float = 0.0
    """When this copy of the summary was first seen."""
    listed: tuple[str, ...] = ()
    """Ids that the summary listed."""
    swept_at: float = 0.0
    swept_tick: str = ""
    lists: dict[str, _Copy] = {}
    lookups: dict[str, str] = {}
    """Digests of what was said of ids that were looked up and are still open."""


async def read(page: Page, fetcher: Getter) -> Reading:
    """Reads a page; the snapshot is None when nothing changed, the memory the same object when nothing of it did.

    Raises AdapterError when any document that was needed could not be read whole.
    """
    visit = _Visit(page, fetcher)
    changed = await visit.read_summary()
    if changed or visit.sweep_is_due():
        await visit.read_lists()
    await visit.look_up()
    if not changed and not visit.news:
        return visit.unchanged()
    if not await visit.read_the_rest():
        return Reading(None, page.memory)
    return visit.changed()


class _Visit:
    """One read of one page: the documents read so far, and what will be remembered."""

    def __init__(self, page: Page, fetcher: Getter) -> None:
        self.page = page
        self.fetcher = fetcher
        self.base = normalize_url(page.url)
        self.now = page.now.timestamp()
        self.known = remembered(_Memory, page.memory)
        self.memory = self.known
        self.tick = self.known.summary.tick
        self.documents: dict[str, dict[str, Any]] = {}
        self.gone: set[str] = set()
        self.news = False
        """Whether a list or a look-up said something new."""
        self.swept: bool | None = None
        """Whether the lists were read whole; None when they were not read."""

    async def read_summary(self) -> bool:
        """Whether the summary says something new."""
        known = self.known
        hourly = self.now - known.swept_at >= SWEEP_EVERY
        # Once an hour without validators, so that a server whose validators stick can't blind us for good.
        answer = await self._get_summary() if hourly else await self._get_summary(known.etag, known.last_modified)
        if answer.status == 304:
            return False
        copy = _copy(answer.body)
        if self._is_stale(copy, known.summary, known.seen_at):
            return False
        self.tick = copy.tick
        if copy.digest == known.summary.digest:
            if (answer.etag, answer.last_modified) != (known.etag, known.last_modified):
                self._keep_summary(answer, copy)
            return False
        self._take_summary(answer, copy)
        return True

    def sweep_is_due(self) -> bool:
        """Whether the lists may hold news that the summary does not show."""
        known, since = self.known, self.now - self.known.swept_at
        if since >= SWEEP_EVERY:
            return True
        patience = min(SWEEP_AFTER_TICK_POLLS * self.page.interval, SWEEP_AFTER_TICK)
        if self.tick != known.swept_tick and since >= patience:
            return True
        return any(map(_ULID.fullmatch, self.page.open_ids.difference(known.listed)))

    async def read_lists(self) -> None:
        """Reads the lists of incidents and of maintenances, as far as the page has them."""
        answers = await together(self.fetcher.get(f"{self.base}/api/v2/{file}") for file in LISTS.values())
        self.swept = True
        copies = dict(self.known.lists)
        for name, answer in zip(LISTS, answers, strict=True):
            before = self.known.lists.get(name)
            copy = _copy(answer.body)
            absent = answer.status in ABSENT or copy.digest == self.memory.summary.digest  # one answer for all
            copy = _Copy() if absent else copy
            if before and self._is_stale(copy, before, self.known.swept_at):
                self.swept = False
                continue
            if not absent:
                self.documents[name] = fields.decode(answer.body, LISTS[name])
            self.news = self.news or before is None or before.digest != copy.digest
            copies[name] = copy
        self.memory = self.memory.model_copy(update={"lists": copies})

    async def look_up(self) -> None:
        """Looks up each id that was active and that nothing read so far mentions."""
        here = ids(self.documents)
        if "summary" not in self.documents:
            here.update(self.known.listed)
        strays = sorted(one for one in self.page.open_ids - here if not _ULID.fullmatch(one))
        if not strays and not self.known.lookups:
            return
        answers = await together(
            self.fetcher.get(f"{self.base}/incidents/{quote(one, safe='')}.json") for one in strays
        )
        lookups: dict[str, str] = {}
        for one, answer in zip(strays, answers, strict=True):
            if answer.status in ABSENT:
                self.gone.add(one)
                continue
            self.documents[f"incident:{one}"] = _one_incident(answer.body, one)
            lookups[one] = _copy(answer.body).digest
        self.news = self.news or bool(self.gone) or not lookups.items() <= self.known.lookups.items()
        self.memory = self.memory.model_copy(update={"lookups": lookups})

    async def read_the_rest(self) -> bool:
        """Reads what a snapshot needs and was not read yet; False when the summary is an old copy."""
        if "summary" not in self.documents:
            answer = await self._get_summary()
            copy = _copy(answer.body)
            if self._is_stale(copy, self.known.summary, self.known.seen_at):
                return False
            self.tick = copy.tick
            self._take_summary(answer, copy)
        if self.swept is None:
            await self.read_lists()
        return True

    def unchanged(self) -> Reading:
        memory = self._after_sweep()
        return Reading(None, self.page.memory if memory == self.known else memory.model_dump(mode="json"))

    def changed(self) -> Reading:
        gone = frozenset(self.gone - ids(self.documents))
        snapshot = assemble(self.documents, url=self.base, read_at=self.page.now, gone=gone)
        return Reading(snapshot, self._after_sweep().model_dump(mode="json"))

    async def _get_summary(self, etag: str | None = None, last_modified: str | None = None) -> Answer:
        url = f"{self.base}/api/v2/summary.json"
        answer = await self.fetcher.get(url, etag=etag, last_modified=None if etag else last_modified)
        if answer.status in ABSENT:
            raise AdapterError(f"there is no Statuspage at this address: no summary.json ({answer.status})")
        return answer

    def _take_summary(self, answer: Answer, copy: _Copy) -> None:
        self.documents["summary"] = summary = fields.decode(answer.body, "summary.json")
        self._keep_summary(answer, copy)
        self.memory = self.memory.model_copy(update={"listed": tuple(sorted(ids({"summary": summary})))})

    def _keep_summary(self, answer: Answer, copy: _Copy) -> None:
        kept = {"etag": answer.etag, "last_modified": answer.last_modified, "summary": copy, "seen_at": self.now}
        self.memory = self.memory.model_copy(update=kept)

    def _is_stale(self, copy: _Copy, known: _Copy, seen_at: float) -> bool:
        """Whether an edge served an older copy than the one that is known.

        Only for as long as edges do that: a page whose clock was set back must not stay unread.
        """
        new, old = fields.instant(copy.tick), fields.instant(known.tick)
        return new is not None and old is not None and new < old and self.now - seen_at < STALE_FOR

    def _after_sweep(self) -> _Memory:
        if not self.swept:
            return self.memory
        # A list may be an older copy than the summary: then the tick that counts as swept is the list's.
        ticks = [self.tick, *(copy.tick for copy in self.memory.lists.values())]
        dated = {moment: tick for tick in ticks if (moment := fields.instant(tick))}
        oldest = dated[min(dated)] if dated else self.tick
        return self.memory.model_copy(update={"swept_at": self.now, "swept_tick": oldest})


def _copy(document: bytes) -> _Copy:
    """The digest of a document without its `page.updated_at`, which ticks on most polls of an unchanged page."""
    page = _PAGE.search(document)
    ticks = page and _UPDATED_AT.search(document, page.start(), page.end())
    if not ticks:
        return _Copy(digest=digest(document))
    said = document[: ticks.start(1)] + document[ticks.end(1) :]
    return _Copy(digest=digest(said), tick=ticks[1].decode())


def _one_incident(document: bytes, one: str) -> dict[str, Any]:
    found = fields.decode(document, "the page of one incident")
    if found.get("id") != one:
        raise AdapterError("the page of one incident shows another one")
    return found


ADAPTER = Adapter(
    name="statuspage",
    title="Atlassian Statuspage",
    read=read,
    parse=parse,
    knows=Knows(
        stable_ids="yes",
        complete="yes",
        history="50 incidents and maintenances; 90 days from its HTML",
        cheap="ETag, else a digest of `summary.json`; one document",
    ),
    hosts=(".statuspage.io", ".status.atlassian.com"),
    past=read_past,
    marks=("dka575ofm4ao0.cloudfront.net", "cdn.statuspage.io", "statuspage.io/images"),
    guessed=True,
)
