"""Following by picking: the dialog's views, and the whole way from /uptimus follow to a follow."""

from typing import Any

import pytest
from standins.slack import View
from standins.slack_bot import CATALOGUE, Bot
from standins.slack_view_rules import view_faults

from adapters.fetch import AdapterError
from bot.slack import dialog_view, follow_form, suggest
from bot.slack.dialog_view import follow_view
from bot.slack.follow_form import Form
from bot.slack.inputs import option
from storage.tables import Destination

CHARGEOVER = option("chargeover", "ChargeOver")


async def opened(bot: Bot, channel: str = "C1", user: str = "U1") -> View:
    await bot.slack.slash("/uptimus", "follow", channel=channel, user=user, answers=0)
    return await bot.seen("Which service?", user)


async def chosen(bot: Bot, channel: str = "C1") -> View:
    """The dialog with ChargeOver chosen, once its components are there."""
    view = await opened(bot, channel)
    await bot.slack.suggest(view, "provider", "charge")
    await bot.slack.press(view, "provider", selected="chargeover")
    return await bot.seen("Only these components")


async def test_without_a_name_a_dialog_opens(bot: Bot) -> None:
    view = await opened(bot)
    assert view.title == "Follow a status page"
    assert view.values["channel"]["channel"]["selected_conversation"] == "C1"
    assert view.values["streams"]["streams"]["selected_options"] == list(dialog_view._STREAMS[:-1]), (
        "all but what users report"
    )


async def test_from_a_direct_message_no_channel_is_chosen(bot: Bot) -> None:
    bot.slack.workspaces["T1"].user("U1")
    view = await opened(bot, channel="D1")
    assert view.values["channel"]["channel"]["selected_conversation"] is None


async def test_a_provider_is_found_as_one_types(bot: Bot) -> None:
    view = await opened(bot)
    found = await bot.slack.suggest(view, "provider", "charg")
    assert [one["text"]["text"] for one in found] == ["Chargebee", "ChargeOver"]
    everything = await bot.slack.suggest(view, "provider", "")
    assert [one["value"] for one in everything] == ["chargebee", "chargeover", "github"]


async def test_a_pasted_address_is_offered(bot: Bot) -> None:
    view = await opened(bot)
    [found] = await bot.slack.suggest(view, "provider", "https://status.unknown.example/incidents/1")
    assert found["text"]["text"] == "Follow the page at https://status.unknown.example"
    [known] = await bot.slack.suggest(view, "provider", "https://status.example.com/history")
    assert known["value"] == "chargeover"


async def test_the_components_of_a_page_that_nobody_follows_are_read(bot: Bot) -> None:
    view = await chosen(bot)
    found = await bot.slack.suggest(view, "components", "")
    assert [one["text"]["text"] for one in found] == ["Main Application", "Search"]
    assert [one["value"] for one in await bot.slack.suggest(view, "components", "sea")] == ["search"]
    assert "Reading its status page" in str(view.revisions)


async def test_the_components_of_a_followed_page_are_known(bot: Bot) -> None:
    await bot.follow(channel="C2")
    reads = bot.shelf.reads
    view = await chosen(bot)
    assert "Reading its status page" not in str(view.revisions)
    assert bot.shelf.reads == reads


async def test_a_page_that_cannot_be_read_says_so_in_the_dialog(bot: Bot) -> None:
    bot.shelf.put(AdapterError("it answers 503"))
    view = await opened(bot)
    await bot.slack.suggest(view, "provider", "chargeover")
    await bot.slack.press(view, "provider", selected="chargeover")
    await bot.seen("can't be read")


async def test_it_follows_what_was_picked(bot: Bot) -> None:
    view = await chosen(bot)
    await bot.slack.suggest(view, "components", "")
    submitted = await bot.slack.submit(
        view, {"channel": "C2", "components": ["search"], "streams": ["incidents"], "least": "major"}
    )
    assert submitted.view is not None
    answer = await bot.seen("Following ChargeOver")
    [follow] = await bot.follows()
    assert (follow.component_ids, follow.min_impact) == (["search"], "major")
    assert (follow.incidents, follow.components, follow.maintenance) == (True, False, False)
    assert await bot.one(Destination.uri) == "slack:T1/C2"
    assert await bot.audit() == [("U1", "followed")]
    await bot.slack.close(answer)
    assert bot.slack.modal("U1") is None  # nothing is left below it


async def test_more_options_keep_what_was_chosen(bot: Bot) -> None:
    view = await chosen(bot)
    await bot.slack.suggest(view, "components", "")
    bot.slack.fill(view, {"channel": "C2", "components": ["app"], "least": "critical"})
    await bot.slack.press(view, "more")
    view = await bot.seen("Mention these people")
    assert view.values["channel"]["channel"]["selected_conversation"] == "C2"
    assert [one["value"] for one in view.values["components:chargeover"]["components"]["selected_options"]] == [
        "app"
    ]
    assert view.values["least"]["least"]["selected_option"]["value"] == "critical"


