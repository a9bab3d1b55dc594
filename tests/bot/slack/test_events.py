"""What becomes of follows when Slack tells that uptimus was removed, or that something happened to a channel."""

import asyncio

import pytest
from slack_sdk.errors import SlackApiError
from sqlalchemy import select
from standins.followed import became, followed, state
from standins.slack_town import Town

from bot.slack.events import ARCHIVE, REMOVED
from bot.slack.install import INSTALL_AGAIN
from relay.transports.slack_errors import DEAD, refused
from relay.transports.transport import DeliveryError
from storage import threads, workspaces
from storage.database import Database
from storage.tables import Destination, Follow, Notice, Thread

ORDERS = [("app_uninstalled", "tokens_revoked"), ("tokens_revoked", "app_uninstalled")]
C1 = "slack:T1/C1"


def slack_error(word: str) -> SlackApiError:
    return SlackApiError("", {"ok": False, "error": word})  # type: ignore[no-untyped-call]


async def notices(database: Database) -> list[int]:
    """The destinations whose followers are to be told of trouble."""
    async with database.read() as session:
        rows = await session.scalars(select(Notice).where(Notice.kind == "trouble", Notice.due_at.is_not(None)))
        return [row.destination_id for row in rows]


async def uninstalled(town: Town, key: str) -> bool:
    async with town.database.read() as session:
        found = await workspaces.by_key(session, key)
    assert found is not None
    return found.uninstalled_at is not None


async def settled(town: Town) -> None:
    """Whatever was told before has been dealt with: something told after it has."""
    await followed(town.database, "slack:T2/CLAST", provider="last")
    await town.slack.event({"type": "channel_deleted", "channel": "CLAST", "actor_id": "U1"}, team="T2")
    await became(town.database, "slack:T2/CLAST", "deleted")


@pytest.mark.parametrize("order", ORDERS)
async def test_a_removal_stops_everything_there_and_nothing_elsewhere(
    order: tuple[str, ...], any_town: Town
) -> None:
    town = any_town
    await town.install("T1")
    await town.install("T2")
    await followed(town.database, C1)
    await followed(town.database, C1.replace("C1", "C8"), "local")
    await followed(town.database, "slack:T2/CT2")
    await town.slack.uninstall("T1", order, twice=True)
    await became(town.database, C1, INSTALL_AGAIN)
    await settled(town)
    assert await state(town.database, "slack:T1/C8") == (REMOVED, False)
    assert await state(town.database, "slack:T2/CT2") == (None, True)
    assert [one.team_id for one in await town.kept.all()] == ["T2"]
    assert await uninstalled(town, "slack:T1")
    assert not await uninstalled(town, "slack:T2")
    [answer] = await town.slack.slash("/uptimus", "status", team="T1")
    assert "not installed here any more" in answer.text


async def test_what_posts_then_is_told_that_nothing_is_installed(a_town: Town) -> None:
    await a_town.install("T1")
    await followed(a_town.database, C1)
    clients = a_town.clients()
    await a_town.slack.uninstall("T1")
    await became(a_town.database, C1, INSTALL_AGAIN)
    with pytest.raises(DeliveryError) as error:
        await clients("T1")
    assert (error.value.permanent, error.value.everywhere) == (True, True)
    await clients.aclose()


async def test_an_organisation_removes_it_from_all_its_workspaces_but_those_with_an_install_of_their_own(
    a_town: Town,
) -> None:
    await a_town.install("T5", org_wide=True)
    for team in ("T5", "T6"):
        await a_town.slack.slash("/uptimus", "status", team=team, channel=f"C{team}")
        await followed(a_town.database, f"slack:{team}/C{team}")
    await a_town.install("T6")
    await a_town.slack.uninstall("E1")
    await became(a_town.database, "slack:T5/CT5", INSTALL_AGAIN)
    assert await state(a_town.database, "slack:T6/CT6") == (None, True)
    await a_town.install("T5", org_wide=True)
    assert await state(a_town.database, "slack:T5/CT5") == (None, True)


async def test_an_old_removal_does_not_undo_a_new_install(a_town: Town) -> None:
    await a_town.install("T1")
    await a_town.install("T2")
    await followed(a_town.database, C1)
    old = {"type": "app_uninstalled", "event_ts": "1700000000.000100"}
    await a_town.slack.event(old, team="T1")
    await settled(a_town)
    assert await state(a_town.database, C1) == (None, True)
    assert not await uninstalled(a_town, "slack:T1")


