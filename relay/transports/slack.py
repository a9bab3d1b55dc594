"""Tells events in Slack: one message per thread that is kept up to date, each update below it.

Slack has no idempotency key: a post that timed out may have arrived. So whatever can be repeated without harm
(the edit of the first message) is done before what can't be.
"""

import asyncio
from collections import defaultdict
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from time import monotonic
from typing import Any, NoReturn

import aiohttp
from slack_sdk.errors import SlackApiError, SlackClientError
from slack_sdk.web.async_client import AsyncWebClient

from relay.events import EventType, StoredEvent, SubjectKind
from relay.messages import card, note
from relay.transports.slack_blocks import card_message, note_message
from relay.transports.slack_errors import GONE, MALFORMED, UNCHANGEABLE, RefusedError, refused, unsure
from relay.transports.transport import DeliveryError, Sent, Telling

CALL_TIMEOUT = 8
SEND_TIMEOUT = 19
PATIENCE = 3.0
"""Seconds that a telling waits for its turn; beyond them its thread is due again later."""

Message = dict[str, Any]

_BEGINS = (EventType.INCIDENT_OPENED, EventType.MAINTENANCE_SCHEDULED)
_EDITED = (EventType.INCIDENT_EDITED, EventType.MAINTENANCE_EDITED)


class OneToken:
    """The client of the one workspace whose token the settings hold."""

    def __init__(self, token: str, api_url: str) -> None:
        self._token, self._api_url = token, api_url
        self._client: AsyncWebClient | None = None

    async def __call__(self, team: str) -> AsyncWebClient:
        """One for every team. Made at first use, inside the running loop."""
        if self._client is None:
            session = aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=CALL_TIMEOUT))
            # no retry handlers: they sleep inside the call, and would repeat a post that may have arrived
            self._client = AsyncWebClient(self._token, self._api_url, session=session, retry_handlers=[])
        return self._client

    async def aclose(self) -> None:
        """Closes the connections."""
        if self._client is not None and self._client.session is not None:
            await self._client.session.close()


