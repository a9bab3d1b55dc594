"""Mail through a real SMTP server with TLS and a login, read as the standard library reads it."""

import asyncio
import re
import ssl
from collections.abc import AsyncIterator, Callable
from dataclasses import replace
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from html.parser import HTMLParser
from typing import Any

import pytest
from standins.login_outage import PROVIDER, STORY, URL, event, incident, incident_event, update
from standins.mail import HOME, PASSWORD, USER, Mail, MailTown

from adapters.schema import Status
from relay.bulletin import Bulletin, Row, Section
from relay.events import Context, EventType
from relay.transports import TRANSPORTS
from relay.transports.email import EmailTransport
from relay.transports.email_server import MailServer, address_of, sender_of, server_of
from relay.transports.transport import DeliveryError, Sent, Telling


@pytest.fixture
async def town() -> AsyncIterator[MailTown]:
    async with MailTown() as town:
        yield town


@pytest.fixture
async def transport(town: MailTown) -> AsyncIterator[EmailTransport]:
    transport = town.transport()
    yield transport
    await transport.aclose()


def telling(number: int = 1, reference: str | None = None, **more: Any) -> Telling:
    """The story's event of that number, to ops@example.com."""
    known: dict[str, Any] = {
        "event": STORY[number - 1],
        "address": "ops@example.com",
        "reference": reference,
        "delivery": f"12.{number}",
        "destination_id": 7,
    }
    return Telling(**known | more)


async def refused(transport: EmailTransport, **more: Any) -> DeliveryError:
    """How it fails, which it has to."""
    with pytest.raises(DeliveryError) as caught:
        await transport.send(telling(**more))
    assert PASSWORD not in str(vars(caught.value))
    assert USER not in caught.value.reason
    return caught.value


async def tell_story(transport: EmailTransport) -> list[Sent]:
    """All of it."""
    told: list[Sent] = []
    for number in range(1, len(STORY) + 1):
        told.append(await transport.send(telling(number, told[-1].reference if told else None)))
    return told


async def test_an_incident_is_one_thread(town: MailTown, transport: EmailTransport) -> None:
    told = await tell_story(transport)
    first, *rest = town.mails
    assert [one.header("Message-ID") for one in town.mails] == [one.message for one in told]
    assert first.header("Message-ID") == f"<{STORY[0].id}.12.1@example.org>"
    assert first.message["In-Reply-To"] is None
    assert first.message["References"] is None
    for mail in rest:
        assert mail.header("In-Reply-To") == mail.header("References") == first.header("Message-ID")
    assert {one.header("Subject") for one in town.mails} == {"[ChargeOver] Login outage"}
    assert len({one.header("Message-ID") for one in town.mails}) == len(STORY)


async def test_one_connection_carries_them_all_encrypted(town: MailTown, transport: EmailTransport) -> None:
    await tell_story(transport)
    assert town.connections == 1
    assert {(one.encrypted, one.user) for one in town.mails} == {(True, USER)}
    assert {(one.sender, one.recipient) for one in town.mails} == {("status@example.org", "ops@example.com")}


async def test_what_machines_look_for(town: MailTown, transport: EmailTransport) -> None:
    await transport.send(telling())
    [mail] = town.mails
    assert mail.header("From") == "uptimus <status@example.org>"
    assert mail.header("To") == "ops@example.com"
    assert mail.header("Auto-Submitted") == "auto-generated"
    assert mail.header("X-Auto-Response-Suppress") == "All"
    assert mail.header("List-Id") == "<uptimus.example.org>"
    assert mail.header("List-Unsubscribe") == f"<{HOME}/mail/unsubscribe/{'t' * 300}-7>"
    assert mail.header("List-Unsubscribe-Post") == "List-Unsubscribe=One-Click"
    assert (mail.header("X-Uptimus-Provider"), mail.header("X-Uptimus-Event")) == ("chargeover", "incident.opened")
    assert abs(parsedate_to_datetime(mail.header("Date")) - datetime.now(UTC)).total_seconds() < 60
    assert mail.message.get_content_type() == "multipart/alternative"
    assert [part.get_content_type() for part in mail.message.iter_parts()] == ["text/plain", "text/html"]
    assert mail.raw.isascii()
    assert max(len(line) for line in mail.raw.split(b"\r\n")) < 998
    assert b"\n" not in mail.raw.replace(b"\r\n", b"")


