"""Health, metrics, and the door for Slack."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from aiohttp import web
from aiohttp.test_utils import TestClient, TestServer
from prometheus_client.parser import text_string_to_metric_families

from bot.web import server
from bot.web.views import DirectoryView
from relay.metrics import Metrics

Client = TestClient[web.Request, web.Application]
Serve = Callable[..., AbstractAsyncContextManager[Client]]


async def no_provider(*_: object) -> None:
    return None


async def no_directory(*_: object) -> DirectoryView:
    return DirectoryView()


async def no_problems() -> dict[str, str]:
    return {}


@asynccontextmanager
async def serving(**more: Any) -> AsyncIterator[Client]:
    parts: dict[str, Any] = {
        "provider": no_provider,
        "directory": no_directory,
        "metrics": Metrics(),
        "problems": no_problems,
    }
    async with TestClient(TestServer(server.build(**(parts | more)))) as client:
        yield client


async def json(client: Client, path: str) -> tuple[int, dict[str, Any]]:
    async with client.get(path) as answer:
        assert answer.headers["Cache-Control"] == "no-store"
        return answer.status, await answer.json()


async def test_alive_and_ready() -> None:
    async with serving() as client:
        assert await json(client, "/healthz") == (200, {"status": "ok"})
        assert await json(client, "/readyz") == (200, {"status": "ok"})


async def test_a_problem_is_named() -> None:
    async def stalled() -> dict[str, str]:
        return {"poller": "the longest overdue page waits for 300 s"}

    async with serving(problems=stalled) as client:
        status, body = await json(client, "/readyz")
        assert (status, body["problems"]) == (503, {"poller": "the longest overdue page waits for 300 s"})
        assert (await json(client, "/healthz"))[0] == 200


async def test_a_database_that_is_away_is_named() -> None:
    async def away() -> dict[str, str]:
        raise ConnectionRefusedError("postgres://user:password@host")

    async with serving(problems=away) as client:
        status, body = await json(client, "/readyz")
        assert (status, body["problems"]) == (503, {"database": "can't be reached (ConnectionRefusedError)"})


async def test_a_database_that_does_not_answer_is_named() -> None:
    async def stuck() -> dict[str, str]:
        await asyncio.Event().wait()
        return {}

    async with serving(problems=stuck, ready_within=0.05) as client:
        assert (await json(client, "/readyz"))[1]["problems"] == {"database": "no answer within 0.05 s"}


async def figures(client: Client) -> dict[tuple[str, tuple[str, ...]], float]:
    async with client.get("/metrics") as answer:
        assert (answer.status, answer.content_type) == (200, "text/plain")
        text = await answer.text()
    return {
        (sample.name, tuple(sample.labels[name] for name in sorted(sample.labels))): sample.value
        for family in text_string_to_metric_families(text)
        for sample in family.samples
    }


async def test_the_figures() -> None:
    metrics, now = Metrics(), datetime(2026, 1, 1, tzinfo=UTC)
    metrics.poll("changed", 0.2)
    metrics.poll("failed", 20)
    metrics.event("incident.opened")
    metrics.attempt("webhook", "delivered")
    metrics.delivered(now - timedelta(seconds=7), now)
    metrics.delivered(None, now)
    metrics.delivered(now + timedelta(seconds=7), now)  # the page's clock is ahead

    async def before_scrape() -> None:
        metrics.threads(3, 42.0)

    async with serving(metrics=metrics, before_scrape=before_scrape) as client:
        shown = await figures(client)
    assert shown["uptimus_polls_total", ("changed",)] == 1
    assert shown["uptimus_polls_total", ("failed",)] == 1
    assert shown["uptimus_poll_duration_seconds_count", ()] == 2
    assert shown["uptimus_events_total", ("incident.opened",)] == 1
    assert shown["uptimus_attempts_total", ("delivered", "webhook")] == 1
    assert (shown["uptimus_delivery_lag_seconds_count", ()], shown["uptimus_delivery_lag_seconds_sum", ()]) == (
        2,
        7,
    )
    assert (shown["uptimus_threads_waiting", ()], shown["uptimus_threads_oldest_seconds", ()]) == (3, 42)


async def test_figures_are_shown_also_without_the_database() -> None:
    async def away() -> None:
        raise OSError

    async with serving(before_scrape=away) as client:
        assert ("uptimus_threads_waiting", ()) in await figures(client)


async def test_slack_has_a_door_only_where_one_was_given() -> None:
    async def door(request: web.Request) -> web.Response:
        return web.Response(text=(await request.text())[::-1])

    async with serving() as closed, serving(slack={("POST", "/slack/events"): door}) as opened:
        async with closed.post("/slack/events", data="abc") as answer:
            assert answer.status == 404
        async with opened.post("/slack/events", data="abc") as answer:
            assert (answer.status, await answer.text()) == (200, "cba")
        async with opened.get("/slack/events") as answer:
            assert answer.status == 405


@pytest.mark.parametrize("path", ["/status", "/healthz"])
async def test_other_methods_are_refused(path: str) -> None:
    async with serving() as client, client.post(path) as answer:
        assert answer.status == 405
