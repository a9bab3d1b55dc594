"""Buttons, menus, modals and shortcuts of the stand-in Slack, with a real bolt app behind them."""

from collections.abc import AsyncIterator
from typing import Any

import pytest
from slack_bolt.adapter.socket_mode.aiohttp import AsyncSocketModeHandler
from slack_bolt.app.async_app import AsyncApp
from standins.slack import Message, SlackServer, View
from standins.slack_bolt_app import bolt_app, served

QUIET: dict[str, Any] = {"unfurl_links": False, "unfurl_media": False}
Json = dict[str, Any]


def plain(text: str) -> Json:
    return {"type": "plain_text", "text": text}


def option(value: str) -> Json:
    return {"text": plain(value.title()), "value": value}


def button(action_id: str, value: str) -> Json:
    return {"type": "button", "action_id": action_id, "text": plain(value), "value": value}


CARD = [
    {"type": "actions", "elements": [button("mute", "1"), button("open", "2")]},
    {"type": "actions", "elements": [button("mute", "3"), {"type": "overflow", "options": [option("a")]}]},
]
MENU = {"type": "static_select", "action_id": "mode", "options": [option("all"), option("few")]}
PROVIDERS = {"type": "multi_external_select", "action_id": "providers", "min_query_length": 2}
MODAL: Json = {
    "type": "modal",
    "callback_id": "follow",
    "title": plain("Follow"),
    "submit": plain("Follow"),
    "notify_on_close": True,
    "blocks": [
        {"type": "input", "block_id": "who", "label": plain("Providers"), "element": PROVIDERS},
        {"type": "input", "block_id": "how", "label": plain("How"), "element": MENU, "optional": True},
        {
            "type": "input",
            "block_id": "note",
            "label": plain("Note"),
            "optional": True,
            "element": {"type": "plain_text_input", "action_id": "note", "max_length": 5},
        },
        {"type": "actions", "elements": [button("deeper", "x")]},
    ],
}


class Desk:
    """What came in, and what the next submission is acknowledged with."""

    def __init__(self) -> None:
        self.came: list[Json] = []
        self.submitted: Json = {}


@pytest.fixture
async def slack() -> AsyncIterator[SlackServer]:
    async with SlackServer(rate=None) as server:
        yield server
        server.assert_clean()


@pytest.fixture
def desk() -> Desk:
    return Desk()


def app_of(slack: SlackServer, desk: Desk) -> AsyncApp:
    app = bolt_app(slack)

    @app.use
    async def note(body: Json, next: Any) -> None:
        desk.came.append(body)
        await next()

    @app.action("mute")
    async def mute(ack: Any, respond: Any) -> None:
        await ack()
        await respond(text="Muted.", replace_original=True)

    @app.action("mode")
    @app.view_closed("follow")
    async def nothing(ack: Any) -> None:
        await ack()

    @app.action("open")
    @app.shortcut("follow")
    async def open_modal(ack: Any, client: Any, body: Json) -> None:
        await ack()
        await client.views_open(trigger_id=body["trigger_id"], view=MODAL)

    @app.action("deeper")
    async def push(ack: Any, client: Any, body: Json) -> None:
        await ack()
        await client.views_push(trigger_id=body["trigger_id"], view=MODAL)

    @app.options("providers")
    async def suggest(ack: Any, payload: Json) -> None:
        await ack(options=[option(payload["value"] + tail) for tail in ("1", "2")])

    @app.view("follow")
    async def submitted(ack: Any) -> None:
        await ack(**desk.submitted)

    return app


@pytest.fixture(params=["http", "socket"], autouse=True)
async def app(request: pytest.FixtureRequest, slack: SlackServer, desk: Desk) -> AsyncIterator[AsyncApp]:
    app = app_of(slack, desk)
    if request.param == "http":
        async with served(app, slack):
            yield app
        return
    handler = AsyncSocketModeHandler(app, slack.app_token)
    await handler.connect_async()  # type: ignore[no-untyped-call]
    yield app
    await handler.close_async()  # type: ignore[no-untyped-call]


