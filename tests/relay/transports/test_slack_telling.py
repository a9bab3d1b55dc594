"""How a follow's manner, a person's mute and several subjects in one thread look in Slack."""

import json
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from standins.login_outage import (
    AFFECTED,
    PROVIDER,
    START,
    STORY,
    UPDATES,
    event,
    incident,
    incident_event,
    maintenance,
    update,
)
from standins.slack import SlackServer
from standins.slack_rules import message_faults
from standins.telling import tell

from adapters.schema import Status
from relay.bulletin import Bulletin, Row, Section
from relay.events import Affected, Context, EventType, StoredEvent
from relay.manner import Shape
from relay.transports.slack import SlackTransport
from relay.transports.slack_blocks import buttons, mentions
from relay.transports.transport import DeliveryError, Kin, Sent

OPENED, RAISED, IDENTIFIED, RESOLVED, POSTMORTEM = STORY[0], STORY[1], STORY[2], STORY[4], STORY[5]


# shapes


@pytest.mark.parametrize(
    ("shape", "loud", "broadcast"),
    [
        (Shape.THREADS, False, False),
        (Shape.THREADS, True, True),
        (Shape.BOTH, False, True),
        (Shape.BOTH, True, True),
    ],
)
async def test_a_reply_is_shown_in_the_channel_where_that_is_wanted(
    shape: Shape, loud: bool, broadcast: bool, slack: SlackServer, transport: SlackTransport
) -> None:
    first = await tell(transport, OPENED, shape=shape, loud=loud)
    await tell(transport, IDENTIFIED, first.reference, shape=shape, loud=loud)
    root, reply = slack.channel("C1").messages
    assert (reply.thread_ts, reply.broadcast) == (root.ts, broadcast)
    slack.assert_clean()


async def test_channel_only_is_a_message_for_each_update(slack: SlackServer, transport: SlackTransport) -> None:
    first = await tell(transport, OPENED, shape=Shape.CHANNEL)
    second = await tell(transport, IDENTIFIED, first.reference, shape=Shape.CHANNEL)
    await tell(transport, RESOLVED, first.reference, shape=Shape.CHANNEL, loud=True)
    root, identified, resolved = slack.channel("C1").roots
    assert second == Sent(reference=root.ts, message=identified.ts)
    assert "State*: Resolved after 1 h 14 min" in root.shown
    link = "https://status.chargeover.com/incidents/wqrzsb2dhryr"
    assert identified.shown.startswith(f"*ChargeOver: Login outage ({link})*\n🟠 *Identified* · ")
    assert not resolved.broadcast
    slack.assert_clean()


async def test_an_edit_in_the_channel_keeps_its_headline(slack: SlackServer, transport: SlackTransport) -> None:
    first = await tell(transport, OPENED, shape=Shape.CHANNEL)
    second = await tell(transport, IDENTIFIED, first.reference, shape=Shape.CHANNEL)
    edit = incident_event(EventType.INCIDENT_EDITED, 3)
    await tell(transport, edit, first.reference, carrier=second.message, shape=Shape.CHANNEL)
    assert "ChargeOver: Login outage" in slack.channel("C1").roots[1].shown
    assert len(slack.channel("C1").messages) == 2


# mutes


async def test_a_muted_thread_is_kept_true_and_nothing_is_added(
    slack: SlackServer, transport: SlackTransport
) -> None:
    first = await tell(transport, OPENED, thread_id=7)
    for step in (IDENTIFIED, RESOLVED):
        sent = await tell(transport, step, first.reference, thread_id=7, muted=True, loud=True, mention=("here",))
        assert sent == Sent(reference=first.reference)
    [root] = slack.channel("C1").messages
    assert "State*: Resolved after 1 h 14 min" in root.shown
    assert "uptimus.unmute" in json.dumps(root.blocks)
    slack.assert_clean()


async def test_a_muted_thread_that_has_not_begun_does_not_begin(
    slack: SlackServer, transport: SlackTransport
) -> None:
    assert await tell(transport, OPENED, muted=True) == Sent(reference=None)
    assert slack.calls == []


async def test_a_muted_thread_that_was_deleted_stays_so(slack: SlackServer, transport: SlackTransport) -> None:
    first = await tell(transport, OPENED)
    slack.delete("C1", first.message or "")
    assert await tell(transport, RESOLVED, first.reference, muted=True) == Sent(reference=first.reference)
    assert slack.channel("C1").messages == []


