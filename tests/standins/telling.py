"""Telling events in channel C1 of workspace T1, as deliver would."""

from typing import Any

import pytest

from relay.events import StoredEvent
from relay.transports.slack import SlackTransport
from relay.transports.transport import DeliveryError, Sent, Telling


async def tell(transport: SlackTransport, event: StoredEvent, reference: str | None = None, **more: Any) -> Sent:
    """`more`: whatever else a Telling holds."""
    return await transport.send(Telling(**{"address": "T1/C1"} | more, event=event, reference=reference))


async def refusal(
    transport: SlackTransport, event: StoredEvent, reference: str | None = None, **more: Any
) -> DeliveryError:
    """How it fails, which it has to."""
    with pytest.raises(DeliveryError) as caught:
        await tell(transport, event, reference, **more)
    return caught.value