async def test_peoples_own_tokens_are_nothing_to_us(a_town: Town) -> None:
    await a_town.install("T1")
    await a_town.install("T2")
    await followed(a_town.database, C1)
    await a_town.slack.event({"type": "tokens_revoked", "tokens": {"oauth": ["U1"], "bot": []}}, team="T1")
    await settled(a_town)
    assert await state(a_town.database, C1) == (None, True)


async def test_what_deliver_found_out_first_comes_back_as_well(a_town: Town) -> None:
    await a_town.install("T1")
    await followed(a_town.database, C1)
    dead = refused(slack_error("token_revoked"), 1)
    async with a_town.database.write() as session:
        await threads.disable(session, await threads.in_workspace(session, "slack:T1"), dead.reason)
    await a_town.slack.uninstall("T1")
    while not await uninstalled(a_town, "slack:T1"):
        await asyncio.sleep(0.01)
    await a_town.install("T1")
    assert await state(a_town.database, C1) == (None, True)


@pytest.mark.parametrize("word", sorted(DEAD))
def test_a_new_install_mends_what_a_dead_one_broke(word: str) -> None:
    assert INSTALL_AGAIN in refused(slack_error(word), 1).reason


def test_an_archive_is_known_by_its_words() -> None:
    assert ARCHIVE in refused(slack_error("is_archived"), 1).reason


@pytest.mark.parametrize("private", [False, True])
@pytest.mark.parametrize(
    ("happens", "because", "mend"),
    [("archive", "is archived", "unarchive it"), ("delete_channel", "was deleted", "another channel"),
     ("kick", "removed from the channel", "/invite @uptimus")],
)  # fmt: skip
async def test_a_channel_that_is_closed_to_us(
    happens: str, because: str, mend: str, private: bool, any_town: Town
) -> None:
    town = any_town
    await town.install("T1")
    town.slack.add_channel("C7", private=private)
    place, kept = await followed(town.database, "slack:T1/C7"), await followed(town.database, C1)
    await getattr(town.slack, happens)("C7")
    await became(town.database, "slack:T1/C7", because)
    reason, due = await state(town.database, "slack:T1/C7")
    assert mend in (reason or "")
    assert not due
    assert await state(town.database, C1) == (None, True)
    assert await notices(town.database) == [place]
    assert kept != place


async def test_an_event_that_comes_twice_is_told_once(a_town: Town) -> None:
    await a_town.install("T2")
    await followed(a_town.database, "slack:T2/CT2")
    event = {"type": "channel_archive", "channel": "CT2", "user": "U1"}
    id = await a_town.slack.event(event, team="T2")
    await became(a_town.database, "slack:T2/CT2", ARCHIVE)
    async with a_town.database.write() as session:
        await threads.enable(session, (await session.scalars(select(Destination.id))).one())
    await a_town.slack.event(event, team="T2", event_id=id, retry=True)
    await settled(a_town)
    assert await state(a_town.database, "slack:T2/CT2") == (None, True)


async def test_a_channel_that_is_back_is_told_again(a_town: Town) -> None:
    await a_town.install("T1")
    await followed(a_town.database, C1)
    await a_town.slack.archive("C1")
    await became(a_town.database, C1, ARCHIVE)
    a_town.woken.clear()
    await a_town.slack.unarchive("C1")
    await became(a_town.database, C1, None)
    assert await state(a_town.database, C1) == (None, True)
    await asyncio.wait_for(a_town.woken.wait(), 60)


async def test_only_what_the_archive_stopped_comes_back(a_town: Town) -> None:
    await a_town.install("T1")
    await a_town.install("T2")
    await followed(a_town.database, C1)
    await a_town.slack.kick("C1")
    await became(a_town.database, C1, "/invite")
    await a_town.slack.unarchive("C1")
    await settled(a_town)
    assert "/invite" in ((await state(a_town.database, C1))[0] or "")


async def test_another_name_changes_nothing(a_town: Town) -> None:
    await a_town.install("T1")
    await a_town.install("T2")
    await followed(a_town.database, C1)
    await a_town.slack.rename("C1", "operations")
    await settled(a_town)
    assert await state(a_town.database, C1) == (None, True)


async def test_another_id_is_followed_to(any_town: Town) -> None:
    await any_town.install("T1")
    place = await followed(any_town.database, C1)
    await any_town.slack.convert("C1", "C99")
    async with asyncio.timeout(60):
        while await uris(any_town.database) != ["slack:T1/C99"]:
            await asyncio.sleep(0.01)
    async with any_town.database.read() as session:
        assert (await session.scalars(select(Follow.destination_id))).all() == [place]
        assert (await session.scalars(select(Thread.destination_id))).all() == [place]


async def uris(database: Database) -> list[str]:
    async with database.read() as session:
        return list(await session.scalars(select(Destination.uri).order_by(Destination.id)))
