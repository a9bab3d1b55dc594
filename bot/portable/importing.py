"""From a document into the database. What it names is afterwards as it says, and nothing else is touched: a second
time changes nothing."""

import json
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from bot.commands import addresses, destinations, digest_plan, wishes
from bot.commands.permission import LOCAL
from bot.commands.reply import CommandError, Request
from bot.commands.services import Services
from bot.portable import document
from bot.portable.document import Document
from bot.portable.exporting import LEFT_OUT
from bot.settings import SettingsError
from relay import formats, record
from relay.endpoint import from_stored
from relay.transports.sign import new_secret
from storage import audit, follows, providers, workspaces
from storage.tables import Destination, Follow, Notice, Provider, Workspace

NO_KEY = "its key or its headers were left out of the export"


@dataclass
class Imported:
    """What became of each part: how many were `made`, `changed`, or are `as before`, by their kind. secrets: of
    webhooks whose secret was left out, made anew."""

    numbers: dict[str, Counter[str]] = field(default_factory=dict)
    secrets: dict[str, str] = field(default_factory=dict)
    without_key: list[str] = field(default_factory=list)

    def count(self, kind: str, *, new: bool, changed: bool = False) -> None:
        """One more."""
        word = "made" if new else "changed" if changed else "as before"
        self.numbers.setdefault(kind, Counter())[word] += 1

    @property
    def anything(self) -> bool:
        """Whether something is other than before."""
        return any(one["made"] + one["changed"] for one in self.numbers.values())


async def imported(services: Services, wanted: Document) -> Imported:
    """Takes it in, in one transaction. No page is read: providers that are not known are made as they stand there,
    and read when their turn comes. Raises CommandError for what can't be taken in; then nothing was."""
    _check(services, wanted)
    done = Imported()
    async with services.database.write() as session:
        known = {one.slug: await _provider(session, one, done) for one in wanted.providers}
        for one in wanted.workspaces:
            await _workspace(services, session, one, known, done)
    services.wake()
    return done


def _check(services: Services, wanted: Document) -> None:
    for workspace in wanted.workspaces:
        for one in workspace.destinations:
            try:
                _check_destination(services, workspace.key, one)
            except (CommandError, ValueError) as error:
                raise CommandError(f"{addresses.short(one.uri)[:120]} can't be taken in: {error}") from None


def _check_destination(services: Services, workspace: str, one: document.Destination) -> None:
    if addresses.normal(one.uri) != one.uri:
        raise CommandError("that is not how such an address is kept")
    transport = destinations.transport_of(one.uri, services)
    destinations.check_length(one.uri)
    if transport in LEFT_OUT:
        raise CommandError("a browser has to ask for itself")
    if workspace != LOCAL and not _may_have(workspace, one.uri, transport):
        raise CommandError(f"it does not belong to {workspace}")
    for sealed in (*(one.secrets or ()), *([one.sealed] if one.sealed else ())):
        try:
            services.vault.open(sealed)
        except SettingsError:
            raise CommandError(
                "its secrets were encrypted with another key: name that one in UPTIMUS_SECRET_KEY, too, "
                "or export without --with-secrets"
            ) from None
    if one.options is not None and (one.sealed or not one.has_sealed):
        formats.check(from_stored(one.options.model_dump(), one.sealed, services.vault.open))


def _may_have(workspace: str, uri: str, transport: str) -> bool:
    if transport in ("slack", "discord"):
        return uri.startswith(f"{workspace}/")
    return transport not in ("console", "apprise")


async def _provider(session: AsyncSession, wanted: document.Provider, done: Imported) -> Provider:
    """By its page's address; one of the catalogue by its slug as well, since its page may have moved."""
    row = await session.scalar(select(Provider).where(Provider.url == wanted.url))
    if row is None and wanted.source == "catalogue":
        row = await session.scalar(
            select(Provider).where(Provider.slug == wanted.slug, Provider.source == "catalogue")
        )
    done.count("providers", new=row is None)
    if row is None:
        row = Provider(
            **wanted.model_dump(exclude={"slug"}),
            slug=await providers.free_slug(session, wanted.slug),
            status="unknown",
            memory={},
            active=False,
            failures=0,
            unreadable=False,
        )
        session.add(row)
        await session.flush()
    return row


