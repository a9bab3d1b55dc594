"""What is followed, as a file: out of one uptimus and into another, and once more without a change."""

import json
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from cryptography.fernet import Fernet
from pydantic import SecretStr
from sqlalchemy import select

from bot.commands.reply import CommandError
from bot.commands.services import Services
from bot.parts import services
from bot.portable import document
from bot.portable.document import Document, DocumentError
from bot.portable.exporting import exported
from bot.portable.importing import NO_KEY, imported
from bot.settings import Settings
from relay.endpoint import Endpoint, stored
from storage import audit, follows, migrate, notices, providers
from storage.database import Database
from storage.tables import Destination, Follow, Provider, Workspace

NOW = datetime(2026, 3, 4, 12, tzinfo=UTC)
KEY, OTHER_KEY = Fernet.generate_key().decode(), Fernet.generate_key().decode()
HOOK, MAIL, BROWSER = "https://hooks.example.com/x", "mailto:ops@example.com", "webpush:abc"


@asynccontextmanager
async def served(database: Database, key: str = KEY) -> AsyncIterator[Services]:
    given = Settings(
        _env_file=None,
        database_url=database.url.render_as_string(hide_password=False),
        secret_key=SecretStr(key),
    )
    async with services(given, database) as parts:
        yield parts


@pytest.fixture
async def other(tmp_path: Path) -> AsyncIterator[Database]:
    database = Database(f"sqlite:///{tmp_path}/other.db")
    await migrate.upgrade(database)
    yield database
    await database.aclose()


def _wish(**given: Any) -> dict[str, Any]:
    return {
        "incidents": True, "components": False, "maintenance": True, "component_ids": ["c1"],
        "min_impact": "major",
        "shape": "threads and channel", "loud": ["resolved"], "mention": ["here"], "mention_impact": "critical",
        "remind_minutes": None, "created_by": "U1", "created_at": NOW,
        "quiet": {"from": "22:00", "until": "07:00", "zone": "Europe/Berlin", "except": "critical"},
    } | given  # fmt: skip


async def fill(parts: Services) -> None:
    """A workspace of Slack, the terminal's, and everything that can be chosen."""
    seal = parts.vault.seal
    async with parts.database.write() as session:
        acme = Provider(
            slug="acme", name="Acme & Söhne", url="https://status.acme.example", adapter="statuspage",
            source="user", verification="verified", status="operational", memory={"etag": "x"}, active=False,
            failures=0, unreadable=False, due_at=NOW,
        )  # fmt: skip
        lone = Provider(
            slug="lone", name="Lone", url="https://lone.example", adapter="feed", source="auto",
            verification="pending", status="unknown", memory={}, active=False, failures=0, unreadable=False,
        )  # fmt: skip
        session.add_all([acme, lone])
        await session.flush()
        local = await follows.workspace(session, "local")
        team = await follows.workspace(session, "slack:T1")
        await follows.set_editors(session, team, "chosen", ["U1"])
        options, sealed = stored(
            Endpoint(format="standard", types=("incident.*",), headers={"X-Key": "hunter2"}), seal
        )
        hook = await follows.add_destination(
            session,
            local,
            HOOK,
            "webhook",
            [seal("whsec_AAAA")],
            options=options,
            sealed=sealed,
            host="hooks.example.com",
        )
        plain = await follows.add_destination(session, local, HOOK + "/2", "webhook", [seal("whsec_BBBB")])
        mail = await follows.add_destination(
            session, local, MAIL, "email", [], unconfirmed="its reader has not agreed yet"
        )
        browser = await follows.add_destination(session, local, BROWSER, "webpush", [], sealed=seal("{}"))
        channel = await follows.add_destination(session, team, "slack:T1/C1", "slack", [])
        for place in (hook, mail, browser):
            session.add(Follow(provider_id=acme.id, destination_id=place.id, **_wish()))
        simple = _wish(component_ids=[], quiet=None, remind_minutes=60, min_impact=None, mention=[])
        session.add(Follow(provider_id=acme.id, destination_id=channel.id, **simple))
        session.add(Follow(provider_id=acme.id, destination_id=plain.id, **simple))
        plan = {"every": "week", "at": "08:30", "weekday": 4, "zone": "Europe/Berlin"}
        await notices.put(session, channel.id, notices.DIGEST, NOW, NOW, plan)


async def written(parts: Services, *, with_secrets: bool = False) -> Document:
    """Out, to text, and in again."""
    async with parts.database.read() as session:
        made = await exported(session, NOW, with_secrets=with_secrets)
    return document.read(made.model_dump_json(by_alias=True))


def told(one: Document) -> dict[str, Any]:
    """Without the moment and the cipher texts, which are never the same."""
    found: dict[str, Any] = json.loads(one.model_dump_json(by_alias=True, exclude={"exported_at"}))
    for workspace in found["workspaces"]:
        for place in workspace["destinations"]:
            place["secrets"], place["sealed"] = len(place["secrets"] or ()), place["sealed"] is not None
    return found


