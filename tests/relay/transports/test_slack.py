"""The Slack transport through the real slack_sdk, against the strict stand-in."""

from typing import Any

import pytest
from slack_sdk.web.async_client import AsyncWebClient
from standins.login_outage import (
    MAIN,
    STORY,
    UPDATES,
    event,
    incident,
    incident_event,
    maintenance,
)
from standins.slack import HANG, POSTED_BUT_500, SlackServer
from standins.slack_methods import is_answer
from standins.telling import refusal, tell

from adapters.schema import Status
from relay.events import Context, EventType, Subject, SubjectKind
from relay.manner import Manner, is_loud
from relay.transports.slack import SlackTransport
from relay.transports.slack_clients import OneToken
from relay.transports.slack_errors import HOUR
from relay.transports.transport import DeliveryError, Sent, Telling

OPENED, IDENTIFIED, RESOLVED = STORY[0], STORY[2], STORY[4]


# the usual way


async def test_an_incident_is_one_thread(slack: SlackServer) -> None:
    transport = SlackTransport(OneToken(slack.bot_token, slack.api_url))
    reference = None
    for step in STORY:
        reference = (await tell(transport, step, reference, loud=is_loud(Manner(), step))).reference
    await transport.aclose()
    [root] = slack.channel("C1").roots
    replies = slack.channel("C1").replies(root)
    assert reference == root.ts
    assert "State*: Resolved after 1 h 14 min" in root.shown
    assert len(root.edits) == 5
    titles = ["Investigating", "Identified", "Monitoring", "Resolved after 1 h 14 min", "Postmortem"]
    assert [reply.shown.split(" · ")[0].strip("🟠🟢 *") for reply in replies] == titles
    assert [reply.broadcast for reply in replies] == [True, False, False, True, False]
    assert root.metadata == {"event_type": "uptimus_event", "event_payload": {"event_id": STORY[5].id}}
    slack.assert_clean()


async def test_it_says_what_was_sent(slack: SlackServer, transport: SlackTransport) -> None:
    first = await tell(transport, OPENED)
    second = await tell(transport, IDENTIFIED, first.reference)
    root, reply = slack.channel("C1").messages
    assert first == Sent(reference=root.ts, message=root.ts)
    assert second == Sent(reference=root.ts, message=reply.ts)
    slack.assert_clean()


async def test_an_incident_that_was_over_at_first_sight_is_one_message(
    slack: SlackServer, transport: SlackTransport
) -> None:
    first = await tell(transport, incident_event(EventType.INCIDENT_OPENED, 5, update=UPDATES[0]))
    over = incident_event(EventType.INCIDENT_RESOLVED, 5, context=Context(told_whole=True))
    assert await tell(transport, over, first.reference) == Sent(reference=first.reference, message=None)
    [root] = slack.channel("C1").messages
    assert "Resolved after 1 h 14 min" in root.shown
    assert all(step.body in root.shown for step in UPDATES[:5])
    slack.assert_clean()


async def test_a_thread_that_began_late_keeps_its_story(slack: SlackServer, transport: SlackTransport) -> None:
    late = await tell(transport, incident_event(EventType.INCIDENT_OPENED, 3))
    await tell(transport, STORY[3], late.reference)
    root, reply = slack.channel("C1").messages
    assert all(step.body in root.shown for step in UPDATES[:3])
    assert UPDATES[3].body not in root.shown
    assert UPDATES[3].body in reply.shown
    slack.assert_clean()


async def test_a_component_that_breaks_again_opens_a_new_thread(
    slack: SlackServer, transport: SlackTransport
) -> None:
    first = await tell(transport, event(EventType.COMPONENT_CHANGED, component=MAIN, context=Context(opens=True)))
    again = await tell(
        transport,
        event(EventType.COMPONENT_CHANGED, 3, component=MAIN, context=Context(opens=True)),
        first.reference,
    )
    assert again.reference != first.reference
    assert len(slack.channel("C1").roots) == 2


async def test_a_components_own_thread_shows_its_state(slack: SlackServer, transport: SlackTransport) -> None:
    first = await tell(transport, event(EventType.COMPONENT_CHANGED, component=MAIN))
    fixed = MAIN.model_copy(update={"status": Status.OPERATIONAL})
    await tell(
        transport,
        event(EventType.COMPONENT_CHANGED, 2, component=fixed, previous={"status": "major_outage"}),
        first.reference,
    )
    root, reply = slack.channel("C1").messages
    assert root.shown.startswith("【🟢 ChargeOver: Main Application】\n*State*: Operational")
    assert "Main Application: major outage → operational" in reply.shown


