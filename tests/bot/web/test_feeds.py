"""Feeds: valid, the same entry for one incident whatever becomes of it, and nothing of a page's runs there."""

from datetime import datetime
from typing import Any
from xml.etree import ElementTree as Xml

import feedparser
from standins.pages import at, incident, snapshot, update
from standins.town import HOME, Town

from adapters.schema import Maintenance, MaintenancePhase, Status

ATOM = "{http://www.w3.org/2005/Atom}"
FIRST = update("u1", "investigating", 5, "Logins fail")
SECOND = update("u2", "resolved", 65, "Logins work")
WORK = Maintenance(
    id="w1",
    title="Upgrade",
    phase=MaintenancePhase.SCHEDULED,
    starts_at=at(900),
    updates=(update("w", "scheduled", 1),),
)
EVIL = "<script>alert(1)</script> & ]]> \u000b \ufffe </content> &lt;b&gt;"


def musts(body: bytes) -> Xml.Element:
    """What RFC 4287 asks of every feed and entry (sections 4.1.1 and 4.1.2)."""
    root = Xml.fromstring(body)
    assert root.tag == f"{ATOM}feed"
    for element in (root, *root.iter(f"{ATOM}entry")):
        for name in ("id", "title", "updated"):
            assert len(element.findall(f"{ATOM}{name}")) == 1
            assert element.findtext(f"{ATOM}{name}")
        assert element.findtext(f"{ATOM}author/{ATOM}name")
        assert datetime.fromisoformat(element.findtext(f"{ATOM}updated") or "").tzinfo is not None
        links = [(one.get("rel"), one.get("href")) for one in element.findall(f"{ATOM}link")]
        assert [relation for relation, _ in links].count("alternate") == 1
        assert all((href or "").startswith(("https://", "http://")) for _, href in links)
    ids = [one.findtext(f"{ATOM}id") for one in (root, *root.iter(f"{ATOM}entry"))]
    assert len(set(ids)) == len(ids)
    assert all((one or "").startswith("tag:uptimus.example.com,") for one in ids)
    return root


async def atom(town: Town, path: str = "/status/chargeover/feed.atom") -> tuple[Xml.Element, Any]:
    answer = await town.ask(path)
    assert (answer.status, answer.headers["Content-Type"]) == (200, "application/atom+xml; charset=utf-8")
    parsed = feedparser.parse(answer.body)
    assert not parsed.bozo, parsed.get("bozo_exception")
    return musts(answer.body), parsed


async def test_a_providers_feed(town: Town) -> None:
    await town.put(snapshot(incident(FIRST, SECOND), maintenances=(WORK,)))
    root, parsed = await atom(town)
    assert root.find(f"{ATOM}link[@rel='self']").get("href") == f"{HOME}/status/chargeover/feed.atom"  # type: ignore[union-attr]
    assert parsed.feed.title == "ChargeOver status"
    assert [one.title for one in parsed.entries] == [
        "ChargeOver: Logins fail (resolved)",
        "ChargeOver: Upgrade (scheduled)",
    ]
    first = parsed.entries[0]
    assert first.link == "https://status.example.com/incidents/inc1"
    assert (first.published, first.updated) == ("2026-01-01T12:05:00Z", "2026-01-01T13:05:00Z")
    assert first.content[0].value.index("Logins work") < first.content[0].value.index("Logins fail")
    assert "Concerns: Main Application." in first.content[0].value
    assert "an end that is not announced" in parsed.entries[1].content[0].value


async def test_an_edit_changes_its_entry_and_adds_none(town: Town) -> None:
    await town.put(snapshot(), snapshot(incident(FIRST)))
    _, before = await atom(town)
    edited = FIRST.model_copy(update={"body": "Logins fail for some"})
    await town.put(snapshot(incident(edited)))
    _, after = await atom(town)
    assert [one.id for one in after.entries] == [one.id for one in before.entries]
    assert after.entries[0].updated > before.entries[0].updated
    assert after.entries[0].published == before.entries[0].published
    assert "for some" in after.entries[0].content[0].value
    await town.put(snapshot(incident(edited, SECOND)))
    _, over = await atom(town)
    assert [one.id for one in over.entries] == [one.id for one in before.entries]
    assert over.entries[0].updated >= after.entries[0].updated