@pytest.mark.parametrize("part", ["plain", "html"])
async def test_what_people_read(part: str, town: MailTown, transport: EmailTransport) -> None:
    await tell_story(transport)
    said = [shown(one, part) for one in town.mails]
    for text in said:
        assert "Login outage" in text
        assert "Main Application" in text
        assert "18 Jul 2025, 19:00 UTC" in text
        assert "ops@example.com follows the status page of ChargeOver" in text
        assert f"{URL}/incidents/wqrzsb2dhryr" in text
        assert f"{HOME}/mail/unsubscribe/" in text
    assert "Some customers can't log in." in said[0]
    assert "Some customers can't log in." not in said[1]
    assert "Impact raised from minor to major" in said[1]
    assert "18 Jul 2025, 20:14 UTC" in said[4]
    assert "Resolved after 1 h 14 min" in said[4]
    assert "https://example.com/r" in said[5]


class _Shown(HTMLParser):
    """What a client shows, links by their address; every tag and attribute is looked at."""

    TAGS = re.compile("html|head|meta|title|body|div|p|h[12]|ul|li|table|tr|th|td|strong|span|bdi|a|br|hr")
    ATTRIBUTES = frozenset({"lang", "charset", "name", "content", "style", "dir", "href"})

    def __init__(self) -> None:
        super().__init__()
        self.text = ""

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        assert self.TAGS.fullmatch(tag)
        for name, value in attrs:
            assert name in self.ATTRIBUTES
            assert name != "href" or (value or "").startswith(("https://", "http://"))
            assert "url(" not in (value or "")
            self.text += f" {value} " if name == "href" else ""

    def handle_data(self, data: str) -> None:
        self.text += data


def shown(mail: Mail, part: str) -> str:
    """The text that a reader sees, addresses of links with it. Nothing is fetched to show it."""
    text = mail.part(part)
    if part == "plain":
        return text
    parser = _Shown()
    parser.feed(text)
    parser.close()
    return parser.text


TITLES = {
    "line breaks": "Down\r\nBcc: victim@example.com\r\n\r\nhello",
    "ten thousand letters": "long " * 2000,
    "right to left": "\u202eevil\u202c \u2067שלום\u2069 مرحبا",
    "emoji": "🔥 Logins 👩‍👩‍👧‍👦 fail",
    "encoded words": "=?utf-8?q?Bcc=3A_x=0D=0ABcc=3A_victim=40example=2Ecom?=",
    "half a surrogate": "broken \ud83d here",
    "controls": "nul \x00 bell \x07 \x1b[31m \x85 \u2028 end",
    "markup": "<script>alert(1)</script><img src=https://example.com/x.png> {{ 7*7 }} ]] [x](javascript:alert(1))",
    "nothing": "",
    "a comma": '"a", <b@example.com>, (c)',
}


@pytest.mark.parametrize("title", TITLES.values(), ids=TITLES)
async def test_a_hostile_title_stays_a_title(title: str, town: MailTown, transport: EmailTransport) -> None:
    provider = PROVIDER.model_copy(update={"name": title})
    hostile = incident(1, title=title, updates=(update(title, 0, title),), url="javascript:alert(1)")
    opened = incident_event(EventType.INCIDENT_OPENED, 1, incident=hostile, provider=provider)
    sent = await transport.send(telling(event=opened))
    await transport.send(telling(2, sent.reference))
    first, second = town.mails
    plain = await _calm(town, transport)
    for mail in (first, second):
        assert sorted(mail.message.keys()) == sorted(plain.message.keys() + (
            ["In-Reply-To", "References"] if mail is second else []
        ))  # fmt: skip
        assert mail.header("Subject") == first.header("Subject")
        assert mail.header("Subject").startswith("[")
        assert len(mail.header("Subject")) <= 260
        assert not re.search("[\r\n\x00-\x1f\u202e\u2067]", mail.header("Subject"))
        assert mail.recipient == "ops@example.com"
        assert shown(mail, "html").strip()
        assert "\u202e" not in mail.part("plain") + mail.part("html")
        assert not mail.message.defects
    if title.startswith("=?"):
        assert first.header("Subject").replace("\u2060", "") == f"[{title}] {title}"


async def _calm(town: MailTown, transport: EmailTransport) -> Mail:
    await transport.send(telling())
    return town.mails.pop()


async def test_a_huge_body_is_cut_and_the_page_is_still_named(town: MailTown, transport: EmailTransport) -> None:
    posts = tuple(update("investigating", minute, f"{minute} " + "word " * 4000) for minute in range(60))
    await transport.send(telling(event=incident_event(
        EventType.INCIDENT_OPENED, 1, incident=incident(1, updates=posts)
    )))  # fmt: skip
    [mail] = town.mails
    assert len(mail.raw) < 102_000
    assert "57 earlier updates are on the page" in mail.part("plain")
    assert f"{URL}/incidents/wqrzsb2dhryr" in mail.part("plain")


