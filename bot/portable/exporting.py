"""From the database to a document."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from adapters.schema import rfc3339
from bot.commands import wishes
from bot.portable import document
from bot.portable.document import Document
from storage import notices
from storage.tables import Destination, Follow, Notice, Provider, Workspace

BROWSERS = "web"
"""The workspace of those who pressed a page's button: all that they have is left out."""
LEFT_OUT = frozenset({"webpush"})
"""A browser's subscription is good for the server that it was made with alone."""


async def exported(session: AsyncSession, now: datetime, *, with_secrets: bool) -> Document:
    """What every workspace follows, where and how. with_secrets: as they are kept, encrypted."""
    rows = await session.execute(
        select(Workspace, Destination)
        .outerjoin(Destination, Destination.workspace_id == Workspace.id)
        .where(Workspace.key != BROWSERS)
        .order_by(Workspace.key, Destination.id)
    )
    by_workspace: dict[int, tuple[Workspace, list[Destination]]] = {}
    for workspace, destination in rows:
        found = by_workspace.setdefault(workspace.id, (workspace, []))[1]
        if destination is not None and destination.transport not in LEFT_OUT:
            found.append(destination)
    follows = await _follows(session)
    digests = {
        notice.destination_id: notice.plan
        for notice in await session.scalars(select(Notice).where(Notice.kind == notices.DIGEST))
    }
    told = {row.id for _, there in by_workspace.values() for row in there}
    providers = {one.id: one for place, found in follows.items() if place in told for _, one in found}
    return Document(
        uptimus="export",
        version=document.VERSION,
        exported_at=rfc3339(now),
        providers=[_provider(one) for one in sorted(providers.values(), key=lambda one: one.slug)],
        workspaces=[
            _workspace(
                workspace,
                [_destination(row, follows.get(row.id, ()), digests.get(row.id), with_secrets) for row in there],
            )
            for workspace, there in by_workspace.values()
        ],
    )


async def _follows(session: AsyncSession) -> dict[int, list[tuple[Follow, Provider]]]:
    rows = await session.execute(
        select(Follow, Provider).join(Provider, Provider.id == Follow.provider_id).order_by(Provider.slug)
    )
    found: dict[int, list[tuple[Follow, Provider]]] = {}
    for follow, provider in rows:
        found.setdefault(follow.destination_id, []).append((follow, provider))
    return found


def _provider(row: Provider) -> document.Provider:
    names = ("slug", "name", "category", "url", "adapter", "source", "verification")
    return document.Provider.model_validate({name: getattr(row, name) for name in names})


def _workspace(row: Workspace, destinations: list[document.Destination]) -> document.Workspace:
    names = ("key", "name", "enterprise_id", "editors", "chosen")
    return document.Workspace.model_validate(
        {name: getattr(row, name) for name in names} | {"destinations": destinations}
    )


def _destination(
    row: Destination, follows: Sequence[tuple[Follow, Provider]], digest: dict[str, Any] | None, with_secrets: bool
) -> document.Destination:
    return document.Destination.model_validate(
        {
            "uri": row.uri,
            "options": row.options or None,
            "secrets": list(row.secrets) if with_secrets else None,
            "sealed": row.sealed if with_secrets else None,
            "has_sealed": row.sealed is not None,
            "unconfirmed": row.unconfirmed,
            "disabled_because": row.disabled_because if row.disabled_at is not None else None,
            "digest": digest,
            "follows": [_follow(follow, provider) for follow, provider in follows],
        }
    )


def _follow(row: Follow, provider: Provider) -> document.Follow:
    names = (
        "component_ids", "min_impact", "shape", "loud", "mention", "mention_impact", "remind_minutes", "quiet",
        "created_by",
    )  # fmt: skip
    values = {name: getattr(row, name) for name in names}
    return document.Follow.model_validate(values | {"provider": provider.slug, "streams": wishes.streams(row)})
