"""The sessions of the stand-in Discord's gateway: who may begin one, resuming, and what they are told.

developers/events/gateway and the close codes of developers/topics/opcodes-and-status-codes.
"""

import secrets
from collections import defaultdict
from typing import Any

from standins.discord_guild import Guild
from standins.discord_lookups import Lookups
from standins.discord_routes import Call, route
from standins.discord_session import INVALID_SESSION, Connection, Session
from standins.discord_state import Json

STARTS, STARTS_WINDOW = 1000, 86400.0
MOST_GUILDS = 2500
PRIVILEGED = 1 << 1 | 1 << 8 | 1 << 15
_INTENTS = (1 << 17) - 1 | 1 << 20 | 1 << 21 | 1 << 24 | 1 << 25


class Sessions(Lookups):
    """`shards`: how many it recommends (None: one for each thousand guilds). `approved`: privileged intents.

    `max_concurrency` sessions may be begun in `identify_window` seconds, `starts` a day. `heartbeat`: seconds.
    """

    def __init__(
        self,
        *,
        shards: int | None = None,
        max_concurrency: int = 1,
        identify_window: float = 5.0,
        starts: int = STARTS,
        approved: int = 0,
        heartbeat: float = 41.25,
        **options: Any,
    ) -> None:
        self._shards, self._max_concurrency, self._window = shards, max_concurrency, identify_window
        self._starts, self.approved, self.heartbeat = starts, approved, heartbeat
        self._sessions: dict[str, Session] = {}
        self._identified: defaultdict[int, list[float]] = defaultdict(list)
        self.identifies: list[Json] = []
        """Each IDENTIFY as it came, without the token."""
        self.resumes: list[Json] = []
        self.heartbeats = 0
        self.closes: list[int] = []
        """The codes with which connections were closed from here."""
        self.gateway_down = False
        """Whether it takes no new connections."""
        super().__init__(**options)

    # looking

    @property
    def sessions(self) -> list[Session]:
        """Those that are connected now."""
        return [one for one in self._sessions.values() if one.connected]

    # what the bot asks before it connects

    @property
    def gateway_url(self) -> str:
        """For DISCORD_GATEWAY_URL; the server knows it."""
        raise NotImplementedError

    @property
    def recommended_shards(self) -> int:
        """What /gateway/bot answers."""
        return self._shards or max(1, -(-sum(one.here for one in self.guilds.values()) // 1000))

    @route("GET", "/gateway", bot=False)
    def _gateway_url(self, call: Call) -> Json:
        return {"url": self.gateway_url}

    @route("GET", "/gateway/bot")
    def _gateway_bot(self, call: Call) -> Json:
        limit = {
            "total": self._starts,
            "remaining": self._starts_left(),
            "reset_after": int(STARTS_WINDOW * 1000),
            "max_concurrency": self._max_concurrency,
        }
        return {"url": self.gateway_url, "shards": self.recommended_shards, "session_start_limit": limit}

    def _starts_left(self) -> int:
        recent = [at for times in self._identified.values() for at in times if at > self.now() - STARTS_WINDOW]
        return max(0, self._starts - len(recent))

    # beginning and resuming

    def _identify(self, connection: Connection, data: Json) -> None:
        self.identifies.append({key: value for key, value in data.items() if key != "token"})
        if data.get("token") != self.token:
            return self._close(connection, 4004)
        shard, shards = data.get("shard") or (0, 1)
        if code := self._objection(shard, shards, data):
            return self._close(connection, code)
        times = self._identified[shard % self._max_concurrency]
        if times and self.now() - times[-1] < self._window:
            return connection.send({"op": INVALID_SESSION, "d": False})
        if not self._starts_left():
            self.token += "-reset"  # so Discord does it, and tells the owner by mail
            return self._close(connection, 4004)
        times.append(self.now())
        if any((one.shard, one.shards) == (shard, shards) for one in self.sessions):
            self.violation(f"two sessions of shard {shard} at once: each of them answers every interaction")
        session = Session(secrets.token_hex(16), shard, shards, data["intents"], connection=connection)
        connection.session = self._sessions[session.id] = session
        return self._welcome(session)

    def _objection(self, shard: int, shards: int, data: Json) -> int:
        """The close code for what is wrong with an IDENTIFY, 0 for nothing."""
        intents = data.get("intents")
        if not isinstance(intents, int) or intents & ~_INTENTS:
            return 4013
        if intents & PRIVILEGED & ~self.approved:
            return 4014
        if not 0 <= shard < shards:
            return 4010
        return 4011 if len(self._guilds_of(shard, shards)) > MOST_GUILDS else 0

    def _welcome(self, session: Session) -> None:
        guilds = self._guilds_of(session.shard, session.shards)
        ready: Json = {
            "v": 10,
            "user": self.bot.as_discord() | {"mfa_enabled": True, "verified": True},
            "guilds": [{"id": one.id, "unavailable": True} for one in guilds],
            "session_id": session.id,
            "resume_gateway_url": self.gateway_url,
            "shard": [session.shard, session.shards],
            "application": {"id": self.application_id, "flags": 0},
            "private_channels": [],
        }
        session.dispatch("READY", ready)
        for guild in guilds if session.intents & 1 else []:
            if not guild.unavailable:
                session.dispatch("GUILD_CREATE", guild.as_created())

    def _resume(self, connection: Connection, data: Json) -> None:
        self.resumes.append({key: value for key, value in data.items() if key != "token"})
        if data.get("token") != self.token:
            return self._close(connection, 4004)
        session = self._sessions.get(str(data.get("session_id")))
        if session is None:
            return connection.send({"op": INVALID_SESSION, "d": False})
        if not isinstance(data.get("seq"), int) or data["seq"] > session.seq:
            self._forget(session)
            return self._close(connection, 4007)
        connection.session, session.connection = session, connection
        session.resumed += 1
        for seq, text in session.history:
            if seq > data["seq"]:
                connection.send_text(text)
        return session.dispatch("RESUMED", {})

    def _guilds_of(self, shard: int, shards: int) -> list[Guild]:
        return [one for one in self.guilds.values() if one.here and _shard_of(one, shards) == shard]

    def _close(self, connection: Connection, code: int | None) -> None:
        self.closes.append(code or 0)
        connection.close(code)

    def _forget(self, session: Session) -> None:
        self._sessions.pop(session.id, None)

    # telling

    def _tell(self, event: str, data: Json, guild: Guild | None, intent: int = 1) -> None:
        for session in list(self._sessions.values()):
            shard = 0 if guild is None else _shard_of(guild, session.shards)
            if session.shard == shard and (not intent or session.intents & intent):
                session.dispatch(event, data)
        self.changed()

    def _announce_guild(self, guild: Guild) -> None:
        self._tell("GUILD_CREATE", {k: v for k, v in guild.as_created().items() if k != "unavailable"}, guild)


def _shard_of(guild: Guild, shards: int) -> int:
    return (int(guild.id) >> 22) % shards
