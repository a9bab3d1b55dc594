"""Which kind of page is at an address, and why."""

import re
from collections.abc import Awaitable, Callable, Mapping
from datetime import UTC, datetime
from pathlib import Path

import pytest
from aiohttp import web
from standins.cases import FIXTURES, SERVED, page_url
from standins.cases import Site as Case

from adapters import ADAPTERS, named
from adapters.adapter import Page
from adapters.detect import MOST_REQUESTS, _evident, detect
from adapters.evidence import looks_of
from adapters.fetch import AdapterError, Answer, Fetcher

Serve = Callable[..., Awaitable[str]]
NOW = datetime(2026, 1, 1, tzinfo=UTC)
CALM = FIXTURES / "statuspage" / "chargeover-calm"
STATUSPAGE: Mapping[str, bytes] = {
    "/api/v2/summary.json": (CALM / "summary.json").read_bytes(),
    "/api/v2/incidents.json": (CALM / "incidents.json").read_bytes(),
    "/api/v2/scheduled-maintenances.json": (CALM / "maintenances.json").read_bytes(),
}
INSTATUS = {"/summary.json": (FIXTURES / "instatus" / "major" / "www" / "summary.json").read_bytes()}


READABLE = [case for case in SERVED if (case / "expected.json").exists()]
TOLD_BY_THEMSELVES = {
    "aws/several", "apple/calm", "feed/json", "google-workspace/calm", "slack/trouble", "xai/by-its-feed",
    "yandex-cloud/trouble", "zendesk/several", "checkly/calm", "cstate/calm", "statusfy/calm", "statusio/calm",
    "statuspal/several", "upptime/calm", "uptime-kuma/calm", "uptimerobot/calm", "betterstack/calm", "cachet/calm",
    "incidentio/calm", "instatus/calm",
}  # fmt: skip
"""Cases whose address, HTML or documents give their kind away, on a host that says nothing."""


class Site:
    """Serves what it is given at its paths; counts what it is asked for. `front` is the page itself."""

    def __init__(
        self, documents: Mapping[str, bytes], front: str | None = None, *, every_path: bool = False
    ) -> None:
        self.documents, self.front, self.every_path = documents, front, every_path
        self.asked: list[str] = []

    async def __call__(self, request: web.Request) -> web.StreamResponse:
        self.asked.append(request.path)
        if request.path in self.documents:
            return web.Response(body=self.documents[request.path])
        if self.front is not None and (request.path == "/" or self.every_path):
            return web.Response(text=self.front, content_type="text/html")
        return web.Response(status=404)


@pytest.mark.parametrize("below", ["", "/", "/history", "/incidents/wqrzsb2dhryr", "/api/v2/summary.json"])
async def test_a_statuspage(serve: Serve, fetcher: Fetcher, below: str) -> None:
    url = await serve(Site(STATUSPAGE))
    found = await detect(url + below, fetcher, NOW)
    assert (found.adapter, found.url) == ("statuspage", url)
    assert found.reading.snapshot is not None
    assert found.reading.snapshot.provider.name == "ChargeOver"
    assert found.reading.snapshot.provider.url == url
    assert found.reading.snapshot.read_at == NOW
    assert found.evidence[-1] == "it reads whole as Atlassian Statuspage"


async def test_the_html_is_evidence_and_spares_guesses(serve: Serve, fetcher: Fetcher) -> None:
    site = Site(INSTATUS, "<!DOCTYPE html><script src='https://instatus.com/app.js'></script>")
    found = await detect(await serve(site), fetcher, NOW)
    assert found.adapter == "instatus"
    assert found.evidence[0] == "the page's HTML holds 'instatus.com', as Instatus writes it"
    assert "/api/v2/summary.json" not in site.asked


async def test_without_evidence_each_kind_is_guessed(serve: Serve, fetcher: Fetcher) -> None:
    site = Site(INSTATUS)
    found = await detect(await serve(site), fetcher, NOW)
    assert found.adapter == "instatus"