async def test_a_renamed_incident_keeps_its_subject(town: MailTown, transport: EmailTransport) -> None:
    sent = await transport.send(telling())
    renamed = incident_event(
        EventType.INCIDENT_UPDATED, 2, incident=incident(2, title="Everything is down"),
        previous={"title": "Login outage"},
    )  # fmt: skip
    await transport.send(telling(2, sent.reference, event=renamed))
    assert town.mails[1].header("Subject") == "[ChargeOver] Login outage"
    assert "Everything is down" in town.mails[1].part("plain")


async def test_the_same_at_a_retry_and_another_one_when_replayed(
    town: MailTown, transport: EmailTransport
) -> None:
    sent = await transport.send(telling())
    await transport.send(telling(attempt=2))
    await transport.send(telling(reference=sent.reference, replay=True))
    await transport.send(telling(reference=sent.reference, replay=True))
    ids = [one.header("Message-ID") for one in town.mails]
    assert ids[0] == ids[1]
    assert len(set(ids)) == 3
    assert town.mails[2].header("In-Reply-To") == ids[0]


async def test_two_addresses_get_mails_of_their_own(town: MailTown, transport: EmailTransport) -> None:
    await transport.send(telling())
    await transport.send(telling(address="dev@example.com", delivery="13.1", destination_id=8))
    assert len({one.header("Message-ID") for one in town.mails}) == 2


EDIT = incident_event(EventType.INCIDENT_EDITED, 2)
SILENT: dict[str, dict[str, Any]] = {
    "an edit": {"event": EDIT, "carrier": "<x@example.org>"},
    "a muted thread": {"muted": True},
    "told whole before": {
        "event": incident_event(EventType.INCIDENT_RESOLVED, 5, context=Context(told_whole=True))
    },
}


@pytest.mark.parametrize("what", SILENT.values(), ids=SILENT)
async def test_what_adds_no_mail_counts_as_told(
    what: dict[str, Any], town: MailTown, transport: EmailTransport
) -> None:
    sent = await transport.send(telling())
    assert (await transport.send(telling(2, sent.reference, **what))).reference == sent.reference
    assert len(town.mails) == 1


async def test_an_edit_begins_a_thread_where_there_is_none(town: MailTown, transport: EmailTransport) -> None:
    await transport.send(telling(2, event=EDIT))
    [mail] = town.mails
    assert "The team is on it." in mail.part("plain")


async def test_a_component_that_breaks_again_begins_a_new_thread(
    town: MailTown, transport: EmailTransport
) -> None:
    sent = await transport.send(telling())
    again = incident_event(EventType.INCIDENT_OPENED, 1, context=Context(opens=True))
    later = await transport.send(telling(2, sent.reference, event=again))
    assert later.reference != sent.reference
    assert town.mails[1].message["In-Reply-To"] is None


async def test_an_announcement_is_a_mail_of_its_own(town: MailTown, transport: EmailTransport) -> None:
    bulletin = Bulletin(
        "The week of 14 July: 2 incidents.",
        (
            Section(
                "Incidents", (Row("Stripe <b>", Status.DEGRADED, "1 h", url="https://example.com/s"),), note="x"
            ),
        ),
    )
    await transport.announce("ops@example.com", bulletin)
    await transport.announce("ops@example.com", bulletin)
    assert len({one.header("Message-ID") for one in town.mails}) == 2
    for part in ("plain", "html"):
        text = shown(town.mails[0], part)
        assert "The week of 14 July" in text
        assert "Stripe <b>" in text
        assert "https://example.com/s" in text
    assert town.mails[0].header("Subject") == "[uptimus] The week of 14 July: 2 incidents"
    assert town.mails[0].header("List-Unsubscribe").endswith("-None>")


async def test_the_question_has_its_link_on_a_line_of_its_own(town: MailTown, transport: EmailTransport) -> None:
    await transport.ask("ops@example.com", f"{HOME}/mail/confirm/abc")
    [mail] = town.mails
    assert f"{HOME}/mail/confirm/abc" in mail.message.get_content().splitlines()
    assert mail.message["List-Unsubscribe"] is None


