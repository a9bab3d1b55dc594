"""Secrets are sealed where they are kept, can be sealed anew, and stand nowhere else.

Canaries are planted in every secret place, and looked for in everything that somebody may get to see.
"""

import base64
import json
import re
from pathlib import Path

import pytest
import structlog
from aiohttp import web
from aiohttp.test_utils import TestServer
from cryptography.fernet import Fernet
from sqlalchemy import select, text
from sqlalchemy.exc import IntegrityError
from standins.every_event import EVENTS
from standins.planted import ADDRESSES, Planted
from standins.shell import Shell
from standins.whole import dump, whole

from bot import logs
from bot.commands import COMMANDS, answer, deliveries, destination, token
from bot.commands.reply import CommandError, Request
from bot.mailing import invite
from bot.portable import exporting
from bot.settings import SettingsError
from bot.vault import Vault
from bot.web.api.routes import OPERATIONS
from relay.deliver import Deliverer
from relay.endpoint import Endpoint, from_stored
from relay.formats import FORMATS
from relay.transports.sign import new_secret
from relay.transports.transport import Telling
from relay.transports.webhook import WebhookTransport
from storage import follows, migrate, sealed
from storage.addresses import is_sealed
from storage.database import Database
from storage.tables import Destination, Note, SlackBot, SlackInstallation, Table

SEALED = {f"{place.table.__tablename__}.{column}" for place in sealed.PLACES for column in place.columns}
NOT_SECRET = {
    "api_tokens.hash": "SHA-256 of 256 random bits: nobody finds the token",
    "threads.token": "of a claim: it opens nothing, and is another with each claim",
    "providers.token": "of a poll, likewise",
    "notices.token": "likewise",
    "slack_oauth_states.state": "good for ten minutes, once, with its cookie alone",
    "slack_installations.token_type": "`bot`",
    "slack_bots.bot_token_expires_at": "a time",
    "slack_installations.bot_token_expires_at": "a time",
    "slack_installations.user_token_expires_at": "a time",
    "slack_installations.incoming_webhook_url": "always null: we have no use for it",
    "slack_installations.incoming_webhook_configuration_url": "always null",
    "slack_installations.incoming_webhook_channel": "always null",
    "slack_installations.incoming_webhook_channel_id": "always null",
    "events.key": "what changed",
    "workspaces.key": "its name",
    "signals.person": "an HMAC with the day's key",
}
SOUNDS_SECRET = re.compile(
    r"secret|token|password|key$|^hash$|sealed|former|webhook|subscription|header|person$|state$"
)
LOOKS_SEALED = re.compile(r"(?:gAAAA|sealed\.invalid/)[A-Za-z0-9_=-]+")
STATES = {"deliveries.state", "days.state"}


def test_every_column_that_sounds_secret_is_sealed_or_known_to_be_none() -> None:
    named = {
        f"{table.name}.{column.name}"
        for table in Table.metadata.sorted_tables
        for column in table.columns
        if SOUNDS_SECRET.search(column.name)
    }
    assert named - SEALED - STATES == set(NOT_SECRET)
    assert SEALED - {"notes.value", "destinations.uri"} <= named


def test_a_canary_would_be_found() -> None:
    made = Planted(None, None, {"a": "canary-of-a-header"})  # type: ignore[arg-type]
    assert made.seen_in("x canary-of-a-header") == ["a"]
    assert made.seen_in(base64.b64encode(b"canary-of-a-header")) == ["a"]
    assert made.seen_in("nothing") == []


async def test_the_database_holds_none(planted: Planted, tmp_path: Path) -> None:
    assert len(planted.canaries) > 21
    assert planted.seen_in(await dump(planted.whole.database)) == []
    assert {name: found for name, file in files(tmp_path).items() if (found := planted.seen_in(file))} == {}


def files(folder: Path) -> dict[str, bytes]:
    """Those of an embedded database, as they lie there."""
    return {path.name: path.read_bytes() for path in folder.glob("uptimus.db*")}


async def test_no_answer_holds_any(planted: Planted) -> None:
    """Pages, /metrics, the API with a token, whatever is refused."""
    bearer = {"Authorization": f"Bearer {planted.owned.token}"}
    fill = {"slug": "chargeover", "delivery": planted.owned.delivery, "incident": "i1", "token": "1.x", "id": "x"}
    for method, path in planted.whole.routes():
        where = re.sub(r"\{(\w+)[^}]*\}", lambda found: fill.get(found[1], "chargeover"), path)
        response = await planted.whole.ask(method, where, headers=bearer)
        shown = f"{response.status} {response.headers} {await response.read()!r}"
        assert planted.seen_in(shown) == [], path
    assert len(OPERATIONS) > 10


