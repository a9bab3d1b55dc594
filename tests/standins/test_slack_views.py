"""Modals and home tabs of the stand-in Slack: what the Web API refuses about them."""

from collections.abc import AsyncIterator
from typing import Any

import pytest
from standins.slack import SlackServer, View
from standins.slack_bolt_app import error_of
from standins.test_slack import Clock
from standins.test_slack_people import MENU, MODAL, button, option, plain

Json = dict[str, Any]
HOME: Json = {"type": "home", "blocks": [{"type": "header", "text": plain("What you follow")}]}
TEXT: Json = {"type": "plain_text_input", "action_id": "t"}


def input_of(element: Json, **more: Any) -> Json:
    return {"type": "input", "label": plain("Label"), "element": element} | more


def section(**more: Any) -> Json:
    return {"type": "section", "text": plain("x")} | more


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
async def slack(clock: Clock) -> AsyncIterator[SlackServer]:
    async with SlackServer(now=clock) as server:
        yield server


def trigger(slack: SlackServer, *, view: View | None = None, team: str = "T1") -> str:
    """A person did something a moment ago."""
    return slack._begin(slack.workspaces[team], "U1", view=view).trigger_id


async def opened(slack: SlackServer, **more: Any) -> View:
    assert await error_of(slack, "views.open", trigger_id=trigger(slack), view=MODAL | more) == "ok"
    view = slack.modal()
    assert view is not None
    return view


async def test_a_trigger_is_good_once_and_for_three_seconds(slack: SlackServer, clock: Clock) -> None:
    used, old, foreign = trigger(slack), trigger(slack), trigger(slack, team=slack.add_workspace("T2").id)
    assert await error_of(slack, "views.open", trigger_id=used, view=MODAL) == "ok"
    assert await error_of(slack, "views.open", trigger_id=used, view=MODAL) == "exchanged_trigger_id"
    assert await error_of(slack, "views.open", trigger_id=foreign, view=MODAL) == "invalid_trigger_id"
    assert await error_of(slack, "views.open", trigger_id="1.2.x", view=MODAL) == "invalid_trigger_id"
    clock.now += 3.1
    assert await error_of(slack, "views.open", trigger_id=old, view=MODAL) == "expired_trigger_id"


async def test_three_modals_and_no_more(slack: SlackServer) -> None:
    view = await opened(slack)
    outside = trigger(slack)
    assert await error_of(slack, "views.push", trigger_id=outside, view=MODAL) == "invalid_arguments"
    answers = [
        await error_of(slack, "views.push", trigger_id=trigger(slack, view=view), view=MODAL) for _ in range(3)
    ]
    assert answers == ["ok", "ok", "push_limit_reached"]


async def test_a_view_is_updated_as_it_was_seen(slack: SlackServer) -> None:
    view = await opened(slack, external_id="mine")
    seen = view.hash
    changed = MODAL | {"title": plain("Changed"), "external_id": "mine"}
    assert await error_of(slack, "views.update", view_id=view.id, view=changed, hash=seen) == "ok"
    assert (view.title, len(view.revisions)) == ("Changed", 1)
    assert await error_of(slack, "views.update", view_id=view.id, view=changed, hash=seen) == "hash_conflict"
    assert await error_of(slack, "views.update", external_id="mine", view=MODAL) == "ok"
    assert await error_of(slack, "views.update", view_id="V404", view=MODAL) == "not_found"
    assert await error_of(slack, "views.update", view=MODAL) == "invalid_arguments"
    slack.request_url = "http://127.0.0.1:9/nobody/is/asked"
    await slack.close(await opened(slack, notify_on_close=False))
    assert await error_of(slack, "views.update", view_id=view.id, view=MODAL) == "not_found"


async def test_an_external_id_is_there_once(slack: SlackServer) -> None:
    await opened(slack, external_id="mine")
    again = MODAL | {"external_id": "mine"}
    assert await error_of(slack, "views.open", trigger_id=trigger(slack), view=again) == "duplicate_external_id"


async def test_each_person_has_a_home(slack: SlackServer) -> None:
    assert slack.home("U2") is None
    assert await error_of(slack, "views.publish", user_id="U2", view=HOME) == "ok"
    home = slack.home("U2")
    assert home is not None
    assert home.shown == "【What you follow】"
    assert slack.home("U1") is None
    assert await error_of(slack, "views.publish", user_id="U2", view=HOME, hash="1.old") == "hash_conflict"
    assert await error_of(slack, "views.publish", user_id="U404", view=HOME) == "invalid_arguments"
    assert await error_of(slack, "views.publish", user_id="U2", view=MODAL) == "invalid_arguments"
    slack.workspaces["T1"].home_tab = False
    assert await error_of(slack, "views.publish", user_id="U2", view=HOME) == "not_enabled"


@pytest.mark.parametrize(
    "wrong",
    [
        {"title": plain("x" * 25)},
        {"title": None},
        {"submit": plain("x" * 25)},
        {"close": {"type": "mrkdwn", "text": "x"}},
        {"private_metadata": "x" * 3001},
        {"callback_id": "x" * 256},
        {"mood": "good"},
        {"type": "home"},
        {"blocks": []},
        {"blocks": [section()] * 101},
    ],
    ids=str,
)
async def test_what_is_no_modal(wrong: Json, slack: SlackServer) -> None:
    view = {key: value for key, value in (MODAL | wrong).items() if value is not None}
    assert await error_of(slack, "views.open", trigger_id=trigger(slack), view=view) == "invalid_arguments"
    assert slack.violations


async def test_an_input_wants_a_submit_button(slack: SlackServer) -> None:
    view = {key: value for key, value in MODAL.items() if key != "submit"}
    assert await error_of(slack, "views.open", trigger_id=trigger(slack), view=view) == "invalid_arguments"


