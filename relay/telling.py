"""What a transport needs to tell one event in one thread, gathered from the database."""

import json
from collections import OrderedDict
from collections.abc import Callable, Collection
from dataclasses import dataclass, replace
from functools import lru_cache
from secrets import token_hex
from typing import Any

import structlog

from relay import kin, manner
from relay.endpoint import Endpoint, from_stored
from relay.events import EventType, StoredEvent, Subject, SubjectKind
from relay.transports.transport import Kin, OurError, Telling
from storage import events as event_rows
from storage import kin as kin_rows
from storage import tables, threads
from storage.addresses import Kept
from storage.claims import Claim
from storage.database import Database
from storage.threads import First

EDITS = (EventType.INCIDENT_EDITED, EventType.MAINTENANCE_EDITED)
"""What changes messages and adds none."""
EVENTS_KEPT = 500
SECRETS_KEPT = 10_000
"""Of those that were opened: to open one takes longer than to sign with it."""

log = structlog.get_logger("deliver")


@dataclass(frozen=True)
class Prepared:
    """A telling, and the other thread in which it is told (None: its own)."""

    telling: Telling
    root_id: int | None


class Tellings:
    """Prepares tellings. Events that many threads tell are read once. `open_secret` decrypts a destination's
    secret."""

    def __init__(self, database: Database, open_secret: Callable[[str], str]) -> None:
        self._database = database
        self._open_secret = lru_cache(SECRETS_KEPT)(open_secret)
        self._endpoint = lru_cache(SECRETS_KEPT)(self._read_endpoint)
        self._events: OrderedDict[int, StoredEvent] = OrderedDict()

    async def load(self, wanted: Collection[int]) -> None:
        """Reads events that will be told soon."""
        missing = [id_ for id_ in wanted if id_ not in self._events]
        for id_ in self._events.keys() & set(wanted):
            self._events.move_to_end(id_)  # it is wanted: not to be dropped for those that are missing
        try:
            await self._read(missing)
        except ValueError:  # one of them says what this code can't read: the others are to be told
            await self._read_each(missing)
        while len(self._events) > max(EVENTS_KEPT, 2 * len(wanted)):
            self._events.popitem(last=False)

    async def _read(self, ids: Collection[int]) -> None:
        if not ids:
            return
        async with self._database.read() as session:
            for row, kind, external_id in await event_rows.load(session, list(ids)):
                found = stored_event(row, kind, external_id)
                _ = found.data, found.context  # read once, and here: who tells it relies on it
                self._events[row.id] = found

    async def _read_each(self, ids: Collection[int]) -> None:
        for id_ in ids:
            try:
                await self._read([id_])
            except ValueError as error:
                log.error("an event can't be read", event_id=id_, error=type(error).__name__)  # noqa: TRY400

    def event(self, claim: Claim) -> StoredEvent | None:
        """The event that a claim is about; None: it was pruned, or can't be read."""
        return self._events.get(claim.event_id) if claim.event_id is not None else None

    def endpoint(self, claim: Claim) -> Endpoint:
        """How the claim's destination wants to be told."""
        return self._endpoint(claim.options, claim.sealed)

    def _read_endpoint(self, options: str, sealed: str | None) -> Endpoint:
        return from_stored(json.loads(options), sealed, self._open_secret)

    async def prepare(self, claim: Claim, event: StoredEvent, *, muted: bool, joins: bool) -> Prepared | None:
        """None while the first message that it needs is being told. joins: the same trouble on a sibling page, or
        once more on the same page, is told in the thread of the first."""
        if not joins and _stands_alone(claim, event):
            return Prepared(self._plain(claim, event, muted=muted), None)
        root_id = claim.joins_id
        if claim.reference is None and claim.adopts_id is None and root_id is None:
            root_id = await self._root_id(claim, event)
        first = await self._first(claim, root_id)
        if first.in_flight:
            return None
        told = self._plain(claim, event, muted=muted or (root_id is not None and first.muted))
        telling = replace(
            told,
            reference=first.reference or claim.reference,
            carrier=await self._carrier(claim, event),
            kin=await self._kin(claim, event, root_id),
            thread_id=root_id or claim.id,
            **_manner(claim, event),
        )
        return Prepared(telling, root_id)

    def _plain(self, claim: Claim, event: StoredEvent, *, muted: bool) -> Telling:
        """What every transport is told."""
        return Telling(
            event=event,
            address=address(claim.uri),
            reference=claim.reference,
            last=claim.sequence == claim.head,
            attempt=claim.attempt,
            secrets=tuple(self._open_secret(secret) for secret in claim.encrypted_secrets),
            destination_id=claim.destination_id,
            endpoint=self.endpoint(claim),
            replay=is_replay(claim),
            muted=muted,
            thread_id=claim.id,
            follow_id=claim.follow_id,
            delivery=_name(claim),
        )

    async def _root_id(self, claim: Claim, event: StoredEvent) -> int | None:
        incident = event.data.incident
        if incident is None or claim.provider_id is None:
            return None
        async with self._database.read() as session:
            candidates = await kin_rows.candidates(session, claim.destination_id, incident.title)
        root = kin.root_of(incident, claim.provider_id, event.data.provider.url, candidates)
        return root.thread_id if root is not None else None

    async def _first(self, claim: Claim, root_id: int | None) -> First:
        """The first message of the thread that this one is told in, or takes over."""
        other_id = root_id if root_id is not None else claim.adopts_id if claim.reference is None else None
        if other_id is None:
            return First()
        async with self._database.read() as session:
            return await threads.first_of(session, other_id)

    async def _carrier(self, claim: Claim, event: StoredEvent) -> str | None:
        if event.type not in EDITS or event.data.update is None:
            return None
        async with self._database.read() as session:
            return await threads.carrier(session, claim.id, event.data.update.id, claim.sequence)

    async def _kin(self, claim: Claim, event: StoredEvent, root_id: int | None) -> tuple[Kin, ...]:
        if root_id is None and not claim.joined:
            return ()
        async with self._database.read() as session:
            told = await kin_rows.last_told(session, root_id or claim.id, except_id=claim.id)
        await self.load([event_id for _, event_id in told])
        return tuple(
            Kin(one, one.data.provider.slug == event.data.provider.slug, older=thread_id < claim.id)
            for thread_id, event_id in told
            if (one := self._events.get(event_id)) is not None
        )


