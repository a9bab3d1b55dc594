"""The Slack transport through the real slack_sdk, against the strict stand-in."""

import asyncio
import json
import time
from collections.abc import AsyncIterator
from datetime import timedelta
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from standins.login_outage import (
    MAIN,
    START,
    STORY,
    UPDATES,
    event,
    incident,
    incident_event,
    maintenance,
    update,
)
from standins.slack import HANG, POSTED_BUT_500, SlackServer
from standins.slack_rules import message_faults

from adapters.schema import Component, Status
from relay.events import Affected, Context, EventType, StoredEvent, Subject, SubjectKind
from relay.messages import card, note
from relay.transports.slack import OneToken, SlackTransport
from relay.transports.slack_blocks import card_message, note_message, section
from relay.transports.slack_errors import HOUR
from relay.transports.slack_text import label, mrkdwn, short, take
from relay.transports.transport import DeliveryError, Sent, Telling

OPENED, IDENTIFIED, RESOLVED = STORY[0], STORY[2], STORY[4]


@pytest.fixture
async def slack() -> AsyncIterator[SlackServer]:
    async with SlackServer() as server:
        yield server


@pytest.fixture
async def transport(slack: SlackServer) -> AsyncIterator[SlackTransport]:
    made = SlackTransport(OneToken(slack.bot_token, slack.api_url))
    yield made
    await made.aclose()


async def tell(transport: SlackTransport, event: StoredEvent, reference: str | None = None, **more: Any) -> Sent:
    return await transport.send(Telling(event=event, address="T1/C1", reference=reference, **more))


async def refusal(
    transport: SlackTransport, event: StoredEvent, reference: str | None = None, **more: Any
) -> DeliveryError:
    with pytest.raises(DeliveryError) as caught:
        await tell(transport, event, reference, **more)
    return caught.value


# the usual way


async def test_an_incident_is_one_thread(slack: SlackServer) -> None:
    transport = SlackTransport(OneToken(slack.bot_token, slack.api_url))
    reference = None
    for step in STORY:
        reference = (await tell(transport, step, reference)).reference
    await transport.aclose()
    [root] = slack.channel("C1").roots
    replies = slack.channel("C1").replies(root)
    assert reference == root.ts
    assert "State*: Resolved after 1 h 14 min" in root.shown
    assert len(root.edits) == 5
    titles = ["Investigating", "Identified", "Monitoring", "Resolved after 1 h 14 min", "Postmortem"]
    assert [reply.shown.split(" · ")[0].strip("🟠🟢 *") for reply in replies] == titles
    assert [reply.broadcast for reply in replies] == [False, False, False, True, False]
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


@pytest.mark.parametrize(
    "error",
    [
        *(
            "not_in_channel",
            "is_archived",
            "restricted_action",
            "restricted_action_read_only_channel",
            "no_permission",
        ),
        *("restricted_action_thread_locked", "restricted_action_thread_only_channel", "cannot_reply_to_message"),
        *(
            "restricted_action_non_threadable_channel",
            "ekm_access_denied",
            "messages_tab_disabled",
            "invalid_auth",
        ),
        *("account_inactive", "token_revoked", "not_authed", "app_uninstalled", "token_expired", "missing_scope"),
        *("accesslimited", "enterprise_is_restricted", "not_allowed_token_type", "team_not_found"),
    ],
)
async def test_what_only_a_person_can_mend_is_permanent(
    error: str, slack: SlackServer, transport: SlackTransport
) -> None:
    slack.fail_next("chat.postMessage", error)
    refused = await refusal(transport, OPENED)
    assert refused.permanent
    assert not refused.uncounted
    assert f"({error})" in refused.reason or error == "not_allowed_token_type"
    assert refused.answer == error
    assert slack.bot_token not in refused.reason