async def test_a_components_change_leaves_the_incidents_card(
    slack: SlackServer, transport: SlackTransport
) -> None:
    first = await tell(transport, OPENED)
    change = event(
        EventType.COMPONENT_CHANGED,
        2,
        component=MAIN,
        previous={"status": "operational"},
        subject=Subject(SubjectKind.INCIDENT, "wqrzsb2dhryr"),
    )
    await tell(transport, change, first.reference)
    root, reply = slack.channel("C1").messages
    assert root.edits == []
    assert "Main Application: operational → major outage" in reply.shown


async def test_an_incident_takes_over_the_components_message(
    slack: SlackServer, transport: SlackTransport
) -> None:
    first = await tell(transport, event(EventType.COMPONENT_CHANGED, component=MAIN))
    taken = await tell(transport, incident_event(EventType.INCIDENT_OPENED, 2), first.reference)
    root, _ = slack.channel("C1").messages
    assert root.shown.startswith("【🟠 ChargeOver: Login outage】")
    assert taken.reference == f"{root.ts}+2"
    assert UPDATES[1].body in root.shown


@pytest.mark.parametrize("type", EventType)
async def test_every_event_can_be_told(type: EventType, slack: SlackServer, transport: SlackTransport) -> None:
    kind = type.partition(".")[0]
    data: dict[str, Any] = {"incident": {"incident": incident(2)}, "maintenance": {"maintenance": maintenance()}}
    told = event(type, 2, **data.get(kind, {"component": MAIN} if kind == "component" else {}))
    first = await tell(transport, told)
    await tell(transport, told, first.reference)
    slack.assert_clean()


# edits


async def test_an_edit_changes_the_message_that_carried_the_update(
    slack: SlackServer, transport: SlackTransport
) -> None:
    first = await tell(transport, OPENED)
    second = await tell(transport, IDENTIFIED, first.reference)
    edited = UPDATES[2].model_copy(update={"body": "It was the DNS."})
    edit = incident_event(EventType.INCIDENT_EDITED, 3, update=edited)
    sent = await tell(transport, edit, first.reference, carrier=second.message)
    root, reply = slack.channel("C1").messages
    assert sent == Sent(reference=root.ts, message=reply.ts)
    assert "Identified (edited)" in reply.shown
    assert "It was the DNS." in reply.shown
    slack.assert_clean()


async def test_an_edit_of_the_first_update_changes_the_card(slack: SlackServer, transport: SlackTransport) -> None:
    first = await tell(transport, OPENED)
    edited = UPDATES[0].model_copy(update={"body": "Nobody can log in."})
    edit = incident_event(EventType.INCIDENT_EDITED, 1, incident=incident(updates=(edited,)), update=edited)
    await tell(transport, edit, first.reference, carrier=first.message)
    [root] = slack.channel("C1").messages
    assert "Nobody can log in." in root.shown
    assert len(root.edits) == 1


async def test_an_edited_title_changes_the_card_alone(slack: SlackServer, transport: SlackTransport) -> None:
    first = await tell(transport, OPENED)
    edit = incident_event(
        EventType.INCIDENT_EDITED,
        incident=incident(title="Logins fail"),
        update=None,
        previous={"title": "Login outage"},
    )
    await tell(transport, edit, first.reference)
    [root] = slack.channel("C1").messages
    assert root.shown.startswith("【🟠 ChargeOver: Logins fail】")


async def test_an_edit_where_the_messages_are_gone_adds_none(
    slack: SlackServer, transport: SlackTransport
) -> None:
    first = await tell(transport, OPENED)
    slack.delete("C1", first.message or "")
    sent = await tell(
        transport, incident_event(EventType.INCIDENT_EDITED, 1), first.reference, carrier=first.message
    )
    assert sent.reference == first.reference
    assert slack.channel("C1").messages == []


# what goes wrong


async def test_a_deleted_first_message_is_posted_anew(slack: SlackServer, transport: SlackTransport) -> None:
    first = await tell(transport, OPENED)
    slack.delete("C1", first.message or "")
    second = await tell(transport, IDENTIFIED, first.reference)
    [root] = slack.channel("C1").messages
    assert second == Sent(reference=f"{root.ts}+3", message=root.ts)
    assert all(step.body in root.shown for step in UPDATES[:3])