async def test_a_test_says_that_it_is_one(town: MailTown, transport: EmailTransport) -> None:
    await transport.send(Telling(event=event(EventType.TEST), address="ops@example.com"))
    assert town.mails[0].header("Subject") == "[ChargeOver] Test: mails arrive here"


ANSWERS = [
    ("RCPT", "550 5.1.1 no such user here", True),
    ("RCPT", "550 no such user here", True),
    ("RCPT", "553 5.1.3 bad address", True),
    ("RCPT", "550 5.2.1 mailbox disabled", True),
    ("RCPT", "556 5.1.10 takes no mail", True),
    ("DATA", "550 5.1.1 no such user here", True),
    ("RCPT", "552 5.2.2 mailbox full", False),
    ("RCPT", "554 5.7.1 relay access denied", False),
    ("RCPT", "550 relay not permitted", False),
    ("RCPT", "550 5.7.26 unauthenticated mail is refused", False),
    ("RCPT", "530 5.7.0 authentication required", False),
    ("RCPT", "451 4.7.1 greylisted, try again", False),
    ("RCPT", "450 4.2.1 busy", False),
    ("RCPT", "421 4.3.2 going down", False),
    ("MAIL", "550 5.7.60 not allowed to send as this sender", False),
    ("MAIL", "550 5.1.8 sender's domain unknown", False),
    ("MAIL", "421 4.7.0 too many connections", False),
    ("DATA", "554 5.7.1 spam", False),
    ("DATA", "550 content rejected", False),
    ("DATA", "451 4.3.0 queue file write error", False),
    ("DATA", "552 5.3.4 message too big", False),
    ("AUTH", "535", False),
]


@pytest.mark.parametrize(("at", "answer", "gone"), ANSWERS)
async def test_what_a_refusal_leads_to(
    at: Any, answer: str, gone: bool, town: MailTown, transport: EmailTransport
) -> None:
    town.fail_next(at, answer)
    if at == "AUTH":
        town.fail_next(at, answer)  # another way to log in is tried, too
    error = await refused(transport)
    assert (error.permanent, error.uncounted, error.everywhere) == (gone, False, False)
    assert error.status == int(answer[:3])
    assert answer[:3] in error.reason
    town.faults.clear()
    await transport.send(telling())
    assert len(town.mails) == 1


@pytest.mark.parametrize("at", ["MAIL", "RCPT", "DATA"])
@pytest.mark.parametrize("hang", [True, False])
async def test_a_server_that_says_nothing(at: Any, hang: bool, town: MailTown) -> None:
    transport = town.transport(timeout=2 if hang else 60)
    town.fail_next(at, hang=hang)
    error = await refused(transport)
    assert not error.permanent
    assert error.reason == ("the mail server did not answer in time" if hang else error.reason)
    await transport.send(telling())
    await transport.aclose()


async def test_a_connection_that_was_closed_meanwhile_costs_no_try(
    town: MailTown, transport: EmailTransport
) -> None:
    sent = await transport.send(telling())
    town.fail_next("MAIL")
    await transport.send(telling(2, sent.reference))
    assert (len(town.mails), town.connections) == (2, 2)


async def test_an_idle_connection_is_closed(town: MailTown) -> None:
    transport = town.transport()
    transport._wire._idle_seconds = 0.01
    await transport.send(telling())
    while town.open_connections:
        await _a_moment()
    await transport.send(telling())
    assert town.connections == 2
    await transport.aclose()


async def _a_moment() -> None:
    await asyncio.sleep(0.005)


async def test_closing_says_goodbye(town: MailTown) -> None:
    transport = town.transport()
    await transport.send(telling())
    await transport.aclose()
    while town.open_connections:
        await _a_moment()


async def test_tls_from_the_first_byte() -> None:
    async with MailTown(tls="at once") as town:
        transport = town.transport()
        await transport.send(telling())
        assert [one.encrypted for one in town.mails] == [True]
        await transport.aclose()


UNSAFE: dict[str, tuple[MailTown, Callable[[MailServer], MailServer], str]] = {
    "no STARTTLS": (MailTown(tls="none"), lambda server: server, "offers no TLS"),
    "expired": (MailTown(expired=True), lambda server: server, "certificate has expired"),
    "expired, at once": (MailTown(tls="at once", expired=True), lambda server: server, "certificate has expired"),
    "a stranger's certificate": (
        MailTown(), lambda server: replace(server, context=ssl.create_default_context()), "self-signed certificate"
    ),
    "no TLS where it was to be at once": (
        MailTown(tls="none"), lambda server: replace(server, tls_at_once=True), "TLS failed"
    ),
}  # fmt: skip