async def test_no_command_shows_any(planted: Planted) -> None:
    """But those that are asked for one: `data` is what --json prints."""
    services, refused = planted.whole.services, list[str]()
    for workspace in ("local", "slack:T1"):
        asked = Request(
            workspace=workspace, actor="U1", here="slack:T1/COWNERS", provider="chargeover", text="list"
        )
        said = [
            await function(services, Request(workspace=workspace))
            for function in (destination.list_, deliveries.list_, token.list_)
        ]
        for name in COMMANDS:
            for request in (
                asked,
                Request(workspace=workspace),
                Request(workspace=workspace, text="list", words=("list",)),
            ):
                try:
                    said.append(await answer(services, name, request))
                except CommandError as error:
                    refused.append(str(error))
        for reply in said:
            assert planted.seen_in(f"{reply} {json.dumps(reply.data, default=str)}") == []
    assert planted.seen_in(refused) == []


async def test_no_file_that_is_written_holds_any(planted: Planted) -> None:
    """Not even one that was asked to hold secrets: there they are sealed. But addresses stand there whole."""
    for with_secrets in (False, True):
        async with planted.whole.database.read() as session:
            document = await exporting.exported(session, planted.whole.services.now(), with_secrets=with_secrets)
        written = document.model_dump_json()
        assert planted.seen_in(written) == list(ADDRESSES)
        assert ("gAAAA" in written) is with_secrets


async def test_no_log_holds_any(planted: Planted, capfd: pytest.CaptureFixture[str]) -> None:
    """Where everything goes wrong that can."""
    logs.configure("json", level=10)
    structlog.configure(cache_logger_on_first_use=False)  # or later tests would write to what is captured here
    services, database = planted.whole.services, planted.whole.database
    transports = services.transports()
    for opener in (services.vault.open, Vault([Fernet.generate_key().decode()]).open):
        teller = Deliverer(database, transports, metrics=planted.whole.metrics, open_secret=opener)
        thread_id, sequence = map(int, planted.owned.delivery.split("."))
        await teller.tell_again(thread_id, sequence)
    async with database.read() as session:
        mail = (await session.scalars(select(Destination).where(Destination.transport == "email"))).one()
    with pytest.raises(CommandError) as refused:
        await invite(services, mail)
    for one in transports.values():
        await one.aclose()
    for method, path in planted.whole.routes():
        await planted.whole.ask(
            method, re.sub(r"\{\w+[^}]*\}", "x", path), data=b"\xff", headers={"Authorization": "Bearer x"}
        )
    said = "".join(capfd.readouterr())
    assert said
    assert planted.seen_in(f"{said} {refused.value}") == []


async def test_an_error_of_the_database_names_no_values(planted: Planted) -> None:
    async def again() -> None:
        async with planted.whole.database.write() as session:
            await follows.add_destination(
                session, planted.owned.workspace_id, planted.owned.hook, "webhook", ["canary-of-a-header"]
            )

    with pytest.raises(IntegrityError) as error:
        await again()
    assert planted.seen_in(error.value) == []


async def test_a_database_that_is_away_is_told_of_without_its_password() -> None:
    url = "postgresql://uptimus:canary-of-a-password@127.0.0.1:1/uptimus"
    database = Database(url)
    async with whole(database, url) as made:
        for path, status in (
            ("/readyz", 503),
            ("/metrics", 200),
            ("/", 503),
            ("/api/v1/providers", 500),
            ("/healthz", 200),
        ):
            response = await made.ask("GET", path)
            assert response.status == status
            assert "canary" not in await response.text()
        assert "canary" not in repr(made.settings)
        assert "canary" not in str(made.settings)
    await database.aclose()


def told(address: str, endpoint: Endpoint) -> Telling:
    return Telling(event=EVENTS["identified"], address=address, secrets=(new_secret(),), endpoint=endpoint)


@pytest.mark.parametrize("format_", ["standard", "template"])
async def test_what_a_receiver_says_back_is_kept_without_secrets(format_: str) -> None:
    """Some answer with everything that they were sent."""

    async def echo(request: web.Request) -> web.Response:
        return web.json_response(
            {"headers": dict(request.headers), "url": str(request.url)}, status=int(request.query["status"])
        )

    served = web.Application()
    served.router.add_post("/hook/canary-of-a-path", echo)
    transport = WebhookTransport(user_agent="test", allow_private_networks=True)
    endpoint = Endpoint(format=format_, headers={"X-Auth": "canary-of-a-header"}, template='{"a": "{{ id }}"}')
    async with TestServer(served) as server:
        for status in (200, 500):
            address = str(server.make_url(f"/hook/canary-of-a-path?status={status}&key=canary-of-a-query"))
            try:
                answer_ = (await transport.send(told(address, endpoint))).answer
            except Exception as error:
                answer_ = getattr(error, "answer", "")
            assert "X-Auth" in answer_
            assert "canary" not in answer_
    await transport.aclose()
    assert format_ in FORMATS


