"""Feeds: what their words say, the parts of a story, and recorded feeds of three platforms."""

from datetime import UTC, datetime
from html import escape
from pathlib import Path

import pytest

from adapters import feed, phrases, story
from adapters.fetch import AdapterError
from adapters.items import items
from adapters.schema import Impact, IncidentPhase, MaintenancePhase, Snapshot, Status

PAYLOADS = Path(__file__).parents[3] / "shared" / "payloads"
RECORDED = pytest.mark.skipif(not PAYLOADS.exists(), reason="no recordings here")
READ_AT = datetime(2026, 1, 1, tzinfo=UTC)
LATEST = datetime(2026, 1, 2, 3, 4, tzinfo=UTC)


@pytest.mark.parametrize(
    ("title", "phase", "rest"),
    [
        ("[Resolved] Slow mail", IncidentPhase.RESOLVED, "Slow mail"),
        ("RESOLVED: Slow mail", IncidentPhase.RESOLVED, "Slow mail"),
        ("Slow mail (monitoring)", IncidentPhase.MONITORING, "Slow mail"),
        ("Slow mail - Identified", IncidentPhase.IDENTIFIED, "Slow mail"),
        ("Post-mortem – Slow mail", IncidentPhase.POSTMORTEM, "Slow mail"),
        ("[EU] Slow mail", None, "[EU] Slow mail"),
        ("Mail: resolved addresses are wrong", None, "Mail: resolved addresses are wrong"),
        ("Resolved", None, "Resolved"),
        ("", None, ""),
    ],
)
def test_the_mark_of_a_title(title: str, phase: IncidentPhase | None, rest: str) -> None:
    assert phrases.split_title(title, phrases.INCIDENT_PHASE) == (phase, rest)


@pytest.mark.parametrize(
    ("text", "phase"),
    [
        ("This incident has been resolved.", IncidentPhase.RESOLVED),
        ("The issue is now fully resolved.", IncidentPhase.RESOLVED),
        ("Service was restored at noon.", IncidentPhase.RESOLVED),
        ("Once this has been resolved, we will tell you.", None),
        ("The problem has not been resolved.", None),
        ("We expect that this is resolved tomorrow.", None),
        ("We are investigating. It will be over when it has been resolved.", IncidentPhase.INVESTIGATING),
        ("We are currently investigating the issue.", IncidentPhase.INVESTIGATING),
        ("A fix has been implemented and we are monitoring the results.", IncidentPhase.MONITORING),
        ("The cause of the trouble has been identified.", IncidentPhase.IDENTIFIED),
        ("We have identified the issue.", IncidentPhase.IDENTIFIED),
        ("A fix has been deployed. The issue has been resolved.", IncidentPhase.RESOLVED),
        ("Our logo is yellow.", None),
        ("", None),
    ],
)
def test_what_a_text_says(text: str, phase: IncidentPhase | None) -> None:
    assert phrases.said(text) == phase


@pytest.mark.parametrize(
    ("title", "text", "categories", "impact"),
    [
        ("Mail", "Severity: Critical", (), Impact.CRITICAL),
        ("Mail", "Impact: partial outage of mail", (), Impact.MAJOR),
        ("Mail", "", ("Degraded performance",), Impact.MINOR),
        ("Major outage of mail", "", (), Impact.CRITICAL),
        ("A major step", "None of it hurts", (), Impact.UNKNOWN),
        ("Mail", "Severity: Purple", ("Europe",), Impact.UNKNOWN),
        ("Mail", "Impact: None", ("major",), Impact.NONE),
    ],
)
def test_how_bad_an_item_says_it_is(title: str, text: str, categories: tuple[str, ...], impact: Impact) -> None:
    assert phrases.impact(title, text, categories) == impact


def html(when: str, label: str = "Resolved", body: str = "Over.") -> str:
    return f"<p><small>{when}</small><br><strong>{label}</strong> - {body}</p>"