@pytest.mark.parametrize(
    "error", ["internal_error", "fatal_error", "service_unavailable", "request_timeout", "no_text"]
)
async def test_what_may_pass_is_tried_again_by_the_schedule(
    error: str, slack: SlackServer, transport: SlackTransport
) -> None:
    slack.fail_next("chat.postMessage", error)
    refused = await refusal(transport, OPENED)
    assert (refused.permanent, refused.retry_after, refused.uncounted) == (False, None, False)
    assert error in refused.reason


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


# pacing


async def test_slack_never_has_to_slow_us_down(slack: SlackServer, transport: SlackTransport) -> None:
    """Twenty messages at once: a burst, then those that would wait too long are sent back uncounted."""
    reports = await asyncio.gather(*(tell(transport, OPENED) for _ in range(20)), return_exceptions=True)
    held = [report for report in reports if isinstance(report, DeliveryError)]
    assert all(report.uncounted and 3 < (report.retry_after or 0) < 5 for report in held)
    assert len(held) == 13
    assert len(slack.channel("C1").messages) == 7
    assert len(slack.called("chat.postMessage")) == 7


async def test_another_channel_does_not_wait(slack: SlackServer, transport: SlackTransport) -> None:
    for _ in range(4):
        await tell(transport, OPENED)
    begun = time.monotonic()
    await transport.send(Telling(event=OPENED, address="T1/C2"))
    assert time.monotonic() - begun < 0.5


async def test_a_429_pauses_its_method_and_nothing_else(slack: SlackServer, transport: SlackTransport) -> None:
    first = await tell(transport, OPENED)
    slack.fail_next("chat.postMessage", "ratelimited", retry_after=30)
    refused = await refusal(transport, OPENED)
    assert (refused.uncounted, refused.retry_after) == (True, 30)
    again = await refusal(transport, OPENED)
    assert again.uncounted
    assert 29 < (again.retry_after or 0) <= 30
    assert len(slack.called("chat.postMessage")) == 2
    edit = incident_event(EventType.INCIDENT_EDITED, 1)
    await tell(transport, edit, first.reference, carrier=first.message)
    assert len(slack.called("chat.update")) == 1


async def test_a_pause_of_edits_holds_up_only_the_last_telling(
    slack: SlackServer, transport: SlackTransport
) -> None:
    first = await tell(transport, OPENED)
    slack.fail_next("chat.update", "ratelimited", retry_after=30)
    await tell(transport, IDENTIFIED, first.reference, last=False)
    assert len(slack.channel("C1").replies(first.reference or "")) == 1
    refused = await refusal(transport, RESOLVED, first.reference, last=True)
    assert refused.uncounted


# hostile and long texts

HOSTILE = (
    "<!channel> <!here> <!everyone> <@U1> <!subteam^S1> @channel @here &lt;!channel&gt; </b> "
    "[<!channel>](https://evil.example) [https://bank.example](https://evil.example) [x](javascript:alert(1)) "
    "<https://evil.example|https://bank.example> **<!here>** ```open & <code> \x00 \u202e"
)


def hostile() -> StoredEvent:
    bad = update("identified", 44, HOSTILE)
    return incident_event(
        EventType.INCIDENT_UPDATED,
        3,
        incident=incident(3, title=HOSTILE, updates=(bad,), url="https://x.example/<!channel>|a b"),
        update=bad,
        previous={"title": HOSTILE},
        context=Context(affected=(Affected(id="c", name=HOSTILE, status=Status.DEGRADED),), reason=HOSTILE),
    )


def faults(message: dict[str, Any]) -> list[str]:
    refused, unwanted = message_faults(message)
    return refused + unwanted


@pytest.mark.parametrize("message", [card_message(card(hostile())), note_message(note(hostile()))])
def test_hostile_text_pings_nobody(message: dict[str, Any]) -> None:
    sent = json.dumps(message, ensure_ascii=False)
    assert faults(message) == []
    for never in (
        "<!channel",
        "<!here",
        "<!everyone",
        "<@U",
        "<!subteam",
        "@channel",
        "@here",
        "javascript:alert(1)>",
    ):
        assert never not in sent
    assert "<https://evil.example|https://bank" not in sent
    assert not {"\x00", "\u202e"} & set(sent)