async def test_an_edit_in_a_muted_thread_changes_what_is_there(
    slack: SlackServer, transport: SlackTransport
) -> None:
    first = await tell(transport, OPENED)
    second = await tell(transport, IDENTIFIED, first.reference)
    edit = incident_event(
        EventType.INCIDENT_EDITED, 3, update=UPDATES[2].model_copy(update={"body": "It was the DNS."})
    )
    await tell(transport, edit, first.reference, carrier=second.message, muted=True)
    assert "It was the DNS." in slack.channel("C1").messages[1].shown


# mentions

WHO = ("U7", "W0ABC", "S12", "here", "@channel", "<!everyone>", "u7", "U7>", "nobody", "")
CC = "cc <@U7> <@W0ABC> <!subteam^S12> <!here>"


async def test_who_is_mentioned_stands_at_the_end_and_in_the_text(
    slack: SlackServer, transport: SlackTransport
) -> None:
    slack.allow_mentions |= set(CC.removeprefix("cc ").split())
    first = await tell(transport, OPENED, mention=WHO, thread_id=1)
    await tell(transport, RAISED, first.reference, mention=WHO)
    await tell(transport, IDENTIFIED, first.reference)
    posted = slack.called("chat.postMessage")
    assert [message["text"].endswith(f" {CC}") for message in posted] == [True, True, False]
    last = [[block for block in message["blocks"] if block["type"] == "section"][-1] for message in posted]
    assert [block["text"]["text"] == CC for block in last] == [True, True, False]
    assert "cc" not in slack.called("chat.update")[-1]["text"]
    slack.assert_clean()


@pytest.mark.parametrize(
    ("words", "written"),
    [
        (("everyone", "channel"), ["<!everyone>", "<!channel>"]),
        (("U1", "W1", "S1"), ["<@U1>", "<@W1>", "<!subteam^S1>"]),
        (("C1", "HERE", "U", "<@U1>", "U1\n", "here ", "!here"), []),
    ],
)
def test_only_what_slack_can_mention_is_mentioned(words: tuple[str, ...], written: list[str]) -> None:
    assert list(mentions(words)) == written


# what the first message says and offers


async def test_the_card_says_what_how_bad_since_when_which_and_where(
    slack: SlackServer, transport: SlackTransport
) -> None:
    await tell(transport, OPENED)
    [posted] = slack.called("chat.postMessage")
    header, facts, affected, story, link = posted["blocks"]
    stamp = int(START.timestamp())
    assert header["text"]["text"] == "🟠 ChargeOver: Login outage"
    assert [field["text"] for field in facts["fields"]] == [
        "*State*\nInvestigating",
        "*Impact*\nmajor",
        f"*Started*\n<!date^{stamp}^{{date_short_pretty}}, {{time}} ({{ago}})|18 Jul 2025, 19:00 UTC>",
    ]
    assert affected["text"]["text"] == "*Affected components*\n🔴 Main Application: major outage"
    assert UPDATES[0].body in story["text"]["text"]
    assert link["elements"][0]["text"].startswith("<https://status.chargeover.com/incidents/wqrzsb2dhryr|")
    assert posted["text"] == "ChargeOver: Login outage. Investigating, major impact (18 Jul 2025, 19:00 UTC)."


async def test_how_long_it_lasted_is_said_once_it_is_over(slack: SlackServer, transport: SlackTransport) -> None:
    first = await tell(transport, OPENED)
    await tell(transport, RESOLVED, first.reference)
    fields = [field["text"] for field in slack.called("chat.update")[0]["blocks"][1]["fields"]]
    assert fields[0] == "*State*\nResolved after 1 h 14 min"
    assert "{ago}" not in json.dumps(fields)


async def test_buttons_stay_at_the_end_of_the_card(slack: SlackServer, transport: SlackTransport) -> None:
    first = await tell(transport, OPENED, thread_id=12, follow_id=34)
    await tell(transport, IDENTIFIED, first.reference, thread_id=12, follow_id=34)
    root, reply = slack.channel("C1").messages
    pressed = [(button["action_id"], button["value"]) for button in root.blocks[-1]["elements"]]
    assert pressed == [("uptimus.details", "12"), ("uptimus.mute", "12"), ("uptimus.unfollow", "34")]
    assert not [block for block in reply.blocks if block["type"] == "actions"]
    slack.assert_clean()


async def test_without_anything_to_press_there_are_no_buttons(
    slack: SlackServer, transport: SlackTransport
) -> None:
    await tell(transport, OPENED)
    assert not [block for block in slack.channel("C1").messages[0].blocks if block["type"] == "actions"]