def _stands_alone(claim: Claim, event: StoredEvent) -> bool:
    """No message that is there already has anything to do with it."""
    others = (claim.reference, claim.adopts_id, claim.joins_id)
    return others == (None, None, None) and not claim.joined and event.type not in EDITS


def is_replay(claim: Claim) -> bool:
    """It was told, or given up, before. (What was held back in quiet hours was not.)"""
    return claim.state in ("delivered", "dead")


def _name(claim: Claim) -> str:
    """A claim without a token is a replay, which is not to be taken for a repeat of the first telling."""
    again = "" if claim.token else f".{token_hex(2)}"
    return f"{claim.id}.{claim.sequence}{again}"


def _manner(claim: Claim, event: StoredEvent) -> dict[str, Any]:
    """How the follow wants this event to be told, as a Telling holds it."""
    if claim.wishes is None:
        return {}
    chosen = manner.of_follow(claim.wishes)
    return {
        "shape": chosen.shape,
        "loud": manner.is_loud(chosen, event),
        "mention": manner.mentioned(chosen, event, begun=claim.begun),
    }


def stored_event(row: tables.Event, kind: str, external_id: str) -> StoredEvent:
    """An event's row, as transports get it."""
    return StoredEvent(
        id=row.uid,
        type=EventType(row.type),
        sequence=row.sequence,
        subject=Subject(SubjectKind(kind), external_id),
        seen_at=row.seen_at,
        raw_data=row.data,
        raw_context=row.context,
    )


def address(uri: str) -> str:
    """A destination's URI without its scheme; whole where the scheme is part of the address. Raises OurError
    where no key opened it."""
    if isinstance(uri, Kept):
        raise OurError("UPTIMUS_SECRET_KEY does not open its address; name the former key too")
    return uri if uri.startswith(("http://", "https://")) else uri.partition(":")[2]