async def test_hostile_text_is_taken_by_the_stand_in(slack: SlackServer, transport: SlackTransport) -> None:
    first = await tell(transport, hostile())
    await tell(transport, hostile(), first.reference)
    slack.assert_clean()


LONG = " ".join(f"Sentence number {i} says that A & B <did> not work." for i in range(90))


def test_a_long_body_is_told_whole_in_a_note() -> None:
    assert len(LONG) > 4000
    message = note_message(note(incident_event(EventType.INCIDENT_UPDATED, update=update("identified", 1, LONG))))
    texts = [block["text"]["text"] for block in message["blocks"]]
    assert faults(message) == []
    assert "Sentence number 89 says that A &amp; B &lt;did&gt; not work." in texts[-1]
    assert all(text.endswith(".") for text in texts)


def test_a_longer_body_is_cut_with_a_link() -> None:
    message = note_message(
        note(incident_event(EventType.INCIDENT_UPDATED, update=update("identified", 1, LONG * 4)))
    )
    assert faults(message) == []
    assert len(message["blocks"]) == 4
    assert "<https://status.chargeover.com/incidents/wqrzsb2dhryr|" in message["blocks"][-1]["elements"][0]["text"]


def test_a_card_cuts_a_long_opening_at_a_sentence() -> None:
    opening = incident(1, updates=(update("investigating", 0, LONG),))
    message = card_message(card(incident_event(EventType.INCIDENT_OPENED, incident=opening)))
    body = message["blocks"][-2]["text"]["text"]
    assert faults(message) == []
    assert ". … <https://" in body


def test_two_hundred_components_are_counted() -> None:
    many = tuple(Affected(id=str(i), name=f"Region <{i}> & more", status=Status.DEGRADED) for i in range(200))
    message = card_message(card(incident_event(EventType.INCIDENT_OPENED, context=Context(affected=many))))
    assert faults(message) == []
    assert "… and 175 more" in json.dumps(message, ensure_ascii=False)


def test_a_hundred_updates_at_first_telling_fit() -> None:
    many = tuple(update("monitoring", i, LONG, id=f"u{i}") for i in range(100))
    message = card_message(card(incident_event(EventType.INCIDENT_OPENED, incident=incident(3, updates=many))))
    assert faults(message) == []
    assert "… 70 more updates" in json.dumps(message, ensure_ascii=False)


@pytest.mark.parametrize("length", [1, 149, 150, 151, 4000])
def test_titles_of_any_length_fit(length: int) -> None:
    message = card_message(card(incident_event(EventType.INCIDENT_OPENED, incident=incident(title="&<" * length))))
    assert faults(message) == []


@pytest.mark.parametrize(
    ("markdown", "expected"),
    [
        ("plain", "plain"),
        ("a & b < c > d", "a &amp; b &lt; c &gt; d"),
        ("&amp;", "&amp;amp;"),
        ("**bold** and __strong__", "*bold* and *strong*"),
        ("**[t](https://x.io)**", "*<https://x.io|t>*"),
        ("[t](https://x.io/a?b=1&c=2)", "<https://x.io/a?b=1&amp;c=2|t>"),
        ("[t](https://x.io/a_(b))", "<https://x.io/a_(b)|t>"),
        ('[t](https://x.io "title")', "<https://x.io|t>"),
        ("[a|b](https://x.io)", "<https://x.io|a/b>"),
        ("[x.io](https://x.io/status)", "<https://x.io/status|x.io>"),
        ("[status.x.io](https://x.io)", "<https://x.io|https://x.io>"),
        ("[bank.com](https://evil.com)", "<https://evil.com|https://evil.com>"),
        ("[t](javascript:alert)", "t"),
        ("[t](/relative)", "t"),
        ("[](https://x.io)", "<https://x.io|https://x.io>"),
        ("![alt](https://x.io/i.png)", "<https://x.io/i.png|alt>"),
        ("see https://x.io/a.", "see <https://x.io/a|https://x.io/a>."),
        ("<https://x.io>", "&lt;<https://x.io|https://x.io>&gt;"),
        ("# Title #\ntext", "*Title*\ntext"),
        ("- one\n* two\n  + three", "• one\n• two\n  • three"),
        ("---", "———"),
        (r"5 \* 3 \_x\_", "5 * 3 _x_"),
        ("```\nopen", "'''\nopen"),
        ("@channel", "@\u2060channel"),
        ("mail me@here.com", "mail me@\u2060here.com"),
    ],
)
def test_markdown_becomes_mrkdwn(markdown: str, expected: str) -> None:
    assert mrkdwn(markdown) == expected


