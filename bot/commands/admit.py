"""A test event before a webhook is accepted, and whenever somebody asks for one."""

from dataclasses import replace

from adapters.schema import Status
from bot.commands import signing
from bot.commands.permission import LOCAL
from bot.commands.reply import CommandError, Request
from bot.commands.services import Services
from relay import deliver
from relay.endpoint import Endpoint, from_stored
from relay.events import EventProvider
from relay.transports.transport import DeliveryError, Sent
from storage.tables import Destination

_UNVERIFIED = (400, 401, 403)
"""What a receiver answers that verifies, and can't know the secret yet."""
_SIGNED = ("standard", "cloudevents", "template", "statuspage")
"""Formats whose receivers may verify. The services behind the others know nothing of our secret: they mean their
key, or the address."""


async def tried(
    services: Services, request: Request, uri: str, secrets: tuple[str, ...], endpoint: Endpoint
) -> str:
    """What a webhook answered to a test event, in a sentence. Raises CommandError where it is to be refused."""
    try:
        sent = await _send(services, "webhook", uri, secrets, endpoint)
    except DeliveryError as error:
        if error.status in _UNVERIFIED and endpoint.format in _SIGNED:
            again = "uptimus destination test" if request.workspace == LOCAL else "/uptimus webhook test"
            return (
                f"It answered {error.status} to a test event, as a receiver does that verifies and does not know"
                f" the secret yet: give it the secret, then run `{again}`."
            )
        raise CommandError(
            f"It was not accepted, since a test event did not arrive: {error.reason}"
            " (--untested accepts it all the same)"
        ) from None
    return f"A test event arrived{f' and was answered {sent.status}' if sent.status else ''}."


def is_other(before: Endpoint, after: Endpoint) -> bool:
    """Whether a receiver that took the one may not take the other; which types it gets is no matter."""
    return replace(before, types=()) != replace(after, types=())


async def sent(services: Services, row: Destination) -> Sent:
    """Sends a test message to a destination. Raises CommandError where it did not arrive."""
    secrets = signing.all_that_sign(services, row)
    endpoint = from_stored(row.options, row.sealed, services.vault.open)
    try:
        return await _send(services, row.transport, row.uri, secrets, endpoint)
    except DeliveryError as error:
        raise CommandError(f"The test message did not arrive: {error.reason}") from None


async def _send(services: Services, name: str, uri: str, secrets: tuple[str, ...], endpoint: Endpoint) -> Sent:
    made = services.transports()
    try:
        if name not in made:
            raise CommandError(f"{name} is not set up here")
        ours = EventProvider(slug="uptimus", name="uptimus", url=services.home, status=Status.OPERATIONAL)
        return await deliver.test(made[name], uri, secrets, ours, endpoint)
    finally:
        for transport in made.values():
            await transport.aclose()
