"""Statusfy: where the documents of a page stand."""

import pytest
from standins.getter import Served

from adapters import statusfy

PAGE = "https://status.quillpost.example"
STATIC = f"{PAGE}/static/content/api/v0"


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
    site = Served({f"{PAGE}/": text or 404, there: 200})
    assert await statusfy.locate(PAGE, site) == place
    assert len(site.asked) <= 4