@pytest.mark.parametrize(
    ("thread_id", "follow_id", "muted", "actions"),
    [
        (1, 2, False, ["details", "mute", "unfollow"]),
        (1, 2, True, ["details", "unmute", "unfollow"]),
        (1, None, False, ["details", "mute"]),
        (None, 2, False, ["unfollow"]),
        (None, None, True, []),
    ],
)
def test_buttons(thread_id: int | None, follow_id: int | None, muted: bool, actions: list[str]) -> None:
    made = buttons(thread_id, follow_id, muted, title="Login <!here> " * 20, provider="ChargeOver")
    elements = [element for block in made for element in block["elements"]]
    assert [element["action_id"].removeprefix("uptimus.") for element in elements] == actions
    assert all("block_id" not in block for block in made)
    spoken = [element["accessibility_label"] for element in elements]
    assert len(set(spoken)) == len(spoken)
    assert message_faults({"text": "x", "blocks": made}) == ([], [])


# a maintenance


async def test_a_maintenance_is_one_thread(slack: SlackServer, transport: SlackTransport) -> None:
    def at(minutes: int, type_: EventType, **more: Any) -> StoredEvent:
        return replace(event(type_, **more), seen_at=START + timedelta(minutes=minutes))

    late = maintenance(phase="in_progress")
    done = update("completed", 160, "All data is back.")
    story = [
        at(-900, EventType.MAINTENANCE_SCHEDULED, maintenance=maintenance()),
        at(-60, EventType.MAINTENANCE_REMINDER, maintenance=maintenance(), context=Context(lead_minutes=60)),
        at(0, EventType.MAINTENANCE_STARTED, maintenance=late),
        at(145, EventType.MAINTENANCE_UPDATED, maintenance=late, context=Context(overrun=True)),
        at(160, EventType.MAINTENANCE_COMPLETED, maintenance=maintenance(phase="completed"), update=done),
    ]
    reference, cards = None, []
    for step in story:
        reference = (await tell(transport, step, reference)).reference
        cards.append(slack.channel("C1").roots[0].shown.splitlines()[1])
    [root] = slack.channel("C1").roots
    assert [reply.shown.split("*")[1] for reply in slack.channel("C1").replies(root)] == [
        "Maintenance starts in 60 min",
        "Maintenance started",
        "Still under way, 25 min beyond its planned end",
        "Completed after 2 h 40 min",
    ]
    assert [line.removeprefix("*State*: ") for line in cards] == [
        "Scheduled",
        "Scheduled",
        "In progress",
        "Still under way, beyond its planned end",
        "Completed after 2 h 40 min",
    ]
    slack.assert_clean()


# a postmortem


async def test_a_postmortem_is_its_first_paragraph_and_a_link(
    slack: SlackServer, transport: SlackTransport
) -> None:
    paragraph = " ".join(f"Sentence {i} says what & why." for i in range(80))
    body = f"# Postmortem\n\n## Summary\n\n{paragraph}\n\nThe second paragraph."
    told = incident_event(EventType.INCIDENT_POSTMORTEM, 6, update=update("postmortem", 7209, body))
    first = await tell(transport, OPENED)
    await tell(transport, told, first.reference)
    section, more = slack.channel("C1").messages[1].blocks
    text = section["text"]["text"]
    assert "\nSentence 0 says what &amp; why. Sentence 1" in text
    assert text.endswith("why.")
    assert 700 < len(text) < 1200
    assert "second paragraph" not in text
    assert "<https://status.chargeover.com/incidents/wqrzsb2dhryr|Read on" in more["elements"][0]["text"]


async def test_a_postmortem_that_is_one_paragraph_is_told_whole(
    slack: SlackServer, transport: SlackTransport
) -> None:
    told = incident_event(EventType.INCIDENT_POSTMORTEM, 6, update=update("postmortem", 7209, "It was the DNS."))
    first = await tell(transport, OPENED)
    await tell(transport, told, first.reference)
    [section] = slack.channel("C1").messages[1].blocks
    assert section["text"]["text"].endswith("\nIt was the DNS.")


async def test_a_card_that_retells_a_postmortem_cuts_it_too(slack: SlackServer, transport: SlackTransport) -> None:
    await tell(transport, POSTMORTEM)
    [root] = slack.channel("C1").messages
    assert "• a call without a time-out" in root.shown
    assert "What happened" not in root.shown
    assert "read on" in root.shown


# several subjects in one thread

CONFLUENCE = PROVIDER.model_copy(
    update={"slug": "confluence", "name": "Confluence", "url": "https://confluence.example"}
)