async def test_a_thread_that_is_gone_is_begun_anew(slack: SlackServer, transport: SlackTransport) -> None:
    first = await tell(transport, OPENED)
    slack.fail_next("chat.postMessage", "thread_not_found")
    second = await tell(transport, IDENTIFIED, first.reference)
    assert second.reference != first.reference


@pytest.mark.parametrize("error", ["cant_update_message", "edit_window_closed", "is_inactive"])
async def test_a_card_that_can_not_be_changed_holds_nothing_up(
    error: str, slack: SlackServer, transport: SlackTransport
) -> None:
    first = await tell(transport, OPENED)
    slack.fail_next("chat.update", error)
    await tell(transport, IDENTIFIED, first.reference)
    assert len(slack.channel("C1").replies(first.reference or "")) == 1


ONE_CHANNEL = (
    *("not_in_channel", "is_archived", "restricted_action", "restricted_action_read_only_channel"),
    *("restricted_action_thread_locked", "restricted_action_thread_only_channel", "cannot_reply_to_message"),
    *("restricted_action_non_threadable_channel", "messages_tab_disabled", "no_permission", "missing_scope"),
    *("ekm_access_denied", "accesslimited", "enterprise_is_restricted", "not_allowed_token_type", "is_bot"),
    *("posting_to_channel_denied", "access_denied", "app_access_restricted", "two_factor_setup_required"),
)
WHOLE_WORKSPACE = (
    *("account_inactive", "token_revoked", "invalid_auth", "not_authed", "app_uninstalled", "team_not_found"),
)


@pytest.mark.parametrize(
    ("method", "error"),
    [
        (method, error)
        for method in ("chat.postMessage", "chat.update")
        for error in (*ONE_CHANNEL, *WHOLE_WORKSPACE)
        if is_answer(method, error)
    ],
)
async def test_what_only_a_person_can_mend_is_permanent(
    method: str, error: str, slack: SlackServer, transport: SlackTransport
) -> None:
    first = await tell(transport, OPENED)
    slack.fail_next(method, error)
    refused = await refusal(transport, IDENTIFIED, first.reference)
    assert (refused.permanent, refused.uncounted, refused.answer) == (True, False, error)
    assert refused.everywhere == (error in WHOLE_WORKSPACE)
    assert f"({error})" in refused.reason or error == "not_allowed_token_type"
    assert slack.bot_token not in refused.reason
    assert len(slack.channel("C1").messages) == 1


@pytest.mark.parametrize(
    "error", ["internal_error", "fatal_error", "service_unavailable", "request_timeout", "no_text"]
)
async def test_what_may_pass_is_tried_again_by_the_schedule(
    error: str, slack: SlackServer, transport: SlackTransport
) -> None:
    slack.fail_next("chat.postMessage", error)
    refused = await refusal(transport, OPENED)
    assert (refused.permanent, refused.everywhere, refused.retry_after) == (False, False, None)
    assert not refused.uncounted
    assert error in refused.reason


class Rotating:
    """Clients whose token has expired and is renewed, or is not."""

    def __init__(self, slack: SlackServer, *, renews: bool) -> None:
        self._one, self._renews = OneToken(slack.bot_token, slack.api_url), renews
        self.asked: list[str | None] = []

    async def __call__(self, team: str) -> AsyncWebClient:
        return await self._one(team)

    async def renewed(self, team: str, failed: AsyncWebClient | None = None) -> AsyncWebClient:
        self.asked.append(failed.token if failed is not None else None)
        return await (self._one(team) if self._renews else self._one.renewed(team, failed))

    async def aclose(self) -> None:
        await self._one.aclose()


@pytest.mark.parametrize("method", ["chat.postMessage", "chat.update"])
async def test_an_expired_token_is_renewed_once(method: str, slack: SlackServer) -> None:
    clients = Rotating(slack, renews=True)
    transport = SlackTransport(clients)
    first = await tell(transport, OPENED)
    slack.fail_next(method, "token_expired")
    await tell(transport, IDENTIFIED, first.reference)
    assert len(slack.channel("C1").messages) == 2
    slack.fail_next(method, "token_expired", times=2)
    refused = await refusal(transport, RESOLVED, first.reference)
    assert (refused.permanent, refused.everywhere, refused.answer) == (True, True, "token_expired")
    assert clients.asked == [slack.bot_token] * 2
    await transport.aclose()