async def test_another_uptimus_with_the_same_key_tells_all_the_same(database: Database, other: Database) -> None:
    async with served(database) as parts, served(other) as new:
        await fill(parts)
        out = await written(parts, with_secrets=True)
        assert [one.slug for one in out.providers] == ["acme"], "of what is followed"
        assert BROWSER not in out.model_dump_json()
        assert "hunter2" not in out.model_dump_json()
        done = await imported(new, out)
        assert (done.secrets, done.without_key) == ({}, [])
        assert told(await written(new, with_secrets=True)) == told(out)
        async with other.read() as session:
            hook = (await session.scalars(select(Destination).where(Destination.uri == HOOK))).one()
            assert new.vault.open(hook.secrets[0]) == "whsec_AAAA"
            assert hook.host == "hooks.example.com"
            made = (await session.scalars(select(Provider))).one()
            assert (made.status, made.memory, made.first_read_at) == ("unknown", {}, None)
            assert made.due_at is not None, "its page is read now"
            mail = (await session.scalars(select(Destination).where(Destination.uri == MAIL))).one()
            assert mail.unconfirmed
            assert mail.disabled_at is not None


async def test_a_second_time_nothing_changes(database: Database, other: Database) -> None:
    async with served(database) as parts, served(other) as new:
        await fill(parts)
        for with_secrets in (False, True):
            out = await written(parts, with_secrets=with_secrets)
            assert not (await imported(parts, out)).anything, "where it came from"
            first, again = await imported(new, out), await imported(new, out)
            assert first.anything is not with_secrets
            assert not again.anything
            assert again.secrets == {}
            assert again.numbers["follows"] == {"as before": 4}
        async with other.read() as session:
            local = await follows.workspace(session, "local")
            noted = [one.action for one in await audit.latest(session, local, 10)]
        assert noted == ["imported"], "once"


async def test_secrets_that_were_left_out_are_made_anew_and_shown(database: Database, other: Database) -> None:
    async with served(database) as parts, served(other, OTHER_KEY) as new:
        await fill(parts)
        out = await written(parts)
        assert "secrets" in out.model_dump_json()
        done = await imported(new, out)
        assert set(done.secrets) == {HOOK, HOOK + "/2"}
        assert done.without_key == [HOOK]
        async with other.read() as session:
            hook = (await session.scalars(select(Destination).where(Destination.uri == HOOK))).one()
            assert new.vault.open(hook.secrets[0]) == done.secrets[HOOK] != "whsec_AAAA"
            assert hook.disabled_because == NO_KEY
            plain = (await session.scalars(select(Destination).where(Destination.uri == HOOK + "/2"))).one()
            assert plain.disabled_at is None


async def test_secrets_of_another_key_are_refused_before_anything_is_written(
    database: Database, other: Database
) -> None:
    async with served(database) as parts, served(other, OTHER_KEY) as new:
        await fill(parts)
        out = await written(parts, with_secrets=True)
        with pytest.raises(CommandError, match="UPTIMUS_SECRET_KEY"):
            await imported(new, out)
        async with other.read() as session:
            assert (await session.scalars(select(Workspace))).all() == []
    async with served(other, f"{OTHER_KEY},{KEY}") as new:
        await imported(new, out)
    async with served(other, OTHER_KEY) as new, other.read() as session:
        hook = (await session.scalars(select(Destination).where(Destination.uri == HOOK))).one()
        assert new.vault.open(hook.secrets[0]) == "whsec_AAAA", "from now on this key opens them"


async def test_what_is_there_takes_the_manner_of_the_file_and_keeps_its_secret(database: Database) -> None:
    async with served(database) as parts:
        await fill(parts)
        out = await written(parts)
        async with database.write() as session:
            row = (await session.scalars(select(Follow).order_by(Follow.id))).first()
            assert row is not None
            row.min_impact, row.quiet = "minor", None
            hook = (await session.scalars(select(Destination).where(Destination.uri == HOOK))).one()
            hook.disabled_at, hook.disabled_because = NOW, "by hand"
            secrets = hook.secrets
        done = await imported(parts, out)
        assert done.numbers["follows"] == {"changed": 1, "as before": 3}
        assert done.secrets == {}
        async with database.read() as session:
            hook = (await session.scalars(select(Destination).where(Destination.uri == HOOK))).one()
            assert (hook.secrets, hook.disabled_because) == (secrets, "by hand")
            changed = await session.get(Follow, row.id)
            assert changed is not None
            assert (changed.min_impact, changed.quiet) == ("major", _wish()["quiet"])


