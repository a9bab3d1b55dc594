"""webhook: an address of the workspace's own that is told as well, signed."""

from collections.abc import Awaitable, Callable
from dataclasses import replace

from bot.commands import destinations, operate
from bot.commands.follow import follow
from bot.commands.names import each, spoken_words
from bot.commands.reply import CommandError, Reply, Request, Row, Section, UsageError
from bot.commands.services import Services, counted
from bot.commands.spoken import guess
from storage import follows

Step = Callable[[Services, Request, tuple[str, ...]], Awaitable[Reply]]


async def webhook(services: Services, request: Request) -> Reply:
    """`add <address> [provider …]`, `list`, `test <address>`, `remove <address>`."""
    words = spoken_words(request)
    steps: dict[str, Step] = {"add": _add, "list": _list, "test": _test, "remove": _remove}
    if not words:
        return await _list(services, request, ())
    if words[0].lower() not in steps:
        raise UsageError(f"I don't know “webhook {words[0][:40]}”{guess(words[0], steps)}")
    return await steps[words[0].lower()](services, request, words[1:])


async def _add(services: Services, request: Request, words: tuple[str, ...]) -> Reply:
    uri = _address(services, request, words)
    async with services.database.read() as session:
        names = await each(services, session, words[1:] if request.to is None else words)
    made = await operate.add(services, replace(request, to=uri))
    followed, failed = list[str](), list[str]()
    for name in names:
        try:
            answer = await follow(services, replace(request, provider=name, to=uri))
        except CommandError as error:
            failed.append(str(error))
        else:
            followed.append(answer.sections[0].rows[0].title)
    notes = [f"It is told about {', '.join(followed)}."] if followed else []
    notes += failed
    notes += [] if names else [f"Nothing is told there yet; try: /uptimus follow chargeover --to {uri}"]
    return replace(
        made,
        sections=(*made.sections, Section(rows=tuple(Row(title="", detail=note) for note in notes))),
        data={**made.data, "followed": followed, "failed": failed},
    )


async def _list(services: Services, request: Request, _: tuple[str, ...]) -> Reply:
    async with services.database.read() as session:
        workspace_id = await follows.workspace_if_any(session, request.workspace)
        rows = await follows.destinations(session, workspace_id) if workspace_id is not None else []
        mine = await follows.of_workspace(session, workspace_id) if workspace_id is not None else []
    hooks = [row for row in rows if row.transport == "webhook"]
    told = {row.id: [provider.name for _, provider, at in mine if at.id == row.id] for row in hooks}
    data = {"webhooks": [{"destination": row.uri, "enabled": row.disabled_at is None} for row in hooks]}
    if not hooks:
        return Reply(text="There is no webhook yet; try: webhook add https://… chargeover", data=data)
    shown = tuple(
        Row(
            title=row.uri,
            detail=" · ".join([
                ", ".join(told[row.id]) or "nothing is told there",
                *([f"disabled: {row.disabled_because}"] if row.disabled_at else []),
            ]),
        )
        for row in hooks
    )  # fmt: skip
    return Reply(text=f"{counted(len(hooks), 'webhook')}.", sections=(Section(rows=shown),), data=data)


async def _test(services: Services, request: Request, words: tuple[str, ...]) -> Reply:
    return await operate.test(services, replace(request, to=_address(services, request, words)))


async def _remove(services: Services, request: Request, words: tuple[str, ...]) -> Reply:
    return await operate.remove(services, replace(request, to=_address(services, request, words)))


def _address(services: Services, request: Request, words: tuple[str, ...]) -> str:
    uri = request.to or (words[0] if words else "")
    if not uri:
        raise UsageError("Which address? It begins with https://")
    if "://" not in uri or destinations.transport_of(uri, services) != "webhook":
        raise UsageError(f"“{uri[:80]}” is not the https:// address of a webhook")
    return uri
