"""Reads the documents of most kinds of page: each with its validators, parsed only when one of them is new."""

import asyncio
from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from hashlib import blake2b
from typing import Literal, TypeVar

from pydantic import ValidationError

from adapters.adapter import Getter, Page, Parse, Reading
from adapters.address import exact_url, normalize_url
from adapters.fetch import AdapterError, Answer, FetchError
from adapters.schema import Incident, Maintenance, Snapshot, Value

JSON = "application/json"
XML = "application/rss+xml, application/atom+xml, application/xml, text/xml"
HTML = "text/html"
LOOKED_AT = 2_000_000
"""Bytes of a page's HTML in which something is looked for."""
FOUND = frozenset({200, 304})
REFUSED = frozenset({400, 401, 403})
AFRESH_EVERY = 3600.0
"""Seconds after which a page is read without validators: a server whose validators stick can't blind us."""


@dataclass(frozen=True)
class Document:
    """Where a document stands, and whether a page without it is such a page at all. One that is not needed may be
    absent, or something else that the server answers instead."""

    url: str
    needed: bool = True
    accept: str = JSON
    elsewhere: tuple[str, ...] = ()
    """Where else it stands, in other versions of such pages: asked in turn where it is absent."""
    guarded: bool = False
    """Not for everybody: where it is refused, it is absent."""


Documents = Callable[[str], Mapping[str, Document]]
"""The documents of a page by their names, from its address (normalized, without a slash at its end) or from the
place that was located. The first is the main one: what it is decides whether the others are asked for."""
Locate = Callable[[str, Getter], Awaitable[str]]
"""Finds the place of the documents where the page's address doesn't tell it; remembered. Raises AdapterError."""


_Result = TypeVar("_Result")
_Remembered = TypeVar("_Remembered", bound=Value)


def html_of(answer: Answer) -> str:
    """The HTML that a page answered with, as far as it is looked at; empty where there is no page."""
    return answer.body[:LOOKED_AT].decode("utf-8", "replace") if answer.status == 200 else ""


def digest(document: bytes) -> str:
    """What tells a document from others."""
    return blake2b(document, digest_size=12).hexdigest()


def remembered(kind: type[_Remembered], memory: Mapping[str, object]) -> _Remembered:
    """A page's memory; an empty one where an older version wrote it, so that everything is read afresh."""
    try:
        return kind.model_validate(memory)
    except ValidationError:
        return kind()


async def together(reads: Iterable[Awaitable[_Result]]) -> list[_Result]:
    """All at once, and none is left running behind when one fails."""
    done: list[_Result] = []
    for result in await asyncio.gather(*reads, return_exceptions=True):
        if isinstance(result, BaseException):
            raise result
        done.append(result)
    return done


class _Copy(Value):
    """What is remembered of a document."""

    digest: str = ""
    etag: str | None = None
    last_modified: str | None = None


class _Kind(Value):
    """Incidents, or maintenances: the ids that the page listed, and whether what it doesn't list is not active."""

    listed: tuple[str, ...] = ()
    left: tuple[str, ...] = ()
    """Ids that it lists no more and that are open still."""
    complete: bool = False


class _Memory(Value):
    version: Literal[3] = 3
    place: str = ""
    copies: dict[str, _Copy] = {}
    said: str = ""
    """The digest of the last snapshot, for pages whose documents tick."""
    incidents: _Kind = _Kind()
    maintenances: _Kind = _Kind()
    afresh_at: float = 0.0
    turns_at: float | None = None
    """When the next maintenance begins or ends: its page may say nothing new by then and mean something else."""


@dataclass(frozen=True)
class DocumentReader:
    """The `read` of an adapter whose page is a fixed set of documents."""

    documents: Documents
    parse: Parse
    locate: Locate | None = None
    exact: bool = False
    """The page's address is the document's: nothing is cut off."""

    async def __call__(self, page: Page, getter: Getter) -> Reading:
        """Reads a page: None when no document is new, or when together they say what they said before."""
        known = remembered(_Memory, page.memory)
        url = exact_url(page.url) if self.exact else normalize_url(page.url)
        place = known.place or (await self.locate(url, getter) if self.locate else url)
        strays = _gone(page.open_ids, known.incidents, known.maintenances)
        afresh = bool(strays) or _is_due(known, page.now.timestamp())
        visit = _Visit(self.documents(place), getter, known.copies, afresh)
        await visit.read_main()
        if len(visit.wanted) > 1 and not known.copies:
            self.parse(visit.bodies, url=url, read_at=page.now)  # not such a page: it is asked for nothing more
        await visit.read_others()
        if not afresh and not visit.news:
            return Reading(None, page.memory)
        await visit.read_what_was_unchanged()
        read = self.parse(visit.bodies, url=url, read_at=page.now)
        incidents = _kind(read.incidents, read.coverage.active_incidents, known.incidents, page.open_ids)
        maintenances = _kind(
            read.maintenances, read.coverage.active_maintenances, known.maintenances, page.open_ids
        )
        snapshot = _with_gone(read, _gone(page.open_ids, incidents, maintenances))
        said = digest(snapshot.model_dump_json(exclude={"read_at"}).encode())
        memory = _Memory(
            place=place if self.locate else "",
            copies=visit.copies,
            said=said,
            incidents=incidents,
            maintenances=maintenances,
            afresh_at=page.now.timestamp() if afresh else known.afresh_at,
            turns_at=_turns_at(snapshot.maintenances, page.now),
        )
        same = said == known.said and not snapshot.coverage.gone
        return Reading(None if same else snapshot, memory.model_dump(mode="json"))


