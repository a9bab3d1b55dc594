"""report: somebody has trouble with a provider, too; or (with a month) how a month of it was."""

from bot import signals
from bot.commands import names
from bot.commands.reply import CommandError, Reply, Request, Row, Section, UsageError
from bot.commands.services import Services, incident_row, phase_words, shown_status
from bot.signals import Raised, Said
from storage import providers
from storage.tables import Component, Incident, Provider

MOST_INCIDENTS = 5


async def report(services: Services, request: Request) -> Reply:
    """Counts who asks among those who have trouble; or tells of the month that is named."""
    words = names.spoken_words(request)
    if not words and request.provider:
        words = tuple(request.provider.split())
    if not words:
        raise UsageError("Which provider do you have trouble with? Name it, as in: report chargeover")
    if request.month is not None:
        return await _month(services, request, words)
    return await _signal(services, request, words)


async def _month(services: Services, request: Request, words: tuple[str, ...]) -> Reply:
    from bot.reports import as_text
    from bot.reports import report as reports

    return as_text.text(await reports.month(services, " ".join(words), request.month, request.zone))


async def _signal(services: Services, request: Request, words: tuple[str, ...]) -> Reply:
    async with services.database.read() as session:
        provider, rest = await names.leading(services, session, words)
        listed = await providers.components(session, provider.id)
        active = await providers.active_incidents(session, [provider.id])
    what = " ".join(rest)
    component = signals.meant(what, listed)
    _check(services, request, provider)
    source = request.workspace.partition(":")[0]
    said = Said(
        who=(request.workspace, request.actor),
        source=source,
        component=component.external_id if component is not None else None,
        zone=request.zone,
    )
    counted = await signals.take(services.database, services.vault, provider, said)
    async with services.database.read() as session:
        raised = await signals.raised(session, provider)
    return _reply(provider, component, counted=counted, unknown=bool(what) and component is None,
                  active=list(active), raised=raised)  # fmt: skip


def _check(services: Services, request: Request, provider: Provider) -> None:
    """Raises CommandError for who reports too much."""
    if services.signals.wait(f"{request.workspace} {request.actor}", provider.slug):
        raise CommandError("More was reported in a short time than can be taken; please try again later")


def _reply(
    provider: Provider, component: Component | None, *, counted: bool, unknown: bool, active: list[Incident],
    raised: Raised | None,
) -> Reply:  # fmt: skip
    about = f"{provider.name} ({component.name})" if component is not None else provider.name
    text = f"Thank you: your trouble with {about} is counted."
    if not counted:
        text = f"You have reported trouble with {provider.name} today; everybody is counted once a day."
    notes = [_standing(provider, active, raised)]
    if counted and unknown:
        notes.append(f"No component of {provider.name} is called so: it counts for all of it.")
    notes.append("Nothing of what you write is kept, nor who you are.")
    rows = [incident_row(one) for one in active[:MOST_INCIDENTS]] or [_state(provider)]
    return Reply(
        text=text,
        sections=(Section(rows=tuple(rows), note=" ".join(notes)),),
        data={
            "provider": provider.slug,
            "counted": counted,
            "component": component.external_id if component is not None else None,
            "raised": raised is not None,
            "active_incidents": [
                {"id": one.external_id, "title": one.title, "phase": phase_words(one.phase)} for one in active
            ],
        },
    )


def _standing(provider: Provider, active: list[Incident], raised: Raised | None) -> str:
    if active:
        return f"{provider.name} knows of trouble."
    if raised is not None:
        return f"{raised.words} (up to {raised.people} people in {raised.minutes} minutes)."
    return "When many report trouble, those who follow “signals” are warned."


def _state(provider: Provider) -> Row:
    return Row(title=f"{provider.name}'s status page", status=shown_status(provider), url=provider.url)
