"""Google Cloud, and Google's dashboards of the same form at other addresses. `google.py` says what they hold."""

from collections.abc import Mapping
from datetime import datetime
from urllib.parse import urlsplit

from adapters import google
from adapters.adapter import Adapter, Knows
from adapters.reader import DocumentReader
from adapters.schema import Snapshot

NAME = "google-cloud"
PROVIDER = "Google Cloud"

OTHERS = {
    "status.cloud.google.com/maps-platform": "Google Maps Platform",
    "status.firebase.google.com": "Firebase",
    "status.play.google.com": "Google Play",
    "status.search.google.com": "Google Search",
    "ads.google.com/status/publisher": "Google Ads",
}
"""No document names its dashboard."""


def parse(documents: Mapping[str, bytes], *, url: str, read_at: datetime) -> Snapshot:
    """`documents` holds `incidents`, and `products` where the dashboard has them. Raises AdapterError."""
    place = google.place_of(url)
    parts = urlsplit(place)
    name = OTHERS.get(f"{parts.netloc}{parts.path}", PROVIDER)
    return google.snapshot(documents, url=url, read_at=read_at, adapter=NAME, name=name, place=place)


ADAPTER = Adapter(
    name=NAME,
    title=PROVIDER,
    read=DocumentReader(lambda base: google.documents_at(google.place_of(base)), parse),
    parse=parse,
    knows=Knows(
        stable_ids="yes; updates by their times",
        complete="yes",
        history=f"the newest {google.MOST_PAST} incidents",
        cheap="validators and digests of two documents",
    ),
    hosts=(
        "status.cloud.google.com",
        "status.firebase.google.com",
        "status.play.google.com",
        "status.search.google.com",
    ),
    paths=("/status/publisher", "/incidents.json"),
    aliases=("gcp",),
)
