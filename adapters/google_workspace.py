"""Google Workspace: the documents of `google.py`, always below `/appsstatus/dashboard`."""

from collections.abc import Mapping
from datetime import datetime

from adapters import google
from adapters.adapter import Adapter, Knows
from adapters.address import origin
from adapters.reader import DocumentReader
from adapters.schema import Snapshot

NAME = "google-workspace"
PROVIDER = "Google Workspace"
DASHBOARD = "/appsstatus/dashboard"


def parse(documents: Mapping[str, bytes], *, url: str, read_at: datetime) -> Snapshot:
    """`documents` holds `incidents`, and `products` where the dashboard has them. Raises AdapterError."""
    place = _place(url)
    return google.snapshot(documents, url=url, read_at=read_at, adapter=NAME, name=PROVIDER, place=place)


def _place(url: str) -> str:
    return f"{origin(url)}{DASHBOARD}"


ADAPTER = Adapter(
    name=NAME,
    title=PROVIDER,
    read=DocumentReader(lambda base: google.documents_at(_place(base)), parse),
    parse=parse,
    knows=Knows(
        stable_ids="yes; updates by their times",
        complete="yes",
        history=f"the newest {google.MOST_PAST} incidents",
        cheap="validators and digests of two documents",
    ),
    paths=("/appsstatus", DASHBOARD, f"{DASHBOARD}/summary", f"{DASHBOARD}/incidents.json"),
)