async def test_a_page_that_says_the_same_leaves_the_feed_as_it_is(town: Town) -> None:
    await town.put(snapshot(incident(FIRST)))
    first = await town.ask("/status/chargeover/feed.atom")
    await town.put(snapshot(incident(FIRST), read_at=at(90)))
    again = await town.ask("/status/chargeover/feed.atom")
    assert (again.body, again.headers["ETag"]) == (first.body, first.headers["ETag"])
    tag, modified = first.headers["ETag"], first.headers["Last-Modified"]
    assert (await town.ask("/status/chargeover/feed.atom", If_None_Match=tag)).status == 304
    assert (await town.ask("/status/chargeover/feed.atom", If_Modified_Since=modified)).status == 304
    assert (
        await town.ask("/status/chargeover/feed.atom", If_None_Match='"x"', If_Modified_Since=modified)
    ).status == 200
    await town.put(snapshot(incident(FIRST, SECOND)))
    assert (await town.ask("/status/chargeover/feed.atom", If_Modified_Since=modified)).status == 200


async def test_hostile_text_is_text_in_both(town: Town) -> None:
    said = update("u1", "investigating", 5, EVIL)
    await town.put(snapshot(incident(said, title=EVIL, url="javascript:alert(1)")), name=EVIL)
    answer = await town.ask("/status/chargeover/feed.atom")
    root = musts(answer.body)
    content = root.findtext(f"{ATOM}entry/{ATOM}content") or ""
    assert "&lt;script&gt;alert(1)&lt;/script&gt; &amp; ]]&gt;" in content
    assert "<script" not in content
    assert "javascript:" not in answer.text
    [item] = (await town.json("/status/chargeover/feed.json"))["items"]
    assert "<script" not in item["content_html"]
    assert item["external_url"] == f"{HOME}/status/chargeover"
    assert "default-src 'none'" in answer.headers["Content-Security-Policy"]


async def test_a_json_feed(town: Town) -> None:
    await town.put(snapshot(incident(FIRST, SECOND), maintenances=(WORK,)))
    answer = await town.ask("/status/chargeover/feed.json")
    assert answer.headers["Content-Type"] == "application/feed+json; charset=utf-8"
    feed = answer.json
    assert feed["version"] == "https://jsonfeed.org/version/1.1"
    assert feed["feed_url"] == f"{HOME}/status/chargeover/feed.json"
    _, parsed = await atom(town)
    assert [one["id"] for one in feed["items"]] == [one.id for one in parsed.entries]
    assert feed["items"][0]["date_modified"] == "2026-01-01T13:05:00Z"
    assert feed["items"][0]["tags"] == ["incident", "resolved", "impact: major"]
    assert all(one["content_html"] and one["url"] for one in feed["items"])


async def test_the_feeds_of_a_category_and_of_everything_tell_what_is_new(town: Town) -> None:
    opened = incident(FIRST)
    old = incident(update("o", "resolved", -90 * 24 * 60), id_="old")
    await town.put(snapshot(opened, old), category="Developer tools")
    await town.put(snapshot(opened), slug="quillpost", name="Quillpost", category="Payments")
    assert (await town.ask("/feeds/developer-tools.atom")).status == 200
    # what began long ago is no news; neither is what a real clock sees as long ago
    _, everything = await atom(town, "/feed.atom")
    _, tools = await atom(town, "/feeds/developer-tools.atom")
    assert {one.title for one in everything.entries} >= {one.title for one in tools.entries}
    assert len(everything.entries) == 2
    assert [one.title for one in tools.entries] == ["ChargeOver: Logins fail (investigating)"]
    assert (await town.json("/feeds/payments.json"))["items"][0]["title"].startswith("Quillpost")


async def test_a_provider_without_anything_has_a_valid_feed(town: Town) -> None:
    await town.put()
    root, parsed = await atom(town)
    assert parsed.entries == []
    assert root.findtext(f"{ATOM}updated") == "1970-01-01T00:00:00Z"
    for path in ("/status/nobody/feed.atom", "/feeds/nothing.json", "/status/%00/feed.json"):
        assert (await town.ask(path)).status == 404


async def test_an_incident_that_its_page_took_back_is_in_no_feed(town: Town) -> None:
    await town.put(snapshot(), snapshot(incident(FIRST), app=Status.MAJOR_OUTAGE))
    gone = snapshot().model_copy(
        update={"coverage": snapshot().coverage.model_copy(update={"gone": frozenset({"inc1"})})}
    )
    await town.put(gone, gone, gone)
    _, parsed = await atom(town)
    assert parsed.entries == []
