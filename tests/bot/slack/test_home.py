"""The home tab: what it shows, its pages, and what comes of pressing something in it."""

import json
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import insert
from standins.pages import incident, snapshot, update
from standins.slack_bot import NOW, Bot
from standins.slack_view_rules import is_too_large, view_faults

from adapters.schema import Maintenance, MaintenancePhase, Status
from bot.slack import home_view, settings_view
from storage import follows
from storage.overview import Overview
from storage.tables import Destination, Follow, Provider, Thread, Workspace
from storage.tables import Incident as IncidentRow

LOGINS = incident(update("u1", "investigating", 0))
WORK = Maintenance(
    id="m1",
    title="Database upgrade",
    phase=MaintenancePhase.SCHEDULED,
    starts_at=NOW + timedelta(days=1),
    ends_at=NOW + timedelta(days=1, hours=2),
)


WEEKLY = {"every": "week", "at": "08:30", "zone": "UTC", "weekday": 4}


def follow_row(id: int, **given: Any) -> Follow:
    values: dict[str, Any] = {
        "id": id, "provider_id": id, "destination_id": id, "incidents": True, "components": True,
        "maintenance": True, "component_ids": [], "min_impact": None, "shape": "threads",
        "loud": ["resolved", "raised", "reopened"], "mention": [], "mention_impact": None, "remind_minutes": 60,
        "quiet": None, "created_by": "U1", "created_at": NOW,
    }  # fmt: skip
    return Follow(**values | given)


def row(id: int, name: str, **given: Any) -> tuple[Follow, Provider, Destination]:
    provider = Provider(
        id=id, slug=f"p{id}", name=name, url=f"https://status{id}.example.com", status="operational", failure=None
    )
    place = Destination(id=id, uri=f"slack:T1/C{id}", disabled_at=None, disabled_because=None)
    return follow_row(id, **given), provider, place


def test_nothing_followed_is_a_friendly_beginning() -> None:
    view = home_view.home_view(Overview(), 0, team="T1", checked_at=NOW)
    assert view_faults(view, "home", set()) == ([], [])
    assert "Follow something" in json.dumps(view)


def test_five_hundred_follows_are_pages_within_slacks_limits() -> None:
    hostile = "<!channel> *x* & " * 20
    page = [
        row(number, f"Provider {number} {hostile}", mention=["here"], min_impact="major") for number in range(40)
    ]
    names = [f"Provider {number}" for number in range(500)]
    seen = Overview(followed=500, in_trouble=3, names=names, page=page, more_incidents=12)
    for number in (0, 6, 12, 99):
        view = home_view.home_view(seen, number, team="T1", checked_at=NOW)
        assert view_faults(view, "home", set()) == ([], [])
        assert len(view["blocks"]) <= 100
        assert not is_too_large(view)


def test_an_incident_of_any_length_fits() -> None:
    long = "<&>" * 4000
    found = IncidentRow(
        provider_id=1, external_id="i", title=long, phase="identified", impact="major", updates=[],
        url="https://x.io/" + "a" * 2900, component_ids=["app"], started_at=NOW, resolved_at=None,
    )  # fmt: skip
    _, provider, _ = row(1, long)
    seen = Overview(followed=1, names=[long], incidents=[(found, provider)], component_names={(1, "app"): long})
    view = home_view.home_view(seen, 0, team="T1", checked_at=NOW)
    assert view_faults(view, "home", set()) == ([], [])


def test_a_webhooks_address_is_not_shown_to_everybody() -> None:
    follow, provider, place = row(1, "ChargeOver")
    place.uri = "https://hooks.example.com/t0ken"
    seen = Overview(followed=1, names=["ChargeOver"], page=[(follow, provider, place)])
    shown = json.dumps(home_view.home_view(seen, 0, team="T1", checked_at=NOW))
    assert "a webhook of hooks.example.com" in shown
    assert "t0ken" not in shown


@pytest.mark.parametrize(
    ("names", "pages"),
    [
        (["Acme"], ["Acme – Acme"]),
        ([f"N{number:03}" for number in range(41)], ["N000 – N039", "N040 – N040"]),
        (["A very long name indeed"], ["A very long – A very long"]),
    ],
)
def test_pages_are_called_by_their_first_and_last_names(names: list[str], pages: list[str]) -> None:
    assert home_view.pages_of(names) == pages


@pytest.mark.parametrize(
    ("chosen", "words"),
    [
        ({"editors": {"value": "everyone"}, "chosen": ["U2"]}, ("changes", "everyone")),
        ({"editors": {"value": "admins"}, "chosen": []}, ("changes", "admins")),
        ({"editors": {"value": "chosen"}, "chosen": ["U2", "U3"]}, ("changes", "U2", "U3")),
    ],
)
def test_settings_become_the_commands_words(chosen: dict[str, Any], words: tuple[str, ...]) -> None:
    assert settings_view.settings_words(chosen) == words