def at_confluence(type_: EventType, steps: int, **more: Any) -> StoredEvent:
    """The same incident as a sibling page tells it."""
    known = {"incident": incident(steps, id="sibling", url="https://confluence.example/i"), "provider": CONFLUENCE}
    return incident_event(type_, steps, **known | more)


async def test_a_siblings_incident_joins_the_thread(slack: SlackServer, transport: SlackTransport) -> None:
    first = await tell(transport, OPENED)
    joined = at_confluence(EventType.INCIDENT_OPENED, 1)
    sent = await tell(transport, joined, first.reference, kin=(Kin(OPENED, False),))
    root, reply = slack.channel("C1").messages
    assert sent == Sent(reference=root.ts, message=reply.ts)
    assert root.shown.startswith("【🟠 ChargeOver and Confluence: Login outage】\n🟠 *ChargeOver (https://")
    assert ")*: Investigating\n🟠 *Confluence (https://confluence.example/i)*: Investigating\n" in root.shown
    assert root.text.startswith("ChargeOver and Confluence: Login outage. Investigating, major impact")
    assert "ChargeOver: Main Application" in root.shown
    assert "Confluence: Main Application" in root.shown
    assert reply.shown.splitlines()[0].startswith("🟠 *Also at Confluence · Investigating* · ")
    assert UPDATES[0].body not in reply.shown
    slack.assert_clean()


async def test_what_a_sibling_has_said_is_not_said_again(slack: SlackServer, transport: SlackTransport) -> None:
    first = await tell(transport, OPENED)
    await tell(
        transport, IDENTIFIED, first.reference, kin=(Kin(at_confluence(EventType.INCIDENT_OPENED, 1), False),)
    )
    again = UPDATES[2].model_copy(update={"body": f"  {UPDATES[2].body.replace(' ', '  ')}\n"})
    told = at_confluence(EventType.INCIDENT_UPDATED, 3, update=again)
    sent = await tell(transport, told, first.reference, kin=(Kin(IDENTIFIED, False),), loud=True)
    root, reply = slack.channel("C1").messages
    assert sent == Sent(reference=root.ts)
    assert reply.shown.startswith("🟠 *ChargeOver: Identified* · ")
    assert len(root.edits) == 2
    assert "Confluence (https://confluence.example/i)*: Identified" in root.shown
    slack.assert_clean()


async def test_it_is_said_again_where_somebody_is_called_for_it(
    slack: SlackServer, transport: SlackTransport
) -> None:
    slack.allow_mentions.add("<@U7>")
    first = await tell(transport, OPENED)
    told = at_confluence(EventType.INCIDENT_UPDATED, 3)
    await tell(transport, told, first.reference, kin=(Kin(IDENTIFIED, False),), mention=("U7",))
    assert slack.channel("C1").messages[1].text.endswith("cc <@U7>")


async def test_a_thread_of_siblings_is_resolved_when_all_of_them_are(
    slack: SlackServer, transport: SlackTransport
) -> None:
    first = await tell(transport, OPENED)
    other = at_confluence(EventType.INCIDENT_UPDATED, 3)
    await tell(transport, RESOLVED, first.reference, kin=(Kin(other, False, older=False),))
    [root] = slack.channel("C1").roots
    assert root.shown.startswith("【🟠 ChargeOver and Confluence: Login outage】")
    assert "*State*: Identified" in root.shown
    await tell(
        transport, at_confluence(EventType.INCIDENT_RESOLVED, 5), first.reference, kin=(Kin(RESOLVED, False),)
    )
    assert root.shown.startswith("【🟢 ChargeOver and Confluence: Login outage】")
    assert "*State*: Resolved after 1 h 14 min" in root.shown


def once_more(number: int, steps: int = 1, type_: EventType = EventType.INCIDENT_OPENED) -> StoredEvent:
    """The same incident on the same page, so many hours later."""
    later = timedelta(hours=number)
    updates = tuple(
        one.model_copy(update={"id": f"{number}{one.id}", "posted_at": one.posted_at + later})
        for one in UPDATES[:steps]
    )
    again = incident(
        steps,
        id=f"again{number}",
        started_at=START + later,
        resolved_at=None,
        updates=updates,
        url=f"https://x.io/{number}",
    )
    return incident_event(type_, steps, incident=again, update=updates[-1])