@settings(deadline=None)
@given(st.text(max_size=400), st.integers(80, 300))
def test_a_cut_loses_nothing_but_blanks(text: str, limit: int) -> None:
    parts, rest = [], text.strip()
    while rest:
        part, rest = take(rest, limit)
        assert len(part) <= limit
        parts.append(part)
    message = {"text": "x", "blocks": [section(part) for part in parts[:3] if part.strip()]}
    assert faults(message) == []


MARKUP = st.sampled_from(
    [
        *(
            "<!channel>",
            "<",
            ">",
            "&",
            "&amp;",
            "[",
            "](",
            ")",
            "https://x.io/",
            "**",
            "__",
            "\\",
            "```",
            "|",
            "@here",
        ),
        *("\n# ", "\n- ", "word", " ", "<@U1>", "<!date^1^{date}|x>", "](javascript:x)", "](https://e.io)", "."),
    ]
)


@settings(deadline=None)
@given(st.lists(MARKUP, max_size=60).map("".join))
def test_no_mixture_of_markup_gets_through(text: str) -> None:
    happened = incident_event(
        EventType.INCIDENT_UPDATED,
        3,
        incident=incident(3, title=text or "t", updates=(update("identified", 1, text),)),
        update=update("identified", 1, text),
    )
    assert faults(card_message(card(happened))) == []
    assert faults(note_message(note(happened))) == []
    assert len(short(text, 40)) <= 40
    assert len(label(text, 40)) <= 40


@pytest.mark.parametrize("type", EventType)
async def test_every_event_can_be_told(type: EventType, slack: SlackServer, transport: SlackTransport) -> None:
    kind = type.partition(".")[0]
    data: dict[str, Any] = {"incident": {"incident": incident(2)}, "maintenance": {"maintenance": maintenance()}}
    told = event(type, 2, **data.get(kind, {"component": MAIN} if kind == "component" else {}))
    first = await tell(transport, told)
    await tell(transport, told, first.reference)
    slack.assert_clean()


def test_times_are_in_the_readers_zone() -> None:
    message = note_message(note(IDENTIFIED))
    stamp = int((START + timedelta(minutes=44)).timestamp())
    assert (
        f"<!date^{stamp}^{{date_short_pretty}}, {{time}}|18 Jul 2025, 19:44 UTC>"
        in message["blocks"][0]["text"]["text"]
    )
    assert message["text"] == "ChargeOver: Login outage. Identified (18 Jul 2025, 19:44 UTC)."


def test_a_window_reads_as_two_moments() -> None:
    message = card_message(card(event(EventType.MAINTENANCE_SCHEDULED, maintenance=maintenance())))
    assert "UTC> to <!date" in message["blocks"][1]["fields"][1]["text"]


def test_an_unnamed_state_has_words_beside_its_colour() -> None:
    grey = event(EventType.COMPONENT_CHANGED, component=Component(id="x", name="API", status=Status.UNKNOWN))
    message = card_message(card(grey))
    assert message["blocks"][0]["text"]["text"] == "⚪ ChargeOver: API"
    assert message["blocks"][1]["fields"][0]["text"] == "*State*\nUnknown"
