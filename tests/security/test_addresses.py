"""Addresses that are secrets by themselves: sealed where they are kept, found by what they are, with any key."""

import secrets
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from cryptography.fernet import Fernet
from rich.console import Console
from sqlalchemy import Text, select, type_coerce
from sqlalchemy.exc import IntegrityError
from standins.owner import owner
from standins.receiver import Receiver
from standins.shell import Shell, read_until
from standins.whole import dump, settings_of

from bot.commands import destination
from bot.commands.reply import CommandError, Reply, Request, Wish
from bot.commands.services import Services
from bot.parts import services, transports
from bot.portable.exporting import exported
from bot.portable.importing import imported
from bot.vault import Vault
from relay.deliver import Deliverer
from relay.metrics import Metrics
from relay.transports.apprise_call import problem
from relay.transports.webhook_errors import unsent
from storage import addresses, follows, migrate, mutes, sealed, transfer
from storage.addresses import Kept
from storage.database import Database
from storage.tables import Destination

OLD, NEW = (Fernet.generate_key().decode() for _ in range(2))
HOOK = "https://hooks.slack.com/services/T1/B1/secret-zzqq"
OTHER = "https://hooks.slack.com/services/T1/B2/secret-xxyy"
APPRISE = "apprise:json://user:secret-pass@127.0.0.1:1/secret-topic"
OPEN = ("slack:T1/C1", "discord:123456789012345678/123456789012345678", "mailto:ops@example.com", "console:")


@asynccontextmanager
async def served(database: Database, *keys: str) -> AsyncIterator[Services]:
    """A process that knows these keys."""
    url = database.url.render_as_string(hide_password=False)
    async with services(settings_of(url, secret_key=",".join(keys)), database) as parts:
        yield parts


async def added(parts: Services, uri: str, workspace: str = "local", **wish: Any) -> Reply:
    asked = Request(workspace=workspace, actor="terminal", to=uri, wish=Wish(untested=True, **wish))
    return await destination.add(parts, asked)


async def kept(database: Database) -> list[str]:
    """All addresses, as they lie there."""
    async with database.read() as session:
        found = await session.scalars(select(type_coerce(Destination.uri, Text)).order_by(Destination.id))
        return list(found)


async def whole(database: Database) -> list[str]:
    async with database.read() as session:
        return list(await session.scalars(select(Destination.uri).order_by(Destination.id)))


async def lay_open(database: Database, uri: str, *, workspace: str = "local", transport: str = "webhook") -> None:
    """As an older version kept it."""
    async with database.write() as session:
        place = await follows.workspace(session, workspace)
        await follows.add_destination(session, place, Kept(uri), transport, [])


async def seal_open_ones(parts: Services) -> sealed.Resealed:
    return await sealed.reseal(parts.database, parts.vault.renewed, sealed.OPEN_ADDRESSES)


async def test_only_what_may_be_a_secret_is_sealed(database: Database) -> None:
    async with served(database, OLD), database.write() as session:
        place = await follows.workspace(session, "local")
        for uri in (HOOK, APPRISE, *OPEN):
            await follows.add_destination(session, place, uri, "webhook", [])
    hook, told, *others = await kept(database)
    assert (hook.startswith(addresses.SEALED[0]), told.startswith(addresses.SEALED[1])) == (True, True)
    assert others == list(OPEN)
    assert await whole(database) == [HOOK, APPRISE, *OPEN]
    assert "secret-" not in str(await dump(database))


async def test_an_address_is_there_once_in_a_workspace(database: Database) -> None:
    async with served(database, OLD) as parts:
        assert "is a destination now" in (await added(parts, HOOK)).text
        assert "is a destination already" in (await added(parts, HOOK)).text
        await added(parts, HOOK, "slack:T1")
        with pytest.raises(IntegrityError):
            await lay_in(parts, HOOK)
    assert await whole(database) == [HOOK, HOOK]


@pytest.mark.parametrize("step", [destination.test, destination.enable, destination.remove])
async def test_it_is_named_by_the_whole_address_and_as_it_is_shown(database: Database, step: Any) -> None:
    async with served(database, OLD) as parts, Receiver() as receiver:
        uri = f"{receiver.url}/secret-of-a-path"
        parts = replace(parts, transports=lambda: transports(_private(parts), database, Console()))
        for shown in (uri, f"{receiver.url.removesuffix('/hook')}/…path"):
            if not await kept(database):
                await lay_in(parts, uri)
            said = await step(parts, Request(workspace="local", actor="terminal", to=shown))
            assert said.data["destination"] == uri
        assert "secret-" not in str(await dump(database))


def _private(parts: Services) -> Any:
    url = parts.database.url.render_as_string(hide_password=False)
    return settings_of(url, allow_private_networks=True)


async def lay_in(parts: Services, uri: str) -> None:
    """Signed with something."""
    async with parts.database.write() as session:
        place = await follows.workspace(session, "local")
        secret = parts.vault.seal("whsec_b3duZXJzLXNlY3JldA==")
        await follows.add_destination(session, place, uri, "webhook", [secret])


