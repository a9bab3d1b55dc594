"""Tells events in Slack: one message per thread that is kept up to date, each update below it.

Slack has no idempotency key: a post that timed out may have arrived. So whatever can be repeated without harm
(the edit of the first message) is done before what can't be.
"""

import asyncio
from dataclasses import dataclass
from typing import Any

from relay.bulletin import Bulletin
from relay.events import OWN_SUBJECTS, EventType, StoredEvent
from relay.family import family_card, family_note, named_note
from relay.manner import Shape
from relay.messages import Card, Note, card
from relay.states import subject_title
from relay.transports.slack_blocks import buttons, card_message, note_message
from relay.transports.slack_bulletin import bulletin_message
from relay.transports.slack_clients import Clients
from relay.transports.slack_errors import GONE, RefusedError
from relay.transports.slack_pace import Pace
from relay.transports.slack_room import Message, Room
from relay.transports.transport import DeliveryError, Sent, Telling

CALL_TIMEOUT = 8
SEND_TIMEOUT = 19

_BEGINS = (EventType.INCIDENT_OPENED, EventType.MAINTENANCE_SCHEDULED)
_EDITED = (EventType.INCIDENT_EDITED, EventType.MAINTENANCE_EDITED)


@dataclass(frozen=True)
class _Root:
    """A thread's first message. `told`: how many updates it retells, when it began late."""

    ts: str
    told: int = 1

    @classmethod
    def read(cls, reference: str) -> "_Root":
        ts, _, told = reference.partition("+")
        return cls(ts, int(told) if told.isdecimal() else 1)

    def __str__(self) -> str:
        return self.ts if self.told <= 1 else f"{self.ts}+{self.told}"


class SlackTransport:
    """A Transport. Its references are the `ts` of the first message, for a thread that began late with `+` and
    how many updates that message retells (so that a later edit does not lose them).

    Addresses are TEAM/CHANNEL; announcements also go to TEAM/USER, as direct messages.
    """

    is_chat = True
    at_once = 1

    def __init__(self, clients: Clients, pace: Pace | None = None, timeout: float = CALL_TIMEOUT) -> None:
        self._clients, self._pace, self._timeout = clients, pace or Pace(), timeout

    async def turn(self, address: str) -> None:
        """Waits until a message may be posted in the channel; raises DeliveryError where that is far away."""
        room = self._room(address)
        await self._pace.turn(room.team, room.channel)

    async def send(self, telling: Telling) -> Sent:
        """Tells one event; raises DeliveryError."""
        room = self._room(telling.address, telling.attempt)
        try:
            async with asyncio.timeout(SEND_TIMEOUT):
                return await _tell(room, telling)
        except TimeoutError:
            raise DeliveryError("Slack did not answer in time") from None

    async def announce(self, address: str, bulletin: Bulletin) -> Sent:
        """A message of its own in a channel, or to a person; raises DeliveryError."""
        room = self._room(address)
        try:
            async with asyncio.timeout(SEND_TIMEOUT):
                ts = await room.post(bulletin_message(bulletin, room.team))
        except TimeoutError:
            raise DeliveryError("Slack did not answer in time") from None
        return Sent(reference=ts, message=ts)

    async def aclose(self) -> None:
        """Closes what the clients hold open."""
        await self._clients.aclose()

    def _room(self, address: str, attempt: int = 1) -> Room:
        team, _, channel = address.partition("/")
        if not team or not channel:
            raise DeliveryError(f"{address!r} is not TEAM/CHANNEL", permanent=True)
        return Room(self._clients, self._pace, self._timeout, team, channel, attempt)


async def _tell(room: Room, telling: Telling) -> Sent:
    event = telling.event
    if telling.muted:
        return await _silently(room, telling)
    if telling.reference is None or event.context.opens:
        return await _open(room, telling)
    root = _Root.read(telling.reference)
    if event.context.told_whole:
        return await _added_nothing(room, telling, root)
    if event.type in _EDITED:
        return await _edit(room, telling, root)
    return await _reply(room, telling, root)


async def _silently(room: Room, telling: Telling) -> Sent:
    """Only what is there already is changed."""
    if telling.reference is None:
        return Sent()
    root = _Root.read(telling.reference)
    if telling.event.type in _EDITED:
        return await _edit(room, telling, root)
    await _refresh(room, telling, root)
    return Sent(reference=telling.reference)