@pytest.fixture
async def card(app: AsyncApp, slack: SlackServer) -> Message:
    await app.client.chat_postMessage(token=slack.bot_token, channel="C1", text="A card", blocks=CARD, **QUIET)
    return slack.channel("C1").messages[0]


@pytest.fixture
async def modal(app: AsyncApp, slack: SlackServer) -> View:
    return await (await slack.shortcut("follow", user="U7")).opened()


async def test_a_button_changes_its_message(slack: SlackServer, card: Message, desk: Desk) -> None:
    pressed = await slack.press(card, "mute", value="3", user="U2")
    await slack.until(lambda: card.edits)
    assert (card.shown, pressed.answers) == ("Muted.", [])
    [body] = desk.came
    assert (body["actions"][0]["value"], body["user"]["id"]) == ("3", "U2")
    assert (body["container"]["message_ts"], body["channel"]["id"]) == (card.ts, "C1")
    assert body["message"]["blocks"][1]["elements"][0]["action_id"] == "mute"


async def test_an_answer_that_one_person_sees_is_pressed(app: AsyncApp, slack: SlackServer, desk: Desk) -> None:
    sent = {"channel": "C1", "user": "U2", "text": "Only you", "blocks": CARD}
    await app.client.chat_postEphemeral(token=slack.bot_token, **sent)  # type: ignore[arg-type]
    [answer] = slack.workspaces["T1"].ephemeral["U2"]
    await slack.press(answer, "mute", value="1")
    await slack.until(lambda: answer.edits)
    assert answer.shown == "Muted."
    assert (desk.came[0]["user"]["id"], desk.came[0]["container"]["is_ephemeral"]) == ("U2", True)
    assert "message" not in desk.came[0]


async def test_only_what_is_there_can_be_pressed(slack: SlackServer, card: Message) -> None:
    for action, more in (("sing", {}), ("mute", {}), ("action-1", {"selected": "b"})):
        with pytest.raises(AssertionError):
            await slack.press(card, action, **more)


async def test_a_modal_is_opened_filled_in_and_submitted(slack: SlackServer, card: Message, desk: Desk) -> None:
    view = await (await slack.press(card, "open", user="U7")).opened()
    assert slack.modal("U7") is view
    assert await slack.suggest(view, "providers", "a") == []  # shorter than min_query_length
    assert [one["value"] for one in await slack.suggest(view, "providers", "ab")] == ["ab1", "ab2"]
    seen = await slack.submit(view, {"providers": ["ab2"], "how": "few", "note": "short"})
    assert (seen.view, seen.asked, view.open) == (None, True, False)
    values = desk.came[-1]["view"]["state"]["values"]
    assert values["who"]["providers"]["selected_options"][0]["value"] == "ab2"
    assert values["how"]["mode"]["selected_option"] == option("few")
    assert values["note"]["note"]["value"] == "short"


async def test_slack_itself_complains_before_it_asks(slack: SlackServer, modal: View, desk: Desk) -> None:
    before = len(desk.came)
    seen = await slack.submit(modal, {"note": "far too long"})
    assert (seen.view, seen.asked) == (modal, False)
    assert set(seen.errors) == {"who", "note"}
    assert "⚠ Please complete this required field." in modal.shown
    assert len(desk.came) == before


async def test_nobody_chooses_what_was_not_on_offer(slack: SlackServer, modal: View) -> None:
    with pytest.raises(AssertionError, match="not on offer"):
        await slack.submit(modal, {"providers": ["github"]})
    with pytest.raises(AssertionError, match="not on offer"):
        await slack.submit(modal, {"mode": "some"})


async def filled(slack: SlackServer, modal: View) -> None:
    await slack.suggest(modal, "providers", "ab")
    slack.fill(modal, {"providers": ["ab1"]})