async def test_an_apprise_address_is_named_by_what_was_typed(database: Database) -> None:
    async with served(database, OLD) as parts:
        await added(parts, APPRISE)
        said = await destination.list_(parts, Request(workspace="local"))
        assert "secret-pass" not in f"{said}"
        await destination.remove(parts, Request(workspace="local", actor="terminal", to=APPRISE))
    assert await kept(database) == []


async def test_while_two_keys_are_named_what_either_sealed_is_found(database: Database) -> None:
    """Before and after the rest is sealed with the first."""
    async with served(database, OLD) as parts:
        await added(parts, HOOK)
    before = await kept(database)
    async with served(database, NEW, OLD) as parts:
        assert "is a destination already" in (await added(parts, HOOK)).text
        await added(parts, OTHER)
        assert (await kept(database))[0] == before[0]
        done = await sealed.reseal(database, parts.vault.renewed)
        assert done.refused == done.closed == []
        assert "is a destination already" in (await added(parts, HOOK)).text
        assert (await sealed.reseal(database, parts.vault.renewed)).anew == 0
    assert (await kept(database))[0] != before[0]
    async with served(database, NEW) as parts:
        for uri in (HOOK, OTHER):
            await destination.remove(parts, Request(workspace="local", actor="terminal", to=uri))
    assert await kept(database) == []


async def test_what_an_older_version_kept_open_is_found_and_sealed(database: Database) -> None:
    async with served(database, OLD) as parts:
        await lay_open(database, HOOK)
        await lay_open(database, APPRISE, transport="apprise")
        await lay_open(database, "slack:T1/C1", transport="slack")
        assert await kept(database) == await whole(database) == [HOOK, APPRISE, "slack:T1/C1"]
        assert "is a destination already" in (await added(parts, HOOK)).text
        assert (await seal_open_ones(parts)).anew == 2
        assert "secret-" not in str(await dump(database))
        assert await whole(database) == [HOOK, APPRISE, "slack:T1/C1"]
        assert "is a destination already" in (await added(parts, HOOK)).text
        assert await seal_open_ones(parts) == sealed.Resealed()


async def test_in_small_batches(database: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sealed, "AT_ONCE", 2)
    async with served(database, OLD) as parts:
        for number in range(5):
            await lay_open(database, f"{HOOK}{number}")
        assert (await seal_open_ones(parts)).anew == 5
    assert await whole(database) == [f"{HOOK}{number}" for number in range(5)]


async def test_what_the_database_does_not_take_stays_and_holds_up_nothing(database: Database) -> None:
    """An older version beside this one made the same destination once more."""
    async with served(database, OLD) as parts:
        await added(parts, HOOK)
        await lay_open(database, HOOK)
        await lay_open(database, OTHER)
        done = await seal_open_ones(parts)
        assert (done.anew, done.refused) == (1, ["destinations 2"])
        assert (await seal_open_ones(parts)).anew == 0
        assert await whole(database) == [HOOK, HOOK, OTHER]
    assert [addresses.is_sealed(one) for one in await kept(database)] == [True, False, True]


async def test_an_old_address_that_is_too_long_for_postgresql_stays(database: Database) -> None:
    async with served(database, OLD) as parts:
        longest = f"https://hooks.example.com/{secrets.token_hex(1200)}"
        await lay_open(database, longest)
        await lay_open(database, HOOK)
        assert (await seal_open_ones(parts)).refused == ([] if database.is_sqlite else ["destinations 1"])
    assert await whole(database) == [longest, HOOK]
    assert addresses.is_sealed((await kept(database))[1])


async def test_nothing_of_an_open_address_is_left_in_the_file(tmp_path: Path) -> None:
    database = Database(f"sqlite:///{tmp_path}/uptimus.db")
    await migrate.upgrade(database)
    for number in range(50):
        await lay_open(database, f"{HOOK}{number}")
    await database.aclose()
    assert b"secret-zzqq" in (tmp_path / "uptimus.db").read_bytes()
    database = Database(f"sqlite:///{tmp_path}/uptimus.db")
    async with served(database, OLD) as parts:
        assert (await seal_open_ones(parts)).anew == 50
    await database.aclose()
    left = files(tmp_path)
    assert "uptimus.db" in left
    assert [name for name, bytes_ in left.items() if b"secret-zzqq" in bytes_] == []


def files(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in folder.glob("uptimus.db*")}


async def test_a_running_process_seals_them_by_itself(tmp_path: Path) -> None:
    shell, database = Shell(tmp_path, {"UPTIMUS_SECRET_KEY": OLD}), Database(f"sqlite:///{tmp_path}/uptimus.db")
    await migrate.upgrade(database)
    await lay_open(database, HOOK)
    process = await shell.start("run", "--role", "deliver")
    assert process.stderr is not None
    said = await read_until("addresses sealed", process.stderr)
    process.terminate()
    assert await process.wait() == 0
    assert HOOK not in said
    [found] = await kept(database)
    await database.aclose()
    assert Vault([OLD]).open(found) == HOOK


