"""One thing that a person did with the bot in the stand-in Discord, and what they see of it."""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import Any, Final

from standins.discord_channel import EPHEMERAL, Channel, Message
from standins.discord_guild import Guild, User
from standins.discord_transcript import message_lines

Json = dict[str, Any]
COMMAND, COMPONENT, AUTOCOMPLETE, MODAL_SUBMIT = 2, 3, 4, 5
MESSAGE, DEFERRED, DEFERRED_UPDATE, UPDATE, CHOICES, MODAL = 4, 5, 6, 7, 8, 9
ANSWERS: Final = {
    COMMAND: (MESSAGE, DEFERRED, MODAL),
    COMPONENT: (MESSAGE, DEFERRED, DEFERRED_UPDATE, UPDATE, MODAL),
    AUTOCOMPLETE: (CHOICES,),
    MODAL_SUBMIT: (MESSAGE, DEFERRED, DEFERRED_UPDATE, UPDATE),
}
"""Which kinds of answer a kind of interaction takes."""
TOKEN_LIFE = 900.0


class NotAnsweredError(AssertionError):
    """The person sees "The application did not respond"."""


@dataclass(eq=False)
class Interaction:
    """`answer`: the kind of the first answer, 0 before it. `source`: the message whose button was pressed."""

    id: str
    token: str
    kind: int
    what: str
    guild: Guild
    channel: Channel
    user: User
    began: float
    until: Callable[..., Awaitable[Any]]
    acknowledged: asyncio.Future[None]
    source: Message | None = None
    opened_by: "Interaction | None" = None
    """The one that a modal was the answer of."""
    answer: int = 0
    flags: int = 0
    original: Message | None = None
    followups: list[Message] = field(default_factory=list)
    choices: list[Json] = field(default_factory=list)
    modal: Json | None = None
    took: float = 0.0
    """Seconds from the event to the first answer."""

    @property
    def deferred(self) -> bool:
        """Whether the first answer was "is thinking" (or nothing, for a button) and the rest came later."""
        return self.answer in (DEFERRED, DEFERRED_UPDATE)

    @property
    def ephemeral(self) -> bool:
        """Whether the person alone sees the answer."""
        return bool(self.flags & EPHEMERAL)

    @property
    def thinking(self) -> bool:
        """Whether the person still sees that the bot is thinking."""
        return self.original is not None and self.original.loading

    @property
    def messages(self) -> list[Message]:
        """What the person sees, deleted ones aside; not the message with the pressed button."""
        original = [self.original] if self.original is not None and self.original is not self.source else []
        return [*original, *self.followups]

    @property
    def text(self) -> str:
        """What the person reads: the messages as in a transcript, the modal by its labels."""
        lines = [line for message in self.messages for line in message_lines(message)]
        if self.modal is not None:
            lines.append(f"[modal] {self.modal.get('title')}")
        return "\n".join(lines)

    def metadata(self) -> Json:
        """What the messages that come of it tell about it."""
        about: Json = {
            "id": self.id,
            "type": self.kind,
            "user": self.user.as_discord(),
            "authorizing_integration_owners": {"0": self.guild.id},
        }
        if self.kind == COMPONENT and self.source is not None:
            about["interacted_message_id"] = self.source.id
        if self.opened_by is not None:
            about["triggering_interaction_metadata"] = self.opened_by.metadata()
        return about

    async def told(self, within: float = 60) -> Message:
        """The answer, once the bot is no longer thinking; AssertionError if it never comes."""
        return await self.until(lambda: not self.thinking and next(iter(self.messages), None), within)  # type: ignore[no-any-return]
