"""Telling events in a channel of the stand-in Discord, as deliver would."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

import pytest
from standins.discord import Channel, DiscordServer

from relay.events import StoredEvent
from relay.transports.discord import DiscordTransport
from relay.transports.transport import DeliveryError, Sent, Telling


@dataclass
class Teller:
    """A transport in front of the server. Each event is a delivery of its own, as deliver names them."""

    server: DiscordServer
    transport: DiscordTransport
    channel: Channel | None = None
    known: list[StoredEvent] = field(default_factory=list)

    @property
    def address(self) -> str:
        """Of the channel that it tells in."""
        channel = self.channel or self.server.channel
        assert channel.guild is not None
        return f"{channel.guild.id}/{channel.id}"

    async def __call__(self, event: StoredEvent, reference: str | None = None, **more: Any) -> Sent:
        """`more`: whatever else a Telling holds. The same event is the same delivery."""
        if not any(one is event for one in self.known):
            self.known.append(event)
        name = f"1.{1 + next(place for place, one in enumerate(self.known) if one is event)}"
        known: dict[str, Any] = {"address": self.address, "delivery": name, "thread_id": 1, "follow_id": 2}
        return await self.transport.send(Telling(**known | more, event=event, reference=reference))

    async def refusal(self, event: StoredEvent, reference: str | None = None, **more: Any) -> DeliveryError:
        """How it fails, which it has to."""
        with pytest.raises(DeliveryError) as caught:
            await self(event, reference, **more)
        return caught.value

    async def story(self, *events: StoredEvent, **more: Any) -> Sent:
        """One after the other in one thread; the last one's outcome."""
        sent = Sent()
        for event in events:
            sent = await self(event, sent.reference, **more)
        return sent


@asynccontextmanager
async def teller(server: DiscordServer, channel: Channel | None = None, **options: Any) -> AsyncIterator[Teller]:
    """`options`: those of the transport."""
    with server.pointed_at():
        transport = DiscordTransport(server.token, **options)
        yield Teller(server, transport, channel)
        await transport.aclose()