@pytest.mark.parametrize(
    "view",
    [
        settings_view.settings_view("chosen", [f"U{number}" for number in range(40)], 3),
        settings_view.settings_view("everyone", [], None),
        settings_view.digest_view(settings_view.Digest(), None),
        settings_view.digest_view(
            settings_view.digest_of("C1", {"every": "week", "at": "08:30", "zone": "UTC"}), 0
        ),
        settings_view.unfollow_view("<!channel> *x* & " * 20, "<#C1>", 1, 0),
    ],
)
def test_each_dialog_is_one_that_slack_takes(view: dict[str, Any]) -> None:
    assert view_faults(view, "modal", set()) == ([], [])


async def test_an_empty_tab_opens_the_dialog(bot: Bot) -> None:
    await bot.slack.open_home()
    home = await bot.home("Nothing is followed yet")
    await bot.slack.press(home, "home.follow")
    view = await bot.seen("Which service?")
    await bot.slack.suggest(view, "provider", "charge")
    await bot.slack.press(view, "provider", selected="chargeover")
    view = await bot.seen("Only these components")
    await bot.slack.submit(view, {"channel": "C1"})
    await bot.seen("Following ChargeOver")
    await bot.home("*ChargeOver*: operational")


async def test_what_is_active_comes_first(bot: Bot) -> None:
    await bot.follow(min_impact="major")
    await bot.reads(snapshot(LOGINS, app=Status.MAJOR_OUTAGE, maintenances=(WORK,)))
    await bot.slack.open_home()
    home = await bot.home("Active incidents")
    shown = home.shown
    assert shown.index("Logins fail") < shown.index("Database upgrade") < shown.index("*ChargeOver*: major outage")
    assert "🟠 1 of 1 provider not operational" in shown
    assert "Investigating, impact major" in shown
    assert "Main Application" in shown
    assert "impact major or worse" in shown


async def test_the_messages_tab_is_none_of_our_business(bot: Bot) -> None:
    await bot.slack.open_home(tab="messages")
    await bot.slack.open_home()
    await bot.home("Nothing is followed yet")
    assert len(bot.slack.called("views.publish")) == 1


async def test_a_follow_is_changed(bot: Bot) -> None:
    follow_id = await bot.follow(min_impact="major", quiet="22:00-07:00 Europe/Berlin", mention=("U2", "here"))
    await bot.slack.open_home()
    home = await bot.home("ChargeOver")
    await bot.slack.press(home, "home.menu", selected=f"change:{follow_id}")
    view = await bot.seen("Quiet from")  # shown at once, since it was chosen before
    assert view.values["least"]["least"]["selected_option"]["value"] == "major"
    assert view.values["people"]["people"]["selected_users"] == ["U2"]
    assert view.values["begins"]["begins"]["selected_time"] == "22:00"
    await bot.slack.submit(view, {"least": "none", "begins": None, "ends": None, "people": []})
    await bot.seen("Changed ChargeOver")
    [follow] = await bot.follows()
    assert (follow.id, follow.min_impact, follow.quiet, follow.mention) == (follow_id, None, None, ["here"])
    await bot.home("mentions @\u2060here")


async def test_unfollowing_asks_whether_that_is_meant(bot: Bot) -> None:
    follow_id = await bot.follow()
    await bot.slack.open_home()
    home = await bot.home("ChargeOver")
    await bot.slack.press(home, "home.menu", selected=f"unfollow:{follow_id}")
    view = await bot.seen("will not be told in")
    assert len(await bot.follows()) == 1
    await bot.slack.submit(view)
    await bot.seen("No longer following ChargeOver")
    await bot.home("Nothing is followed yet")
    assert await bot.follows() == []


async def test_what_is_active_is_muted_from_the_tab(bot: Bot) -> None:
    follow_id = await bot.follow()
    await bot.reads(snapshot(LOGINS, app=Status.MAJOR_OUTAGE))
    await bot.tells()
    await bot.slack.open_home()
    home = await bot.home("ChargeOver")
    await bot.slack.press(home, "home.menu", selected=f"mute:{follow_id}")
    await bot.slack.until(lambda: "Unmute what is active" in json.dumps(bot.slack.home("U1").payload))  # type: ignore[union-attr]
    assert await bot.one(Thread.muted) is True
    await bot.slack.press(await bot.home(), "home.menu", selected=f"unmute:{follow_id}")
    await bot.slack.until(lambda: '"Mute what is active"' in json.dumps(bot.slack.home("U1").payload))  # type: ignore[union-attr]
    assert await bot.one(Thread.muted) is False


