"""Agreeing to get mail and ending it: over real HTTP, with the links that real mails hold, on both databases."""

import re
from collections.abc import AsyncIterator
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from html import unescape

import pytest
import structlog
from aiohttp import web
from aiohttp.test_utils import TestClient, TestServer
from cryptography.fernet import Fernet
from sqlalchemy import select
from standins.mail import PASSWORD, MailTown
from standins.pages import at, incident, update

from adapters import ADAPTERS, catalogue
from adapters.fetch import Fetcher
from bot import mail_links, mailing
from bot.commands.reply import CommandError
from bot.commands.services import Services
from bot.mail_links import MailLink
from bot.vault import Vault
from bot.web import mail, server
from bot.web.views import DirectoryView
from relay.metrics import Metrics
from relay.poll import pace
from relay.transports.transport import Transport
from storage import follows, providers, state, threads
from storage.database import Database
from storage.tables import Destination, Event, Follow, Incident, Note, Provider, Subject, Thread

NOW = datetime(2026, 3, 4, 12, tzinfo=UTC)
ADDRESS = "ops@example.com"
ONE_CLICK = {"List-Unsubscribe": "One-Click"}


@dataclass
class Post:
    """A mail server, the pages that readers open, and the database between them."""

    town: MailTown
    services: Services
    client: TestClient[web.Request, web.Application]
    clock: list[datetime]
    woken: list[None] = field(default_factory=list)

    async def destination(self, address: str = ADDRESS, workspace: str = "local") -> Destination:
        """One that waits for its reader."""
        async with self.services.database.write() as session:
            workspace_id = await follows.workspace(session, workspace)
            return await follows.add_destination(
                session, workspace_id, f"mailto:{address}", "email", [], unconfirmed="waits for its reader"
            )

    async def asked(self, row: Destination) -> str:
        """The path of the link that its reader gets."""
        await mailing.invite(self.services, row)
        found = re.search(r"https://uptimus\.example\.org(/mail/confirm/\S+)", self.town.mails[-1].part("plain"))
        assert found is not None
        return found[1]

    async def now(self, row: Destination) -> Destination:
        """As it is stored."""
        async with self.services.database.read() as session:
            return await session.get_one(Destination, row.id)

    async def get(self, path: str) -> tuple[int, str]:
        """What a browser is shown; nothing may keep or leak the address."""
        async with self.client.get(path) as answer:
            assert answer.headers["Cache-Control"] == "no-store"
            assert answer.headers["Referrer-Policy"] == "no-referrer"
            assert "form-action 'self'" in answer.headers["Content-Security-Policy"]
            assert "frame-ancestors 'none'" in answer.headers["Content-Security-Policy"]
            return answer.status, unescape(await answer.text())

    async def post(self, path: str, data: dict[str, str] | None = None) -> tuple[int, str]:
        """The button, or a mail client's click."""
        async with self.client.post(path, data=data, allow_redirects=False) as answer:
            return answer.status, unescape(await answer.text())

    def unsubscribe(self, row: Destination | None, address: str = ADDRESS) -> str:
        """The path of the link in a mail."""
        link = mail_links.unsubscribe_link(self.services.vault, "", address, row.id if row else None)
        assert "=" not in link
        return link


@pytest.fixture
async def post(database: Database) -> AsyncIterator[Post]:
    clock, woken = [NOW], list[None]()
    fetcher = Fetcher(user_agent="test", allow_private_networks=True)
    async with MailTown() as town:

        def transports() -> dict[str, Transport]:
            return {"email": town.transport()}

        services = Services(
            database=database,
            fetcher=fetcher,
            adapters=ADAPTERS,
            catalogue=catalogue.load(),
            vault=Vault([Fernet.generate_key().decode()]),
            pace=pace(60, 0),
            allow_private_networks=True,
            home="https://uptimus.example.org/",
            transports=transports,
            wake=lambda: woken.append(None),
            now=lambda: clock[0],
        )
        application = server.build(
            provider=_no_provider,
            directory=_no_directory,
            metrics=Metrics(),
            problems=_no_problems,
            mail=mail.routes(services),
        )
        async with TestClient(TestServer(application)) as client:
            yield Post(town, services, client, clock, woken)
    await fetcher.aclose()


async def _no_provider(*_: object) -> None:
    return None


async def _no_directory(*_: object) -> DirectoryView:
    return DirectoryView()


async def _no_problems() -> dict[str, str]:
    return {}