async def test_a_view_may_be_too_large(slack: SlackServer) -> None:
    options = [{"text": plain("x"), "value": f"{n:0140}"} for n in range(100)]
    menus = [section(accessory=MENU | {"options": options}) for _ in range(13)]
    view = MODAL | {"blocks": menus}
    assert await error_of(slack, "views.open", trigger_id=trigger(slack), view=view) == "view_too_large"


@pytest.mark.parametrize(
    "block",
    [
        input_of(TEXT, label=plain("x" * 2001)),
        input_of(TEXT, label={"type": "mrkdwn", "text": "x"}),
        input_of(TEXT, hint=plain("x" * 2001)),
        input_of(TEXT | {"placeholder": plain("x" * 151)}),
        input_of(TEXT | {"max_length": 3001}),
        input_of(TEXT | {"min_length": 5, "max_length": 4}),
        input_of(TEXT | {"max_length": 2, "initial_value": "abc"}),
        input_of({"type": "number_input", "action_id": "n"}),
        input_of(button("b", "x")),
        input_of(MENU | {"options": []}),
        input_of(MENU | {"options": [option(str(n)) for n in range(101)]}),
        input_of(MENU | {"options": [option("x" * 76)]}),
        input_of(MENU | {"options": [{"text": plain("x"), "value": "x" * 151}]}),
        input_of(MENU | {"options": [option("x") | {"description": plain("x" * 76)}]}),
        input_of(MENU | {"options": [option("x"), option("x")]}),
        input_of(MENU | {"options": [option("x") | {"mood": "good"}]}),
        input_of(MENU | {"initial_option": option("other")}),
        input_of(MENU | {"option_groups": [{"label": plain("g"), "options": [option("x")]}]}),
        input_of({"type": "checkboxes", "options": [option(str(n)) for n in range(11)]}),
        input_of({"type": "radio_buttons", "options": [option("x")], "initial_option": option("y")}),
        input_of({"type": "multi_static_select", "options": [option("x")], "initial_options": []}),
        section(accessory={"type": "overflow", "options": []}),
        section(accessory={"type": "overflow", "options": [option(str(n)) for n in range(6)]}),
        section(accessory=button("b", "x") | {"text": plain("x" * 76)}),
        section(accessory=button("b", "x" * 30) | {"value": "x" * 2001}),
        section(accessory=button("b", "x") | {"accessibility_label": "x" * 76}),
        section(accessory=button("b", "x") | {"style": "warning"}),
        section(accessory=button("b", "x") | {"url": "javascript:alert(1)"}),
        section(accessory=button("b" * 256, "x")),
        section(accessory=button("b", "x") | {"confirm": {"title": plain("x" * 101), "text": plain("x")}}),
        section(accessory={"type": "image", "image_url": "https://x.io/x.png"}),
        section(accessory={"type": "image", "image_url": "data:x", "alt_text": "x"}),
        section(text=None),
        {"type": "actions", "elements": []},
        {"type": "actions", "elements": [button("same", "1"), button("same", "2")]},
        {"type": "actions", "elements": [button(str(n), "x") for n in range(26)]},
        {"type": "context", "elements": [plain("x")] * 11},
        {"type": "image", "image_url": "https://x.io/x.png", "alt_text": "x" * 2001},
    ],
    ids=lambda block: str(block)[:90],
)
async def test_what_is_no_block(block: Json, slack: SlackServer) -> None:
    wrong = {key: value for key, value in block.items() if value is not None}
    view = MODAL | {"blocks": [wrong]}
    assert await error_of(slack, "views.open", trigger_id=trigger(slack), view=view) == "invalid_arguments"
    if wrong["type"] != "input":
        message: Json = {
            "channel": "C1",
            "text": "x",
            "unfurl_links": False,
            "unfurl_media": False,
            "blocks": [wrong],
        }
        assert await error_of(slack, "chat.postMessage", **message) == "invalid_blocks"
    assert slack.violations


async def test_blocks_are_told_apart(slack: SlackServer) -> None:
    twice = MODAL | {"blocks": [section(block_id="b")] * 2}
    assert await error_of(slack, "views.open", trigger_id=trigger(slack), view=twice) == "invalid_arguments"
    focus = TEXT | {"focus_on_load": True}
    twice = MODAL | {"blocks": [input_of(focus, block_id="a"), input_of(focus, block_id="b")]}
    assert await error_of(slack, "views.open", trigger_id=trigger(slack), view=twice) == "invalid_arguments"


async def test_names_call_nobody_in_a_view(slack: SlackServer) -> None:
    said = {"type": "mrkdwn", "text": "Added by <@U7>, tells @here", "verbatim": True}
    await opened(slack, blocks=[section(text=said), section(text=plain("Ping @here"))])
    slack.assert_clean()
    await opened(slack, blocks=[section(text=said | {"text": "<!channel> & more"})])
    assert slack.violations


@pytest.mark.parametrize("text", ["<@U7> look", "<!here> look", "x <!subteam^S1>"])
async def test_a_mention_that_is_meant(text: str, slack: SlackServer) -> None:
    message: Json = {"channel": "C1", "unfurl_links": False, "unfurl_media": False}
    slack.allow_mentions = {"<@U7>", "<!here>", "<!subteam^S1>"}
    assert await error_of(slack, "chat.postMessage", **message, text=f"{text} in <#C2>") == "ok"
    slack.assert_clean()
    await error_of(slack, "chat.postMessage", **message, text=f"{text} <@U8>")
    assert any("pings" in fault for fault in slack.violations)
    slack.violations.clear()
    slack.allow_mentions = set()
    await error_of(slack, "chat.postMessage", **message, text=text)
    assert any("pings" in fault for fault in slack.violations)
