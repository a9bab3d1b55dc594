"""What a button's id means, if it belongs to the workspace that presses: an id is easily made up."""

from dataclasses import dataclass

from sqlalchemy import or_, select
from sqlalchemy.ext.asyncio import AsyncSession

from bot.commands.reply import CommandError
from storage import follows
from storage.database import Database
from storage.tables import Destination, Follow, Provider, Subject, Thread, Workspace


@dataclass(frozen=True)
class OwnThread:
    """A thread of the workspace: the provider and the subject that it is about, and where it is told."""

    provider: Provider
    subject: Subject
    uri: str
    muted: bool
    follow_id: int | None
    """None: unfollowed meanwhile."""


async def follow(database: Database, workspace: str, follow_id: str) -> tuple[Follow, Provider, Destination]:
    """A follow of the workspace. Raises CommandError."""
    async with database.read() as session:
        workspace_id = await follows.workspace_if_any(session, workspace)
        found = await follows.by_id(session, int(follow_id)) if _is_id(follow_id) else None
    if found is not None and found[2].workspace_id != workspace_id and found[2].uri.startswith(f"{workspace}/"):
        raise CommandError("Whoever runs uptimus follows this for you, and alone can change it")
    if found is None or found[2].workspace_id != workspace_id:
        raise CommandError("This is not followed any more")
    return found


async def thread(database: Database, workspace: str, thread_id: str) -> OwnThread:
    """A thread of the workspace, also one that the operator opened for it. Raises CommandError."""
    async with database.read() as session:
        found = await _thread(session, workspace, int(thread_id)) if _is_id(thread_id) else None
    if found is None:
        raise CommandError("That thread is not known here any more")
    return found


def _is_id(text: str) -> bool:
    return text.isdecimal() and len(text) < 19


async def _thread(session: AsyncSession, workspace: str, thread_id: int) -> OwnThread | None:
    row = (
        await session.execute(
            select(Thread.muted, Destination.uri, Subject, Provider, Follow.id)
            .join(Destination, Destination.id == Thread.destination_id)
            .join(Workspace, Workspace.id == Destination.workspace_id)
            .join(Subject, Subject.id == Thread.subject_id)
            .join(Provider, Provider.id == Subject.provider_id)
            .outerjoin(
                Follow, (Follow.destination_id == Thread.destination_id) & (Follow.provider_id == Provider.id)
            )
            .where(
                Thread.id == thread_id,
                or_(Workspace.key == workspace, Destination.uri.startswith(f"{workspace}/", autoescape=True)),
            )
        )
    ).one_or_none()
    return OwnThread(row[3], row[2], row[1], row[0], row[4]) if row is not None else None
