"""Tells one event in one place in Discord: the first message, the thread below it, the line beside it."""

from dataclasses import replace

from relay.events import EventType
from relay.family import family_card, family_note, named_note
from relay.manner import Shape
from relay.messages import Note, card
from relay.transports.discord_bulletin import Message
from relay.transports.discord_embeds import line_message, note_message
from relay.transports.discord_errors import FULL, NO_CHANNEL, SHUT, RefusedError
from relay.transports.discord_room import Room
from relay.transports.discord_subject import (
    EDITS,
    Root,
    adds_nothing,
    first_message,
    has_state,
    headline,
    is_over,
    nonce,
    thread_name,
)
from relay.transports.discord_tags import chosen
from relay.transports.transport import Sent, Telling

_BEGINS = (EventType.INCIDENT_OPENED, EventType.MAINTENANCE_SCHEDULED)


async def tell(room: Room, telling: Telling) -> Sent:
    """What a transport's `send` promises."""
    sent = await _told(room, telling)
    await _settle(room, telling, sent)
    return sent


async def _told(room: Room, telling: Telling) -> Sent:
    if telling.reference is None or (telling.event.context.opens and not telling.muted):
        return await _open(room, telling)
    root = Root.read(telling.reference)
    if room.place.is_forum and not await _file(room, telling, root):
        return Sent(reference=telling.reference) if adds_nothing(telling) else await _open(room, telling)
    return await _go_on(room, telling, root)


async def _go_on(room: Room, telling: Telling, root: Root) -> Sent:
    event = telling.event
    if event.type in EDITS:
        return await _edit(room, telling, root)
    if telling.muted or event.context.told_whole:
        # what was told whole by the event before is not added; a card that speaks for several has not said so yet
        if telling.muted or telling.kin:
            await _refresh(room, telling, root)
        return Sent(reference=telling.reference)
    return await _reply(room, telling, root)


async def _open(room: Room, telling: Telling) -> Sent:
    """A new first message, with the story so far, and a thread at it."""
    shown = family_card(telling.event, telling.kin)
    message, told = first_message(telling, shown, telling.mention), len(shown.story)
    if room.place.is_forum:
        tags = chosen(telling.event, room.place.tags, required=room.place.requires_tag)
        post = await room.open_post(thread_name(telling), message, tags, telling.thread_id)
        return Sent(reference=str(Root(post, post, told)), message=f"{post}/{post}")
    posted = await room.post(room.place.id, message, nonce(telling))
    begins = _in_threads(room, telling) and not is_over(telling)
    thread = await room.start_thread(posted, thread_name(telling)) if begins else None
    if _is_published(room, telling):
        await room.publish({"id": posted})
    return Sent(reference=str(Root(posted, thread, told)), message=posted)


async def _reply(room: Room, telling: Telling, root: Root) -> Sent:
    """The update below the first message, after that has been brought to the present state."""
    event = telling.event
    if event.type in _BEGINS and not telling.kin:
        # it takes over the message of a component's thread, and may be the only telling of several updates
        root = replace(root, told=len(card(event).story))
    if not await _refresh(room, telling, root):
        return await _open(room, telling)
    update = family_note(event, telling.kin) or _mentioning(telling)
    if update is None:
        return Sent(reference=str(root))
    if room.place.is_forum or _in_threads(room, telling):
        return await _say_in_thread(room, telling, root, update)
    return await _say_in_channel(room, telling, root, update)


async def _say_in_thread(room: Room, telling: Telling, root: Root, update: Note) -> Sent:
    """In the first message's thread, which may have to begin now, and a line in the channel for what is loud."""
    thread = root.thread or await room.start_thread(root.message, thread_name(telling))
    if thread is None:
        return await _say_in_channel(room, telling, root, update, below=root.message)
    in_forum = room.place.is_forum
    note = note_message(update, mention=telling.mention if in_forum else ())
    posted = await _post_in_thread(room, telling, root, thread, note)
    if posted is None:
        return await _open(room, telling)
    if not posted:
        return await _say_in_channel(room, telling, root, update, below=root.message)
    if not in_forum and (telling.loud or telling.shape == Shape.BOTH or telling.mention):
        line = line_message(update, thread, mention=telling.mention)
        await room.post(room.place.id, line, f"{nonce(telling)}c", below=root.message)
    return Sent(reference=str(replace(root, thread=thread)), message=f"{posted}/{thread}")


