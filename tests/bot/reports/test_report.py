"""A month of ChargeOver: what the report says, and that no stranger's text gets out of hand in it."""

import csv
import io
from dataclasses import replace
from datetime import date
from typing import Any

import html5lib
import pytest
from standins.past import FIREWALL, LOGIN, chargeover, moment

from bot.commands.reply import CommandError, Request
from bot.commands.services import Services
from bot.commands.uptime import uptime
from bot.reports import as_csv, as_html, as_text
from bot.reports.report import Report, month
from storage import kept_days

from .conftest import NOW

NASTY = '=HYPERLINK("https://evil.example","<script>alert(1)</script>")'


async def july(services: Services, zone: str | None = None) -> Report:
    return await month(services, "chargeover", "2025-07", zone)


async def test_in_figures(services: Services) -> None:
    found = as_text.json(await july(services))
    days = 31 * 86400
    down = 5400 + 0.3 * (
        11 * 60 + 63 * 60
    )  # the firewall, told later; the login, in part told eleven minutes late
    assert found["time_weighted_uptime"] == pytest.approx(1 - down / days)
    assert (found["observed_share"], found["observed_seconds"]) == (1, days)
    assert found["counts"] == {"operational": 28, "degraded": 0, "outage": 2, "maintenance": 1, "unknown": 0}
    assert (found["known_uptime"], found["known_days"], found["filled_days"]) == (28 / 31, 31, 0)
    assert found["figures"] == {
        "incidents": 2,
        "backdated": 1,
        "trouble_seconds": 164 * 60,
        "trouble_sample": 2,
        "mean_seconds_to_resolve": 82 * 60,
        "resolved_sample": 2,
        "longest": {"id": "bc4vlzlx8vfm", "seconds": 5400},
        "median_delay_seconds": (66 * 60 + 55 + 11) * 60 // 2,
        "grade": "F",
        "delay_sample": 2,
    }
    assert [one["name"] for one in found["components"]] == ["Main Application", "Payment Processing"]
    assert [(one["id"], one["backdated"], one["lasted_seconds"]) for one in found["incidents"]] == [
        ("bc4vlzlx8vfm", True, 5400),
        ("wqrzsb2dhryr", False, 4440),
    ]
    assert [one["title"] for one in found["maintenances"]] == ["Moving to new racks"]


async def test_the_same_from_days_that_are_kept(services: Services) -> None:
    before = await july(services)
    await kept_days.close_days(services.database, NOW)
    assert await july(services) == before


async def test_in_words(services: Services) -> None:
    reply = as_text.text(await july(services))
    assert reply.text == (
        "ChargeOver: July 2025: known uptime 90.32 % (31 known of 31 days), 99.74 % by time"
        " (100 % of it observed), 2 incidents."
    )
    rows = {row.title: row.detail for section in reply.sections for row in section.rows}
    assert rows["Incidents"] == "2 · 1 told only when over"
    assert rows["Time in trouble"] == "2 h 44 min · 2 dated incidents"
    assert rows["Mean time to resolve"] == "1 h 22 min · 2 incidents that ended and were dated"
    assert rows["Longest outage"] == "1 h 30 min · ChargeOver inaccessible / network outage"
    assert rows["From start to first post"] == "1 d 9 h (grade F) · median of 2 incidents"
    assert rows["Login outage"] == "impact major · lasted 1 h 14 min, first post after 11 min · Main Application"
    assert rows["July 2025"] == "2 incidents · 2 h 44 min in trouble · 1 h 22 min on average until resolved"
    assert "told only when it was over" in rows["ChargeOver inaccessible / network outage"]


async def test_the_months_days_are_those_of_the_zone(services: Services) -> None:
    berlin, utc = await july(services, "Europe/Berlin"), await july(services)
    outages = [
        [one.day.day for one in found.history.days if one.state.name == "OUTAGE"] for found in (utc, berlin)
    ]
    assert outages == [[5, 18], [5, 18]]
    auckland = await july(services, "Pacific/Auckland")
    assert [one.day.day for one in auckland.history.days if one.state.name == "OUTAGE"] == [6, 19]
    assert auckland.history.days[0].seconds.observed == 12 * 3600  # it was read since noon there


async def test_a_month_that_is_not_over_is_told_so_far(services: Services) -> None:
    found = await month(services, "chargeover", "2025-08", None)
    assert (found.first, found.last, found.so_far) == (date(2025, 8, 1), date(2025, 8, 10), True)
    assert as_text.text(found).text.startswith(
        "ChargeOver: August 2025 so far: known uptime 100 % (10 known of 10 days)"
    )
    assert (await month(services, "chargeover", None, None)).first == date(2025, 8, 1)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("2025-13", "write it as 2026-10"),
        ("July", "is no month"),
        ("2025-09", "has not begun"),
        ("0000-01", "is no month"),
        ("٢٠٢٥-٠٧", "is no month"),
    ],
)
async def test_a_month_that_is_none(services: Services, text: str, said: str) -> None:
    with pytest.raises(CommandError, match=said):
        await month(services, "chargeover", text, None)


async def test_one_that_is_not_known_and_a_zone_that_is_none(services: Services) -> None:
    with pytest.raises(CommandError, match="Did you mean chargeover"):
        await month(services, "chargover", "2025-07", None)
    with pytest.raises(CommandError, match="time zone"):
        await july(services, "Mars/Olympus")


async def test_a_month_before_anything_was_known(services: Services) -> None:
    found = await month(services, "chargeover", "2019-02", None)
    assert [row[1] for row in _facts(found)][:3] == ["unknown", "unknown", "0"]
    for document in (as_html.document(found), as_csv.document(found)):
        assert "unknown" in document
    assert as_text.text(found).text.startswith("ChargeOver: February 2019: no day of the last 28 is known yet")


