"""The one HTTP client for pages: validators, limits, time-outs, politeness, the egress guard."""

from dataclasses import dataclass


class AdapterError(Exception):
    """A page could not be read: what was known of it stays true.

    `reason` is one line for people; `retry_after` is the seconds the page asked to be left alone, if it did.
    """

    def __init__(self, reason: str, retry_after: float | None = None) -> None:
        super().__init__(reason)
        self.reason = reason
        self.retry_after = retry_after


@dataclass(frozen=True)
class Answer:
    """What a server answered: `status` is 200, 304, 404 or 410, all else is an AdapterError."""

    status: int
    url: str
    body: bytes
    etag: str | None = None
    last_modified: str | None = None


class Fetcher:
    """Placeholder until the client is written."""

    async def get(self, url: str, *, etag: str | None = None, last_modified: str | None = None) -> Answer:
        raise NotImplementedError
