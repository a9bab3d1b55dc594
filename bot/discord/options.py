"""The options that commands share: what can be chosen, and what is offered as somebody types."""

from collections.abc import Iterable, Sequence
from itertools import islice
from typing import Any

import discord
from discord import app_commands
from discord.app_commands import AppCommandChannel, AppCommandThread, Choice

from adapters.schema import Impact
from bot import suggest
from bot.commands import spoken
from bot.commands.addresses import short
from bot.discord.desk import Context, Desk
from bot.discord.permits import channel_at
from bot.discord.reading import components_of, follows_of, webhooks_of
from relay.events import Stream
from relay.formats import FORMATS
from relay.manner import Loud

MOST_CHOICES = 25
LONGEST = 100
"""Characters of a choice's name, and of what it means."""
PLACES = [discord.ChannelType.text, discord.ChannelType.news, discord.ChannelType.forum]
"""Kinds of channels that can be told something."""


class Place(app_commands.Transformer):
    """A channel of the server, as the address of a destination."""

    @property
    def type(self) -> discord.AppCommandOptionType:
        """Discord's own picker."""
        return discord.AppCommandOptionType.channel

    @property
    def channel_types(self) -> list[discord.ChannelType]:
        """Without voices and categories."""
        return PLACES

    async def transform(self, interaction: Context, value: AppCommandChannel | AppCommandThread, /) -> str:
        """`discord:GUILD/CHANNEL`."""
        return f"discord:{interaction.guild_id}/{value.id}"


class Chosen(app_commands.Transformer):
    """One of a few words; each with how it is shown."""

    def __init__(self, *pairs: tuple[str, str]) -> None:
        self._choices = [Choice[str | int | float](name=shown, value=word) for word, shown in pairs]

    @property
    def choices(self) -> list[Choice[str | int | float]]:
        """In the order given."""
        return self._choices

    async def transform(self, interaction: Context, value: str, /) -> str:
        """The word itself."""
        return value


class _Typed(app_commands.Transformer):
    """A text, with offers as it is typed. What is typed is taken as it is, offered or not."""

    @property
    def max_value(self) -> int:
        """Characters."""
        return 400

    async def transform(self, interaction: Context, value: str, /) -> str:
        """The text itself."""
        return value.strip()

    async def autocomplete(self, interaction: Context, value: Any, /) -> list[Choice[str | int | float]]:
        """At most 25; none where something goes wrong."""
        desk: Desk = interaction.client.desk
        found = await desk.attempt("autocomplete", self._offers(desk, interaction, str(value)))
        return choices(found) if isinstance(found, list) else []

    async def _offers(self, desk: Desk, interaction: Context, typed: str) -> list[suggest.Offer]:
        raise NotImplementedError


class Anything(_Typed):
    """A provider that can be followed: of the catalogue, one that is known, a page's address."""

    async def _offers(self, desk: Desk, interaction: Context, typed: str) -> list[suggest.Offer]:
        known = await desk.known()
        return suggest.providers(desk.services.catalogue, known, typed, most=MOST_CHOICES, longest=LONGEST)


class Followed(_Typed):
    """Something that is followed here, with where it is told: `chargeover #12`."""

    async def _offers(self, desk: Desk, interaction: Context, typed: str) -> list[suggest.Offer]:
        async with desk.services.database.read() as session:
            mine = await follows_of(session, f"discord:{interaction.guild_id}")
        return _containing(
            [(f"{slug} #{id}", f"{name} in {_shown(uri, interaction)}") for id, slug, name, uri in mine], typed
        )


class Watched(_Typed):
    """A provider that is followed here, wherever it is told; then any other that is known."""

    async def _offers(self, desk: Desk, interaction: Context, typed: str) -> list[suggest.Offer]:
        async with desk.services.database.read() as session:
            mine = await follows_of(session, f"discord:{interaction.guild_id}")
        offers = {slug: name for _, slug, name, _ in mine} | dict(await desk.known())
        return _containing(list(offers.items()), typed)


