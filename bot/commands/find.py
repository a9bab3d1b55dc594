"""Which provider somebody means: one that is known, one of the catalogue, or the page at an address."""

import asyncio
import re
from dataclasses import dataclass, replace
from urllib.parse import urlsplit

import structlog

from adapters import detect
from adapters.adapter import Page, Reading
from adapters.catalogue import Entry
from adapters.fetch import AdapterError
from adapters.schema import Past
from bot.commands.reply import CommandError
from bot.commands.services import Services, meant
from storage import providers

LONGEST_PAST = 10.0
"""Seconds that a page may take to tell its history."""

log = structlog.get_logger("follow")


@dataclass(frozen=True)
class Found:
    """What was named: a provider that is known already, or a page that was read just now, or both."""

    name: str
    url: str
    adapter: str
    provider_id: int | None = None
    slug: str | None = None
    category: str | None = None
    source: str = "user"
    reading: Reading | None = None
    problem: str | None = None
    past: Past = Past()


async def with_past(services: Services, found: Found) -> Found:
    """With what the page tells of the time before, where it is read for the first time. A page that keeps its
    history to itself is followed all the same."""
    read_past = services.adapters[found.adapter].past
    if read_past is None or found.provider_id is not None or found.reading is None:
        return found
    try:
        async with asyncio.timeout(LONGEST_PAST):
            return replace(found, past=await read_past(Page(url=found.url, now=services.now()), services.fetcher))
    except (AdapterError, TimeoutError) as error:
        log.info("no history", url=found.url, reason=str(error))
        return found


async def find(services: Services, text: str) -> Found:
    """What was named, read just now unless it is being read anyway. Raises CommandError."""
    async with services.database.read() as session:
        provider = await providers.find(session, _normal(text))
        entry = services.catalogue.find(text)
        if provider is None and entry is not None:
            # By its slug where its page has moved since.
            provider = await providers.find(session, entry.url) or await providers.by_slug(session, entry.slug)
        if provider is None and entry is None and not is_address(text):
            near = await meant(services, session, text)
            raise CommandError(f"No provider is called {text[:80]!r}.{near} A status page's address works too.")
    if provider is not None:
        found = Found(provider.name, provider.url, provider.adapter, provider_id=provider.id)
        well_read = provider.due_at is not None and provider.first_read_at is not None and provider.failure is None
        return found if well_read else await _read(services, found, known=provider.first_read_at is not None)
    if entry is not None:
        return await _read_entry(services, entry)
    return await _detect(services, text)


async def _read_entry(services: Services, entry: Entry) -> Found:
    """A provider of the catalogue: read as it says; where that fails, or it doesn't say, the page is looked at."""
    named = Found(
        entry.name, entry.url, entry.adapter or "", slug=entry.slug, category=entry.category, source="catalogue"
    )
    if entry.adapter is not None:
        try:
            return await _read(services, named, known=False)
        except CommandError:
            log.info("read in vain", provider=entry.slug, adapter=entry.adapter)
    found = await _detect(services, entry.url)
    return replace(found, name=entry.name, slug=entry.slug, category=entry.category)


def _normal(text: str) -> str:
    try:
        return detect.normalize_url(text) if is_address(text) else text
    except AdapterError as error:
        shown = re.sub(r"//.*@", "//…@", text)  # a password may stand there
        raise CommandError(f"{shown[:80]!r} can't be read: {error.reason}") from None


def is_address(text: str) -> bool:
    """Whether it is a page's address, with its scheme or without, rather than a name."""
    return "://" in text or re.fullmatch(r"[\w-]+(\.[\w-]+)+(:\d+)?(/\S*)?", text) is not None


async def _read(services: Services, found: Found, *, known: bool) -> Found:
    page = Page(url=found.url, now=services.now())
    try:
        return replace(found, reading=await services.adapters[found.adapter].read(page, services.fetcher))
    except AdapterError as error:
        if not known:
            raise CommandError(f"{found.name}'s status page can't be read: {error.reason}") from None
        return replace(found, problem=error.reason)


async def _detect(services: Services, text: str) -> Found:
    try:
        found = await detect.detect(text, services.fetcher, services.now())
    except AdapterError as error:
        raise CommandError(f"That page can't be read: {error.reason}") from None
    snapshot = found.reading.snapshot
    assert snapshot is not None
    read = Found(snapshot.provider.name, found.url, found.adapter, reading=found.reading)
    entry = services.catalogue.find(found.url)
    if entry is not None:
        return replace(read, name=entry.name, slug=entry.slug, category=entry.category, source="catalogue")
    # A home page, or one that has moved, leads elsewhere: nobody but us says that it is the right one.
    led_elsewhere = urlsplit(found.url).netloc != urlsplit(detect.normalize_url(text)).netloc
    return replace(read, source="auto") if led_elsewhere else read