@pytest.mark.parametrize(
    ("when", "at"),
    [
        ("Jan <var data-var='date'> 2</var>, <var data-var='time'>03:04</var> UTC", (2026, 1, 2, 3, 4)),
        ("Dec 31, 23:59 UTC", (2025, 12, 31, 23, 59)),
        ("Jan  1, 18:00 PST", (2026, 1, 2, 2, 0)),
        ("May 13, 2017, 06:50 UTC", (2017, 5, 13, 6, 50)),
        ("Dec 1, 3:15 PM EST", (2025, 12, 1, 20, 15)),
    ],
)
def test_when_a_post_was_posted(when: str, at: tuple[int, ...]) -> None:
    assert [post.at for post in story.posts(html(when), LATEST)] == [datetime(*at, tzinfo=UTC)]  # type: ignore[arg-type,misc]


@pytest.mark.parametrize("when", ["Jan 1, 10:00 IST", "Foo 1, 10:00 UTC", "Feb 30, 10:00 UTC", "yesterday"])
def test_a_story_whose_times_can_t_be_read_is_not_parted(when: str) -> None:
    assert story.posts(html("Jan 1, 10:00 UTC") + html(when), LATEST) == ()


def test_posts_of_one_minute_are_told_apart_as_they_come() -> None:
    first = html("Jan 1, 10:00 UTC", "Investigating", "a")
    second = html("Jan 1, 10:00 UTC", "Update", "b")
    assert [(one.id, one.text) for one in story.posts(first, LATEST)] == [("2026-01-01T10:00Z", "a")]
    both = story.posts(second + first, LATEST)
    assert [(one.id, one.text) for one in both] == [("2026-01-01T10:00Z", "a"), ("2026-01-01T10:00Z/2", "b")]


def test_a_window_over_midnight() -> None:
    event = "THIS IS A SCHEDULED EVENT Jan <var>4</var>, <var>22:00</var> - <var>01:30</var> UTC"
    starts_at, ends_at = story.window(event, LATEST)
    assert (starts_at, ends_at) == (
        datetime(2026, 1, 4, 22, 0, tzinfo=UTC),
        datetime(2026, 1, 5, 1, 30, tzinfo=UTC),
    )
    assert story.window("no such thing", LATEST) == (None, None)


def rss(*listed: str) -> bytes:
    return f'<rss version="2.0"><channel><title>Acme</title>{"".join(listed)}</channel></rss>'.encode()


def item(title: str, text: str, at: str = "Wed, 31 Dec 2025 20:00:00 GMT", guid: str = "1") -> str:
    return (
        f"<item><guid>{guid}</guid><title>{title}</title><pubDate>{at}</pubDate>"
        f"<description>{escape(text)}</description></item>"
    )


def read(document: bytes) -> Snapshot:
    return feed.parse({"feed": document}, url="https://status.acme.example/rss", read_at=READ_AT)


def test_an_edited_text_is_an_edit_and_a_new_phase_a_post() -> None:
    before = read(rss(item("Slow mail", "Status: Investigating. We look."))).incidents[0]
    edited = read(rss(item("Slow mail", "Status: Investigating. We look closely."))).incidents[0]
    after = read(rss(item("Slow mail", "Status: Resolved. It is over."))).incidents[0]
    assert before.id == edited.id == after.id
    assert before.updates[0].id == edited.updates[0].id != after.updates[0].id
    assert after.phase == IncidentPhase.RESOLVED


def test_an_empty_feed_says_nothing_and_one_without_a_phase_too() -> None:
    assert read(rss()).status == Status.UNKNOWN
    assert read(rss(item("Trouble", "Something happens."))).status == Status.UNKNOWN
    assert read(rss(item("Trouble", "It has been resolved."))).status == Status.OPERATIONAL


def test_an_announcement_of_long_ago_is_no_incident() -> None:
    assert read(rss(item("A new logo", "It is yellow.", "Mon, 01 Dec 2025 20:00:00 GMT"))).incidents == ()


