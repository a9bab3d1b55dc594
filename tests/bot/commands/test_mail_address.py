"""A mail address as a destination: its reader is asked first, and told once they agreed."""

from collections.abc import AsyncIterator
from dataclasses import dataclass, replace
from typing import Any

import pytest
from sqlalchemy import func, select
from standins.mail import MailTown

from bot.commands import COMMANDS, destination, replay
from bot.commands.reply import CommandError, Reply, Request
from bot.commands.services import Services
from relay.transports.transport import Transport
from storage.tables import Destination, Follow, Notice, Provider

from .conftest import Chat

URI = "mailto:Ops@example.com"
SAYS = {
    **COMMANDS,
    **{name: getattr(destination, name) for name in ("add", "test", "enable")},
    "replay": replay.dead,
}


@dataclass
class Post:
    """A terminal, with a mail server."""

    services: Services
    town: MailTown
    page: str

    async def say(self, command: str, to: str = URI, **given: Any) -> Reply:
        request = Request(workspace="local", actor="terminal", to=to, **given)
        reply: Reply = await SAYS[command](self.services, request)
        return reply

    async def refused(self, command: str, **given: Any) -> str:
        with pytest.raises(CommandError) as error:
            await self.say(command, **given)
        return str(error.value)

    async def kept(self) -> list[int]:
        """How many destinations, follows, notices and polled providers there are."""
        async with self.services.database.read() as session:
            counted = [
                await session.scalar(select(func.count()).select_from(table)) or 0
                for table in (Destination, Follow, Notice)
            ]
            return [*counted, len(list(await session.scalars(select(Provider).where(Provider.active))))]


@pytest.fixture
async def post(chat: Chat) -> AsyncIterator[Post]:
    async with MailTown() as town:

        def transports() -> dict[str, Transport]:
            return {"email": town.transport()}

        yield Post(replace(chat.services, transports=transports), town, chat.page)


async def test_its_reader_is_asked_and_nothing_is_sent_before(post: Post) -> None:
    made = await post.say("add", to="mailto:Ops@Example.COM")
    assert (made.data["destination"], made.data["enabled"], made.data["confirmed"]) == (URI, False, False)
    assert "nothing else is sent before they agree" in made.sections[0].note
    [mail] = post.town.mails
    assert mail.recipient == "Ops@example.com"
    listed = await destination.list_(post.services, Request(workspace="local"))
    assert listed.sections[0].rows[0].detail == "waiting for confirmation: its reader has not agreed yet"
    assert "waits for its reader" in await post.refused("test")
    assert "waits for its reader" in await post.refused("enable")
    assert "it waits for its reader" in await post.refused("replay")
    assert "whsec" not in str(made)
    assert len(post.town.mails) == 1


async def test_it_is_asked_again_when_it_is_added_again(post: Post) -> None:
    await post.say("add")
    assert "asked once more" in (await post.say("add")).text
    assert len(post.town.mails) == 2


async def test_who_follows_there_is_told_that_it_waits(post: Post) -> None:
    made = await post.say("follow", provider=post.page)
    assert "nothing else is sent before they agree" in made.sections[-1].note
    again = await post.say("follow", provider="chargeover", min_impact="major")
    assert "waits for its reader to agree" in again.sections[-1].note
    assert len(post.town.mails) == 1, "nobody is asked each time that somebody follows something"


async def test_a_digest_by_mail_waits_too(post: Post) -> None:
    answer = await post.say("digest", text="daily")
    assert answer.text == f"A digest comes every day at 09:00 (UTC) at {URI}."
    assert "nothing else is sent before they agree" in answer.sections[0].note
    assert await post.kept() == [1, 0, 1, 0]


@pytest.mark.parametrize(
    ("command", "given"), [("add", {}), ("follow", {"provider": "PAGE"}), ("digest", {"text": "daily"})]
)
async def test_where_the_question_can_not_be_sent_nothing_is_kept(
    post: Post, command: str, given: dict[str, str]
) -> None:
    post.town.fail_next("RCPT", "550 5.1.1 no such mailbox")
    more = {name: value.replace("PAGE", post.page) for name, value in given.items()}
    assert "could not be sent" in await post.refused(command, **more)
    assert await post.kept() == [0, 0, 0, 0]