async def _added_nothing(room: Room, telling: Telling, root: _Root) -> Sent:
    """It was told whole by the event before; a first message that speaks for several has not said so yet."""
    if telling.kin:
        await _refresh(room, telling, root)
    return Sent(reference=telling.reference)


async def _open(room: Room, telling: Telling) -> Sent:
    """A new first message, with the story so far."""
    shown = family_card(telling.event, telling.kin)
    ts = await room.post(_card(telling, shown, telling.mention), _metadata(telling.event))
    return Sent(reference=str(_Root(ts, len(shown.story))), message=ts)


async def _reply(room: Room, telling: Telling, root: _Root) -> Sent:
    """The update below the first message, after that has been brought to the present state."""
    event = telling.event
    if event.type in _BEGINS and not telling.kin:
        # it takes over the message of a component's thread, and may be the only telling of several updates
        root = _Root(root.ts, len(card(event).story))
    if not await _refresh(room, telling, root):
        return await _open(room, telling)
    update = family_note(event, telling.kin) or _mentioning(telling)
    if update is None:
        return Sent(reference=str(root))
    try:
        ts = await room.post(_note(telling, update), _metadata(event), **_where(telling, root))
    except RefusedError as refusal:
        if refusal.error not in GONE:
            raise
        return await _open(room, telling)
    return Sent(reference=str(root), message=ts)


def _mentioning(telling: Telling) -> Note | None:
    """What a sibling has said already is said again where somebody is to be called for it."""
    return named_note(telling.event, telling.kin) if telling.mention else None


def _where(telling: Telling, root: _Root) -> dict[str, Any]:
    """Below the first message, in the channel as well, or there alone."""
    if telling.shape == Shape.CHANNEL:
        return {}
    return {"thread_ts": root.ts, "reply_broadcast": telling.loud or telling.shape == Shape.BOTH}


async def _edit(room: Room, telling: Telling, root: _Root) -> Sent:
    """An edit adds no message, not even where the messages are gone."""
    event, carrier = telling.event, telling.carrier
    if event.data.update is not None and carrier is not None and carrier != root.ts:
        await room.update(carrier, _note(telling, named_note(event, telling.kin)), _metadata(event))
    await _refresh(room, telling, root)
    return Sent(reference=telling.reference, message=carrier)


async def _refresh(room: Room, telling: Telling, root: _Root) -> bool:
    """Brings the first message to the present state; False when it is not there any more.

    With more to tell after this (`last` is False) it is a courtesy, left out where others need the edits that
    Slack allows. A later telling may carry nothing that the first message could be made of (a component's
    change), so it is done where it can be.
    """
    if not _has_state(telling.event):
        return True
    if not telling.last and not room.pace.spare(room.team, "chat.update"):
        return True
    shown = family_card(telling.event, telling.kin, root.told)
    try:
        return await room.update(root.ts, _card(telling, shown), _metadata(telling.event))
    except DeliveryError as error:
        if telling.last or not error.uncounted:
            raise
        return True


def _card(telling: Telling, shown: Card, mention: tuple[str, ...] = ()) -> Message:
    event = telling.event
    title, provider = subject_title(event), event.data.provider.name
    pressed = buttons(telling.thread_id, telling.follow_id, telling.muted, title=title, provider=provider)
    return card_message(shown, mention=mention, actions=pressed)


def _note(telling: Telling, update: Note) -> Message:
    event = telling.event
    headline = f"{event.data.provider.name}: {subject_title(event)}" if telling.shape == Shape.CHANNEL else None
    return note_message(update, mention=telling.mention, headline=headline)


def _has_state(event: StoredEvent) -> bool:
    """Whether it says how the thread's subject stands; a component's change in an incident's thread doesn't."""
    own_subject = event.subject.kind in OWN_SUBJECTS
    return own_subject or event.data.incident is not None or event.data.maintenance is not None


def _metadata(event: StoredEvent) -> dict[str, Any]:
    """Names the event, for whoever has to find out what a message tells. Readable by any app: no secrets."""
    return {"event_type": "uptimus_event", "event_payload": {"event_id": event.id}}