async def test_a_token_that_can_not_be_renewed_is_the_end_of_the_workspace(slack: SlackServer) -> None:
    transport = SlackTransport(Rotating(slack, renews=False))
    slack.fail_next("chat.postMessage", "token_expired")
    refused = await refusal(transport, OPENED)
    assert (refused.permanent, refused.everywhere) == (True, True)
    await transport.aclose()


@pytest.mark.parametrize("error", ["team_added_to_org", "org_login_required"])
async def test_a_workspace_that_moves_is_waited_for(
    error: str, slack: SlackServer, transport: SlackTransport
) -> None:
    slack.fail_next("chat.postMessage", error)
    refused = await refusal(transport, OPENED)
    assert (refused.permanent, refused.retry_after) == (False, 4 * HOUR)


async def test_a_hidden_channel_is_given_a_day(slack: SlackServer, transport: SlackTransport) -> None:
    slack.fail_next("chat.postMessage", "channel_not_found", times=3)
    refused = [await refusal(transport, OPENED, attempt=attempt) for attempt in (1, 2, 3)]
    assert [(one.permanent, one.retry_after) for one in refused] == [
        (False, 8 * HOUR),
        (False, 8 * HOUR),
        (True, None),
    ]
    assert "/invite @uptimus" in refused[0].reason


@pytest.mark.parametrize("error", ["invalid_blocks", "msg_blocks_too_long", "invalid_metadata_format"])
@pytest.mark.parametrize("method", ["chat.postMessage", "chat.update"])
async def test_the_news_is_not_lost_by_a_fault_of_ours(
    error: str, method: str, slack: SlackServer, transport: SlackTransport
) -> None:
    first = await tell(transport, OPENED)
    if method == "chat.update" and error == "msg_blocks_too_long":
        error = "msg_too_long"
    slack.fail_next(method, error)
    await tell(transport, IDENTIFIED, first.reference)
    root, reply = slack.channel("C1").messages
    assert (reply if method == "chat.postMessage" else root).blocks == []
    assert "Identified" in (reply if method == "chat.postMessage" else root).text


@pytest.mark.parametrize("kind", ["500", "503", POSTED_BUT_500])
async def test_a_server_error_is_tried_again_by_the_schedule(
    kind: str, slack: SlackServer, transport: SlackTransport
) -> None:
    slack.fail_next("chat.postMessage", kind)
    refused = await refusal(transport, OPENED)
    assert (refused.permanent, refused.retry_after, refused.uncounted) == (False, None, False)
    assert len(slack.channel("C1").messages) == (kind == POSTED_BUT_500)


async def test_a_hanging_slack_is_given_up(slack: SlackServer) -> None:
    transport = SlackTransport(OneToken(slack.bot_token, slack.api_url), timeout=0.2)
    slack.fail_next("chat.postMessage", HANG)
    refused = await refusal(transport, OPENED)
    assert refused.reason == "Slack did not answer in time (TimeoutError)"
    await transport.aclose()


async def test_a_slack_that_is_not_there(slack: SlackServer) -> None:
    transport = SlackTransport(OneToken(slack.bot_token, "http://127.0.0.1:9/api/"))
    refused = await refusal(transport, OPENED)
    assert refused.reason == "Slack could not be reached (ClientConnectorError)"
    await transport.aclose()


async def test_a_wrong_token_is_never_shown(slack: SlackServer) -> None:
    transport = SlackTransport(OneToken("xoxb-secret", slack.api_url))
    refused = await refusal(transport, OPENED)
    assert refused.permanent
    assert "xoxb" not in f"{refused.reason}{refused.answer}{refused.__cause__}"
    await transport.aclose()


async def test_a_wrong_address_is_permanent(transport: SlackTransport) -> None:
    with pytest.raises(DeliveryError, match="not TEAM/CHANNEL") as caught:
        await transport.send(Telling(event=OPENED, address="C1"))
    assert caught.value.permanent


async def test_a_repeat_of_the_pair_posts_one_reply(slack: SlackServer, transport: SlackTransport) -> None:
    """The card's edit comes first: when it fails nothing was posted that a repeat would post again."""
    first = await tell(transport, OPENED)
    slack.fail_next("chat.update", "503")
    await refusal(transport, IDENTIFIED, first.reference)
    await tell(transport, IDENTIFIED, first.reference, attempt=2)
    assert len(slack.channel("C1").replies(first.reference or "")) == 1
