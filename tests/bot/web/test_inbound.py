"""A provider's own webhook: it is believed in nothing, it only has the page read early, and not too often."""

import io
from datetime import datetime

import pytest
from aiohttp.test_utils import TestClient, TestServer
from sqlalchemy import update
from standins.pages import snapshot
from standins.town import HOME, Town

from bot.commands import hook
from bot.commands.reply import CommandError, Request
from bot.commands.services import Services
from bot.limits import RateLimit
from bot.web import inbound
from storage import providers
from storage.database import from_now
from storage.tables import Provider


async def made(town: Town, slug: str = "chargeover") -> str:
    """The path of a provider's hook."""
    reply = await hook.show(town.services, Request(workspace="local", provider=slug))
    url = str(reply.data["hook"])
    assert url.startswith(f"{HOME}/hooks/statuspage/")
    return url.removeprefix(HOME)


async def rest(town: Town, *, read_ago: float = 30, token: str | None = None) -> None:
    """Every page is due in a minute, and was read a while ago."""
    async with town.database.write() as session:
        await session.execute(
            update(Provider).values(due_at=from_now(60), last_read_at=from_now(-read_ago), token=token)
        )


async def is_due(town: Town, slug: str = "chargeover") -> bool:
    async with town.database.read() as session:
        row = await providers.by_slug(session, slug)
        assert row is not None
        now: datetime = await providers.database_now(session)
        return row.due_at is not None and row.due_at <= now


async def test_it_makes_the_page_due_and_believes_nothing(town: Town) -> None:
    await town.put(snapshot())
    await town.put(snapshot(), slug="other")
    await rest(town)
    path = await made(town)
    body = b'{"page": {"status_indicator": "critical"}, "incident": {"name": "<lies>"}}'
    async with town.client.post(path, data=body) as answer:
        assert (answer.status, await answer.read()) == (202, b"")
    assert await is_due(town)
    assert not await is_due(town, "other")
    assert (await town.json("/api/v1/providers/chargeover"))["incidents"] == []


async def test_the_same_page_is_read_early_only_now_and_then(town: Town) -> None:
    await town.put(snapshot())
    path = await made(town)
    await rest(town, read_ago=3)
    assert (await town.ask(path, "POST")).status == 202
    assert not await is_due(town)
    await rest(town)
    assert (await town.ask(path, "POST")).status == 202  # within ten seconds of the first
    assert not await is_due(town)


async def test_a_page_that_is_being_read_or_that_nobody_follows_is_left_alone(services: Services) -> None:
    async with TestClient(TestServer(_application(services))) as client:
        town = Town(services.database, services, client)
        await town.put(snapshot())
        path = await made(town)
        await rest(town, token="a poll's")
        assert (await town.ask(path, "POST")).status == 202
        assert not await is_due(town)
        async with town.database.write() as session:
            await session.execute(update(Provider).values(due_at=None, token=None))
        assert (await town.ask(path, "POST")).status == 202
        assert not await is_due(town)


def _application(services: Services, asked: int = 1000):  # type: ignore[no-untyped-def]
    from aiohttp import web

    app = web.Application()
    app.add_routes(inbound.routes(services, early=RateLimit(1000, 10), asked=RateLimit(asked)))
    return app


async def test_a_token_that_nobody_made_is_not_known(town: Town) -> None:
    await town.put(snapshot())
    await town.put(snapshot(), slug="other")
    path = await made(town)
    number, _, secret = path.rpartition("/")[2].partition(".")
    other = (await made(town, "other")).rpartition("/")[2].partition(".")[0]
    near = [f"{other}.{secret}", f"99.{secret}", f"{number}.{secret[:-1]}", f"{number}.{secret}x"]
    for token in (*near, secret, "1", "%00"):
        assert (await town.ask(f"/hooks/statuspage/{token}", "POST")).status == 404, token
    assert (await town.ask(path)).status == 405
    assert (await town.ask(path, "POST")).status == 202


async def test_the_hook_is_shown_again_and_can_be_revoked(town: Town) -> None:
    await town.put(snapshot())
    path, request = await made(town), Request(workspace="local", provider="chargeover")
    assert await made(town) == path
    await hook.revoke(town.services, request)
    assert (await town.ask(path, "POST")).status == 404
    with pytest.raises(CommandError, match="has no hook"):
        await hook.revoke(town.services, request)
    assert await made(town) != path


async def test_what_is_too_large_or_too_often_is_refused(services: Services) -> None:
    async with TestClient(TestServer(_application(services, asked=2))) as client:
        town = Town(services.database, services, client)
        await town.put(snapshot())
        path = await made(town)
        async with client.post(path, data=io.BytesIO(bytes(inbound.MOST_BYTES + 1))) as answer:
            assert answer.status == 413
        assert (await town.ask(path, "POST")).status == 202
        answer_ = await town.ask(path, "POST")
        assert (answer_.status, int(answer_.headers["Retry-After"]) > 0) == (429, True)
