"""webhook: an address of the workspace's own that is told as well, signed."""

from collections.abc import Awaitable, Callable
from dataclasses import replace

from bot.commands import deliveries, destination, destinations, replay, signing
from bot.commands.addresses import normal
from bot.commands.destinations import seen_by
from bot.commands.follow import follow
from bot.commands.names import each, spoken_words
from bot.commands.reply import CommandError, Reply, Request, Row, Section, UsageError
from bot.commands.services import Services, counted
from bot.commands.spoken import guess
from bot.commands.standing import ENABLED, as_json, options, standing
from storage import follows

Step = Callable[[Services, Request, tuple[str, ...]], Awaitable[Reply]]

_KINDS = ("webhook", "email")
"""Of addresses: what a workspace has beside its channels."""


async def webhook(services: Services, request: Request) -> Reply:
    """`add <address> [provider …]`, `list`, and what can be done with an address or a delivery."""
    words = spoken_words(request)
    if not words:
        return await _list(services, request, ())
    step = _STEPS.get(words[0].lower())
    if step is None:
        raise UsageError(f"I don't know “webhook {words[0][:40]}”{guess(words[0], _STEPS)}")
    return await step(services, request, words[1:])


async def _add(services: Services, request: Request, words: tuple[str, ...]) -> Reply:
    uri = _address(services, request, words)
    async with services.database.read() as session:
        names = await each(services, session, words[1:] if request.to is None else words)
    made = await destination.add(services, replace(request, to=uri))
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
    notes += (
        [] if names else [f"To have it told of something: /uptimus follow chargeover --to {seen_by(request, uri)}"]
    )
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
    hooks = [row for row in rows if row.transport in _KINDS]
    told = {row.id: [provider.name for _, provider, at in mine if at.id == row.id] for row in hooks}
    data = {"webhooks": [as_json(request, row) for row in hooks]}
    if not hooks:
        return Reply(text="There is no webhook yet; try: webhook add https://… chargeover", data=data)
    now = services.now()
    shown = tuple(
        Row(
            title=seen_by(request, row.uri),
            detail=" · ".join([
                ", ".join(told[row.id]) or "nothing is told there",
                *options(row),
                *([standing(row, now)] if standing(row, now) != ENABLED else []),
            ]),
        )
        for row in hooks
    )  # fmt: skip
    addresses = f"{len(hooks)} addresses" if len(hooks) > 1 else "1 address"
    text = counted(len(hooks), "webhook") if all(row.transport == "webhook" for row in hooks) else addresses
    return Reply(text=f"{text}.", sections=(Section(rows=shown),), data=data)


def _with_address(command: Callable[[Services, Request], Awaitable[Reply]]) -> Step:
    """A command of one address that there is."""

    async def step(services: Services, request: Request, words: tuple[str, ...]) -> Reply:
        return await command(services, replace(request, to=_address(services, request, words)))

    return step


async def _deliveries(services: Services, request: Request, words: tuple[str, ...]) -> Reply:
    """`<delivery>`, `<address>`, a state, or all."""
    if words and deliveries.numbered(words[0]) is not None:
        return await deliveries.show(services, replace(request, text=words[0]))
    state = words[0].lower() if words and words[0].lower() in deliveries.STATES else ""
    rest = words[1:] if state else words
    to = _address(services, request, rest) if rest or request.to else None
    return await deliveries.list_(services, replace(request, text=state, to=to))


async def _replay(services: Services, request: Request, words: tuple[str, ...]) -> Reply:
    """`<delivery>`, or `dead` or a time (`2h`) with or without an address."""
    if not words:
        raise UsageError("What is to be told again? A delivery (12.3), `dead`, or a time, as in 2h")
    if deliveries.numbered(words[0]) is not None:
        return await replay.one(services, replace(request, text=words[0]))
    to = _address(services, request, words[1:]) if words[1:] or request.to else None
    if words[0].lower() == "dead":
        return await replay.dead(services, replace(request, to=to))
    return await replay.since(services, replace(request, text=words[0], to=to))


_STEPS: dict[str, Step] = {
    "add": _add,
    "list": _list,
    "test": _with_address(destination.test),
    "remove": _with_address(destination.remove),
    "secret": _with_address(signing.show_secret),
    "rotate": _with_address(signing.rotate),
    "enable": _with_address(destination.enable),
    "deliveries": _deliveries,
    "replay": _replay,
}


def _address(services: Services, request: Request, words: tuple[str, ...]) -> str:
    uri = request.to or (words[0] if words else "")
    if not uri:
        raise UsageError("Which address? It begins with https://")
    plain = "://" in uri or uri.lower().startswith("mailto:")
    if not plain or destinations.transport_of(normal(uri), services) not in _KINDS:
        raise UsageError(f"“{uri[:80]}” is not the https:// address of a webhook")
    return normal(uri)
