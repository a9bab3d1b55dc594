"""token: what lets a program read a workspace's own follows, destinations and deliveries through the API."""

from sqlalchemy.ext.asyncio import AsyncSession

from bot.commands.permission import LOCAL
from bot.commands.reply import CommandError, Reply, Request, Row, Section
from bot.commands.services import Services, ago, counted, shown_moment
from storage import api_tokens, audit, follows
from storage.tables import ApiToken

LONGEST = 60


async def create(services: Services, request: Request) -> Reply:
    """A new token of this name (`text`), shown once."""
    name = _name(request)
    async with services.database.write() as session:
        workspace_id = await _workspace(session, request)
        token = await api_tokens.make(session, workspace_id, name)
        if token is None:
            raise CommandError(f"There is a token {name!r} already; revoke it first, or choose another name")
        await audit.note(session, workspace_id, request.actor, "made", f"the API token {name}")
    note = Section(heading="The token, shown once", note=token)
    return Reply(
        text=f"{name} may read what {request.workspace} follows, and have deliveries told again.",
        sections=(note,),
        data={"name": name, "workspace": request.workspace, "token": token},
    )


async def list_(services: Services, request: Request) -> Reply:
    """The tokens that are valid, without the tokens themselves."""
    async with services.database.read() as session:
        rows = await api_tokens.of_workspace(session, await _workspace(session, request))
    now = services.now()
    shown = tuple(Row(title=row.name, detail=f"last used {ago(row.last_used_at, now)}") for row in rows)
    return Reply(
        text=f"{counted(len(rows), 'token')}.",
        sections=(Section(rows=shown),) if rows else (),
        data={"tokens": [_json(row) for row in rows]},
    )


async def revoke(services: Services, request: Request) -> Reply:
    """The token of this name (`text`) opens nothing any more."""
    name = _name(request)
    async with services.database.write() as session:
        workspace_id = await _workspace(session, request)
        if not await api_tokens.revoke(session, workspace_id, name):
            raise CommandError(f"There is no token {name!r}; `uptimus token list` shows those there are")
        await audit.note(session, workspace_id, request.actor, "revoked", f"the API token {name}")
    return Reply(text=f"{name} is revoked.", data={"name": name, "revoked": True})


def _name(request: Request) -> str:
    name = " ".join(request.text.split())
    if not name or len(name) > LONGEST or not name.isprintable():
        raise CommandError(f"A token's name has 1 to {LONGEST} letters")
    return name


async def _workspace(session: AsyncSession, request: Request) -> int:
    """The operator's own is made when it is named for the first time; a chat's has to be there."""
    if request.workspace == LOCAL:
        return await follows.workspace(session, LOCAL)
    found = await follows.workspace_if_any(session, request.workspace)
    if found is None:
        raise CommandError(f"There is no workspace {request.workspace[:80]!r}; they look like slack:T0123")
    return found


def _json(row: ApiToken) -> dict[str, object]:
    return {
        "name": row.name,
        "created_at": shown_moment(row.created_at),
        "last_used_at": shown_moment(row.last_used_at),
    }
