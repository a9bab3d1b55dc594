"""Word of trouble for somebody who takes no direct messages: with the next thing that they ask."""

from bot.discord import showing
from bot.discord.desk import Context, Desk, Refusal
from relay import trouble
from relay.transports.discord_bulletin import Message, bulletin_message
from storage import digests, unheard


async def tell(desk: Desk, interaction: Context) -> None:
    """Each place that something they followed can't be told in any more, once."""
    found = await desk.attempt("unheard", _found(desk, interaction))
    for message in found if not isinstance(found, Refusal) else []:
        await showing.follow_up(interaction, message)


async def _found(desk: Desk, interaction: Context) -> list[Message]:
    workspace, person = f"discord:{interaction.guild_id}", str(interaction.user.id)
    async with desk.services.database.read() as session:
        waiting = await unheard.of_person(session, workspace, person)
    return [message for one in waiting if (message := await _message(desk, person, *one)) is not None]


async def _message(desk: Desk, person: str, destination_id: int, uri: str, because: str) -> Message | None:
    async with desk.services.database.write() as session:
        if not await unheard.heard(session, destination_id, person):
            return None
        followed = await digests.followed_at(session, destination_id)
    providers = [(provider.name, provider.url) for _, provider in followed]
    return bulletin_message(trouble.trouble(uri, because, providers))
