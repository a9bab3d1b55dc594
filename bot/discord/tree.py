"""`/uptimus …`: every command with its options. The answers are those of `bot.commands`.

Discord has default permissions for a whole command, not for its sub-commands, and `/uptimus status` is for
everybody: so the command is open, and what changes something is refused to members without Manage Server unless
they chose otherwise (`/uptimus settings`). A server's admins can restrict the command itself under Integrations.
"""

from typing import Any

import discord
from discord import app_commands
from discord.app_commands import Range, Transform, describe

from bot.commands.reply import Wish
from bot.commands.usage import USAGES
from bot.discord import answering, options
from bot.discord.desk import Context
from bot.discord.guide import guide
from bot.discord.words import mentions

Provider = Transform[str, options.Anything]
Watched = Transform[str, options.Watched]
Followed = Transform[str, options.Followed]
Place = Transform[str, options.Place]
Part = Transform[str, options.Part]
Zone = Transform[str, options.Zone]
Hook = Transform[str, options.Hook]
Streams = Transform[str, options.STREAMS]
Impact = Transform[str, options.IMPACT]
Exception_ = Transform[str, options.EXCEPTION]
Thread = Transform[str, options.THREAD]
Loud = Transform[str, options.LOUD]
Remind = Transform[str, options.REMIND]
Every = Transform[str, options.EVERY]
Weekday = Transform[str, options.WEEKDAY]
Changes = Transform[str, options.CHANGES]
Format = Transform[str, options.FORMAT]
Name = Transform[str, options.Chosen(*((name, name) for name in USAGES))]

_NOTHING = Wish()
_GUILDS = app_commands.AppCommandContext(guild=True)
_INSTALLED = app_commands.AppInstallationType(guild=True)


class Webhook(app_commands.Group):
    """`/uptimus webhook …`."""

    def __init__(self) -> None:
        super().__init__(name="webhook", description="Tell an address of yours as well, signed")

    @app_commands.command(description="Tell an https:// address; its secret is shown once, to you alone")
    @describe(
        address="Its https:// address",
        providers="What it is told about, one behind the other",
        format="What its body looks like; standard by default",
        key="What the service behind it wants to see: a routing key, an API key",
        header="Name: value, sent with each request",
        types="Only these events, as in incident.*",
        untested="Accept it whatever it answers now",
    )
    async def add(
        self,
        interaction: Context,
        address: str,
        providers: str | None = None,
        format: Format | None = None,
        key: str | None = None,
        header: str | None = None,
        types: str | None = None,
        untested: bool = False,
    ) -> None:
        """Makes one, or changes it."""
        wish = Wish(
            format=format,
            key=key,
            headers=(header,) if header is not None else None,
            types=(types,) if types is not None else None,
            untested=untested,
        )
        await _webhook(interaction, "add", address, *(providers or "").split(), wish=wish)

    @app_commands.command(name="list", description="Those there are")
    async def list_(self, interaction: Context) -> None:
        """All of the server's."""
        await _webhook(interaction, "list")

    @app_commands.command(description="Send it a test event")
    @describe(address="Its address")
    async def test(self, interaction: Context, address: Hook) -> None:
        """Says what it answered."""
        await _webhook(interaction, "test", address)

    @app_commands.command(description="Show its secret again, to you alone")
    @describe(address="Its address")
    async def secret(self, interaction: Context, address: Hook) -> None:
        """With what still signs beside it."""
        await _webhook(interaction, "secret", address)

    @app_commands.command(description="Give it a new secret; the former one signs as well for 24 hours")
    @describe(address="Its address")
    async def rotate(self, interaction: Context, address: Hook) -> None:
        """Shown once."""
        await _webhook(interaction, "rotate", address)

    @app_commands.command(description="What was sent, what failed and why; of one delivery every attempt")
    @describe(about="An address, a delivery such as 12.3, or dead")
    async def deliveries(self, interaction: Context, about: Hook | None = None) -> None:
        """The newest ones."""
        await _webhook(interaction, "deliveries", *([about] if about else []))

    @app_commands.command(description="Send something again")
    @describe(
        what="A delivery such as 12.3, dead (all that was given up), or since when, as in 2h", address="Where"
    )
    async def replay(self, interaction: Context, what: str, address: Hook | None = None) -> None:
        """One at once; many by and by."""
        await _webhook(interaction, "replay", what, *([address] if address else []))

    @app_commands.command(description="Bring one back that was disabled")
    @describe(address="Its address")
    async def enable(self, interaction: Context, address: Hook) -> None:
        """What waits for it is told."""
        await _webhook(interaction, "enable", address)

    @app_commands.command(description="Tell it nothing more, and forget its secret")
    @describe(address="Its address")
    async def remove(self, interaction: Context, address: Hook) -> None:
        """With all that it follows."""
        await _webhook(interaction, "remove", address)