async def test_the_app_complains(slack: SlackServer, modal: View, desk: Desk) -> None:
    await filled(slack, modal)
    desk.submitted = {"response_action": "errors", "errors": {"who": "Not this one."}}
    seen = await slack.submit(modal)
    assert (seen.view, seen.errors) == (modal, {"who": "Not this one."})


async def test_the_app_updates_and_what_was_typed_stays(slack: SlackServer, modal: View, desk: Desk) -> None:
    await filled(slack, modal)
    desk.submitted = {"response_action": "update", "view": MODAL | {"title": plain("Follow more")}}
    seen = await slack.submit(modal)
    assert seen.view is modal
    assert modal.title == "Follow more"
    assert modal.values["who"]["providers"]["selected_options"] == [option("ab1")]


async def test_modals_lie_on_one_another(slack: SlackServer, modal: View, desk: Desk) -> None:
    second = await (await slack.press(modal, "deeper")).opened()
    assert (second.root_id, second.previous_id) == (modal.id, modal.id)
    await filled(slack, second)
    desk.submitted = {"response_action": "push", "view": MODAL}
    third = (await slack.submit(second)).view
    assert third is not None
    assert third.previous_id == second.id
    with pytest.raises(AssertionError, match="in front"):
        await slack.submit(modal)
    await slack.close(third)
    assert slack.modal("U7") is second
    desk.submitted = {"response_action": "clear"}
    assert (await slack.submit(second)).view is None


async def test_closing_is_told_where_it_was_asked_for(slack: SlackServer, modal: View, desk: Desk) -> None:
    await slack.press(modal, "deeper")
    await slack.until(lambda: slack.modal("U7") is not modal)
    top = slack.modal("U7")
    assert top is not None
    await slack.close(top, clear=True)
    assert [body["is_cleared"] for body in desk.came if body["type"] == "view_closed"] == [True, True]
    assert slack.modal("U7") is None


async def test_a_shortcut_of_a_message_in_a_thread(app: AsyncApp, slack: SlackServer, card: Message) -> None:
    await app.client.chat_postMessage(token=slack.bot_token, channel="C1", text="x", thread_ts=card.ts, **QUIET)
    reply = slack.channel("C1").replies(card)[0]
    begun = await slack.shortcut("follow", user="U7", message=reply)
    view = await begun.opened()
    assert (view.user, view.channel) == ("U7", "C1")
    with pytest.raises(AssertionError):
        await slack.press(reply, "mute")


async def test_another_workspace_and_an_organization(slack: SlackServer, desk: Desk) -> None:
    slack.add_workspace("T3", enterprise_id="E1", installed=False)
    slack.organizations["E1"].issue("xoxb-org")
    view = await (await slack.shortcut("follow", team="T3")).opened()
    assert (view.team, slack.modal("U1", "T3"), slack.modal("U1")) == ("T3", view, None)
    assert (desk.came[0]["team"], desk.came[0]["enterprise"]["id"]) == (None, "E1")


@pytest.mark.parametrize(
    "answer",
    [
        {"response_action": "errors", "errors": {"nowhere": "x"}},
        {"response_action": "update", "view": MODAL | {"title": plain("x" * 25)}},
        {"response_action": "sing"},
    ],
)
async def test_a_wrong_answer_is_trouble(answer: Json, slack: SlackServer, modal: View, desk: Desk) -> None:
    await filled(slack, modal)
    desk.submitted = answer
    seen = await slack.submit(modal)
    assert (seen.view, list(seen.errors)) == (modal, [""])
    assert slack.violations
    slack.violations.clear()


async def test_options_are_looked_at(slack: SlackServer, modal: View) -> None:
    assert await slack.suggest(modal, "providers", "x" * 80) == []
    assert any("76" in fault or "81 characters" in fault for fault in slack.violations)
    slack.violations.clear()