@pytest.mark.parametrize("case", UNSAFE.values(), ids=UNSAFE)
async def test_without_trusted_tls_nothing_is_sent(
    case: tuple[MailTown, Callable[[MailServer], MailServer], str],
) -> None:
    town, changed, said = case
    async with town:
        transport = town.transport(changed(town.server))
        error = await refused(transport)
        assert said in error.reason
        assert not error.permanent
        assert town.mails == []
        await transport.aclose()


@pytest.mark.parametrize("tls", ["none", "starttls"])
async def test_a_local_server_may_do_without(tls: Any) -> None:
    async with MailTown(tls=tls, expired=True) as town:
        transport = town.transport(server_of(town.url))
        await transport.send(telling())
        assert [one.encrypted for one in town.mails] == [tls == "starttls"]
        await transport.aclose()


async def test_a_server_that_is_away(unused_port: int) -> None:
    async with MailTown() as town:
        transport = town.transport(replace(town.server, port=unused_port))
        error = await refused(transport)
        assert "can't be reached" in error.reason
        assert not error.permanent


async def test_a_server_without_the_login_that_is_set() -> None:
    async with MailTown() as town:
        transport = town.transport(replace(town.server, password="wrong"))
        error = await refused(transport)
        assert error.reason == "the mail server does not accept our user name and password (535)"
        assert not error.permanent


@pytest.mark.parametrize("smtputf8", [True, False])
async def test_letters_that_are_not_ascii_ask_for_smtputf8_alone_where_they_are(smtputf8: bool) -> None:
    async with MailTown(smtputf8=smtputf8) as town:
        transport = town.transport()
        await transport.send(telling(address="ops@bücher.example"))
        assert town.mails[0].recipient == "ops@xn--bcher-kva.example"
        if smtputf8:
            await transport.send(telling(address="jürgen@example.com"))
            assert town.mails[1].recipient == "jürgen@example.com"
        else:
            error = await refused(transport, address="jürgen@example.com")
            assert "SMTPUTF8" in error.reason
        await transport.aclose()


@pytest.mark.parametrize(
    "address", ["", "ops", "a b@example.com", "x@y\r\nDATA", "<a@b.example>", "a@b,c@d.example"]
)
async def test_what_is_no_address_is_never_one(address: str, town: MailTown, transport: EmailTransport) -> None:
    assert (await refused(transport, address=address)).permanent
    assert town.connections == 0


SERVERS = [
    ("smtp://u:hunter2@smtp.example.com", ("smtp.example.com", 587, "u", "hunter2", False, False)),
    ("smtps://u%40x:p%2Fw@smtp.example.com", ("smtp.example.com", 465, "u@x", "p/w", True, False)),
    ("smtp://127.0.0.1:2525", ("127.0.0.1", 2525, None, None, False, True)),
    ("smtp://[::1]:25", ("::1", 25, None, None, False, True)),
    ("smtp://localhost", ("localhost", 587, None, None, False, True)),
    ("smtp://192.168.1.5:25", ("192.168.1.5", 25, None, None, False, False)),
    ("smtp://localhost.example.com", ("localhost.example.com", 587, None, None, False, False)),
]


@pytest.mark.parametrize(("url", "expected"), SERVERS)
def test_servers(url: str, expected: tuple[object, ...]) -> None:
    server = server_of(url)
    assert (
        server.host, server.port, server.user, server.password, server.tls_at_once, server.local
    ) == expected  # fmt: skip
    assert expected[3] is None or str(expected[3]) not in repr(server)


@pytest.mark.parametrize("url", [
    "http://smtp.example.com", "smtp.example.com:587", "smtp://", "smtp://h:port", "smtp://h/path", "smtp://h?tls=no",
    "smtp://user@h", "smtp://h\n", "",
])  # fmt: skip
def test_what_is_no_server(url: str) -> None:
    with pytest.raises(ValueError, match=r"^(must|is no|names a user)"):
        server_of(url)


def test_senders() -> None:
    assert str(sender_of('"Status, all" <status@EXAMPLE.org>')) == '"Status, all" <status@example.org>'
    assert str(sender_of("status@example.org")) == "status@example.org"
    assert address_of("x@bücher.example").domain == "xn--bcher-kva.example"
    for wrong in ("", "status", "a@b.example, c@d.example", "Status <status>", "x <a@b.example> y"):
        with pytest.raises(ValueError, match="must be one address"):
            sender_of(wrong)


def test_there_is_a_transport_by_its_name() -> None:
    assert "email" in TRANSPORTS