async def _post_in_thread(room: Room, telling: Telling, root: Root, thread: str, note: Message) -> str | None:
    """The message's id. Empty: the guild has no room for the thread; None: the thread is of no more use."""
    try:
        return await room.post(thread, note, nonce(telling))
    except RefusedError as refusal:
        if refusal.code in FULL:
            return ""
        if refusal.code not in SHUT | {NO_CHANNEL}:
            raise
        if not await _mended(room, telling, root, thread, gone=refusal.code == NO_CHANNEL):
            return None
    try:
        return await room.post(thread, note, nonce(telling))
    except RefusedError as refusal:
        if refusal.code not in SHUT | {NO_CHANNEL}:
            raise
        return None


async def _mended(room: Room, telling: Telling, root: Root, thread: str, *, gone: bool) -> bool:
    """Begins a thread again that somebody deleted, opens one that somebody closed; False where that can't be."""
    if not gone:
        return await room.open_thread(thread)
    return thread == root.thread and await room.start_thread(root.message, thread_name(telling)) == thread


async def _say_in_channel(
    room: Room, telling: Telling, root: Root, update: Note, below: str | None = None
) -> Sent:
    """A message of its own, as an answer to the one `below` which it stands."""
    note = note_message(update, mention=telling.mention, headline=headline(telling))
    posted = await room.post(room.place.id, note, nonce(telling), below=below)
    return Sent(reference=str(root), message=posted)


def _mentioning(telling: Telling) -> Note | None:
    """What a sibling has said already is said again where somebody is to be called for it."""
    return named_note(telling.event, telling.kin) if telling.mention else None


async def _edit(room: Room, telling: Telling, root: Root) -> Sent:
    """An edit adds no message, not even where the messages are gone."""
    event, carrier = telling.event, telling.carrier
    if event.data.update is not None and carrier is not None:
        message, _, thread = carrier.partition("/")
        if message != root.message:
            about = headline(telling) if not thread else None
            note = note_message(named_note(event, telling.kin), headline=about)
            await room.edit(thread or room.place.id, message, note)
    await _refresh(room, telling, root)
    return Sent(reference=telling.reference, message=carrier)


async def _refresh(room: Room, telling: Telling, root: Root) -> bool:
    """Brings the first message to the present state; False when it is not there any more."""
    if not has_state(telling.event):
        return True
    shown = family_card(telling.event, telling.kin, root.told)
    channel = root.message if room.place.is_forum else room.place.id
    edited = await room.edit(channel, root.message, first_message(telling, shown))
    if edited and _is_published(room, telling):
        await room.publish(edited)
    return edited is not None


async def _file(room: Room, telling: Telling, root: Root) -> bool:
    """Puts a forum's post under the tags of its present state, and opens it where it was archived. False when it
    is gone, or a moderator has locked it."""
    post = await room.thread(root.message)
    if post is None:
        return False
    applied = [str(id) for id in post.get("applied_tags") or ()]
    changes = {}
    if has_state(telling.event) and not _moderated(room, applied):
        required = room.place.requires_tag
        tags = chosen(telling.event, room.place.tags, required=required, applied=applied)
        changes = {"applied_tags": tags} if tags != applied else {}
    state = post.get("thread_metadata") or {}
    if state.get("archived"):
        return await room.open_thread(root.message, **changes)
    if state.get("locked"):
        return False
    return await room.set_tags(root.message, changes["applied_tags"]) if changes else True


def _moderated(room: Room, applied: list[str]) -> bool:
    """Somebody set a tag that only moderators may set, or take away: then all of them stay."""
    return any(tag.moderated and tag.id in applied for tag in room.place.tags)


async def _settle(room: Room, telling: Telling, sent: Sent) -> None:
    """A thread in which nothing is to come is archived, also where it was opened to be kept true."""
    root = Root.read(sent.reference) if sent.reference else None
    if root is None or root.thread is None or not is_over(telling):
        return
    in_thread = sent.message is not None and sent.message.endswith(f"/{root.thread}")
    if in_thread or root.thread in room.woken:
        await room.close_thread(root.thread)


def _in_threads(room: Room, telling: Telling) -> bool:
    return room.place.has_threads and telling.shape != Shape.CHANNEL


def _is_published(room: Room, telling: Telling) -> bool:
    return room.place.publishes and telling.shape == Shape.BOTH