async def test_a_page_for_every_path_is_no_proof_and_costs_six_requests_at_most(
    serve: Serve, fetcher: Fetcher
) -> None:
    site = Site({}, "<!DOCTYPE html><title>Status</title>", every_path=True)
    with pytest.raises(AdapterError, match="no status page that uptimus can read") as caught:
        await detect(await serve(site), fetcher, NOW)
    assert "statuspage, instatus: summary.json is HTML" in caught.value.reason
    assert len(site.asked) == len(set(site.asked)) <= MOST_REQUESTS


@pytest.mark.parametrize("case", READABLE, ids=lambda case: f"{case.parent.name}/{case.name}")
async def test_every_page_is_found_for_what_it_is_or_not_at_all(
    case: Path, serve: Serve, fetcher: Fetcher
) -> None:
    site = Case(case, [])
    name = case.parent.name
    url = page_url(case, await serve(site))
    if f"{name}/{case.name}" not in TOLD_BY_THEMSELVES:
        try:
            found = await detect(url, fetcher, NOW)
        except AdapterError:
            assert len(site.asked) <= MOST_REQUESTS
            return
    else:
        found = await detect(url, fetcher, NOW)
    assert found.adapter == name
    asked = list(site.asked)
    again = await ADAPTERS[name].read(Page(url=found.url, now=NOW), fetcher)
    assert again.snapshot == found.reading.snapshot, "the address that is kept leads to the same page"
    assert len(found.evidence) == 2
    assert found.evidence[-1] == f"it reads whole as {ADAPTERS[name].title}"
    there = [(case / "www" / path.partition("?")[0][1:]).exists() and path != "/" for path in asked]
    assert there.index(True) < MOST_REQUESTS, "what is asked for after that is the read's own"
    assert len(asked) == len(set(asked))


async def test_a_page_that_has_nothing_costs_six_requests_at_most(serve: Serve, fetcher: Fetcher) -> None:
    site = Site({})
    with pytest.raises(AdapterError, match="no status page that uptimus can read"):
        await detect(await serve(site), fetcher, NOW)
    assert len(site.asked) == len(set(site.asked)) == MOST_REQUESTS


@pytest.mark.parametrize("path", ["/feed.xml", "/rss", "/history.atom", "/news", "/?feed=rss2", "/status/feed/"])
async def test_the_address_of_a_feed(serve: Serve, fetcher: Fetcher, path: str) -> None:
    feed = (FIXTURES / "feed" / "trouble" / "www" / "history.atom").read_bytes()
    asked = []

    async def only_there(request: web.Request) -> web.Response:
        asked.append(request.path_qs)
        return web.Response(body=feed) if request.path_qs == path else web.Response(status=404)

    base = await serve(only_there)
    found = await detect(base + path, fetcher, NOW)
    assert (found.adapter, found.url) == ("feed", base + path)
    assert len(asked) <= MOST_REQUESTS


async def test_a_feed_is_the_last_resort(serve: Serve, fetcher: Fetcher) -> None:
    named = '<!DOCTYPE html><link rel="alternate" type="application/atom+xml" href="/history.atom">'
    feed = {"/history.atom": (FIXTURES / "feed" / "trouble" / "www" / "history.atom").read_bytes()}
    base = await serve(Site({**STATUSPAGE, **feed}, named))
    for url in (base, f"{base}/history.atom"):
        assert (await detect(url, fetcher, NOW)).adapter == "statuspage"
    alone = Site(feed, named)
    base = await serve(alone)
    found = await detect(base, fetcher, NOW)
    assert (found.adapter, found.url) == ("feed", f"{base}/history.atom")
    assert found.evidence[0] == f"the page names {base}/history.atom as its feed"
    assert len(alone.asked) <= MOST_REQUESTS


