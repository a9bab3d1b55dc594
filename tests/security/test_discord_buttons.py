"""No button of Discord's, whatever its id was made to say, tells or changes anything of another server's."""

import discord
from standins.discord_bot import Server, server, shown
from standins.owner import belongings, given_away
from standins.pages import incident, snapshot, update

from bot.discord.buttons import PRESSES
from storage import audit, follows, notes
from storage.tables import Destination, Follow, Thread

__all__ = ["server"]


async def test_a_strangers_press_does_nothing(server: Server) -> None:
    await server.follow(mention=("here",))
    await server.reads(snapshot(incident(update("u1", "investigating", 1))))
    follow, thread = await server.one(Follow), await server.one(Thread)
    place = await server.one(Destination)
    async with server.database.write() as session:
        await audit.note(session, place.workspace_id, "UOWNERS", "followed", "owners-hook")
        await follows.add_destination(session, place.workspace_id, "https://x.example/owners-hook", "webhook", [])
        await notes.put(
            session, f"{notes.UNFOLLOWED}77", '{"workspace": "' + server.workspace + '", "to": "owners-hook"}'
        )
    other = server.env.create_guild("Other")
    room = other.create_text_channel("room")
    keeper = other.create_role("keeper", permissions=discord.Permissions(manage_guild=True))
    crook = other.add_member(server.env.create_user("crook"), roles=[keeper])
    before = await belongings(server.services, place.workspace_id)
    abouts = [
        str(follow.id),
        str(thread.id),
        "77",
        f"1:{thread.id}",
        "1:list",
        "1:audit",
        "1:webhook list",
        "0:",
        "x",
    ]
    abouts += [
        f"1:unfollow chargeover --to {place.uri}",
        f"1:mute chargeover --to {place.uri}",
        "1:settings changes admins",
    ]
    for action in PRESSES:
        for about in abouts:
            button = {"type": 2, "style": 2, "label": "Press", "custom_id": f"uptimus:{action}:{about}"}
            await server.posts(room, {"type": 1, "components": [button]})
            assert room.last_message is not None
            result = await crook.click(room.last_message, label="Press")
            said = [shown(one) for one in (result.response, *result.followups) if one is not None]
            assert given_away("\n".join(said)) == [], (action, about)
            assert "text of u1" not in "\n".join(said), (action, about)
            assert await belongings(server.services, place.workspace_id) == before, (action, about)