class Uptimus(app_commands.Group):
    """`/uptimus …`."""

    def __init__(self) -> None:
        super().__init__(
            name="uptimus",
            description="Status pages, told where your team talks",
            allowed_contexts=_GUILDS,
            allowed_installs=_INSTALLED,
        )
        self.add_command(Webhook())

    @app_commands.command(description="Tell a channel about a provider, or change how it is told")
    @describe(
        provider="Its name, or the address of its status page",
        channel="Where it is told; this channel if you choose none",
        webhook="The https:// address of a webhook, instead of a channel",
        streams="What of it is told; all by default",
        component="Only what concerns this part of it",
        component_2="… or this part",
        component_3="… or this part",
        impact="The least impact that is told; any by default",
        thread="Where updates are told; in threads by default",
        loud="What is shown in the channel as well as in the thread",
        mention="Who is mentioned: @here, @everyone, roles, people, or none",
        mention_from="The least impact of which they are mentioned",
        remind="How long before a maintenance it is told again; 1 hour by default",
        quiet="Hours without messages, summed up afterwards: 22:00-07:00 Europe/Berlin, or none",
        quiet_except="What is told in those hours all the same",
    )
    async def follow(
        self,
        interaction: Context,
        provider: Provider,
        channel: Place | None = None,
        webhook: str | None = None,
        streams: Streams | None = None,
        component: Part | None = None,
        component_2: Part | None = None,
        component_3: Part | None = None,
        impact: Impact | None = None,
        thread: Thread | None = None,
        loud: Loud | None = None,
        mention: str | None = None,
        mention_from: Impact | None = None,
        remind: Remind | None = None,
        quiet: str | None = None,
        quiet_except: Exception_ | None = None,
    ) -> None:
        """Also one that is followed already: what is not said stays as it was."""
        parts = dict.fromkeys(part for part in (component, component_2, component_3) if part)
        await answering.follow(
            interaction,
            provider=provider,
            channel=channel,
            webhook=webhook,
            streams=(streams,) if streams else (),
            components=tuple(parts),
            min_impact=impact,
            shape=thread,
            loud=(loud,) if loud else None,
            mention=mentions(mention) if mention else None,
            mention_impact=mention_from,
            remind=remind,
            quiet=quiet,
            quiet_except=quiet_except,
        )

    @app_commands.command(description="Tell no more about a provider")
    @describe(provider="What is followed", channel="Where it is told, if it is told in several places")
    async def unfollow(self, interaction: Context, provider: Followed, channel: Place | None = None) -> None:
        """Ends a follow."""
        await answering.unfollow(interaction, provider, channel)

    @app_commands.command(name="list", description="What is followed, and where it is told")
    async def list_(self, interaction: Context) -> None:
        """All of the server's."""
        await answering.ask(interaction, "list")

    @app_commands.command(description="How things are now")
    @describe(provider="One provider, whole; all that is followed if you choose none")
    async def status(self, interaction: Context, provider: Watched | None = None) -> None:
        """Of all, or of one."""
        await answering.ask(interaction, "status", provider=provider)

    @app_commands.command(description="The last ninety days")
    @describe(provider="One provider; all that is followed if you choose none", days="So many days; 90 by default")
    async def uptime(
        self, interaction: Context, provider: Watched | None = None, days: Range[int, 1, 366] = 90
    ) -> None:
        """Day by day, and what share of them was good."""
        await answering.ask(interaction, "uptime", provider=provider, days=days)

    @app_commands.command(description="What has happened at a provider")
    @describe(provider="Which")
    async def incidents(self, interaction: Context, provider: Watched) -> None:
        """The newest."""
        await answering.ask(interaction, "incidents", provider=provider)

    @app_commands.command(description="Planned work that is announced or under way")
    @describe(provider="One provider; all that is followed if you choose none")
    async def maintenance(self, interaction: Context, provider: Watched | None = None) -> None:
        """The next first."""
        await answering.ask(interaction, "maintenance", provider=provider)

    @app_commands.command(description="Providers that can be followed by name")
    @describe(text="A name, or what they do, as in: payments")
    async def search(self, interaction: Context, text: Range[str, 1, 60]) -> None:
        """In the catalogue."""
        await answering.ask(interaction, "search", text=text)

    @app_commands.command(description="What is like a provider")
    @describe(provider="Which")
    async def related(self, interaction: Context, provider: Provider) -> None:
        """Of its kind."""
        await answering.ask(interaction, "related", provider=provider)

    @app_commands.command(description="Say that you have trouble with a provider, too; or: how a month of it was")
    @describe(
        provider="Which",
        what="What you have trouble with: a part of it. You are counted; nothing you write or are is kept",
        month="Instead: the report on that month, as in 2026-10",
    )
    async def report(
        self,
        interaction: Context,
        provider: Watched,
        what: Part | None = None,
        month: Range[str, 6, 7] | None = None,
    ) -> None:
        """Counts the person, or tells of a month."""
        words = (provider, *([what] if what else []))
        await answering.ask(
            interaction, "report", provider=" ".join(words), words=words, text=" ".join(words), month=month
        )

    @app_commands.command(description="Add nothing to the threads of what is active; alone: what is muted")
    @describe(
        provider="Whose threads; what is muted is shown if you choose none",
        title="Only those with these words in their titles",
        channel="Another channel than this one",
        off="Let it speak again",
    )
    async def mute(
        self,
        interaction: Context,
        provider: Watched | None = None,
        title: str | None = None,
        channel: Place | None = None,
        off: bool = False,
    ) -> None:
        """Mutes, or lets speak again."""
        words = (*([provider] if provider else []), *(title or "").split(), *(["off"] if off else []))
        await answering.ask(interaction, "mute", words=words, text=" ".join(words), to=channel)

    @app_commands.command(description="A summary for this channel, each day or each week; alone: what is set")
    @describe(
        every="How often",
        at="At what time, as in 09:00",
        on="On which day, of a weekly one",
        zone="Whose clock, as in Europe/Berlin",
        channel="Another channel than this one",
    )
    async def digest(
        self,
        interaction: Context,
        every: Every | None = None,
        at: str | None = None,
        on: Weekday | None = None,
        zone: Zone | None = None,
        channel: Place | None = None,
    ) -> None:
        """What is not said stays as it was."""
        await answering.ask(interaction, "digest", text=every or "", at=at, on=on, zone=zone, to=channel)

    @app_commands.command(description="Who may change what is followed here; alone: what is set")
    @describe(changes="Who may", people="If you choose some people: who they are, as in @ann @bob")
    async def settings(
        self, interaction: Context, changes: Changes | None = None, people: str | None = None
    ) -> None:
        """Shows or sets."""
        chosen = [] if changes in (None, "people") else [changes]
        words = ["changes", *chosen, *(people or "").replace(">", "> ").split()] if changes or people else []
        await answering.ask(interaction, "settings", text=" ".join(map(str, words)))

    @app_commands.command(description="Who changed what here")
    async def audit(self, interaction: Context) -> None:
        """The newest first."""
        await answering.ask(interaction, "audit")

    @app_commands.command(name="help", description="What can be asked, or all about one command")
    @describe(command="Which")
    async def help_(self, interaction: Context, command: Name | None = None) -> None:
        """Out of this very tree."""
        await answering.show(interaction, guide(self, command), f"help {command}" if command else "help")


class Tree(app_commands.CommandTree[Any]):
    """The commands of a client. What goes wrong before a command begins is told, too."""

    def __init__(self, client: discord.Client) -> None:
        super().__init__(client, allowed_contexts=_GUILDS, allowed_installs=_INSTALLED)
        self.add_command(Uptimus())

    async def on_error(self, interaction: Context, error: app_commands.AppCommandError, /) -> None:
        """Commands that an older uptimus had registered; options that Discord should not have let through."""
        await answering.failed(interaction, error)


async def _webhook(interaction: Context, *words: str, wish: Wish = _NOTHING) -> None:
    await answering.ask(interaction, "webhook", words=words, text=" ".join(words), wish=wish)
