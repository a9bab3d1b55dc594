"""The Discord transport through the real discord.py, against the strict stand-in: the usual ways."""

from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from standins.discord import Channel, DiscordServer
from standins.discord_telling import Teller, teller
from standins.login_outage import (
    MAIN,
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

from adapters.schema import Status
from relay.bulletin import Bulletin, Row, Section
from relay.events import Context, EventType, StoredEvent, Subject, SubjectKind
from relay.manner import Manner, Shape, is_loud
from relay.transports.transport import DeliveryError, Kin, Sent, Telling

OPENED, RAISED, IDENTIFIED, MONITORING, RESOLVED, POSTMORTEM = STORY


@pytest.fixture
async def server() -> AsyncIterator[DiscordServer]:
    async with DiscordServer(pace=None) as made:
        yield made
        made.assert_clean()


@pytest.fixture
async def tell(server: DiscordServer) -> AsyncIterator[Teller]:
    async with teller(server) as made:
        yield made


def fields(message: Any) -> dict[str, str]:
    """What a card says, by its labels."""
    return {field["name"]: field["value"] for field in message.embeds[0]["fields"]}


def titles(channel: Channel) -> list[str]:
    return [message.embeds[0]["title"] for message in channel.messages]


# text channels


async def test_an_incident_is_one_message_and_one_thread(server: DiscordServer, tell: Teller) -> None:
    reference = None
    for step in STORY:
        reference = (await tell(step, reference, loud=is_loud(Manner(), step))).reference
    root, *lines = server.channel.messages
    thread = server.thread_of(root)
    assert reference == f"{root.id}/{thread.id}"
    assert fields(root)["State"] == "Resolved after 1 h 14 min"
    assert root.embeds[0]["title"] == "🟢 ChargeOver: Login outage"
    assert root.edits == 5
    assert (thread.name, thread.auto_archive, thread.archived) == ("ChargeOver: Login outage", 10080, True)
    assert titles(thread) == [
        "🟠 Investigating · Impact raised from minor to major",
        "🟠 Identified",
        "🟠 Monitoring",
        "🟢 Resolved after 1 h 14 min",
        "🟢 Postmortem",
    ]
    assert [line.content for line in lines] == [
        "🟠 ChargeOver: Login outage. Investigating · Impact raised from minor to major"
        f" (18 Jul 2025, 19:11 UTC). Read on in <#{thread.id}>.",
        "🟢 ChargeOver: Login outage. Resolved after 1 h 14 min"
        f" (18 Jul 2025, 20:14 UTC). Read on in <#{thread.id}>.",
    ]
    assert all(line.reference == root.id for line in lines)
    assert not any(message.pings for message in (*server.channel.messages, *thread.messages))


async def test_it_says_what_was_sent(server: DiscordServer, tell: Teller) -> None:
    first = await tell(OPENED)
    second = await tell(IDENTIFIED, first.reference)
    [root] = server.channel.messages
    [reply] = server.thread_of(root).messages
    assert first == Sent(reference=f"{root.id}/{root.id}", message=root.id)
    assert second == Sent(reference=f"{root.id}/{root.id}", message=f"{reply.id}/{root.id}")
    assert (root.nonce, reply.nonce) == ("1.1", "1.2")


async def test_channels_are_looked_up_once(server: DiscordServer, tell: Teller) -> None:
    await tell.story(*STORY)
    assert len(server.called("GET /channels/{channel_id}")) == 1
    assert len(server.called("GET /guilds/{guild_id}")) == 1
    assert len(server.called("GET /users/@me")) == 1


async def test_a_resolved_thread_is_archived_and_opened_again(server: DiscordServer, tell: Teller) -> None:
    done = await tell.story(OPENED, RESOLVED)
    thread = server.thread_of(server.channel.messages[0])
    assert thread.archived
    reopened = incident_event(EventType.INCIDENT_REOPENED, 4)
    again = await tell(reopened, done.reference)
    assert not thread.archived
    assert again.reference == done.reference
    assert titles(thread)[-1] == "🟠 Reopened: monitoring"
    await tell(POSTMORTEM, again.reference)
    assert thread.archived


async def test_an_incident_that_was_over_at_first_sight_is_one_message(
    server: DiscordServer, tell: Teller
) -> None:
    first = await tell(incident_event(EventType.INCIDENT_OPENED, 5, update=UPDATES[0]))
    over = incident_event(EventType.INCIDENT_RESOLVED, 5, context=Context(told_whole=True))
    assert await tell(over, first.reference) == Sent(reference=first.reference, message=None)
    [root] = server.channel.messages
    assert root.thread is None
    assert first.reference == f"{root.id}+5"
    assert all(step.body.split("&")[0].strip() in root.embeds[0]["description"] for step in UPDATES[:5])
    late = await tell(POSTMORTEM, first.reference)
    assert late.reference == f"{root.id}/{root.id}+5"
    assert server.thread_of(root).archived


async def test_a_thread_that_began_late_keeps_its_story(server: DiscordServer, tell: Teller) -> None:
    late = await tell(incident_event(EventType.INCIDENT_OPENED, 3))
    await tell(MONITORING, late.reference)
    [root] = server.channel.messages
    assert all(step.body in root.embeds[0]["description"] for step in UPDATES[:3])
    assert "A fix is out" not in root.embeds[0]["description"]
    assert "A fix is out & we watch it." in server.thread_of(root).messages[0].embeds[0]["description"]


async def test_a_component_that_breaks_again_opens_a_new_thread(server: DiscordServer, tell: Teller) -> None:
    broken = event(EventType.COMPONENT_CHANGED, component=MAIN, context=Context(opens=True))
    again = event(EventType.COMPONENT_CHANGED, 3, component=MAIN, context=Context(opens=True))
    first = await tell(broken)
    second = await tell(again, first.reference)
    assert first.reference != second.reference
    assert len(server.channel.messages) == 2


async def test_a_healed_component_closes_its_thread(server: DiscordServer, tell: Teller) -> None:
    first = await tell(event(EventType.COMPONENT_CHANGED, component=MAIN))
    fixed = MAIN.model_copy(update={"status": Status.OPERATIONAL})
    healed = event(EventType.COMPONENT_CHANGED, 2, component=fixed, previous={"status": "major_outage"})
    await tell(healed, first.reference)
    [root] = server.channel.messages
    assert root.embeds[0]["title"] == "🟢 ChargeOver: Main Application"
    assert titles(server.thread_of(root)) == ["🟢 Main Application: major outage → operational"]
    assert server.thread_of(root).archived


async def test_a_components_change_leaves_the_incidents_card(server: DiscordServer, tell: Teller) -> None:
    first = await tell(OPENED)
    subject = Subject(SubjectKind.INCIDENT, "wqrzsb2dhryr")
    change = event(EventType.COMPONENT_CHANGED, 2, component=MAIN, previous={"status": "x"}, subject=subject)
    await tell(change, first.reference)
    [root] = server.channel.messages
    assert root.edits == 0
    assert not server.thread_of(root).archived


async def test_an_incident_takes_over_the_components_message(server: DiscordServer, tell: Teller) -> None:
    first = await tell(event(EventType.COMPONENT_CHANGED, component=MAIN))
    taken = await tell(incident_event(EventType.INCIDENT_OPENED, 2), first.reference)
    [root] = server.channel.messages
    assert root.embeds[0]["title"] == "🟠 ChargeOver: Login outage"
    assert taken.reference == f"{root.id}/{root.id}+2"


@pytest.mark.parametrize("kind", ["text", "announcement", "forum", "media", "voice"])
@pytest.mark.parametrize("type", EventType)
async def test_every_event_can_be_told_everywhere(
    type: EventType, kind: str, server: DiscordServer, tell: Teller
) -> None:
    tell.channel = server.add_channel(server.guild, "there", kind)
    data: dict[str, Any] = {"incident": {"incident": incident(2)}, "maintenance": {"maintenance": maintenance()}}
    subject = type.partition(".")[0]
    told = event(type, 2, **data.get(subject, {"component": MAIN} if subject == "component" else {}))
    await tell.story(told, replace(told, sequence=3))


# manners


@pytest.mark.parametrize(
    ("shape", "loud", "lines"),
    [
        (Shape.THREADS, False, 0),
        (Shape.THREADS, True, 1),
        (Shape.BOTH, False, 1),
        (Shape.BOTH, True, 1),
    ],
)
async def test_what_is_loud_is_also_a_line_in_the_channel(
    shape: Shape, loud: bool, lines: int, server: DiscordServer, tell: Teller
) -> None:
    await tell.story(OPENED, IDENTIFIED, shape=shape, loud=loud)
    assert len(server.channel.messages) == 1 + lines
    assert len(server.thread_of(server.channel.messages[0]).messages) == 1


async def test_channel_only_is_a_message_for_each_update(server: DiscordServer, tell: Teller) -> None:
    first = await tell(OPENED, shape=Shape.CHANNEL)
    second = await tell(IDENTIFIED, first.reference, shape=Shape.CHANNEL)
    await tell(RESOLVED, first.reference, shape=Shape.CHANNEL, loud=True)
    root, identified, resolved = server.channel.messages
    assert first == Sent(reference=root.id, message=root.id)
    assert second == Sent(reference=root.id, message=identified.id)
    assert fields(root)["State"] == "Resolved after 1 h 14 min"
    assert identified.embeds[0]["author"]["name"] == "ChargeOver: Login outage"
    assert (root.thread, resolved.reference) == (None, "")
    edit = incident_event(EventType.INCIDENT_EDITED, 3)
    await tell(edit, first.reference, carrier=second.message, shape=Shape.CHANNEL)
    assert identified.embeds[0]["author"]["name"] == "ChargeOver: Login outage"
    assert identified.edits == 1


async def test_a_muted_thread_is_kept_true_and_nothing_is_added(server: DiscordServer, tell: Teller) -> None:
    first = await tell(OPENED)
    for step in (IDENTIFIED, RESOLVED):
        sent = await tell(step, first.reference, muted=True, loud=True, mention=("here",))
        assert sent == Sent(reference=first.reference)
    [root] = server.channel.messages
    assert fields(root)["State"] == "Resolved after 1 h 14 min"
    assert "uptimus:unmute:1" in [part.get("custom_id") for part in root.parts()]
    assert server.thread_of(root).messages == []
    assert await tell(replace(OPENED, id="other"), None, muted=True) == Sent()
    server.delete_message(root)
    assert await tell(RAISED, first.reference, muted=True) == Sent(reference=first.reference)
    assert server.channel.messages == []


async def test_who_is_mentioned_is_called_in_the_channel(server: DiscordServer, tell: Teller) -> None:
    who = ("7", "&8", "channel")
    server.allow_mentions |= {"7", "8", "everyone"}
    first = await tell(OPENED, mention=who)
    assert server.channel.messages[0].content.endswith(" cc <@7> <@&8> @everyone")
    await tell(RAISED, first.reference, mention=who)
    await tell(IDENTIFIED, first.reference)
    root, line = server.channel.messages
    assert line.content.endswith(f" Read on in <#{root.id}>. cc <@7> <@&8> @everyone")
    assert root.pings == line.pings == ["7", "8", "everyone"]
    assert not any(message.pings for message in server.thread_of(root).messages)


# edits


async def test_an_edit_changes_the_message_that_carried_the_update(server: DiscordServer, tell: Teller) -> None:
    first = await tell(OPENED)
    second = await tell(IDENTIFIED, first.reference)
    edited = UPDATES[2].model_copy(update={"body": "It was the DNS."})
    edit = incident_event(EventType.INCIDENT_EDITED, 3, update=edited)
    sent = await tell(edit, first.reference, carrier=second.message)
    [root] = server.channel.messages
    [reply] = server.thread_of(root).messages
    assert sent == Sent(reference=first.reference, message=second.message)
    assert reply.embeds[0]["title"] == "🟠 Identified (edited)"
    assert "It was the DNS." in reply.embeds[0]["description"]


async def test_an_edit_in_an_archived_thread_leaves_it_archived(server: DiscordServer, tell: Teller) -> None:
    done = await tell.story(OPENED, RESOLVED)
    thread = server.thread_of(server.channel.messages[0])
    edited = UPDATES[4].model_copy(update={"body": "It was the DNS."})
    edit = incident_event(EventType.INCIDENT_EDITED, 5, update=edited)
    await tell(edit, done.reference, carrier=done.message)
    assert "It was the DNS." in thread.messages[0].embeds[0]["description"]
    assert thread.archived
    server.lock(thread)
    server.archive(thread)
    again = incident_event(EventType.INCIDENT_EDITED, 5, update=UPDATES[4])
    assert (await tell(again, done.reference, carrier=done.message)).reference == done.reference
    assert "It was the DNS." in thread.messages[0].embeds[0]["description"]


async def test_an_edit_of_the_first_update_changes_the_card(server: DiscordServer, tell: Teller) -> None:
    first = await tell(OPENED)
    edited = UPDATES[0].model_copy(update={"body": "Nobody can log in."})
    edit = incident_event(EventType.INCIDENT_EDITED, 1, incident=incident(updates=(edited,)), update=edited)
    await tell(edit, first.reference, carrier=first.message)
    [root] = server.channel.messages
    assert "Nobody can log in." in root.embeds[0]["description"]
    assert root.edits == 1
    server.delete_message(root)
    sent = await tell(edit, first.reference, carrier=first.message)
    assert sent.reference == first.reference
    assert server.channel.messages == []


# what is told in one thread

CONFLUENCE = PROVIDER.model_copy(update={"slug": "confluence", "name": "Confluence", "url": "https://c.example"})


def at_confluence(type_: EventType, steps: int) -> StoredEvent:
    """The same incident as a sibling page tells it."""
    sibling = incident(steps, id="sibling", url="https://c.example/i")
    return incident_event(type_, steps, incident=sibling, provider=CONFLUENCE)


async def test_a_siblings_incident_joins_the_thread(server: DiscordServer, tell: Teller) -> None:
    first = await tell(OPENED)
    joined = at_confluence(EventType.INCIDENT_OPENED, 1)
    sent = await tell(joined, first.reference, kin=(Kin(OPENED, False),))
    [root] = server.channel.messages
    assert sent.reference == first.reference
    assert root.embeds[0]["title"] == "🟠 ChargeOver and Confluence: Login outage"
    assert root.embeds[0]["description"].splitlines()[:2] == [
        "🟠 **[ChargeOver](https://status.chargeover.com/incidents/wqrzsb2dhryr)**: Investigating",
        "🟠 **[Confluence](https://c.example/i)**: Investigating",
    ]
    assert titles(server.thread_of(root)) == ["🟠 Also at Confluence · Investigating"]


async def test_a_shared_thread_is_archived_when_all_are_over(server: DiscordServer, tell: Teller) -> None:
    first = await tell(OPENED)
    sibling = at_confluence(EventType.INCIDENT_OPENED, 1)
    await tell(sibling, first.reference, kin=(Kin(OPENED, False),))
    await tell(RESOLVED, first.reference, kin=(Kin(sibling, False, older=False),))
    thread = server.thread_of(server.channel.messages[0])
    assert not thread.archived
    over = at_confluence(EventType.INCIDENT_RESOLVED, 5)
    said_already = await tell(over, first.reference, kin=(Kin(RESOLVED, False),))
    assert said_already.message is None
    assert fields(server.channel.messages[0])["State"].startswith("Resolved")


async def test_two_subjects_in_one_thread_have_nonces_of_their_own(server: DiscordServer, tell: Teller) -> None:
    first = await tell(OPENED, delivery="5.1")
    second = at_confluence(EventType.INCIDENT_UPDATED, 2)
    await tell(IDENTIFIED, first.reference, delivery="5.2")
    await tell(second, first.reference, delivery="9.2", kin=(Kin(OPENED, False),))
    assert [message.nonce for message in server.thread_of(server.channel.messages[0]).messages] == ["5.2", "9.2"]


async def test_a_maintenance_is_one_thread(server: DiscordServer, tell: Teller) -> None:
    def at(minutes: int, type_: EventType, **more: Any) -> StoredEvent:
        return replace(event(type_, **more), seen_at=START + timedelta(minutes=minutes))

    late = maintenance(phase="in_progress")
    done = update("completed", 160, "All data is back.")
    story = [
        at(-900, EventType.MAINTENANCE_SCHEDULED, maintenance=maintenance()),
        at(-60, EventType.MAINTENANCE_REMINDER, maintenance=maintenance(), context=Context(lead_minutes=60)),
        at(0, EventType.MAINTENANCE_STARTED, maintenance=late),
        at(160, EventType.MAINTENANCE_COMPLETED, maintenance=maintenance(phase="completed"), update=done),
    ]
    await tell.story(*story)
    [root] = server.channel.messages
    assert titles(server.thread_of(root)) == [
        "🔵 Maintenance starts in 60 min",
        "🔵 Maintenance started",
        "🟢 Completed after 2 h 40 min",
    ]
    assert server.thread_of(root).archived


# other kinds of channels


async def test_an_announcement_is_published_where_that_is_wanted(server: DiscordServer, tell: Teller) -> None:
    tell.channel = server.add_channel(server.guild, "news", "announcement")
    await tell.story(OPENED, IDENTIFIED, loud=True)
    await tell.story(replace(OPENED, id="2"), replace(IDENTIFIED, id="3"), shape=Shape.BOTH)
    quiet, quiet_line, root, line = tell.channel.messages
    assert [one.published for one in (quiet, quiet_line, root, line)] == [False, False, True, False]
    assert server.thread_of(root).kind == 10
    assert len(server.called("POST /channels/{channel_id}/messages/{message_id}/crosspost")) == 1


async def test_a_publication_that_failed_is_made_up_for(server: DiscordServer, tell: Teller) -> None:
    tell.channel = server.add_channel(server.guild, "news", "announcement")
    path = "/channels/{channel_id}/messages/{message_id}/crosspost"
    server.fail_next("POST", path, 429, retry_after=3600, scope="shared")
    first = await tell(OPENED, shape=Shape.BOTH)
    [root] = tell.channel.messages
    assert not root.published
    server.fail_next("POST", path, 40033)
    await tell(RAISED, first.reference, shape=Shape.BOTH)
    await tell(IDENTIFIED, first.reference, shape=Shape.BOTH)
    assert root.published


async def test_a_forum_has_one_post_per_incident(server: DiscordServer, tell: Teller) -> None:
    tags = ["🔍 Investigating", "Identified", "Resolved", "major", "Team A", "ChargeOver"]
    forum = tell.channel = server.add_channel(server.guild, "incidents", "forum", tags=tags, require_tag=True)
    first = await tell(OPENED)
    [post] = forum.threads()
    assert first == Sent(reference=f"{post.id}/{post.id}", message=f"{post.id}/{post.id}")
    assert post.tag_names == ["🔍 Investigating", "major", "ChargeOver"]
    post.applied_tags.append(forum.tags[4].id)
    second = await tell(IDENTIFIED, first.reference, loud=True)
    assert post.tag_names == ["Identified", "major", "ChargeOver", "Team A"]
    assert second.message == f"{post.messages[1].id}/{post.id}"
    done = await tell(RESOLVED, first.reference, loud=True)
    assert post.tag_names == ["Resolved", "major", "ChargeOver", "Team A"]
    assert post.archived
    assert titles(post) == ["🟢 ChargeOver: Login outage", "🟠 Identified", "🟢 Resolved after 1 h 14 min"]
    again = incident_event(EventType.INCIDENT_EDITED, 5, update=UPDATES[4].model_copy(update={"body": "DNS."}))
    await tell(again, done.reference, carrier=done.message)
    assert "DNS." in post.messages[2].embeds[0]["description"]
    assert post.archived
    await tell(incident_event(EventType.INCIDENT_REOPENED, 4), done.reference)
    assert not post.archived
    assert len(forum.threads()) == 1


async def test_a_forum_post_mentions_inside(server: DiscordServer, tell: Teller) -> None:
    server.allow_mentions.add("7")
    forum = tell.channel = server.add_channel(server.guild, "incidents", "forum")
    first = await tell(OPENED, mention=("7",))
    await tell(RAISED, first.reference, mention=("7",), loud=True)
    [post] = forum.threads()
    assert [message.pings for message in post.messages] == [["7"], ["7"]]


async def test_channel_only_in_a_forum_is_a_post_all_the_same(server: DiscordServer, tell: Teller) -> None:
    forum = tell.channel = server.add_channel(server.guild, "incidents", "forum")
    await tell.story(OPENED, IDENTIFIED, shape=Shape.CHANNEL)
    [post] = forum.threads()
    assert len(post.messages) == 2


async def test_a_voice_channel_has_no_threads(server: DiscordServer, tell: Teller) -> None:
    voice = tell.channel = server.add_channel(server.guild, "talk", "voice")
    first = await tell(OPENED)
    await tell(IDENTIFIED, first.reference)
    assert len(voice.messages) == 2
    assert voice.messages[1].embeds[0]["author"]["name"] == "ChargeOver: Login outage"


async def test_a_thread_can_be_followed_in(server: DiscordServer, tell: Teller) -> None:
    await tell(OPENED)
    thread = server.thread_of(server.channel.messages[0])
    server.deny("SEND_MESSAGES", server.channel)
    tell.channel = thread
    await tell.story(replace(OPENED, id="2"), replace(IDENTIFIED, id="3"))
    assert len(thread.messages) == 2


# outside of any thread


async def test_a_bulletin_is_a_message_of_its_own(server: DiscordServer, tell: Teller) -> None:
    place = f"discord:{tell.address}"
    bulletin = Bulletin("The week of 14 July.", (Section("Incidents", (Row("Stripe", place=place),)),))
    sent = await tell.transport.announce(tell.address, bulletin)
    [message] = server.channel.messages
    assert sent == Sent(reference=message.id, message=message.id)
    assert message.content == "The week of 14 July."
    assert message.embeds[0]["description"] == f"**Incidents**\n**Stripe**: <#{server.channel.id}>"


async def test_a_bulletin_reaches_a_person(server: DiscordServer, tell: Teller) -> None:
    await tell.transport.announce(f"{server.guild.id}/{server.user.id}", Bulletin("uptimus can't post any more."))
    assert server.direct(server.user).messages[0].content == "uptimus can't post any more."
    closed = server.add_user("closed", closed=True)
    with pytest.raises(DeliveryError, match="no direct messages") as caught:
        await tell.transport.announce(f"{server.guild.id}/{closed.id}", Bulletin("x"))
    assert (caught.value.permanent, caught.value.everywhere) == (True, False)


async def test_a_bulletin_in_a_forum_is_a_post(server: DiscordServer, tell: Teller) -> None:
    forum = tell.channel = server.add_channel(server.guild, "f", "forum", tags=["x", "y"], require_tag=True)
    await tell.transport.announce(tell.address, Bulletin("The week of 14 July."))
    [post] = forum.threads()
    assert (post.name, post.tag_names) == ("The week of 14 July.", ["x"])


@pytest.mark.parametrize("address", ["1", "", "a/b", "1/", "/1", "1/2/3"])
async def test_a_wrong_address_is_permanent(address: str, tell: Teller) -> None:
    with pytest.raises(DeliveryError, match="not GUILD/CHANNEL") as caught:
        await tell.transport.send(Telling(event=OPENED, address=address))
    assert caught.value.permanent
    with pytest.raises(DeliveryError, match="not GUILD/CHANNEL"):
        await tell.transport.announce(address, Bulletin("x"))


async def test_the_channel_of_another_guild_is_refused(server: DiscordServer, tell: Teller) -> None:
    other = server.add_channel(server.add_guild("Other"), "there")
    refused = await tell.refusal(OPENED, address=f"{server.guild.id}/{other.id}")
    assert refused.permanent
    assert other.messages == []