def test_what_never_tells_a_phase_tells_no_status_either() -> None:
    old = item("Mail - Major Outage", "", "Mon, 01 Dec 2025 20:00:00 GMT")
    assert read(rss(old)).status == Status.UNKNOWN
    assert read(rss(old, item("Slow mail", "Resolved", guid="2"))).status == Status.OPERATIONAL


@pytest.mark.parametrize("text", ["Resolved", "<p>Resolved.</p>", "<em>resolved</em>"])
def test_a_text_that_is_a_label(text: str) -> None:
    assert read(rss(item("Slow mail", text))).incidents[0].phase == IncidentPhase.RESOLVED


@pytest.mark.parametrize(
    "document", [b"", b"<html></html>", b"plain", b"{}", b"[]", b"<rss", b"\xff\xfe<", b" " * 9]
)
def test_what_is_no_feed(document: bytes) -> None:
    with pytest.raises(AdapterError):
        items(document)


@pytest.mark.parametrize("link", ["https://[", "https://]x/", "https://a\u2100b/"])
def test_a_link_that_leads_nowhere_is_none(link: str) -> None:
    document = (
        f"<rss version='2.0'><channel><title>Acme Status</title><link>{link}</link><item><link>{link}</link>"
        "<title>[Investigating] Slow mail</title><guid isPermaLink='false'>one</guid>"
        "<pubDate>Wed, 31 Dec 2025 10:00:00 GMT</pubDate></item></channel></rss>"
    )
    snapshot = feed.parse({"feed": document.encode()}, url="https://status.acme.example", read_at=READ_AT)
    assert [(one.id, one.url) for one in snapshot.incidents] == [("one", None)]


def test_a_feed_that_is_too_large() -> None:
    with pytest.raises(AdapterError, match="too large"):
        items(rss(" " * 2_000_000))


def test_a_link_that_is_none_leaves_the_item() -> None:
    page = read(rss("<item><guid>1</guid><title>Slow</title><link>http://[</link></item>"))
    assert [(one.id, one.url) for one in page.incidents] == [("1", None)]


def test_entities_are_not_let_grow() -> None:
    entities = "".join(f'<!ENTITY l{n} "{f"&l{n - 1};" * 10}">' for n in range(1, 10))
    document = f'<!DOCTYPE rss [<!ENTITY l0 "lol">{entities}]>'.encode() + rss(item("&amp;l9;&l9;", ""))
    assert all(len(one.title) < 100_000 for one in items(document).items)


@RECORDED
def test_a_recorded_feed_of_a_statuspage() -> None:
    series = PAYLOADS / "statuspage" / "github" / "series-history-atom-2022-06"
    listed = [read((path).read_bytes()) for path in sorted(series.glob("*.xml"))]
    first = listed[0]
    assert first.provider.name == "GitHub"
    assert (len(first.incidents), len(first.maintenances)) == (20, 5)
    assert all(one.phase == IncidentPhase.RESOLVED for one in first.incidents)
    assert all(one.phase == MaintenancePhase.COMPLETED for one in first.maintenances)
    assert all(len(one.updates) > 1 for one in first.incidents)
    ids = [{update.id for update in one.updates} for page in listed for one in page.incidents if "fbx6" in one.id]
    assert all(one == ids[0] for one in ids), "a post keeps its id from feed to feed"


@RECORDED
def test_a_recorded_feed_of_lambstatus() -> None:
    path = PAYLOADS / "lambstatus" / "lambstatus-demo" / "history-rss.xml"
    page = read(path.read_bytes())
    assert [(one.title, str(one.phase)) for one in page.incidents] == [
        ("DNS resolution issues", "monitoring"),
        ("Delayed webhook deliveries", "resolved"),
    ]
    assert [(one.title, str(one.phase)) for one in page.maintenances] == [("Network maintenance", "scheduled")]
