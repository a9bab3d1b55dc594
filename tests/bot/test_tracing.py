"""Traces: what a collector is sent over OTLP, that no secret is in it, and that nothing is loaded without one."""

import asyncio
import sys
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest
from standins.receiver import Answer, Receiver
from standins.shell import Shell

from bot import tracing
from bot.demo import LOGIN_OUTAGE, DemoPage, load
from bot.settings import SettingsError
from relay import spans
from relay.spans import span

CLIENT, SERVER, INTERNAL, ERROR = 3, 2, 1, 2


class Collector:
    """Takes spans as any OTLP collector does."""

    def __init__(self) -> None:
        self.spans: list[Any] = []
        self.resources: list[dict[str, Any]] = []
        self.raw = b""
        self.url = ""
        self._came = asyncio.Event()

    async def take(self, request: web.Request) -> web.Response:
        assert request.headers["Content-Type"] == "application/x-protobuf"
        body = await request.read()
        self.raw += body
        told = ExportTraceServiceRequest.FromString(body)
        for resource in told.resource_spans:
            self.resources.append(attributes(resource.resource))
            self.spans += [one for scope in resource.scope_spans for one in scope.spans]
        self._came.set()
        return web.Response(content_type="application/x-protobuf")

    async def until(self, *names: str) -> None:
        """Waits for spans of these names."""
        async with asyncio.timeout(80):
            while not set(names) <= {one.name for one in self.spans}:
                self._came.clear()
                await self._came.wait()

    def named(self, name: str) -> list[Any]:
        return [one for one in self.spans if one.name == name]


def attributes(one: Any) -> dict[str, Any]:
    """As a dict."""
    return {pair.key: getattr(pair.value, pair.value.WhichOneof("value")) for pair in one.attributes}


@pytest.fixture
async def collector() -> AsyncIterator[Collector]:
    collector = Collector()
    app = web.Application()
    app.router.add_post("/v1/traces", collector.take)
    async with TestServer(app) as server:
        collector.url = str(server.make_url("/"))
        yield collector


async def test_a_change_is_traced_from_the_page_to_the_message(tmp_path: Path, collector: Collector) -> None:
    page = DemoPage(load(LOGIN_OUTAGE))
    address = await page.start()
    async with Receiver() as receiver:
        receiver.answers.append(Answer(503))
        shell = Shell(tmp_path, {"OTEL_EXPORTER_OTLP_ENDPOINT": collector.url, "OTEL_BSP_SCHEDULE_DELAY": "100"})
        await shell.done("follow", address, "--to", f"{receiver.url}?token=hunter2")
        assert collector.spans == [], "a command in a terminal is nobody's trace"
        process = await shell.start("run", OTEL_RESOURCE_ATTRIBUTES="deployment.environment.name=test")
        page.show(1)
        await collector.until("poll", "record", "deliver")
        process.terminate()
        await process.communicate()
        assert process.returncode == 0
    await page.aclose()
    resource = collector.resources[0]
    assert (resource["service.name"], resource["deployment.environment.name"]) == ("uptimus", "test")
    assert resource["service.version"]
    [failed, *_] = collector.named("deliver")
    said = attributes(failed)
    assert (failed.kind, failed.status.code) == (CLIENT, ERROR)
    assert (said["http.response.status_code"], said["error.type"]) == (503, "503")
    assert (said["server.address"], said["uptimus.transport"]) == ("127.0.0.1", "webhook")
    assert said["messaging.message.id"].startswith("evt_")
    recorded = next(one for one in collector.named("record") if attributes(one)["uptimus.events"])
    assert attributes(recorded)["db.system.name"] == "sqlite"
    polled = next(one for one in collector.named("poll") if one.span_id == recorded.parent_span_id)
    assert (polled.kind, recorded.kind) == (CLIENT, INTERNAL)
    assert attributes(polled)["server.address"] == "127.0.0.1"
    assert attributes(polled)["uptimus.outcome"] == "changed"
    assert b"hunter2" not in collector.raw
    assert b"http://" not in collector.raw