async def test_the_less_usual_half_is_followed(bot: Bot) -> None:
    view = await chosen(bot)
    await bot.slack.press(view, "more")
    view = await bot.seen("Mention these people")
    await bot.slack.suggest(view, "zone", "berlin")
    chosen_: dict[str, Any] = {
        "shape": "threads and channel",
        "loud": ["raised"],
        "people": ["U2"],
        "everybody": ["here"],
        "mention_impact": "major",
        "remind": "120",
        "begins": "22:00",
        "ends": "07:00",
        "zone": "Europe/Berlin",
        "quiet_except": "critical",
    }
    await bot.slack.submit(view, chosen_)
    await bot.seen("Following ChargeOver")
    [follow] = await bot.follows()
    assert (follow.shape, follow.loud, follow.mention) == ("threads and channel", ["raised"], ["U2", "here"])
    assert (follow.mention_impact, follow.remind_minutes) == ("major", 120)
    assert follow.quiet == {"from": "22:00", "until": "07:00", "zone": "Europe/Berlin", "except": "critical"}


async def test_what_is_wrong_is_said_at_its_question(bot: Bot) -> None:
    view = await chosen(bot)
    await bot.slack.press(view, "more")
    view = await bot.seen("Mention these people")
    wrong: list[tuple[dict[str, Any], dict[str, str]]] = [
        ({"begins": "22:00"}, {"ends": "Quiet hours need both a beginning and an end"}),
        ({"ends": "07:00"}, {"zone": "In which time zone?"}),
        ({"begins": "07:00"}, {"ends": "Quiet hours must end at another time than they begin"}),
    ]
    for more, said in wrong:
        assert (await bot.slack.submit(view, more)).errors == said
    assert await bot.follows() == []


async def test_a_refusal_leads_back_to_what_was_chosen(bot: Bot) -> None:
    view = await chosen(bot)
    bot.shelf.put(AdapterError("it answers 503"))
    await bot.slack.submit(view, {"least": "critical"})
    refusal = await bot.seen("can't be read")
    await bot.slack.close(refusal)
    again = bot.slack.modal("U1")
    assert again is view
    assert again.values["least"]["least"]["selected_option"]["value"] == "critical"


async def test_a_channel_that_we_cannot_see_needs_an_invitation(bot: Bot) -> None:
    bot.slack.workspaces["T1"].scopes |= {"channels:read", "groups:read"}
    bot.slack.add_channel("G9", private=True, member=False)
    view = await chosen(bot)
    await bot.slack.submit(view, {"channel": "G9"})
    await bot.seen("/invite @uptimus")
    assert await bot.follows() == []


async def test_who_may_not_is_told_before_anything_is_filled_in(bot: Bot) -> None:
    bot.slack.allow_mentions = {"<@U7>"}
    await bot.slack.slash("/uptimus", "settings changes <@U7>", user="U7")
    [answer] = await bot.slack.slash("/uptimus", "follow", user="U1")
    assert "Only the people who were chosen" in answer.shown
    assert bot.slack.modal("U1") is None


async def test_a_failure_is_said_with_an_id(bot: Bot) -> None:
    view = await chosen(bot)
    bot.services.adapters["shelf"] = None  # type: ignore[index]
    await bot.slack.submit(view, {})
    await bot.seen("Something went wrong (id ")
    assert await bot.follows() == []


BAD = "<!channel> *x* <@U1> & | " * 20
HOSTILE = option("slug", BAD)


@pytest.mark.parametrize(
    "form",
    [
        Form(),
        Form(provider=HOSTILE, channel="C1"),
        Form(provider=HOSTILE, channel="C1", listed=0),
        Form(provider=HOSTILE, channel="C1", problem=BAD),
        Form(provider=HOSTILE, channel="C1", listed=900, components=(HOSTILE,) * 3, more=True),
        Form(provider=HOSTILE, channel="C1", listed=1, follow_id=1, kept=("S1",) * 20, remind="45", more=True),
    ],
)
def test_each_dialog_is_one_that_slack_takes(form: Form) -> None:
    view = follow_view(form)
    assert view_faults(view, "modal", set()) == ([], [])
    assert len(view["private_metadata"]) < 3000


def test_a_form_survives_being_shown() -> None:
    form = Form(
        provider=CHARGEOVER, channel="C1", components=(option("app", "App"),), listed=2, least="major", more=True,
        shape="channel only", loud=("raised",), people=("U2",), everybody=("here",), mention_impact="critical",
        remind="15", begins="22:00", ends="07:00", zone=option("Europe/Berlin", "Europe/Berlin"), home=3,
        quiet_except="major", kept=("S1GROUP",),
    )  # fmt: skip
    view = View("V1", "T1", "U1", {}, "")
    view.show(follow_view(form), "1")
    assert follow_form.form_of(view.as_slack("A1", "B1")) == form


def test_addresses_that_are_too_long_for_an_option_are_not_offered() -> None:
    assert suggest.providers(CATALOGUE, [], f"https://status.example.net/{'x' * 150}") == []


@pytest.mark.parametrize(
    ("typed", "first"),
    [("berl", "Europe/Berlin"), ("new york", "America/New York"), ("utc", "UTC"), ("", "UTC")],
)
def test_time_zones_are_found_by_their_cities(typed: str, first: str) -> None:
    found = suggest.zones(typed)
    assert found[0]["text"]["text"] == first
    assert len(found) <= 100
