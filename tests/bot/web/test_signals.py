"""“I have trouble, too”: the form over real HTTP, with its script and without."""

import re
from collections.abc import AsyncIterator, Mapping
from html.parser import HTMLParser

import pytest
from aiohttp import web
from aiohttp.test_utils import TestClient, TestServer
from sqlalchemy import select, text
from standins.pages import snapshot
from standins.town import HOME, Answer, Town, application

from bot.commands.services import Services
from bot.web import signals
from storage.tables import RaisedSignal, Signal

FORM = "application/x-www-form-urlencoded"
AGENT = "Mozilla/5.0 (an unusual browser)"
PATH = "/status/chargeover/signals"


@pytest.fixture
async def town(services: Services) -> AsyncIterator[Town]:
    """A server with the form, and ChargeOver."""
    app: web.Application = application(services)
    app.add_routes(signals.routes(services))
    async with TestClient(TestServer(app)) as client:
        made = Town(services.database, services, client)
        await made.put(snapshot())
        yield made


async def send(
    town: Town,
    body: str | bytes = "",
    path: str = PATH,
    but: Mapping[str, str | None] | None = None,
    **headers: str,
) -> Answer:
    """What a browser sends, but for what is said otherwise (None: not at all)."""
    given: dict[str, str | None] = {
        "Origin": HOME, "Sec-Fetch-Site": "same-origin", "Content-Type": FORM, "User-Agent": AGENT,
    }  # fmt: skip
    changed = {**(but or {}), **headers}
    given |= {name.replace("_", "-"): value for name, value in changed.items()}
    sent = {name: value for name, value in given.items() if value is not None}
    skipped = [name for name, value in given.items() if value is None]
    async with town.client.post(
        path, data=body if isinstance(body, bytes) else body.encode(), headers=sent, allow_redirects=False,
        skip_auto_headers=skipped,
    ) as answer:  # fmt: skip
        return Answer(answer.status, answer.headers, await answer.read())


async def kept(town: Town) -> list[tuple[str | None, str | None, str]]:
    async with town.database.read() as session:
        rows = await session.scalars(select(Signal).order_by(Signal.id))
        return [(row.component, row.region, row.source) for row in rows]


async def test_a_plain_form(town: Town) -> None:
    answer = await send(town, "zone=&component=app")
    assert (answer.status, answer.headers["Location"]) == (303, f"{PATH}?done=counted")
    assert "Set-Cookie" not in answer.headers
    assert "Thank you: your report is counted." in (await town.ask(answer.headers["Location"])).text
    assert (await send(town)).headers["Location"] == f"{PATH}?done=again"
    assert await kept(town) == [("app", None, "page")]


async def test_as_its_script_sends_it(town: Town) -> None:
    answer = await send(town, "zone=Europe%2FBerlin&component=", Accept="application/json")
    assert (answer.status, answer.json) == (200, {"said": "Thank you: your report is counted.", "counted": True})
    assert (await send(town, Accept="application/json")).json["counted"] is False
    assert await kept(town) == [(None, "Europe/Berlin", "page")]
    assert answer.headers["Cache-Control"] == "no-store"


OTHERS: dict[str, dict[str, str | None]] = {
    "another site": {"Origin": "https://evil.example", "Sec_Fetch_Site": "cross-site"},
    "another site, an old browser": {"Origin": "https://evil.example", "Sec_Fetch_Site": None},
    "a site beside ours": {"Sec_Fetch_Site": "same-site"},
    "a site that hides": {"Origin": "null", "Sec_Fetch_Site": None},
    "nobody says where": {"Origin": None, "Sec_Fetch_Site": None},
    "a lie that a browser can't tell": {"Origin": HOME, "Sec_Fetch_Site": "cross-site"},
    "an address that begins like ours": {"Origin": f"{HOME}.evil.example", "Sec_Fetch_Site": None},
}


@pytest.mark.parametrize("what", OTHERS)
async def test_other_sites_report_nothing(town: Town, what: str) -> None:
    for accept in ("text/html", "application/json"):
        assert (await send(town, but=OTHERS[what], Accept=accept)).status == 403
    assert await kept(town) == []


async def test_what_is_no_form(town: Town) -> None:
    assert (await send(town, "{}", Content_Type="application/json")).status == 415
    assert (await send(town, "zone=" + "x" * 5000)).status == 413
    assert (await send(town, b"\xff\xfe")).status == 400
    assert (await send(town, "&".join(f"a{n}=1" for n in range(50)))).status == 400
    assert (await send(town, path="/status/nobody/signals")).status == 404
    assert (await town.ask("/status/nobody/signals")).status == 404
    assert await kept(town) == []
    assert (await send(town, "component=nonsense&zone=Main+Street+5&name=Ann")).status == 303
    assert await kept(town) == [(None, None, "page")]


async def test_one_address_counts_for_a_few_people(town: Town) -> None:
    answers = [await send(town, User_Agent=f"browser {n}") for n in range(5)]
    assert [answer.status for answer in answers] == [303, 303, 303, 429, 429]
    assert "Please try again later" in answers[-1].text
    assert len(await kept(town)) == 3


async def test_nothing_leads_back_to_a_person(town: Town) -> None:
    await send(town, "zone=Europe/Berlin&component=app")
    found = 0
    async with town.database.read() as session:
        for table in ("signals", "signal_counts", "raised_signals", "notes", "events", "audit"):
            for row in await session.execute(text(f"SELECT * FROM {table}")):
                found += 1
                assert "127.0.0" not in str(tuple(row))
                assert "Mozilla" not in str(tuple(row))
    assert found == 2, "the report and the day's key"


class _Form(HTMLParser):
    def __init__(self, html: str) -> None:
        super().__init__()
        self.found: list[tuple[str, dict[str, str | None]]] = []
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.found.append((tag, dict(attrs)))

    def all(self, tag: str) -> list[dict[str, str | None]]:
        return [attributes for name, attributes in self.found if name == tag]


async def test_the_form_works_without_a_script(town: Town) -> None:
    answer = await town.ask(PATH)
    form = _Form(answer.text)
    assert form.all("form") == [{"method": "post", "action": PATH}]
    assert [one["value"] for one in form.all("option")] == ["", "app", "search"]
    assert "form-action 'self'" in answer.headers["Content-Security-Policy"]
    [label] = form.all("label")
    assert label["for"] == form.all("select")[0]["id"]
    script = await town.ask("/static/signal.js")
    assert script.headers["Content-Type"].startswith("text/javascript")
    assert re.search(r"resolvedOptions\(\)\.timeZone", script.text)


async def test_what_is_raised_is_shown(town: Town) -> None:
    words = "Users report trouble with ChargeOver, not confirmed by ChargeOver"
    assert words not in (await town.ask(PATH)).text
    async with town.database.write() as session:
        at = town.services.now()
        session.add(RaisedSignal(provider_id=1, since_at=at, raised_at=at, above_at=at, needed=5, peak=9))
    shown = (await town.ask(PATH)).text
    assert f"<strong>{words}</strong> (up to 9 people in 15 minutes, since " in shown