async def test_a_command_is_traced_and_what_an_error_says_is_not(collector: Collector) -> None:
    end = tracing.start({"OTEL_EXPORTER_OTLP_TRACES_ENDPOINT": f"{collector.url}v1/traces"})
    assert end is not None
    try:
        with span("command follow", "server", {"uptimus.platform": "slack", "nothing": None}):
            pass
        with pytest.raises(ValueError, match="hunter2"), span("command list", "server", {}):
            raise ValueError("hunter2")
    finally:
        await end()
    [fine], [failed] = collector.named("command follow"), collector.named("command list")
    assert (fine.kind, attributes(fine)) == (SERVER, {"uptimus.platform": "slack"})
    assert (failed.status.code, attributes(failed)) == (ERROR, {"error.type": "ValueError"})
    assert not failed.events
    assert b"hunter2" not in collector.raw
    with span("afterwards", "internal", {}):
        pass
    assert collector.named("afterwards") == []


async def test_a_collector_that_is_away_does_not_hold_up_the_stop(unused_port: int) -> None:
    end = tracing.start({"OTEL_EXPORTER_OTLP_ENDPOINT": f"http://127.0.0.1:{unused_port}"})
    assert end is not None
    with span("poll", "client", {}):
        pass
    async with asyncio.timeout(8):
        await end()


@pytest.fixture(autouse=True)
def _as_it_was(monkeypatch: pytest.MonkeyPatch) -> None:
    """The SDK reads the environment, which `start` adds to."""
    for name in ("OTEL_EXPORTER_OTLP_ENDPOINT", "OTEL_EXPORTER_OTLP_TRACES_ENDPOINT"):
        monkeypatch.setenv(name, "")
        monkeypatch.delenv(name)


@pytest.mark.parametrize(
    ("given", "wanted"),
    [
        ({}, False),
        ({"OTEL_SERVICE_NAME": "x"}, False),
        ({"OTEL_EXPORTER_OTLP_ENDPOINT": "http://x"}, True),
        ({"OTEL_EXPORTER_OTLP_TRACES_ENDPOINT": "http://x"}, True),
        ({"OTEL_TRACES_EXPORTER": "otlp"}, True),
        ({"OTEL_TRACES_EXPORTER": "none", "OTEL_EXPORTER_OTLP_ENDPOINT": "http://x"}, False),
        ({"OTEL_SDK_DISABLED": "TRUE", "OTEL_EXPORTER_OTLP_ENDPOINT": "http://x"}, False),
        ({"OTEL_TRACES_EXPORTER": "otlp", "OTEL_EXPORTER_OTLP_PROTOCOL": "http/protobuf"}, True),
    ],
)
def test_the_usual_variables_say_whether_there_are_traces(given: dict[str, str], wanted: bool) -> None:
    assert tracing.wanted(given) is wanted


@pytest.mark.parametrize(
    ("given", "named"),
    [
        ({"OTEL_TRACES_EXPORTER": "zipkin"}, "OTEL_TRACES_EXPORTER"),
        ({"OTEL_EXPORTER_OTLP_ENDPOINT": "http://x", "OTEL_EXPORTER_OTLP_PROTOCOL": "grpc"}, "http/protobuf"),
    ],
)
def test_what_can_not_be_had_is_named(given: dict[str, str], named: str) -> None:
    with pytest.raises(SettingsError, match=named):
        tracing.wanted(given)


def test_variables_are_read_from_the_env_file_too(tmp_path: Path) -> None:
    (tmp_path / ".env").write_text("OTEL_TRACES_EXPORTER=otlp\nPORT=1\n")
    assert tracing.variables(str(tmp_path / ".env"))["OTEL_TRACES_EXPORTER"] == "otlp"
    assert "PORT" not in tracing.variables(str(tmp_path / ".env"))


async def test_without_them_nothing_of_it_is_loaded_and_a_span_is_nothing(tmp_path: Path) -> None:
    probe = """
import asyncio, sys
from bot import app, settings
async def run():
    stop = asyncio.Event()
    asyncio.get_running_loop().call_later(0.5, stop.set)
    await app.run(settings.load(), stop=stop)
asyncio.run(run())
print([name for name in sys.modules if name.startswith("opentelemetry.sdk") or "otlp" in name])
"""
    shell = Shell(tmp_path)
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-c", probe, cwd=tmp_path, env=shell.environment(), stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )  # fmt: skip
    out, err = await process.communicate()
    assert out.splitlines()[-1] == b"[]", err
    assert spans.span("a", "client", {}) is spans.span("b", "internal", {})