async def test_a_host_says_more_than_an_ending(fetcher: Fetcher) -> None:
    looks = looks_of(Answer(404, "https://x.example", b""), "https://x.example")
    for url, name in (
        ("https://status.cloud.google.com/summary", "google-cloud"),
        ("https://quillpost.statuspage.io/api/v2/incidents.json", "statuspage"),
        ("https://www.google.com/appsstatus/dashboard/incidents.json", "google-workspace"),
        ("https://status.example/api/ssp/incidents.json", "zendesk"),
    ):
        adapter, _, _ = next(_evident(url, url, looks))
        assert adapter.name == name


async def test_an_advertisement_of_the_platform_is_no_page(serve: Serve, fetcher: Fetcher) -> None:
    """As Statuspage shows on hosts that nobody has claimed."""
    site = Site({}, "<!DOCTYPE html><img src='https://cdn.statuspage.io/logo.png'>", every_path=True)
    with pytest.raises(AdapterError, match="no status page"):
        await detect(await serve(site), fetcher, NOW)


async def test_a_page_that_asks_for_patience(serve: Serve, fetcher: Fetcher) -> None:
    async def busy(request: web.Request) -> web.Response:
        return web.Response(status=429, headers={"Retry-After": "60"})

    with pytest.raises(AdapterError) as caught:
        await detect(await serve(busy), fetcher, NOW)
    assert caught.value.retry_after == 60


@pytest.mark.parametrize("status", [401, 403])
async def test_a_page_that_asks_for_a_login(serve: Serve, fetcher: Fetcher, status: int) -> None:
    async def private(request: web.Request) -> web.Response:
        return web.Response(status=status)

    with pytest.raises(AdapterError, match="this page is private: it asks for a login"):
        await detect(await serve(private), fetcher, NOW)


async def test_a_page_that_leads_to_a_login(serve: Serve, fetcher: Fetcher) -> None:
    async def private(request: web.Request) -> web.StreamResponse:
        if request.path == "/login":
            return web.Response(text="<!DOCTYPE html>Who are you?", content_type="text/html")
        raise web.HTTPFound("/login")

    with pytest.raises(AdapterError, match="this page is private: it asks for a login"):
        await detect(await serve(private), fetcher, NOW)


async def test_a_page_that_moved_to_another_host(serve: Serve, fetcher: Fetcher) -> None:
    new = await serve(Site(STATUSPAGE, "<!DOCTYPE html>"))

    async def old(request: web.Request) -> web.StreamResponse:
        raise web.HTTPMovedPermanently(f"{new}{request.path}")

    found = await detect(await serve(old), fetcher, NOW)
    assert (found.adapter, found.url) == ("statuspage", new)
    assert found.evidence[0].endswith(f" leads to {new}")


async def test_a_home_page_leads_to_its_status_page(serve: Serve, fetcher: Fetcher) -> None:
    page = (await serve(Site(STATUSPAGE))).replace("127.0.0.1", "localhost")
    links = f'<a href="https://blog.example">Blog</a><a href="{page}/history">System status</a>'
    home = await serve(Site({}, f"<!DOCTYPE html>{links}"))
    found = await detect(home, fetcher, NOW)
    assert (found.adapter, found.url) == ("statuspage", page)
    assert f"links to its status page, {page}" in found.evidence[0]


async def test_a_page_whose_link_leads_nowhere_may_be_one_itself(serve: Serve, fetcher: Fetcher) -> None:
    """As a status page does that links to itself by a name that can't be read here."""
    link = '<!DOCTYPE html><a href="http://status.quillpost.invalid/">Status</a>'
    base = await serve(Site(STATUSPAGE, link))
    found = await detect(base, fetcher, NOW)
    assert (found.adapter, found.url) == ("statuspage", base)
    assert len(found.evidence) == 2
    with pytest.raises(AdapterError, match=r"status\.quillpost\.invalid can't be resolved"):
        await detect(await serve(Site({}, link)), fetcher, NOW)