def _facts(report: Report) -> list[tuple[str, str, str]]:
    from bot.reports import words

    return words.facts(report)


def table(document: str) -> list[dict[str, str]]:
    assert document.count("\n") == document.count("\r\n")
    rows = list(csv.reader(io.StringIO(document, newline=""), strict=True))
    assert {len(row) for row in rows} == {len(as_csv.COLUMNS)}
    return [dict(zip(rows[0], row, strict=True)) for row in rows[1:]]


async def test_as_csv(services: Services) -> None:
    rows = table(as_csv.document(await july(services)))
    assert [row["kind"] for row in rows if row["kind"] != "summary"] == [
        "month",
        "incident",
        "incident",
        "maintenance",
    ]
    summary = {row["name"]: (row["value"], row["made_from"]) for row in rows if row["kind"] == "summary"}
    assert summary["Known uptime"] == ("90.32 %", "31 known of 31 days")
    assert summary["Time-weighted uptime"] == ("99.74 %", "100 % of the time observed")
    [firewall] = [row for row in rows if row["id"] == "bc4vlzlx8vfm"]
    assert firewall | {"url": ""} == {
        "kind": "incident", "name": "ChargeOver inaccessible / network outage", "value": "", "made_from": "",
        "id": "bc4vlzlx8vfm", "impact": "critical", "phase": "postmortem", "started_at": "2025-07-05T20:27:00Z",
        "ended_at": "2025-07-05T21:57:00Z", "minutes": "90", "first_told_at": "2025-07-08T15:22:00Z",
        "delay_minutes": "4015", "backdated": "yes", "components": "Main Application, Payment Processing",
        "url": "",
    }  # fmt: skip


FORMULAS = (
    "=1+1", "+1", "-1+1", "@SUM(A1)", "\t=1", "\r=1", "  =1", "＝1", '=cmd|"/c calc"!A1', "\n=1", "\u00a0=1",
)  # fmt: skip


@pytest.mark.parametrize("text", FORMULAS)
def test_no_cell_is_a_formula(text: str) -> None:
    assert as_csv.safe(text) == f"'{text}"


def test_other_texts_stay_as_they_are() -> None:
    for text in ("", "Login outage", "1-2", "a=b", "2025-07-05T20:27:00Z", "'quoted'"):
        assert as_csv.safe(text) == text


async def test_texts_of_strangers_are_but_text(bare: Services) -> None:
    nasty: dict[str, Any] = LOGIN | {"title": NASTY, "url": "javascript:alert(1)"}
    await chargeover(bare.database, NOW, nasty)
    found = await july(bare)
    found = replace(found, components=((NASTY, found.history),), names={"c0": NASTY})
    rows = table(as_csv.document(found))
    assert [row["name"] for row in rows if row["kind"] == "incident"] == [f"'{NASTY}"]
    assert all(not value.startswith("=") for row in rows for value in row.values())
    document = as_html.document(found)
    assert "<script" not in document
    assert "javascript:" not in document
    assert "&lt;script&gt;" in document


async def test_as_html_by_itself(services: Services) -> None:
    document = as_html.document(await july(services))
    html5lib.HTMLParser(strict=True).parse(document)
    assert document.startswith("<!doctype html>")
    for outside in ("<link", "<script", "src=", "url(", "@import"):
        assert outside not in document
    assert "July 2025" in document
    assert document.count("<title>2025-07-05: outage</title>") == 3  # the provider and two components
    assert "@media print" in document
    assert '<a href="https://stspg.example/wqrzsb2dhryr" rel="noopener nofollow">Login outage</a>' in document


async def test_uptime_answers_with_both_figures_and_what_they_were_made_from(services: Services) -> None:
    request = Request(workspace="local", provider="chargeover", days=41)
    reply = await uptime(services, request)
    assert reply.text == (
        "ChargeOver: known uptime 92.68 % (41 known of 41 days), 99.8 % by time (100 % of it observed)."
    )
    troubled = reply.sections[1]
    assert troubled.heading == "Components in trouble"
    assert [row.title for row in troubled.rows] == ["Main Application", "Payment Processing", "Search"]
    assert troubled.note == "4 components: operational on every known day"
    data = reply.data
    assert (data["known_days"], data["observed_share"], len(data["days"])) == (41, 1, 41)
    assert data["days"][0] == {"date": "2025-07-01", "state": "operational", "source": "observed"}
    assert {one["name"]: one["counts"]["outage"] for one in data["components"]}["Main Application"] == 2
    elsewhere = await uptime(services, replace(request, zone="Pacific/Auckland"))
    assert [one["date"] for one in elsewhere.data["days"] if one["state"] == "outage"] == [
        "2025-07-06",
        "2025-07-19",
    ]
    with pytest.raises(CommandError, match="time zone"):
        await uptime(services, replace(request, zone="Mars"))


async def test_one_that_goes_on_is_not_over(bare: Services) -> None:
    going_on = FIREWALL | {
        "phase": "investigating", "resolved_at": None, "until_at": moment(5, 20, 40),
        "posted_at": moment(5, 20, 40),
        "updates": [{"id": "u", "phase": "investigating", "body": "", "posted_at": "2025-07-05T20:40:00Z"}],
    }  # fmt: skip
    await chargeover(bare.database, NOW, going_on)
    for text in ("2025-07", "2025-08"):
        [one] = as_text.json(await month(bare, "chargeover", text, None))["incidents"]
        assert (one["phase"], one["lasted_seconds"], one["ended_at"]) == ("investigating", None, None)
