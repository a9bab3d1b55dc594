"""Traces for OpenTelemetry, where the operator set its usual variables; otherwise nothing of it is imported."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Awaitable, Callable, Iterator, Mapping
from contextlib import contextmanager
from importlib.metadata import version
from typing import TYPE_CHECKING

from dotenv import dotenv_values

from bot.settings import SettingsError
from relay import spans
from relay.spans import Attributes, Kind, Span

if TYPE_CHECKING:
    from opentelemetry.sdk.trace import TracerProvider
    from opentelemetry.trace import Span as OtelSpan
    from opentelemetry.trace import Tracer

PATIENCE = 2.0
"""Seconds for the last spans when the process stops."""
_ENDPOINTS = ("OTEL_EXPORTER_OTLP_ENDPOINT", "OTEL_EXPORTER_OTLP_TRACES_ENDPOINT")
_PROTOCOLS = ("OTEL_EXPORTER_OTLP_TRACES_PROTOCOL", "OTEL_EXPORTER_OTLP_PROTOCOL")


def variables(env_file: str = ".env") -> dict[str, str]:
    """OpenTelemetry's variables, of the environment and of `.env`."""
    given = {**dotenv_values(env_file), **os.environ}
    return {name: value for name, value in given.items() if name.startswith("OTEL_") and value}


def wanted(given: Mapping[str, str]) -> bool:
    """Whether these variables ask for traces: an exporter is named, or where OTLP goes. Raises SettingsError for
    what can't be had."""
    exporter = given.get("OTEL_TRACES_EXPORTER", "").strip().lower()
    if given.get("OTEL_SDK_DISABLED", "").strip().lower() == "true" or exporter == "none":
        return False
    if exporter not in ("", "otlp"):
        raise SettingsError(f"OTEL_TRACES_EXPORTER: there is otlp and none, not {exporter[:40]}")
    if not exporter and not any(given.get(name) for name in _ENDPOINTS):
        return False
    protocol = next((given[name].strip() for name in _PROTOCOLS if given.get(name)), "http/protobuf")
    if protocol != "http/protobuf":
        raise SettingsError(f"OTEL_EXPORTER_OTLP_PROTOCOL: there is http/protobuf, not {protocol[:40]}")
    return True


def start(given: Mapping[str, str]) -> Callable[[], Awaitable[None]] | None:
    """Begins to trace where that is wanted; what it returns ends it. Raises SettingsError."""
    if not wanted(given):
        return None
    for name, value in given.items():
        os.environ.setdefault(name, value)  # the SDK reads nothing else
    from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
    from opentelemetry.sdk.resources import SERVICE_NAME, SERVICE_VERSION, OTELResourceDetector, Resource
    from opentelemetry.sdk.trace import TracerProvider
    from opentelemetry.sdk.trace.export import BatchSpanProcessor

    own = Resource({SERVICE_NAME: "uptimus", SERVICE_VERSION: version("uptimus")})
    resource = Resource.create().merge(own).merge(OTELResourceDetector().detect())
    provider = TracerProvider(resource=resource, shutdown_on_exit=False)
    provider.add_span_processor(BatchSpanProcessor(OTLPSpanExporter()))
    spans.trace_with(_Beginning(provider.get_tracer("uptimus")).begin)

    async def end() -> None:
        spans.trace_with(None)
        await _shut_down(provider)

    return end


async def _shut_down(provider: TracerProvider) -> None:
    """A collector that is away must not hold up the stop: what it didn't take by then is lost."""

    def last() -> None:
        provider.force_flush(int(PATIENCE * 1000))
        provider.shutdown()

    try:
        async with asyncio.timeout(PATIENCE + 1):
            await asyncio.to_thread(last)
    except TimeoutError:
        return


class _Beginning:
    def __init__(self, tracer: Tracer) -> None:
        from opentelemetry.trace import SpanKind, StatusCode

        self._tracer, self._error = tracer, StatusCode.ERROR
        self._kinds: dict[Kind, SpanKind] = {
            "internal": SpanKind.INTERNAL,
            "client": SpanKind.CLIENT,
            "server": SpanKind.SERVER,
        }

    @contextmanager
    def begin(self, name: str, kind: Kind, attributes: Attributes) -> Iterator[Span]:
        # not what an exception says: it may hold what nobody may read
        with self._tracer.start_as_current_span(
            name, kind=self._kinds[kind], record_exception=False, set_status_on_exception=False
        ) as started:
            one = _Span(started, self)
            one.set(attributes)
            try:
                yield one
            except BaseException as error:
                one.failed(type(error).__name__)
                raise

    def mark(self, span: OtelSpan, kind: str) -> None:
        span.set_attribute("error.type", kind)
        span.set_status(self._error, kind)


class _Span:
    def __init__(self, span: OtelSpan, beginning: _Beginning) -> None:
        self._span, self._beginning = span, beginning
        self._has_failed = False

    def set(self, attributes: Attributes) -> None:
        for name, value in attributes.items():
            if value is not None:
                self._span.set_attribute(name, value)

    def failed(self, kind: str) -> None:
        """What is said first is the most exact."""
        if not self._has_failed:
            self._has_failed = True
            self._beginning.mark(self._span, kind)
