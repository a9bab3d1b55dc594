"""A getter without a network, for what an adapter asks for and what it makes of the answers."""

import json
from dataclasses import dataclass, field
from typing import Any
from zlib import crc32

from adapters.fetch import Answer, FetchError


@dataclass
class Served:
    """Documents by their whole addresses, and what every other address is answered with.

    A document is bytes, a text, any other JSON value, a status (an int: an answer without a body), an `Answer` as
    it is, or a `FetchError` to be raised. What has a body has a validator of its own.
    """

    documents: dict[str, Any] = field(default_factory=dict)
    other: object = 404
    asked: list[str] = field(default_factory=list)
    etags: list[str | None] = field(default_factory=list)
    """The validators that came with what was asked, None where none did."""

    async def get(
        self,
        url: str,
        *,
        etag: str | None = None,
        last_modified: str | None = None,
        accept: str = "application/json",
    ) -> Answer:
        self.asked.append(url)
        self.etags.append(etag)
        document = self.documents.get(url, self.other)
        if isinstance(document, FetchError):
            raise document
        if isinstance(document, Answer):
            return document
        if isinstance(document, int):
            return Answer(document, url, b"")
        body = _body(document)
        tag = f'"{crc32(url.encode() + body):08x}"'
        return Answer(304, url, b"") if etag == tag else Answer(200, url, body, tag)


def _body(document: object) -> bytes:
    if isinstance(document, bytes):
        return document
    return (document if isinstance(document, str) else json.dumps(document)).encode()
