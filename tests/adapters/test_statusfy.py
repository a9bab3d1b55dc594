"""Statusfy: where the documents of a page stand."""

from dataclasses import dataclass, field

import pytest

from adapters import statusfy
from adapters.fetch import Answer

PAGE = "https://status.quillpost.example"
STATIC = f"{PAGE}/static/content/api/v0"


@dataclass
class Site:
    """A getter of a page's HTML, and of a document there is."""

    text: str
    there: str
    asked: list[str] = field(default_factory=list)

    async def get(
        self,
        url: str,
        *,
        etag: str | None = None,
        last_modified: str | None = None,
        accept: str = "application/json",
    ) -> Answer:
        self.asked.append(url)
        if url == f"{PAGE}/":
            return Answer(200 if self.text else 404, url, self.text.encode())
        return Answer(200 if url == self.there else 404, url, b"")


@pytest.mark.parametrize(
    ("text", "there", "place"),
    [
        ('<html lang="en">', f"{STATIC}/incidents.page-1.en.json", f"{STATIC}/{{}}.en.json"),
        ('<html lang="en-US">', f"{STATIC}/incidents.page-1.en.json", f"{STATIC}/{{}}.en.json"),
        ('<html lang="pt-BR">', f"{STATIC}/incidents.page-1.pt-BR.json", f"{STATIC}/{{}}.pt-BR.json"),
        ("<html data-n-head-ssr lang=es>", f"{STATIC}/incidents.page-1.es.json", f"{STATIC}/{{}}.es.json"),
        ('<html lang="../../x">', f"{STATIC}/incidents.page-1.en.json", f"{STATIC}/{{}}.en.json"),
        ("", f"{STATIC}/incidents.page-1.en.json", f"{STATIC}/{{}}.en.json"),
        ('<html lang="de">', f"{PAGE}/api/v0/incidents", f"{PAGE}/api/v0/{{}}"),
    ],
)
async def test_where_the_documents_are(text: str, there: str, place: str) -> None:
    site = Site(text, there)
    assert await statusfy.locate(PAGE, site) == place
    assert len(site.asked) <= 4
