"""The dead man's switch: while all is well an address of the operator's is asked for every minute, so that
somebody hears of it when uptimus itself is the one that is down."""

from collections.abc import Awaitable, Callable
from secrets import token_hex
from urllib.parse import urlsplit

import aiohttp
import structlog

from adapters.egress import guarded_connector
from relay.metrics import Metrics
from storage import leases
from storage.database import Database

EVERY = 60.0
LEASE = "heartbeat"
LEASE_SECONDS = 90.0
"""Longer than the time between two: of several processes the same one goes on until it dies."""
TIMEOUT = 10.0

log = structlog.get_logger("heartbeat")


class Heartbeat:
    """Asks for `url` when nothing is wrong. The address is the operator's own: it may be in a private network.
    What it answers, or that it doesn't, changes nothing here."""

    def __init__(
        self,
        url: str,
        database: Database,
        problems: Callable[[], Awaitable[dict[str, str]]],
        *,
        metrics: Metrics,
        user_agent: str,
        trust_proxy: bool = False,
    ) -> None:
        self._url, self._host = url, urlsplit(url).hostname or ""
        self._database, self._problems, self._metrics = database, problems, metrics
        self._headers = {"User-Agent": user_agent}
        self._trust_proxy = trust_proxy
        self._holder = token_hex(8)

    async def tick(self) -> None:
        """One beat, or none. Raises what the database raises: without it nothing is well."""
        async with self._database.write(relaxed=True) as session:
            if not await leases.take(session, LEASE, self._holder, LEASE_SECONDS):
                return
        found = await self._problems()
        if found:
            self._metrics.heartbeat("withheld")
            log.warning("no heartbeat", because="; ".join(found.values()))
            return
        await self._beat()

    async def _beat(self) -> None:
        try:
            status = await self._asked()
        except (aiohttp.ClientError, OSError, TimeoutError, ValueError) as error:
            self._metrics.heartbeat("failed")  # its address may be secret, and so what an error says of it
            log.warning("heartbeat failed", host=self._host, error=type(error).__name__)
            return
        well = 200 <= status < 300
        self._metrics.heartbeat("sent" if well else "failed")
        if not well:
            log.warning("heartbeat failed", host=self._host, status=status)

    async def _asked(self) -> int:
        connector = guarded_connector(True, trust_proxy=self._trust_proxy)
        timeout = aiohttp.ClientTimeout(total=TIMEOUT)
        async with (
            aiohttp.ClientSession(connector=connector, timeout=timeout, trust_env=False) as session,
            session.get(self._url, headers=self._headers) as answer,
        ):
            return answer.status

    async def aclose(self) -> None:
        """Lets another process go on with it at once."""
        async with self._database.write(relaxed=True) as session:
            await leases.release(session, LEASE, self._holder)