async def test_a_provider_whose_slug_is_taken_gets_another_and_one_that_is_known_is_taken(other: Database) -> None:
    async with served(other) as new:
        async with other.write() as session:
            session.add(
                Provider(
                    slug="acme",
                    name="Another Acme",
                    url="https://else.example",
                    adapter="feed",
                    source="user",
                    verification="pending",
                    status="unknown",
                    memory={},
                    active=False,
                    failures=0,
                    unreadable=False,
                )
            )
        await imported(new, _document())
        await imported(new, _document(providers=[_provider(slug="renamed")], follow="renamed"))
        async with other.read() as session:
            assert [one.slug for one in await providers.brief(session)] == ["acme", "acme-2"]
            assert len((await session.scalars(select(Follow))).all()) == 1


def _provider(**given: Any) -> dict[str, Any]:
    return {
        "slug": "acme", "name": "Acme", "url": "https://status.acme.example", "adapter": "statuspage",
        "source": "user", "verification": "pending",
    } | given  # fmt: skip


def _raw(
    *,
    destination: Mapping[str, Any] | None = None,
    workspace: Mapping[str, Any] | None = None,
    providers: list[dict[str, Any]] | None = None,
    follow: str = "acme",
    **given: Any,
) -> str:
    wish = {"provider": follow, "streams": ["incidents"]}
    place = {"uri": "console:", "follows": [wish]} | dict(destination or {})
    house = {"key": "local", "editors": "everyone", "destinations": [place]} | dict(workspace or {})
    whole = {
        "uptimus": "export", "version": 1, "exported_at": "2026-03-04T12:00:00Z",
        "providers": providers if providers is not None else [_provider()], "workspaces": [house],
    }  # fmt: skip
    return json.dumps(whole | given)


def _document(**given: Any) -> Document:
    return document.read(_raw(**given))


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("{", "not JSON"),
        ("[]", "object"),
        (_raw(uptimus="backup"), "uptimus"),
        (_raw(version=2), "update first"),
        (_raw(version=0), "version"),
        (_raw(more=1), "more"),
        (_raw(providers=[]), "acme is followed"),
        (_raw(providers=[_provider(), _provider()]), "same slug"),
        (_raw(providers=[_provider(url="ftp://x")]), "providers.0.url"),
        (_raw(providers=[_provider(url="https://user:hunter2@x.example")]), "providers.0.url"),
        (_raw(providers=[_provider(adapter="magic")]), "no adapter"),
        (_raw(providers=[_provider(slug="../x")]), "no slug"),
        (_raw(workspace={"key": "irc:x"}), "slack:TEAM"),
        (_raw(workspace={"editors": "nobody"}), "editors"),
        (_raw(destination={"uri": ""}), "uri"),
        (_raw(destination={"digest": {"every": "day", "at": "9", "zone": "UTC"}}), "digest.at"),
        (_raw(destination={"digest": {"every": "day", "at": "09:00", "zone": "Mars"}}), "time zone"),
        (_raw(destination={"follows": [{"provider": "acme", "streams": ["gossip"]}]}), "streams"),
    ],
)
def test_what_is_no_such_file_is_said_in_one_line(text: str, said: str) -> None:
    with pytest.raises(DocumentError) as refused:
        document.read(text)
    assert said in str(refused.value)
    assert len(str(refused.value).splitlines()) == 1
    assert "hunter2" not in str(refused.value)


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"destination": {"uri": "pigeon:1"}}, "is not a destination"),
        ({"destination": {"uri": "http://hooks.example.com/x"}}, "https://"),
        ({"destination": {"uri": BROWSER}}, "browser"),
        ({"destination": {"uri": "mailto:Ops@EXAMPLE.com"}}, "how such an address is kept"),
        ({"destination": {"uri": HOOK, "options": {"format": "morse"}}}, "no format"),
        ({"destination": {"uri": HOOK, "options": {"format": "template", "template": "{{"}}}, ""),
        ({"destination": {"uri": "console:"}, "workspace": {"key": "slack:T1"}}, "does not belong to slack:T1"),
        ({"destination": {"uri": "slack:T2/C1"}, "workspace": {"key": "slack:T1"}}, "does not belong to slack:T1"),
        ({"destination": {"uri": HOOK, "secrets": ["gAAAA"]}}, "another key"),
    ],
)
async def test_what_can_not_be_taken_in_is_refused_whole(
    other: Database, given: dict[str, Any], said: str
) -> None:
    place = given.pop("destination")
    workspace = given.pop("workspace", {})
    wish = {"provider": "acme", "streams": ["incidents"]}
    good = {"uri": "slack:T1/C9" if workspace else HOOK + "/good", "follows": [wish]}
    text = _raw(workspace=workspace | {"destinations": [good, place]})
    async with served(other) as new:
        with pytest.raises(CommandError, match="can't be taken in") as refused:
            await imported(new, document.read(text))
        assert said in str(refused.value)
        async with other.read() as session:
            assert (await session.scalars(select(Destination))).all() == []
            assert (await session.scalars(select(Provider))).all() == []