class Pace:
    """About one message a second for each channel, after a small burst; and the pauses that Slack asks for."""

    def __init__(self, interval: float = 1.0, burst: int = 4, now: Callable[[], float] = monotonic) -> None:
        self._interval, self._burst, self._now = interval, burst, now
        self._next: dict[str, float] = defaultdict(float)
        self._paused: dict[tuple[str, str], float] = {}

    def turn(self, team: str, channel: str) -> float:
        """Seconds until this channel may be posted to; that turn is taken, unless it is too far ahead."""
        now = self._now()
        slot = max(self._next[channel], now - (self._burst - 1) * self._interval)
        wait = max(0.0, slot - now, self.pause(team, "chat.postMessage"))
        if wait <= PATIENCE:
            self._next[channel] = slot + self._interval
        return wait

    def pause(self, team: str, method: str) -> float:
        """Seconds for which Slack does not want to hear this method from this workspace."""
        return max(0.0, self._paused.get((team, method), 0.0) - self._now())

    def hold(self, team: str, method: str, seconds: float) -> None:
        """Slack asked for a pause."""
        self._paused[team, method] = self._now() + seconds


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
    how many updates that message retells (so that a later edit does not lose them)."""

    def __init__(
        self,
        clients: Callable[[str], Awaitable[AsyncWebClient]],
        pace: Pace | None = None,
        timeout: float = CALL_TIMEOUT,
    ) -> None:
        self._clients, self._pace, self._timeout = clients, pace or Pace(), timeout

    async def send(self, telling: Telling) -> Sent:
        """Tells one event; raises DeliveryError."""
        team, _, channel = telling.address.partition("/")
        if not team or not channel:
            raise DeliveryError(f"{telling.address!r} is not TEAM/CHANNEL", permanent=True)
        room = _Room(self._clients, self._pace, self._timeout, team, channel, telling.attempt)
        try:
            async with asyncio.timeout(SEND_TIMEOUT):
                return await _tell(room, telling)
        except TimeoutError:
            raise DeliveryError("Slack did not answer in time") from None

    async def aclose(self) -> None:
        """Closes what the clients hold open."""
        close = getattr(self._clients, "aclose", None)
        if close is not None:
            await close()


async def _tell(room: "_Room", telling: Telling) -> Sent:
    event = telling.event
    if telling.reference is None or event.context.opens:
        return await _open(room, event)
    root = _Root.read(telling.reference)
    if event.context.told_whole:
        return Sent(reference=telling.reference)
    if event.type in _EDITED:
        return await _edit(room, telling, root)
    return await _reply(room, telling, root)


async def _open(room: "_Room", event: StoredEvent) -> Sent:
    """A new first message, with the story so far."""
    await room.turn()
    told = len(card(event).story)
    ts = await room.post(event, card_message(card(event)))
    return Sent(reference=str(_Root(ts, told)), message=ts)


async def _reply(room: "_Room", telling: Telling, root: _Root) -> Sent:
    """The update below the first message, after that has been brought to the present state."""
    await room.turn()
    event = telling.event
    if event.type in _BEGINS:
        # it takes over the message of a component's thread, and may be the only telling of several updates
        root = _Root(root.ts, len(card(event).story))
    if not await _refresh(room, telling, root):
        return await _open(room, event)
    update = note(event)
    try:
        ts = await room.post(event, note_message(update), thread_ts=root.ts, reply_broadcast=update.broadcast)
    except RefusedError as refusal:
        if refusal.error not in GONE:
            raise
        return await _open(room, event)
    return Sent(reference=str(root), message=ts)


async def _edit(room: "_Room", telling: Telling, root: _Root) -> Sent:
    """An edit adds no message, not even where the messages are gone."""
    carrier = telling.carrier
    if telling.event.data.update is not None and carrier is not None and carrier != root.ts:
        await room.update(telling.event, carrier, note_message(note(telling.event)))
    await _refresh(room, telling, root)
    return Sent(reference=telling.reference, message=carrier)


async def _refresh(room: "_Room", telling: Telling, root: _Root) -> bool:
    """Brings the first message to the present state; False when it is not there any more.

    With more to tell after this (`last` is False) it is a courtesy: a later telling may carry nothing that the
    first message could be made of (a component's change), but when Slack wants a pause it is left out.
    """
    if not _has_state(telling.event):
        return True
    try:
        return await room.update(telling.event, root.ts, card_message(card(telling.event, root.told)))
    except DeliveryError as error:
        if telling.last or not error.uncounted:
            raise
        return True


def _has_state(event: StoredEvent) -> bool:
    """Whether it says how the thread's subject stands; a component's change in an incident's thread doesn't."""
    own_subject = event.subject.kind in (SubjectKind.COMPONENT, SubjectKind.PROVIDER)
    return own_subject or event.data.incident is not None or event.data.maintenance is not None


@dataclass(frozen=True)
class _Room:
    """One channel, and the calls that a telling makes there."""

    clients: Callable[[str], Awaitable[AsyncWebClient]]
    pace: Pace
    timeout: float
    team: str
    channel: str
    attempt: int

    async def turn(self) -> None:
        """Waits for this channel's turn, or says when to come again."""
        await _wait(self.pace.turn(self.team, self.channel))

    async def post(self, event: StoredEvent, message: Message, **more: Any) -> str:
        """A new message; its ts."""
        quiet = {"unfurl_links": False, "unfurl_media": False, "metadata": _metadata(event)}
        answer = await self._plainer("chat.postMessage", message | quiet | more)
        return str(answer["ts"])

    async def update(self, event: StoredEvent, ts: str, message: Message) -> bool:
        """Changes a message; False when it is not there any more. One that Slack won't change stays as it is."""
        try:
            await self._plainer("chat.update", message | {"ts": ts, "metadata": _metadata(event)})
        except RefusedError as refusal:
            if refusal.error in GONE:
                return False
            if refusal.error not in UNCHANGEABLE:
                raise
        return True

    async def _plainer(self, method: str, message: Message) -> Any:
        """As blocks, and once more as plain text where Slack finds a fault in them: the news must not be lost."""
        try:
            return await self._call(method, message)
        except RefusedError as refusal:
            if refusal.error not in MALFORMED:
                raise
            return await self._call(method, {k: v for k, v in message.items() if k not in ("blocks", "metadata")})

    async def _call(self, method: str, arguments: Message) -> Any:
        await _wait(self.pace.pause(self.team, method))
        client = await self.clients(self.team)
        try:
            async with asyncio.timeout(self.timeout):
                return await client.api_call(method, json={"channel": self.channel, **arguments})
        except SlackApiError as error:
            self._refuse(method, error)
        except (aiohttp.ClientError, SlackClientError, TimeoutError, OSError, ValueError, AttributeError) as error:
            # the last two: the SDK on an answer that is no JSON object
            raise unsure(error) from None

    def _refuse(self, method: str, error: SlackApiError) -> NoReturn:
        refusal = refused(error, self.attempt)
        if refusal.uncounted:
            self.pace.hold(self.team, method, refusal.retry_after or 1.0)
        raise refusal from None


async def _wait(seconds: float) -> None:
    if seconds > PATIENCE:
        raise DeliveryError("Waiting for our turn at Slack", uncounted=True, retry_after=seconds)
    await asyncio.sleep(seconds)


def _metadata(event: StoredEvent) -> dict[str, Any]:
    """Names the event, for whoever has to find out what a message tells. Readable by any app: no secrets."""
    return {"event_type": "uptimus_event", "event_payload": {"event_id": event.id}}
