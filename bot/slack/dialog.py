"""Following by picking: opens the dialog, finds what is searched in it, asks the command when it is sent."""

import asyncio
from collections import OrderedDict
from collections.abc import Mapping
from dataclasses import replace
from time import monotonic
from typing import Any

from slack_bolt.async_app import AsyncApp
from slack_bolt.context.ack.async_ack import AsyncAck
from slack_sdk.errors import SlackApiError
from slack_sdk.web.async_client import AsyncWebClient

from bot import owned
from bot.commands import permission
from bot.commands.find import find
from bot.commands.reply import CommandError, Reply, Request
from bot.commands.services import Services
from bot.slack import follow_form, showing, suggest, tab
from bot.slack.desk import Desk, Refusal, channel_of
from bot.slack.dialog_view import FOLLOW, MORE, follow_view
from bot.slack.follow_form import Form
from bot.slack.inputs import Option, option
from storage import providers
from storage.tables import Provider

NAMES_FOR = 30.0
"""Seconds for which the names of the providers in the database are kept for the menu."""
PAGES_FOR = 900.0
MOST_PAGES = 500
"""Pages that were read for a dialog, and for how many seconds what they list is kept."""
LONGEST_READ = 20.0
QUICK_READ = 2.0


def register(app: AsyncApp, desk: Desk) -> None:
    """The dialog's menus, buttons and its being sent."""
    dialog = _Dialog(desk)
    app.options("provider")(dialog.find_providers)
    app.options("components")(dialog.find_components)
    app.options("zone")(_find_zones)
    app.action("provider")(dialog.choose_provider)
    app.action(MORE)(dialog.show_more)
    app.view(FOLLOW)(dialog.send)


async def open_new(desk: Desk, client: AsyncWebClient, body: Mapping[str, Any]) -> Refusal | None:
    """Opens the dialog for a new follow, over the channel that the payload comes from."""
    channel = channel_of(body)
    form = Form(channel=channel if channel[:1] in ("C", "G") else None)
    return await _open(desk, client, body, form)


async def open_change(
    desk: Desk, client: AsyncWebClient, body: Mapping[str, Any], follow_id: str
) -> Refusal | None:
    """Opens the dialog with a follow's present values. A stranger's follow is refused."""
    form = await desk.attempt("change", _form_of_follow(desk.services, desk.request(body).workspace, follow_id))
    return form if isinstance(form, Refusal) else await _open(desk, client, body, form)


async def _open(desk: Desk, client: AsyncWebClient, body: Mapping[str, Any], form: Form) -> Refusal | None:
    may = await desk.attempt("follow", permission.check(desk.services, desk.request(body), "follow"))
    if isinstance(may, Refusal):
        return may
    form = replace(form, home=tab.page_in(body))
    opened = await desk.attempt("follow", showing.open_view(client, body, follow_view(form)))
    return opened if isinstance(opened, Refusal) else None


async def _form_of_follow(services: Services, workspace: str, follow_id: str) -> Form:
    follow, provider, destination = await owned.follow(services.database, workspace, follow_id)
    if not destination.uri.startswith(f"{workspace}/"):
        raise CommandError("What is told to an address outside of Slack is changed by /uptimus follow … --to it")
    async with services.database.read() as session:
        listed = await providers.components(session, provider.id)
    return follow_form.of_follow(
        follow,
        option(provider.slug, provider.name),
        destination.uri.partition("/")[2],
        [suggest.component(one.external_id, one.name, one.group) for one in listed],
    )


