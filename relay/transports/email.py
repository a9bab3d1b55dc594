"""Tells events by mail: one thread for each subject in the reader's client, each mail true when it was sent."""

from collections.abc import Callable
from datetime import UTC, datetime
from email.headerregistry import Address
from secrets import token_hex

from relay.bulletin import Bulletin
from relay.events import EventType, StoredEvent
from relay.transports.email_html import circular_html, letter_html
from relay.transports.email_letter import (
    HEADLINE,
    Circular,
    Foot,
    Letter,
    circular_subject,
    first_letter,
    next_letter,
    seen,
    subject_of,
)
from relay.transports.email_message import Envelope, ThreadRef, message, wire_bytes
from relay.transports.email_server import MailServer, address_of
from relay.transports.email_text import circular_text, letter_text
from relay.transports.email_wire import TIMEOUT, MailWire
from relay.transports.transport import DeliveryError, Sent, Telling

EDITS = (EventType.INCIDENT_EDITED, EventType.MAINTENANCE_EDITED)
UnsubscribeLink = Callable[[str, int | None], str]
"""Of an address and one destination that has it; None: all that have it."""


class EmailTransport:
    """A Transport. Its references are a ThreadRef: the first mail's id, and the subject of all.

    People read it as it comes (`is_chat`): quiet hours are kept, the same trouble of several pages is one thread.
    A mail can't be changed afterwards: an edit of an update, which adds no message, sends none, and nor does what
    a thread that somebody muted would add.
    """

    is_chat = True
    at_once = 1

    def __init__(
        self,
        server: MailServer,
        sender: Address,
        *,
        home: str,
        unsubscribe: UnsubscribeLink,
        timeout: float = TIMEOUT,
        now: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        self._sender, self._home, self._unsubscribe, self._now = sender, home, unsubscribe, now
        self._wire = MailWire(server, sender.domain, timeout=timeout)

    async def send(self, telling: Telling) -> Sent:
        """Sends one event's mail, where it makes one; raises DeliveryError."""
        event, to = telling.event, _recipient(telling.address)
        if telling.muted:
            return Sent(reference=telling.reference)
        thread = ThreadRef.read(telling.reference) if telling.reference is not None else None
        if thread is None or (event.context.opens and not telling.replay):
            thread = ThreadRef(self._message_id(telling), subject_of(event, telling.kin))
            letter = first_letter(event, telling.kin, self._foot(telling))
            return await self._post(telling, to, thread, thread.message_id, letter)
        if event.type in EDITS or event.context.told_whole:
            return Sent(reference=telling.reference)
        further = next_letter(event, telling.kin, self._foot(telling), again=telling.replay)
        if further is None:
            return Sent(reference=telling.reference)
        return await self._post(telling, to, thread, self._message_id(telling), further)

    async def turn(self, address: str) -> None:
        """At once: what waits for a connection waits in `send`."""

    async def announce(self, address: str, bulletin: Bulletin) -> Sent:
        """A mail of its own; raises DeliveryError."""
        to, link = _recipient(address), self._unsubscribe(address, None)
        foot = Foot(f"You get this because {address} follows status pages with uptimus.", link, self._home)
        circular = Circular(bulletin, foot)
        envelope = Envelope(
            sender=self._sender,
            to=to,
            message_id=self._id(f"bulletin.{token_hex(12)}"),
            subject=circular_subject(bulletin),
            date=self._now(),
            list_id=self._list_id,
            unsubscribe=link,
        )
        return await self._hand_over(envelope, circular_text(circular), circular_html(circular))

    async def ask(self, address: str, link: str) -> Sent:
        """Asks whoever reads there whether they want to be told of status pages; raises DeliveryError."""
        text = (
            f"Somebody who uses uptimus at {self._home} wants to have changes of status pages sent to\n"
            f"{address}.\n\n"
            f"If you want that, open this page within 7 days and press the button:\n{link}\n\n"
            "If you don't, do nothing: nothing else is sent here.\n"
        )
        envelope = Envelope(
            sender=self._sender,
            to=_recipient(address),
            message_id=self._id(f"ask.{token_hex(12)}"),
            subject="[uptimus] Please confirm: messages about status pages",
            date=self._now(),
        )
        return await self._hand_over(envelope, text, None)

    async def aclose(self) -> None:
        """Closes the connections that are kept."""
        await self._wire.aclose()

    async def _post(
        self, telling: Telling, to: Address, thread: ThreadRef, message_id: str, letter: Letter
    ) -> Sent:
        event = telling.event
        envelope = Envelope(
            sender=self._sender,
            to=to,
            message_id=message_id,
            subject=thread.subject,
            date=self._now(),
            list_id=self._list_id,
            unsubscribe=letter.foot.unsubscribe,
            answers=thread.message_id if thread.message_id != message_id else None,
            provider=event.data.provider.slug,
            event=str(event.type),
        )
        sent = await self._hand_over(envelope, letter_text(letter), letter_html(letter))
        return Sent(reference=str(thread), message=message_id, status=sent.status, answer=sent.answer)

    async def _hand_over(self, envelope: Envelope, text: str, html: str | None) -> Sent:
        to = envelope.to
        utf8 = not to.username.isascii() or not envelope.sender.username.isascii()
        mail = wire_bytes(message(envelope, text, html), utf8=utf8)
        code, answer = await self._wire.hand_over(envelope.sender.addr_spec, to.addr_spec, mail, utf8=utf8)
        return Sent(message=envelope.message_id, status=code, answer=answer[:1000])

    def _foot(self, telling: Telling) -> Foot:
        link = self._unsubscribe(telling.address, telling.destination_id)
        because = _because(telling.address, telling.event)
        return Foot(because, link, self._home)

    def _message_id(self, telling: Telling) -> str:
        """The same at every try, so that a mail that was taken twice is shown once. A replay is one more mail:
        with an id that they know already, clients and servers would drop what somebody asked to see again. With
        the delivery's name, since each address gets a mail of its own."""
        again = f"again-{token_hex(4)}" if telling.replay else ""
        return self._id(".".join(part for part in (telling.event.id, telling.delivery, again) if part))

    def _id(self, local: str) -> str:
        return f"<{local}@{self._sender.domain}>"

    @property
    def _list_id(self) -> str:
        """One list for everything: unsubscribing ends it all, so that is what the link may be taken for."""
        return f"<uptimus.{self._sender.domain}>"


def _because(address: str, event: StoredEvent) -> str:
    if event.type == EventType.TEST:
        return f"You get this because somebody sent a test to {address}."
    provider = seen(event.data.provider.name, HEADLINE)
    return f"You get this because {address} follows the status page of {provider} with uptimus."


def _recipient(address: str) -> Address:
    try:
        return address_of(address)
    except ValueError:
        raise DeliveryError(f"{address[:80]!r} is no mail address", permanent=True) from None
