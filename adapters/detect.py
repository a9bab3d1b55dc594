"""Which kind of page is at an address: each adapter tries to read it, and a whole read is the only proof."""

from datetime import datetime

from adapters import ADAPTERS
from adapters.adapter import Page, Reading
from adapters.address import normalize_url
from adapters.fetch import AdapterError, Fetcher

__all__ = ["detect", "normalize_url"]


async def detect(url: str, fetcher: Fetcher, now: datetime) -> tuple[str, Reading]:
    """The name of the first adapter that can read the page, and what it read: its snapshot is never None.

    Raises AdapterError, whose line says what each adapter found.
    """
    page = Page(url=normalize_url(url), now=now)
    tried: list[str] = []
    retry_after: float | None = None
    for name, adapter in ADAPTERS.items():
        try:
            reading = await adapter.read(page, fetcher)
        except AdapterError as error:
            tried.append(f"{name}: {error.reason}")
            retry_after = max(retry_after or 0.0, error.retry_after or 0.0) or None
        else:
            return name, reading
    raise AdapterError(f"no status page that uptimus can read ({'; '.join(tried)})", retry_after)
