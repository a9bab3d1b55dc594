"""Threads that somebody silenced: nothing is added to them, their first messages are kept up to date."""

from collections.abc import Collection
from dataclasses import dataclass

from sqlalchemy import ColumnElement, and_, or_, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from storage import addresses
from storage.providers import INCIDENT_OVER, MAINTENANCE_OVER
from storage.tables import Destination, Incident, Maintenance, Provider, Subject, Thread, Workspace


@dataclass(frozen=True)
class Active:
    """A thread about something that is not over."""

    id: int
    provider: str
    title: str
    muted: bool
    url: str | None
    uri: str
    """The destination's."""


@dataclass(frozen=True)
class Owner:
    """Whose thread it is, and what it is about."""

    thread_id: int
    """The thread in which it is told: its own, or the one that it joins."""
    workspace_id: int
    workspace: str
    uri: str
    provider: str
    title: str


async def active(
    session: AsyncSession, workspace: str, uri: str | None, provider_id: int | None = None
) -> list[Active]:
    """The threads of a workspace (at one destination, of one provider) about what is not over, by provider."""
    found: list[Active] = []
    for case, kind, over in (
        (Incident, "incident", INCIDENT_OVER),
        (Maintenance, "maintenance", MAINTENANCE_OVER),
    ):
        statement = (
            select(Thread.id, Provider.name, case.title, Thread.muted, case.url, Destination.uri)
            .join(Subject, and_(Subject.id == Thread.subject_id, Subject.kind == kind))
            .join(case, and_(case.provider_id == Subject.provider_id, case.external_id == Subject.external_id))
            .join(Provider, Provider.id == Subject.provider_id)
            .join(Destination, Destination.id == Thread.destination_id)
            .join(Workspace, Workspace.id == Destination.workspace_id)
            .where(case.phase.not_in(over), ~case.removed, _of(workspace))
            .order_by(Provider.name, Thread.id)
        )
        if uri is not None:
            statement = statement.where(Destination.uri.in_(addresses.possible(session.get_bind(), uri)))
        if provider_id is not None:
            statement = statement.where(Subject.provider_id == provider_id)
        found += [Active(*row) for row in await session.execute(statement)]
    return found


def _of(workspace: str) -> ColumnElement[bool]:
    """Also what the operator follows for it from a terminal."""
    return or_(Workspace.key == workspace, Destination.uri.startswith(f"{workspace}/", autoescape=True))


async def owner(session: AsyncSession, workspace: str, thread_id: int) -> Owner | None:
    """Whose thread this is; None where there is none, or it is another workspace's."""
    row = (
        await session.execute(
            select(Thread, Destination, Workspace.key, Provider.name, Subject)
            .join(Destination, Destination.id == Thread.destination_id)
            .join(Workspace, Workspace.id == Destination.workspace_id)
            .join(Subject, Subject.id == Thread.subject_id)
            .join(Provider, Provider.id == Subject.provider_id)
            .where(Thread.id == thread_id, _of(workspace))
        )
    ).one_or_none()
    if row is None:
        return None
    thread, destination, key, provider, subject = row
    return Owner(
        thread_id=thread.joins_id or thread.id,
        workspace_id=destination.workspace_id,
        workspace=key,
        uri=destination.uri,
        provider=provider,
        title=await _title(session, subject),
    )


async def _title(session: AsyncSession, subject: Subject) -> str:
    cases: dict[str, type[Incident] | type[Maintenance]] = {"incident": Incident, "maintenance": Maintenance}
    if subject.kind not in cases:
        return ""
    case = cases[subject.kind]
    found = await session.scalar(
        select(case.title).where(case.provider_id == subject.provider_id, case.external_id == subject.external_id)
    )
    return found or ""


async def set_muted(session: AsyncSession, thread_ids: Collection[int], *, muted: bool) -> None:
    """Silences threads, or lets them speak again; with all that is told in them, and the ones they are told in."""
    joined = select(Thread.joins_id).where(Thread.id.in_(thread_ids), Thread.joins_id.is_not(None))
    roots = {*thread_ids, *await session.scalars(joined)}
    await session.execute(
        update(Thread).where(or_(Thread.id.in_(roots), Thread.joins_id.in_(roots))).values(muted=muted),
        execution_options={"synchronize_session": False},
    )