class Part(_Typed):
    """A component of the provider that was chosen before."""

    async def _offers(self, desk: Desk, interaction: Context, typed: str) -> list[suggest.Offer]:
        provider = str(getattr(interaction.namespace, "provider", "") or "")
        async with desk.services.database.read() as session:
            listed = await components_of(session, desk.services.catalogue, provider)
        everything = [("all", "All of it")] if listed else []
        shown = [
            (one.external_id if len(one.external_id) <= LONGEST else one.name, f"{one.group} · {one.name}")
            if one.group
            else (one.external_id if len(one.external_id) <= LONGEST else one.name, one.name)
            for one in listed
        ]
        return _containing([*everything, *shown], typed)


class Zone(_Typed):
    """A time zone."""

    async def _offers(self, desk: Desk, interaction: Context, typed: str) -> list[suggest.Offer]:
        return suggest.zones(typed, MOST_CHOICES)


class Hook(_Typed):
    """The address of a webhook that there is."""

    async def _offers(self, desk: Desk, interaction: Context, typed: str) -> list[suggest.Offer]:
        async with desk.services.database.read() as session:
            return _containing(
                [(uri, uri) for uri in map(short, await webhooks_of(session, f"discord:{interaction.guild_id}"))],
                typed,
            )


def choices(offers: Iterable[suggest.Offer]) -> list[Choice[str | int | float]]:
    """As Discord takes them: 25 at most, nothing empty, nothing too long."""
    fitting = ((word, " ".join(shown.split())[:LONGEST]) for word, shown in offers if len(word) <= LONGEST)
    made = (Choice[str | int | float](name=shown, value=word) for word, shown in fitting if shown and word)
    return list(islice(made, MOST_CHOICES))


def _containing(offers: Sequence[suggest.Offer], typed: str) -> list[suggest.Offer]:
    """Those with the text in them, the ones that begin with it first."""
    wanted = typed.strip().casefold()
    found = [one for one in offers if wanted in one[1].casefold() or wanted in one[0].casefold()]
    return sorted(found, key=lambda one: not one[1].casefold().startswith(wanted))[:MOST_CHOICES]


def _shown(uri: str, interaction: Context) -> str:
    """A destination in a list of plain texts: a channel by its name."""
    channel = channel_at(interaction.guild, uri)
    return f"#{channel.name}" if channel is not None else short(uri).removeprefix("https://")


def _combined(words: Sequence[str]) -> list[tuple[str, str]]:
    """Every choice of some of the words, the most first."""
    sets = [[word for bit, word in enumerate(words) if number >> bit & 1] for number in range(1, 1 << len(words))]
    sets.sort(key=lambda one: -len(one))
    return [(",".join(one), ", ".join(one)) for one in sets]


IMPACTS = [("minor", "minor or worse"), ("major", "major or worse"), ("critical", "critical alone")]
STREAMS = Chosen(*_combined([str(stream) for stream in Stream]))
IMPACT = Chosen((str(Impact.NONE), "any"), *IMPACTS)
EXCEPTION = Chosen(("none", "no exception"), *IMPACTS)
THREAD = Chosen(
    ("threads", "in threads"), ("both", "in threads and in the channel"), ("channel", "in the channel only"),
    ("digest", "in the digest alone"),
)  # fmt: skip
LOUD = Chosen(*_combined([str(loud) for loud in Loud]), ("none", "nothing"))
REMIND = Chosen(
    ("15m", "15 minutes"), ("30m", "30 minutes"), ("1h", "1 hour"), ("2h", "2 hours"), ("6h", "6 hours"),
    ("12h", "12 hours"), ("1d", "1 day"), ("2d", "2 days"), ("7d", "7 days"), ("none", "no reminder"),
)  # fmt: skip
FORMAT = Chosen(*((name, name) for name in FORMATS if name != "template"))
EVERY = Chosen(("daily", "every day"), ("weekly", "every week"), ("off", "no more"))
WEEKDAY = Chosen(*((day, day.capitalize()) for day in spoken.WEEKDAYS))
CHANGES = Chosen(
    ("everyone", "everyone"), ("admins", "those who may manage the server"), ("people", "some people")
)