class _Visit:
    """The documents of one read, as far as they were read."""

    def __init__(
        self, wanted: Mapping[str, Document], getter: Getter, known: Mapping[str, _Copy], afresh: bool
    ) -> None:
        self.wanted = wanted
        self.afresh = afresh
        """Without validators."""
        self.bodies: dict[str, bytes] = {}
        self.copies: dict[str, _Copy] = {}
        self.news = False
        self._getter = getter
        self._known = known

    async def read_main(self) -> None:
        main = next(iter(self.wanted))
        await self._read(main, conditional=not self.afresh)

    async def read_others(self) -> None:
        _, *others = self.wanted
        await together(self._read(name, conditional=not self.afresh) for name in others)

    async def read_what_was_unchanged(self) -> None:
        """A snapshot needs every document, also those of which a 304 said that they are as they were."""
        await together(
            self._read(name, conditional=False)
            for name, copy in list(self.copies.items())
            if name not in self.bodies and copy.digest
        )

    async def _read(self, name: str, *, conditional: bool) -> None:
        document, known = self.wanted[name], self._known.get(name)
        valid = known if known and conditional else _Copy()
        for url in (document.url, *document.elsewhere):
            answer = await self._ask(url, document, valid)
            if answer.status in FOUND:
                break
        if answer.status == 304 and known is not None:
            self.copies[name] = known
            return
        if answer.status != 200 or self._is_none(name, answer.body):
            if document.needed:
                raise AdapterError(f"there is no such page at this address: no {name} ({answer.status})")
            self.copies[name] = _Copy()
        else:
            self.bodies[name] = answer.body
            self.copies[name] = _copy(answer)
        self.news = self.news or known is None or known.digest != self.copies[name].digest

    async def _ask(self, url: str, document: Document, valid: _Copy) -> Answer:
        last_modified = None if valid.etag else valid.last_modified
        try:
            return await self._getter.get(
                url, etag=valid.etag, last_modified=last_modified, accept=document.accept
            )
        except FetchError as error:
            if document.guarded and error.status in REFUSED:
                return Answer(404, url, b"")
            raise

    def _is_none(self, name: str, body: bytes) -> bool:
        """Whether a server that answers every path was asked for a document that it doesn't have: an app answers
        with its HTML, a copy of a page with the one document that it has."""
        document, main = self.wanted[name], next(iter(self.wanted))
        if document.needed or name == main:
            return False
        is_html = body[:200].lstrip(b"\xef\xbb\xbf \t\r\n").startswith(b"<")
        return (is_html and document.accept == JSON) or digest(body) == self.copies[main].digest


def _copy(answer: Answer) -> _Copy:
    return _Copy(digest=digest(answer.body), etag=answer.etag, last_modified=answer.last_modified)


def _kind(
    cases: Sequence[Incident | Maintenance], complete: bool, known: _Kind, open_ids: frozenset[str]
) -> _Kind:
    listed = {case.id for case in cases}
    left = open_ids.intersection((*known.listed, *known.left)) - listed
    return _Kind(listed=tuple(sorted(listed)), left=tuple(sorted(left)), complete=complete)


def _gone(open_ids: frozenset[str], *kinds: _Kind) -> frozenset[str]:
    """On a page that lists all that is active and knows nothing else, what it lists no more is gone, even if it
    lists the same as something of the other kind now. What nobody remembers may be of either kind."""
    found = set()
    for id_ in open_ids:
        its = [kind for kind in kinds if id_ in kind.left]
        if not its and not any(id_ in kind.listed for kind in kinds):
            its = list(kinds)
        if its and all(kind.complete for kind in its):
            found.add(id_)
    return frozenset(found)


def _is_due(known: _Memory, now: float) -> bool:
    return now - known.afresh_at >= AFRESH_EVERY or (known.turns_at is not None and known.turns_at <= now)


def _turns_at(maintenances: Iterable[Maintenance], now: datetime) -> float | None:
    turns = [turn for one in maintenances for turn in (one.starts_at, one.ends_at) if turn and turn > now]
    return min(turns).timestamp() if turns else None


def _with_gone(snapshot: Snapshot, gone: frozenset[str]) -> Snapshot:
    coverage = snapshot.coverage
    return snapshot.model_copy(update={"coverage": coverage.model_copy(update={"gone": coverage.gone | gone})})