async def test_the_same_incident_again_is_counted(slack: SlackServer, transport: SlackTransport) -> None:
    first = await tell(transport, OPENED)
    second, third = once_more(1), once_more(2)
    await tell(transport, second, first.reference, kin=(Kin(RESOLVED, True),))
    await tell(transport, third, first.reference, kin=(Kin(RESOLVED, True), Kin(second, True)))
    root, _, reply = slack.channel("C1").messages
    stamp = f"<!date^{int(START.timestamp())}^{{date_short_pretty}}, {{time}}|18 Jul 2025, 19:00 UTC>"
    assert root.blocks[1]["fields"][-1]["text"] == f"*Again*\n3 times since {stamp}"
    assert root.shown.startswith("【🟠 ChargeOver: Login outage】\n*State*: Investigating\n")
    assert "https://x.io/2" in root.shown
    assert reply.shown.splitlines() == ["🟠 *Again (3×) · Investigating* · Jul 18, 2025, 21:00 UTC"]
    slack.assert_clean()


async def test_an_older_ones_postmortem_does_not_hide_the_newest(
    slack: SlackServer, transport: SlackTransport
) -> None:
    first = await tell(transport, OPENED)
    await tell(transport, POSTMORTEM, first.reference, kin=(Kin(once_more(1), True, older=False),))
    root, reply = slack.channel("C1").messages
    assert "*State*: Investigating" in root.shown
    assert reply.shown.startswith("🟢 *Postmortem*")


async def test_a_shared_thread_that_was_deleted_is_begun_anew_for_all(
    slack: SlackServer, transport: SlackTransport
) -> None:
    first = await tell(transport, OPENED)
    slack.delete("C1", first.message or "")
    told = at_confluence(EventType.INCIDENT_UPDATED, 3)
    sent = await tell(transport, told, first.reference, kin=(Kin(OPENED, False),))
    [root] = slack.channel("C1").messages
    assert sent.reference == f"{root.ts}+3"
    assert root.shown.startswith("【🟠 ChargeOver and Confluence: Login outage】")
    assert UPDATES[2].body in root.shown


async def test_twenty_siblings_with_long_names_fit(slack: SlackServer, transport: SlackTransport) -> None:
    def sibling(number: int) -> StoredEvent:
        provider = PROVIDER.model_copy(update={"slug": f"p{number}", "name": f"<Provider & Co {number}> " * 12})
        many = tuple(Affected(id=str(i), name=f"Region <{i}>", status=Status.DEGRADED) for i in range(30))
        return incident_event(
            EventType.INCIDENT_OPENED,
            provider=provider,
            incident=incident(id=f"i{number}", url=f"https://x.io/{'&' * 1000}"),
            context=Context(affected=many),
        )

    kin = tuple(Kin(sibling(number), False) for number in range(19))
    await tell(transport, sibling(19), kin=kin, thread_id=1, follow_id=1)
    [root] = slack.channel("C1").messages
    assert "and 18 more" in root.text
    assert "… and 10 more" in root.shown
    slack.assert_clean()


# outside of any thread


async def test_a_bulletin_is_a_message_of_its_own(slack: SlackServer, transport: SlackTransport) -> None:
    rows = (Row("Stripe", Status.DEGRADED, "2 incidents, 74 min", place="slack:T1/C2"),)
    sent = await transport.announce("T1/C1", Bulletin("The week of 14 July.", (Section("Incidents", rows),)))
    [message] = slack.channel("C1").messages
    assert sent == Sent(reference=message.ts, message=message.ts)
    assert message.text == "The week of 14 July."
    assert "🟡 *Stripe*: degraded · 2 incidents, 74 min · " in message.shown
    assert message.metadata is None
    slack.assert_clean()


async def test_a_bulletin_reaches_a_person(slack: SlackServer, transport: SlackTransport) -> None:
    await transport.announce("T1/U2", Bulletin("uptimus can't post in the channel any more."))
    [message] = slack.workspaces["T1"].direct["U2"]
    assert message.text == "uptimus can't post in the channel any more."
    slack.assert_clean()


async def test_a_bulletin_can_fail_like_anything_else(slack: SlackServer, transport: SlackTransport) -> None:
    slack.fail_next("chat.postMessage", "is_archived")
    with pytest.raises(DeliveryError) as caught:
        await transport.announce("T1/C1", Bulletin("x"))
    assert caught.value.permanent
    with pytest.raises(DeliveryError, match="not TEAM/CHANNEL"):
        await transport.announce("C1", Bulletin("x"))


async def test_affected_components_of_one_page_keep_their_names(
    slack: SlackServer, transport: SlackTransport
) -> None:
    first = await tell(transport, OPENED)
    await tell(transport, once_more(1), first.reference, kin=(Kin(RESOLVED, True),))
    assert f"🔴 {AFFECTED[0].name}: major outage" in slack.channel("C1").messages[0].shown