async def test_a_button_confirms_and_a_look_does_not(post: Post) -> None:
    row = await post.destination()
    path = await post.asked(row)
    status, page = await post.get(path)
    assert status == 200
    assert '<form method="post">' in page
    assert ADDRESS in page
    async with post.client.head(path) as answer:
        assert answer.status in (200, 405)
    assert (await post.now(row)).unconfirmed
    status, page = await post.post(path)
    assert (status, "Confirmed" in page) == (200, True)
    stored = await post.now(row)
    assert (stored.unconfirmed, stored.disabled_at, stored.disabled_because) == (False, None, None)
    assert post.woken
    assert "Confirmed" in (await post.post(path))[1]  # twice is as good as once
    assert "<form" not in (await post.get(path))[1]


@pytest.mark.parametrize("data", [ONE_CLICK, None])
async def test_one_click_unsubscribes_for_good(post: Post, data: dict[str, str] | None) -> None:
    row = await post.destination()
    await post.post(asked := await post.asked(row))
    path = post.unsubscribe(row)
    assert (await post.get(path))[0] == 200
    assert (await post.now(row)).disabled_at is None
    for _ in range(2):
        assert (await post.post(path, data))[0] == 200
    stored = await post.now(row)
    assert (stored.unconfirmed, stored.disabled_because) == (True, "its reader unsubscribed")
    assert stored.disabled_at is not None
    assert (await post.post(asked))[0] == 410, "what was asked before counts no more"
    assert (await post.now(row)).unconfirmed
    await post.post(await post.asked(row))
    assert not (await post.now(row)).unconfirmed


async def test_a_link_of_one_destination_ends_that_one_alone(post: Post) -> None:
    one, other = await post.destination(), await post.destination(workspace="slack:T1")
    await post.post(post.unsubscribe(one))
    assert (await post.now(one)).disabled_because == "its reader unsubscribed"
    assert (await post.now(other)).disabled_because == "waits for its reader"
    await post.post(post.unsubscribe(None))
    assert (await post.now(other)).disabled_because == "its reader unsubscribed"


async def test_links_that_do_not_count(post: Post) -> None:
    row, other = await post.destination(), await post.destination("dev@example.com")
    good = (await post.asked(row)).rpartition("/")[2]
    foreign = Vault([Fernet.generate_key().decode()])
    about = MailLink(ADDRESS, row.id, "2026-01-01T00:00:00+00:00")
    wrong = {
        "not a token": "abc",
        "not ASCII": "%F0%9F%94%A5",
        "very long": "a" * 4000,
        "cut": good[:-10],
        "changed": good[:50] + ("A" if good[50] != "A" else "B") + good[51:],
        "for another purpose": post.unsubscribe(row).rpartition("/")[2],
        "made elsewhere": mail_links.confirm_link(foreign, "", about, NOW).rpartition("/")[2],
        "another secret of ours": post.services.vault.seal("whsec_x").rstrip("="),
        "another address": mail_links.confirm_link(
            post.services.vault, "", replace(about, address="dev@example.com"), NOW
        ).rpartition("/")[2],
        "asked at another time": mail_links.confirm_link(post.services.vault, "", about, NOW).rpartition("/")[2],
    }
    for name, token in wrong.items():
        for method in (post.get, post.post):
            status, page = await method(f"/mail/confirm/{token}")
            assert (status, "can't be used" in page) == (410, True), name
    assert (await post.post(f"/mail/unsubscribe/{good}"))[0] == 410
    for each in (row, other):
        assert (await post.now(each)).disabled_because == "waits for its reader"


async def test_a_confirmation_is_good_for_a_week_and_unsubscribing_for_ever(post: Post) -> None:
    row = await post.destination()
    path = await post.asked(row)
    post.clock[0] = NOW + timedelta(days=7, seconds=1)
    status, page = await post.post(path)
    assert (status, "too old" in page) == (410, True)
    post.clock[0] = NOW + timedelta(days=6, hours=23)
    assert (await post.post(path))[0] == 200
    post.clock[0] = NOW + timedelta(days=4000)
    assert (await post.post(post.unsubscribe(row)))[0] == 200
    assert (await post.now(row)).unconfirmed


async def test_what_is_gone_is_said_and_unsubscribing_from_it_is_fine(post: Post) -> None:
    row = await post.destination()
    path = await post.asked(row)
    async with post.services.database.write() as session:
        await follows.remove_destination(session, row.id)
    assert (await post.post(path))[0] == 410
    assert (await post.post(post.unsubscribe(row)))[0] == 200