class _Dialog:
    def __init__(self, desk: Desk) -> None:
        self._desk, self._names, self._pages = desk, _Names(desk.services), _Pages(desk.services)

    async def find_providers(self, ack: AsyncAck, payload: dict[str, Any]) -> None:
        """What the menu offers for what was typed so far."""
        known = await self._desk.attempt("names", self._names.known())
        typed = str(payload.get("value") or "")
        stored = [] if isinstance(known, Refusal) else known
        await ack(options=suggest.providers(self._desk.services.catalogue, stored, typed))

    async def find_components(self, ack: AsyncAck, payload: dict[str, Any]) -> None:
        """The components of the provider that the question is named by, or that the follow has."""
        provider = str(payload.get("block_id", "")).partition(":")[2]
        known = await self._desk.attempt("components", self._listed(provider))
        listed = () if isinstance(known, Refusal) else known
        await ack(options=suggest.components(listed, str(payload.get("value") or "")))

    async def _listed(self, provider: str) -> tuple[Option, ...]:
        """Where the page was read by another process than this one, it is read once more, while Slack waits."""
        known = await self._pages.components(provider)
        if known is not None:
            return known
        async with asyncio.timeout(QUICK_READ):
            return await self._pages.read(provider)

    async def choose_provider(self, ack: AsyncAck, body: dict[str, Any], client: AsyncWebClient) -> None:
        """Shows which components there are: at once where that is known, otherwise once the page was read."""
        await ack()
        self._desk.track(asyncio.current_task())
        view = body["view"]
        form = follow_form.form_of(view)
        if form.provider is None:
            return
        provider = form.provider["value"]
        known = await self._desk.attempt("components", self._pages.components(provider))
        if isinstance(known, Refusal):
            known = None  # the read that follows says what is wrong
        form = replace(form, listed=None if known is None else len(known), problem="", components=())
        shown = await showing.update_view(client, follow_view(form), view_id=view["id"])
        if known is not None or shown is None:
            return
        read = await self._desk.attempt("read", self._pages.read(provider))
        # as it is now: more may have been chosen while the page was read
        form = replace(follow_form.form_of(shown), provider=form.provider)
        form = replace(form, problem=read.text) if isinstance(read, Refusal) else replace(form, listed=len(read))
        await showing.update_view(client, follow_view(form), view_id=view["id"], hash=str(shown.get("hash", "")))

    async def show_more(self, ack: AsyncAck, body: dict[str, Any], client: AsyncWebClient) -> None:
        """The less usual questions appear; what was chosen stays."""
        await ack()
        form = replace(follow_form.form_of(body["view"]), more=True)
        await showing.update_view(client, follow_view(form), view_id=body["view"]["id"])

    async def send(
        self, ack: AsyncAck, body: dict[str, Any], view: dict[str, Any], client: AsyncWebClient
    ) -> None:
        """Follows."""
        form = follow_form.form_of(view)
        if wrong := follow_form.faults(form):
            await ack(response_action="errors", errors=wrong)
            return
        if not self._desk.first_time(body.get("trigger_id")):
            await ack()
            return
        self._desk.track(asyncio.current_task())
        title = "Change a follow" if form.follow_id is not None else "Follow a status page"
        name = form.provider["text"]["text"] if form.provider else ""
        external_id = await showing.work(ack, title, f"Working on {name} …")
        request = self._desk.request(body)
        asked = replace(request, **follow_form.wanted(form, request.workspace))
        outcome = await self._follow(client, asked, str(form.channel))
        await showing.finish(client, external_id, title, outcome, showing.team_of(request.workspace))
        await tab.again(self._desk, client, body)

    async def _follow(self, client: AsyncWebClient, request: Request, channel: str) -> Reply | Refusal:
        if await _is_hidden(client, channel):
            return Refusal(
                "I can't see that channel, so I couldn't post there. Invite me first: write /invite @uptimus in"
                " it, then come back here and send this once more"
            )
        return await self._desk.answer("follow", request)


async def _find_zones(ack: AsyncAck, payload: dict[str, Any]) -> None:
    await ack(options=suggest.zones(str(payload.get("value") or "")))


async def _is_hidden(client: AsyncWebClient, channel: str) -> bool:
    """Whether Slack says that there is no such channel for us: a private one without an invitation. Where we may
    not ask (no scope, no answer), it shows when something is posted."""
    try:
        await client.conversations_info(channel=channel)
    except SlackApiError as error:
        return bool(error.response.get("error") == "channel_not_found")
    except Exception:  # it was only a courtesy to ask
        return False
    return False


class _Names:
    """(slug, name) of the providers in the database, for a while: a menu asks at each letter."""

    def __init__(self, services: Services) -> None:
        self._services, self._until = services, 0.0
        self._known: list[tuple[str, str]] = []

    async def known(self) -> list[tuple[str, str]]:
        """As it was at most half a minute ago."""
        if self._until < monotonic():
            async with self._services.database.read() as session:
                self._known = await providers.slugs_and_names(session)
            self._until = monotonic() + NAMES_FOR
        return self._known


class _Pages:
    """Which components providers have: from the database, and of pages that nobody follows yet from a read for the
    dialog, which is kept in memory for a while."""

    def __init__(self, services: Services) -> None:
        self._services = services
        self._read: OrderedDict[str, tuple[float, tuple[Option, ...]]] = OrderedDict()

    async def components(self, named: str) -> tuple[Option, ...] | None:
        """None where the page was not read yet."""
        async with self._services.database.read() as session:
            provider = await self._stored(session, named)
            if provider is not None and provider.first_read_at is not None:
                rows = await providers.components(session, provider.id)
                return tuple(suggest.component(one.external_id, one.name, one.group) for one in rows)
        until, known = self._read.get(named, (0.0, ()))
        return known if until > monotonic() else None

    async def read(self, named: str) -> tuple[Option, ...]:
        """Reads the page now. Raises CommandError."""
        try:
            async with asyncio.timeout(LONGEST_READ):
                found = await find(self._services, named)
        except TimeoutError:
            raise CommandError(
                "Its status page takes too long to answer; you can follow it all the same"
            ) from None
        snapshot = found.reading.snapshot if found.reading is not None else None
        listed = snapshot.components if snapshot is not None else None
        known = tuple(suggest.component(one.id, one.name, one.group) for one in listed or ())
        self._read[named] = (monotonic() + PAGES_FOR, known)
        while len(self._read) > MOST_PAGES:
            self._read.popitem(last=False)
        return known

    async def _stored(self, session: Any, named: str) -> Provider | None:
        entry = self._services.catalogue.find(named)
        found = await providers.find(session, named)
        return found or (await providers.find(session, entry.url) if entry is not None else None)