# a new key


async def _opened(database: Database, vault: Vault) -> list[str]:
    """Everything that is sealed, as it opens."""
    found = []
    async with database.read() as session:
        for row in await session.scalars(select(Destination).order_by(Destination.id)):
            found += [vault.open(one) for one in (*row.secrets, *(part["sealed"] for part in row.former))]
            found.append(str(from_stored(row.options, row.sealed, vault.open)))
        for uri in await session.scalars(text("SELECT uri FROM destinations ORDER BY id")):
            found.append(vault.open(uri) if is_sealed(uri) else uri)
        for note in await session.scalars(select(Note).order_by(Note.name)):
            found.append(vault.open(note.value))
        bots = [*await session.scalars(select(SlackBot)), *await session.scalars(select(SlackInstallation))]
        for bot in bots:
            found += [vault.open(bot.bot_token or ""), vault.open(bot.bot_refresh_token or "")]
    return found


async def test_a_new_key_takes_over_everything(planted: Planted, monkeypatch: pytest.MonkeyPatch) -> None:
    database, old = planted.whole.database, planted.whole.services.vault
    monkeypatch.setattr(sealed, "AT_ONCE", 2)
    key = Fernet.generate_key().decode()
    before = await _opened(database, old)
    both = Vault([key, planted.canaries["our key"]])
    first = await sealed.reseal(database, both.renewed)
    assert (first.already, first.closed) == (0, [])
    assert first.anew > 12
    assert await _opened(database, Vault([key])) == before
    with pytest.raises(SettingsError):
        await _opened(database, old)
    second = await sealed.reseal(database, both.renewed)
    assert (second.anew, second.already, second.closed) == (0, first.anew, [])
    third = await sealed.reseal(database, Vault([key]).renewed)
    assert third == second


async def test_nothing_that_is_sealed_is_forgotten(planted: Planted) -> None:
    """Whatever in the database looks sealed is sealed with the new key afterwards."""
    database = planted.whole.database
    kept = set(LOOKS_SEALED.findall(str(await dump(database))))
    both = Vault([Fernet.generate_key().decode(), planted.canaries["our key"]])
    await sealed.reseal(database, both.renewed)
    now = set(LOOKS_SEALED.findall(str(await dump(database))))
    assert len(now) >= len(kept) > 17
    assert kept & now == set()


async def test_what_no_key_opens_is_named_and_left_alone(planted: Planted) -> None:
    database = planted.whole.database
    async with database.write() as session:
        strange = Fernet(Fernet.generate_key()).encrypt(b"x").decode()
        await session.execute(
            text("UPDATE destinations SET sealed = :strange WHERE id = :id"),
            {"strange": strange, "id": planted.owned.destination_id},
        )
    both = Vault([Fernet.generate_key().decode(), planted.canaries["our key"]])
    done = await sealed.reseal(database, both.renewed)
    assert done.closed == [f"destinations {planted.owned.destination_id}"]
    assert done.anew > 10


@pytest.mark.timeout(300)
async def test_the_command_says_when_the_former_key_may_go(tmp_path: Path) -> None:
    old, new = (Fernet.generate_key().decode() for _ in range(2))
    shell = Shell(tmp_path)

    async def rekey(keys: str) -> str:
        code, out, err = await shell("db", "rekey", UPTIMUS_SECRET_KEY=keys)
        return f"{code} {out} {err}"

    await shell.done("destination", "add", "https://hooks.example.com/in", "--untested", UPTIMUS_SECRET_KEY=old)
    said = await rekey(f"{new},{old}")
    assert said.startswith("0 Sealed 2 secrets with the first key; 0 were so already.\n")
    assert "run this once more" in said
    assert "may go" in await rekey(f"{new},{old}")
    assert "One key is named" in await rekey(new)
    await shell.done("destination", "secret", "https://hooks.example.com/in", UPTIMUS_SECRET_KEY=new)
    refused = await rekey(old)
    assert refused.startswith("1 ")
    assert "destinations 1; name the key that sealed it" in refused


async def test_a_backup_from_before_still_opens_with_the_former_key(tmp_path: Path) -> None:
    """Fernet's tokens carry no name of a key: several are tried."""
    first, second = (Fernet.generate_key().decode() for _ in range(2))
    assert Vault([second, first]).open(Vault([first]).seal("x")) == "x"
    database = Database(f"sqlite:///{tmp_path}/empty.db")
    await migrate.upgrade(database)
    done = await sealed.reseal(database, Vault([second, first]).renewed)
    await database.aclose()
    assert (done.anew, done.already, done.closed) == (0, 0, [])