async def test_an_address_is_asked_three_times_a_day(post: Post) -> None:
    row, shouted = await post.destination(), await post.destination("OPS@example.com", "slack:T1")
    for one in (row, row, shouted):
        await mailing.invite(post.services, one)
    with pytest.raises(CommandError, match="asked 3 times within a day"):
        await mailing.invite(post.services, row)
    await mailing.invite(post.services, await post.destination("dev@example.com"))
    assert len(post.town.mails) == 4
    async with post.services.database.write() as session:
        for note in await session.scalars(select(Note)):
            assert "example.com" not in note.name
            note.at -= timedelta(days=1, seconds=1)
    await mailing.invite(post.services, row)


async def test_a_question_that_can_not_be_sent_is_an_error_and_does_not_count(post: Post) -> None:
    row = await post.destination()
    for _ in range(4):
        post.town.fail_next("RCPT", "550 5.1.1 no such user")
        with pytest.raises(CommandError, match=r"could not be sent: the mail server refuses this address \(550"):
            await mailing.invite(post.services, row)
    bare = replace(post.services, transports=dict)
    with pytest.raises(CommandError, match="SMTP_URL and MAIL_FROM are missing"):
        await mailing.invite(bare, row)
    await mailing.invite(post.services, row)


async def _followed(post: Post, row: Destination) -> tuple[int, int]:
    """The destination follows a provider that has one incident under way: the ids of follow and subject."""
    active = incident(update("u1", "investigating", 0))
    async with post.services.database.write() as session:
        provider = Provider(
            slug="chargeover", name="ChargeOver", url="https://status.example.com", adapter="statuspage",
            source="user", verification="pending", status="unknown", memory={}, active=True, failures=0,
            unreadable=False, due_at=None,
        )  # fmt: skip
        session.add(provider)
        await session.flush()
        session.add(Incident(
            provider_id=provider.id, external_id=active.id, title=active.title, phase=active.phase, url=active.url,
            component_ids=[], ever_component_ids=[],
            updates=[one.model_dump(mode="json") for one in active.updates], revision=1,
            missing=0, removed=False, first_seen_at=at(0), impact=active.impact, started_at=at(0),
            resolved_at=None,
        ))  # fmt: skip
        subjects = [
            Subject(provider_id=provider.id, kind="incident", external_id=id_, last_sequence=3)
            for id_ in (active.id, "old")
        ]
        follow = Follow(
            provider_id=provider.id, destination_id=row.id, incidents=True, components=True, maintenance=True,
            component_ids=[], created_by="", created_at=await providers.database_now(session),
        )  # fmt: skip
        session.add_all([*subjects, follow])
        await session.flush()
        for subject in subjects:
            session.add_all(
                Event(
                    uid=f"evt_{subject.id}_{number}", provider_id=provider.id, subject_id=subject.id,
                    sequence=number, key=f"{subject.id} {number}", type="incident.updated", update_id=None,
                    data={}, context={}, seen_at=at(number),
                )
                for number in (1, 2, 3)
            )  # fmt: skip
            await threads.publish(
                session, provider.id, subject.id, first=1, last=3, streams=threads.Streams(incidents=True)
            )
        assert await state.load(session, provider)
        return follow.id, subjects[0].id


async def test_what_happened_before_the_reader_agreed_is_not_replayed(post: Post) -> None:
    row = await post.destination()
    _, active_id = await _followed(post, row)
    await post.post(await post.asked(row))
    async with post.services.database.read() as session:
        waiting = (await session.scalars(select(Thread).where(Thread.due_at.is_not(None)))).all()
        assert [(one.subject_id, one.cursor, one.head) for one in waiting] == [(active_id, 2, 3)]


async def test_a_thread_that_was_told_before_goes_on_from_now(post: Post) -> None:
    row = await post.destination()
    await _followed(post, row)
    async with post.services.database.write() as session:
        for thread in await session.scalars(select(Thread)):
            thread.begun, thread.cursor, thread.reference = True, 1, "<a@example.org> [ChargeOver] x"
    await post.post(await post.asked(row))
    async with post.services.database.read() as session:
        told = (await session.scalars(select(Thread))).all()
        assert [(one.cursor, one.head, one.due_at) for one in told] == [(3, 3, None), (3, 3, None)]


async def test_no_token_stands_in_the_log(post: Post) -> None:
    row = await post.destination()
    with structlog.testing.capture_logs() as lines:
        path = await post.asked(row)
        await post.post(path)
        await post.post(post.unsubscribe(row))
        post.clock.clear()
        assert (await post.post(path))[0] == 500
    said = repr(lines)
    assert "/mail/confirm/{token}" in said
    assert path.rpartition("/")[2] not in said
    assert PASSWORD not in said
    assert ADDRESS not in said