async def test_a_strangers_follow_is_refused(bot: Bot) -> None:
    bot.slack.add_workspace("T2")
    await bot.follow()
    theirs = await bot.follow(team="T2", channel="C9")
    await bot.slack.open_home()
    home = await bot.home("ChargeOver")
    [menu] = [block["accessory"] for block in home.blocks if "accessory" in block]
    for name in ("change", "unfollow", "mute"):
        menu["options"][0]["value"] = f"{name}:{theirs}"
        await bot.slack.press(home, "home.menu", selected=f"{name}:{theirs}")
        await bot.slack.close(await bot.seen("This is not followed any more"))
    assert len(await bot.follows()) == 2
    assert await bot.audit() == [("U1", "followed"), ("U1", "followed")]


async def test_settings_are_saved(bot: Bot) -> None:
    await bot.follow()
    await bot.slack.open_home(user="U7")
    await bot.slack.press(await bot.home("ChargeOver", "U7"), "home.settings")
    view = await bot.seen("Who may follow", "U7")
    submitted = await bot.slack.submit(view, {"editors": "chosen"})
    assert submitted.errors == {"chosen": "Which people?"}
    await bot.slack.submit(view, {"editors": "chosen", "chosen": ["U8"]})
    await bot.seen("The people who were chosen may change", "U7")
    assert await bot.one(Workspace.chosen, Workspace.key == "slack:T1") == ["U7", "U8"]
    await bot.slack.open_home(user="U1")
    await bot.slack.press(await bot.home("ChargeOver"), "home.settings")
    await bot.seen("Only the people who were chosen")


async def test_a_digest_is_set(bot: Bot) -> None:
    await bot.follow()
    await bot.slack.open_home()
    await bot.slack.press(await bot.home("ChargeOver"), "home.digest")
    view = await bot.seen("For which channel?")
    await bot.slack.press(view, "digest_channel", selected="C1")
    await bot.slack.until(lambda: "every:C1" in view.values)
    await bot.slack.suggest(view, "zone", "berlin")
    chosen = {"every": "weekly", "weekday": "friday", "at": "08:30", "zone": "Europe/Berlin"}
    await bot.slack.submit(view, chosen)
    await bot.slack.close(await bot.seen("every Friday at 08:30 (Europe/Berlin)"))
    await bot.slack.press(await bot.home("ChargeOver"), "home.digest")  # what is set is shown
    view = await bot.seen("For which channel?")
    await bot.slack.press(view, "digest_channel", selected="C1")
    await bot.slack.until(lambda: "every:C1" in view.values)
    assert view.values["weekday:C1"]["weekday"]["selected_option"]["value"] == "friday"
    assert view.values["zone:C1"]["zone"]["selected_option"]["value"] == "Europe/Berlin"


async def test_the_history_is_shown(bot: Bot) -> None:
    await bot.follow(actor="U5")
    await bot.slack.open_home()
    await bot.slack.press(await bot.home("ChargeOver"), "home.history")
    view = await bot.seen("The newest 1 change")
    assert view.title == "History of changes"


async def many(bot: Bot, number: int) -> None:
    """So many follows, straight into the database."""
    async with bot.database.write() as session:
        workspace_id = await follows.workspace(session, "slack:T1")
        place = await follows.add_destination(session, workspace_id, "slack:T1/C1", "slack", [])
        common: dict[str, Any] = {
            "adapter": "shelf", "source": "user", "verification": "pending", "status": "operational",
            "memory": {}, "active": False, "failures": 0, "unreadable": False,
        }  # fmt: skip
        rows = [
            common | {"slug": f"p{at}", "name": f"Provider {at:03}", "url": f"https://s{at}.example.com"}
            for at in range(number)
        ]
        ids = (await session.scalars(insert(Provider).returning(Provider.id), rows)).all()
        template = follow_row(1, destination_id=place.id)
        names = [column.name for column in Follow.__table__.columns if column.name not in ("id", "provider_id")]
        await session.execute(
            insert(Follow),
            [{name: getattr(template, name) for name in names} | {"provider_id": id_} for id_ in ids],
        )


async def test_five_hundred_follows_are_turned_page_by_page(bot: Bot) -> None:
    await many(bot, 500)
    await bot.slack.open_home()
    home = await bot.home("All 500 providers operational")
    assert "Page 1 of 13" in home.shown
    await bot.slack.press(home, "home.after")
    home = await bot.home("Page 2 of 13")
    assert "Provider 040" in home.shown
    await bot.slack.press(home, "home.page", selected="12")
    home = await bot.home("Page 13 of 13")
    assert "Provider 499" in home.shown
    await bot.slack.press(home, "home.before")
    home = await bot.home("Page 12 of 13")
    await bot.slack.press(home, "home.refresh")
    await bot.slack.until(lambda: len(bot.slack.called("views.publish")) == 5)
    assert "Page 12 of 13" in (await bot.home()).shown
    await bot.slack.open_home()  # left and come back: where it was
    await bot.slack.until(lambda: len(bot.slack.called("views.publish")) == 6)
    assert "Page 12 of 13" in (await bot.home()).shown
