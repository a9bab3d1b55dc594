"""settings: who may change what is followed here."""

from bot.commands import permission, spoken
from bot.commands.names import spoken_words
from bot.commands.reply import CommandError, Reply, Request, Row, Section, UsageError
from bot.commands.services import Services, counted
from bot.commands.spoken import guess
from relay.wording import capital
from storage import audit, follows

_WHO = {"everyone": "everyone", "chosen": "the people who were chosen"}


async def settings(services: Services, request: Request) -> Reply:
    """Alone: what is set. `changes everyone`, `changes admins`, or `changes` and people."""
    words = spoken_words(request)
    if not words:
        return await _shown(services, request)
    if words[0].lower() not in ("changes", "change"):
        raise UsageError(f"I don't know the setting “{words[0][:40]}”{guess(words[0], ['changes'])}")
    who, chosen = _who(words[1:], request)
    async with services.database.write() as session:
        workspace_id = await follows.workspace(session, request.workspace)
        await follows.set_editors(session, workspace_id, who, chosen)
        what = {"everyone": "everyone", "admins": "admins"}.get(who, counted(len(chosen), "chosen person"))
        said = f"who may change things here: {what.replace('persons', 'people')}"
        await audit.note(session, workspace_id, request.actor, "set", said)
    return await _shown(services, request)


def _who(words: tuple[str, ...], request: Request) -> tuple[str, list[str]]:
    """Who sets it stays among those who may, or a slip would lock everybody out."""
    if not words:
        raise UsageError("Who? everyone, admins, or people: settings changes @ann @bob")
    plain, actor = words[0].lower().lstrip("@"), request.actor
    if plain in ("everyone", "all") and len(words) == 1:
        return "everyone", []
    if plain in ("admins", "admin") and len(words) == 1:
        return "admins", [actor] if actor else []
    try:
        people = spoken.people(words, request.workspace.partition(":")[0])
    except CommandError as error:
        raise UsageError(f"{error}; or write everyone, or admins") from None
    return "chosen", list(dict.fromkeys([*([actor] if actor else []), *people]))


async def _shown(services: Services, request: Request) -> Reply:
    async with services.database.read() as session:
        editors, chosen = await follows.editors(session, request.workspace)
    heading = "Who set this may, too" if editors == "admins" else "Those are"
    rows = tuple(Row(title="", who=one) for one in chosen)
    return Reply(
        text=f"{capital(_WHO.get(editors) or permission.admins(request))} may change what is followed here.",
        sections=(Section(heading, rows),) if rows else (),
        data={"changes": editors, "chosen": chosen},
    )