async def test_to_code_that_knows_nothing_of_it_the_receiver_is_away() -> None:
    """No destination is disabled by an older version: a name that can't be resolved is asked for again later."""
    hook, told = (addresses.forms(uri, Vault([OLD]))[0] for uri in (HOOK, APPRISE))
    assert hook.split("/")[2] == "sealed.invalid"
    assert problem(told.removeprefix("apprise:")) is None
    assert not unsent(OSError("Name or service not known"), timeout=1, connect_timeout=1).permanent


async def test_where_no_key_opens_it_nothing_is_sent_and_nothing_disabled(database: Database) -> None:
    async with served(database, OLD) as parts:
        owned = await owner(parts)
    async with served(database, NEW) as parts:
        made = parts.transports()
        teller = Deliverer(database, made, metrics=Metrics(), open_secret=Vault([OLD]).open)
        told = await teller.tell_again(*map(int, owned.delivery.split(".")))
        for one in made.values():
            await one.aclose()
    assert told is not None
    assert told.attempt is not None
    assert (told.attempt["outcome"], told.state) == ("failed", None)
    assert "UPTIMUS_SECRET_KEY does not open its address" in told.attempt["reason"]
    async with database.read() as session:
        row = await session.get_one(Destination, owned.destination_id)
        assert (row.disabled_at, row.failing_since) == (None, None)


async def test_what_is_sealed_is_no_address_to_be_typed(database: Database) -> None:
    """Who has the database and no key has us open nothing for him."""
    async with served(database, OLD) as parts:
        await added(parts, HOOK)
        [stolen] = await kept(database)
        await added(parts, stolen, "slack:T2")
    assert await whole(database) == [HOOK, stolen]


async def test_an_address_fits_into_the_index(database: Database) -> None:
    async with served(database, OLD) as parts:
        uri = "https://hooks.example.com/" + "".join(map(str, range(700)))
        longest = uri[:1900]
        await added(parts, longest)
        with pytest.raises(CommandError, match=r"^https://… is too long: an address has 1,900 bytes at most$"):
            await added(parts, uri)
    assert await whole(database) == [longest]


async def test_what_is_muted_is_found_by_its_destination(database: Database) -> None:
    async with served(database, OLD) as parts:
        owned = await owner(parts)
    async with served(database, NEW, OLD), database.read() as session:
        [found] = await mutes.active(session, "slack:T1", owned.hook)
    assert found.uri == owned.hook


async def test_export_and_import_with_another_key(database: Database, tmp_path: Path) -> None:
    other = Database(f"sqlite:///{tmp_path}/other.db")
    await migrate.upgrade(other)
    async with served(database, OLD) as parts, served(other, NEW) as second:
        await added(parts, HOOK)
        await added(parts, APPRISE)
        async with database.read() as session:
            document = await exported(session, parts.now(), with_secrets=False)
        await imported(second, document)
        assert not (await imported(second, document)).anything
    assert await whole(other) == [HOOK, APPRISE]
    assert "secret-" not in str(await dump(other))
    await other.aclose()


async def test_a_copy_on_postgresql(tmp_path: Path, new_postgresql: str) -> None:
    """Neither side needs a key to be copied."""
    url = f"sqlite:///{tmp_path}/uptimus.db"
    database = Database(url)
    await migrate.upgrade(database)
    async with served(database, OLD) as parts:
        await added(parts, HOOK)
        await added(parts, APPRISE)
    await database.aclose()
    first, second = Database(url), Database(new_postgresql)
    await transfer.copy(first, second)
    assert await kept(first) == await kept(second)
    assert "secret-" not in str(await dump(second))
    async with served(second, OLD) as parts:
        assert await whole(second) == [HOOK, APPRISE]
        assert "is a destination already" in (await added(parts, HOOK)).text
    for one in (first, second):
        await one.aclose()


async def test_a_key_is_tried_with_an_address_where_there_is_nothing_else(tmp_path: Path) -> None:
    database = Database(f"sqlite:///{tmp_path}/uptimus.db")
    await migrate.upgrade(database)
    async with served(database, OLD) as parts:
        await added(parts, APPRISE)
    found = await transfer.a_secret(database)
    await database.aclose()
    assert found is not None
    assert Vault([NEW, OLD]).open(found) == APPRISE


def test_a_wrong_key_opens_no_address() -> None:
    closed = addresses.forms(HOOK, Vault([OLD]))[0]
    assert addresses.opened(closed, Vault([NEW])) is None
    assert addresses.opened(closed[:-2], Vault([OLD])) is None
    assert addresses.opened(f"{addresses.SEALED[0]}é", Vault([OLD])) is None
    assert len(addresses.forms(HOOK, Vault([NEW, OLD]))) == 2