NAMES = ("db", "web", "mail")
UMBRELLA = "<!DOCTYPE html>" + "".join(f'<a href="https://{one}.status.acme.invalid/">{one}</a>' for one in NAMES)


async def test_an_umbrella_names_the_pages_that_it_stands_for(serve: Serve, fetcher: Fetcher) -> None:
    site = Site({}, UMBRELLA)
    with pytest.raises(AdapterError, match="this page stands for 3 others") as caught:
        await detect(await serve(site), fetcher, NOW)
    assert all(f"https://{one}.status.acme.invalid" in caught.value.reason for one in NAMES)
    assert len(site.asked) <= MOST_REQUESTS


@pytest.mark.parametrize(
    ("words", "own"), [("Status", "https://acme.statuspage.io"), ("See how the lamps are", None)]
)
def test_one_of_many_is_a_page_s_own_where_it_alone_is_called_so(words: str, own: str | None) -> None:
    body = f'{UMBRELLA}<a href="https://acme.statuspage.io">{words}</a>'.encode()
    looks = looks_of(Answer(200, "https://acme.example/", body), "https://acme.example")
    assert (looks.status_page, len(looks.umbrella)) == (own, 4)


async def test_a_front_that_is_refused_before_open_documents(serve: Serve, fetcher: Fetcher) -> None:
    """As those do that turn away what is no browser."""
    open_ = Site(STATUSPAGE)

    async def refused(request: web.Request) -> web.StreamResponse:
        return web.Response(status=403) if request.path == "/" else await open_(request)

    assert (await detect(await serve(refused), fetcher, NOW)).adapter == "statuspage"


@pytest.mark.parametrize("url", ["", "ftp://example.com", "not a page"])
async def test_what_is_no_address(fetcher: Fetcher, url: str) -> None:
    with pytest.raises(AdapterError):
        await detect(url, fetcher, NOW)


def test_links_and_feeds_of_a_page() -> None:
    text = """<!DOCTYPE html><head>
      <link rel="alternate" type="application/atom+xml" href="/history.atom">
      <link rel=alternate type=application/rss+xml href=https://feeds.acme.example/rss>
      <link rel="stylesheet" href="/style.css">
      </head><a href='https://acme.example/'>Acme</a><a href="https://acme.statuspage.io/?x=1">Status</a>"""
    looks = looks_of(Answer(200, "https://acme.example/", text.encode()), "https://acme.example")
    assert looks.feeds == ("https://acme.example/history.atom", "https://feeds.acme.example/rss")
    assert looks.status_page == "https://acme.statuspage.io"


@pytest.mark.parametrize(
    ("body", "feed"),
    [
        (b"<?xml version='1.0'?><rss version='2.0'><channel/></rss>", True),
        (b'\xef\xbb\xbf<feed xmlns="http://www.w3.org/2005/Atom"/>', True),
        (b'{"version": "https://jsonfeed.org/version/1.1", "items": []}', True),
        (b"<?xml version='1.0'?><svg/>", False),
        (b"<!DOCTYPE html><p>&lt;rss</p>", False),
        (b"{}", False),
        (b"", False),
    ],
)
def test_what_is_a_feed(body: bytes, feed: bool) -> None:
    assert looks_of(Answer(200, "https://a.example/x", body), "https://a.example").is_feed is feed


def test_a_hostile_page_takes_no_time() -> None:
    body = b"<!DOCTYPE html>" + b"<a href=" * 200_000 + b"<link " * 50_000
    assert looks_of(Answer(200, "https://a.example", body), "https://a.example").feeds == ()


@pytest.mark.parametrize("name", sorted(ADAPTERS))
def test_an_adapter_is_found_by_what_people_call_it(name: str) -> None:
    adapter = ADAPTERS[name]
    for called in (name, name.upper(), adapter.title, name.replace("-", "_"), *adapter.aliases):
        assert named(called) is adapter
    assert re.fullmatch(r"[a-z0-9]+(-[a-z0-9]+)*", name)
    assert named(f"{name}?{name}") is None