async def _workspace(
    services: Services,
    session: AsyncSession,
    wanted: document.Workspace,
    known: Mapping[str, Provider],
    done: Imported,
) -> None:
    new = await workspaces.by_key(session, wanted.key) is None
    row = await workspaces.seen(session, wanted.key)
    values = wanted.model_dump(include={"name", "enterprise_id", "editors", "chosen"})
    changed = _apply(row, {name: value for name, value in values.items() if value is not None})
    done.count("workspaces", new=new, changed=changed)
    before = sum(one["made"] + one["changed"] for one in done.numbers.values())
    for one in wanted.destinations:
        destination = await _destination(services, session, row, one, done)
        await _digest(services, session, destination, wanted.key, one.digest, done)
        for follow in one.follows:
            await _follow(session, destination, known[follow.provider], follow, done)
    changes = sum(one["made"] + one["changed"] for one in done.numbers.values()) - before
    if changes:
        await audit.note(session, row.id, "terminal", "imported", f"{changes} changes from a file")


async def _destination(
    services: Services, session: AsyncSession, workspace: Workspace, wanted: document.Destination, done: Imported
) -> Destination:
    """What is there keeps its secrets, and stays enabled or disabled."""
    options = wanted.options.model_dump() if wanted.options is not None else {}
    row = await follows.destination(session, workspace.id, wanted.uri)
    if row is not None:
        lacks_key = wanted.has_sealed and row.sealed is None
        done.count("destinations", new=False, changed=not lacks_key and _apply(row, {"options": options}))
        return row
    done.count("destinations", new=True)
    transport = destinations.transport_of(wanted.uri, services)
    row = await follows.add_destination(
        session,
        workspace.id,
        wanted.uri,
        transport,
        _secrets(services, transport, wanted, done),
        options=options,
        sealed=services.vault.seal(services.vault.open(wanted.sealed)) if wanted.sealed else None,
        host=addresses.host_of(wanted.uri) if transport == "webhook" else None,
        unconfirmed=destinations.UNCONFIRMED if wanted.unconfirmed else None,
    )
    reason = wanted.disabled_because
    if wanted.has_sealed and not wanted.sealed:
        done.without_key.append(wanted.uri)
        reason = reason or NO_KEY
    if reason is not None:
        row.disabled_at, row.disabled_because = row.created_at, reason
    return row


def _secrets(services: Services, transport: str, wanted: document.Destination, done: Imported) -> list[str]:
    if wanted.secrets is not None:
        return [services.vault.seal(services.vault.open(one)) for one in wanted.secrets]
    if transport != "webhook":
        return []
    done.secrets[wanted.uri] = secret = new_secret()
    return [services.vault.seal(secret)]


async def _digest(
    services: Services,
    session: AsyncSession,
    destination: Destination,
    workspace: str,
    wanted: document.Digest | None,
    done: Imported,
) -> None:
    if wanted is None:
        return
    there: Notice | None = await digest_plan.of(session, destination)
    plan = wanted.model_dump()
    same = there is not None and {**digest_plan.DEFAULT, **there.plan} == {**digest_plan.DEFAULT, **plan}
    done.count("digests", new=there is None, changed=not same)
    if not same:
        request = Request(workspace=workspace, actor="terminal")
        await digest_plan.put(session, request, destination, plan, services.now())


async def _follow(
    session: AsyncSession, destination: Destination, provider: Provider, wanted: document.Follow, done: Imported
) -> None:
    row = await follows.find(session, provider.id, destination.id)
    columns = _columns(wanted)
    if row is not None:
        done.count("follows", new=False, changed=bool(wishes.apply(row, columns)))
        return
    done.count("follows", new=True)
    row = Follow(
        provider_id=provider.id,
        destination_id=destination.id,
        created_by=wanted.created_by,
        created_at=await providers.database_now(session),
        **columns,
    )
    session.add(row)
    await session.flush()
    await providers.begin_polling(session, provider.id)
    if provider.first_read_at is not None:
        await record.open_threads(session, provider, row.id)


def _columns(wanted: document.Follow) -> dict[str, Any]:
    said = json.loads(wanted.model_dump_json(by_alias=True, exclude={"provider", "streams", "created_by"}))
    columns: dict[str, Any] = said | {name: name in wanted.streams for name in wishes.STREAMS}
    return columns


def _apply(row: Any, values: Mapping[str, Any]) -> bool:
    """Sets the columns; whether any was different."""
    different = {name: value for name, value in values.items() if getattr(row, name) != value}
    for name, value in different.items():
        setattr(row, name, value)
    return bool(different)
