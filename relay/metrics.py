"""What `/metrics` counts, in a registry of its own, so that tests and processes don't share figures."""

from collections.abc import Mapping
from datetime import datetime
from functools import cache

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, ProcessCollector, generate_latest

LAG_BUCKETS = (0.1, 0.5, 1, 2, 5, 10, 20, 30, 60, 120, 300, 900, 3600)


class Metrics:
    """The figures of one process."""

    def __init__(self) -> None:
        own = self.registry = CollectorRegistry()
        ProcessCollector(registry=own)
        self._polls = Counter("uptimus_polls", "Pages read, by how it went", ["outcome"], registry=own)
        self._poll_seconds = Histogram("uptimus_poll_duration_seconds", "How long a whole read took", registry=own)
        self._events = Counter("uptimus_events", "Changes seen", ["type"], registry=own)
        self._attempts = Counter("uptimus_attempts", "Tries to deliver", ["transport", "outcome"], registry=own)
        self._attempts_of = cache(self._attempts.labels)
        self._lag = Histogram(
            "uptimus_delivery_lag_seconds",
            "From the page's own timestamp of an update to its delivery",
            buckets=LAG_BUCKETS,
            registry=own,
        )
        self._poller_lag = Gauge(
            "uptimus_poller_lag_seconds", "How long the most overdue page has been due to be read", registry=own
        )
        self._providers = Gauge("uptimus_providers", "Followed providers, by state", ["state"], registry=own)
        self._destinations = Gauge("uptimus_destinations", "Destinations, by state", ["state"], registry=own)
        self._heartbeats = Counter("uptimus_heartbeats", "Heartbeats, by how it went", ["outcome"], registry=own)
        self._stumbles = Counter(
            "uptimus_stumbles",
            "Events that our own code could not tell, and outcomes that could not be written down",
            ["part"],
            registry=own,
        )
        for part in ("telling", "writing"):
            self._stumbles.labels(part)
        self._waiting = Gauge("uptimus_threads_waiting", "Threads that have something to tell", registry=own)
        self._oldest = Gauge(
            "uptimus_threads_oldest_seconds", "How long the most overdue thread has been due", registry=own
        )

    def poll(self, outcome: str, duration: float) -> None:
        """One read of a page: `changed`, `unchanged`, `failed` or `lost`, and its seconds."""
        self._polls.labels(outcome).inc()
        self._poll_seconds.observe(duration)

    def event(self, type_: str) -> None:
        """One change was recorded."""
        self._events.labels(type_).inc()

    def attempt(self, transport: str, outcome: str) -> None:
        """One try to deliver."""
        self._attempts_of(transport, outcome).inc()

    def stumbled(self, part: str) -> None:
        """A mistake of our own, while `telling` an event or `writing` down what came of something."""
        self._stumbles.labels(part).inc()

    def delivered(self, posted_at: datetime | None, now: datetime) -> None:
        """An event arrived; `posted_at` is the page's own time of it, None where the page gives none."""
        if posted_at is not None:
            self._lag.observe(max(0.0, (now - posted_at).total_seconds()))

    def threads(self, waiting: int, oldest: float) -> None:
        """How many threads have something to tell, and for how many seconds the most overdue has been due."""
        self._waiting.set(waiting)
        self._oldest.set(oldest)

    def vitals(self, poller_lag: float, providers: Mapping[str, int], destinations: Mapping[str, int]) -> None:
        """For how many seconds the most overdue page has been due; how many providers and destinations there are,
        by state."""
        self._poller_lag.set(poller_lag)
        for gauge, numbers in ((self._providers, providers), (self._destinations, destinations)):
            for state, number in numbers.items():
                gauge.labels(state).set(number)

    def heartbeat(self, outcome: str) -> None:
        """One beat: `sent`, `failed`, or `withheld` since something is wrong."""
        self._heartbeats.labels(outcome).inc()

    def exposition(self) -> bytes:
        """All of it in Prometheus' text format."""
        return generate_latest(self.registry)
