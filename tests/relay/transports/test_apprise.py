"""Apprise against servers on loopback that speak as ntfy, Gotify and JSON do: sent, refused, gone, guarded."""

import asyncio
import json
import logging
import os
import smtplib
import socket
import subprocess
import sys
import time
from collections.abc import AsyncIterator, Callable
from logging.handlers import BufferingHandler
from pathlib import Path

import pytest
from standins.login_outage import STORY, event, incident_event, maintenance
from standins.receiver import Answer, Receiver

from relay.bulletin import Bulletin, Row, Section
from relay.events import Context, EventType, StoredEvent
from relay.transports.apprise_call import HERE, problem, without_secrets
from relay.transports.apprise_guard import Guard
from relay.transports.apprise_session import LONGEST
from relay.transports.apprise_urls import AppriseTransport
from relay.transports.transport import DeliveryError, Sent, Telling

TOPIC = "t0pic-that-is-a-key"
TOKEN = "AbCdEfGhIjKlMnO"


@pytest.fixture
async def server() -> AsyncIterator[Receiver]:
    async with Receiver() as receiver:
        receiver.default = Answer(200, body=b"{}")
        yield receiver


@pytest.fixture
async def apprise() -> AsyncIterator[AppriseTransport]:
    transport = AppriseTransport(allow_private_networks=True)
    yield transport
    await transport.aclose()


@pytest.fixture
async def hasty() -> AsyncIterator[AppriseTransport]:
    transport = AppriseTransport(allow_private_networks=True, timeout=1, queue_patience=0.2, threads=2)
    yield transport
    await transport.aclose()


@pytest.fixture
async def guarded() -> AsyncIterator[AppriseTransport]:
    transport = AppriseTransport(denied_ports={9999})
    yield transport
    await transport.aclose()


def at(server: Receiver) -> str:
    return server.url.removeprefix("http://").removesuffix("/hook")


def ntfy(server: Receiver) -> str:
    return f"ntfy://{at(server)}/{TOPIC}"


def as_json(server: Receiver) -> str:
    return f"json://{at(server)}/{TOPIC}"


def gotify(server: Receiver) -> str:
    return f"gotify://{at(server)}/{TOKEN}"


SERVICES = pytest.mark.parametrize("address", [ntfy, as_json, gotify])


async def sent(transport: AppriseTransport, address: str, told: StoredEvent = STORY[0], **more: object) -> Sent:
    return await transport.send(Telling(event=told, address=address, **more))  # type: ignore[arg-type]


async def refused(transport: AppriseTransport, address: str) -> DeliveryError:
    with pytest.raises(DeliveryError) as caught:
        await sent(transport, address)
    error = caught.value
    said = f"{error} {error.answer} {error.__cause__}"
    assert TOPIC not in said
    assert TOKEN not in said
    assert "\n" not in error.reason
    return error


@SERVICES
async def test_sent(apprise: AppriseTransport, server: Receiver, address: Callable[[Receiver], str]) -> None:
    assert (await sent(apprise, address(server))).status == 200
    (request,) = server.received
    body = json.loads(request.body)
    assert body["title"] == "ChargeOver: Login outage"
    assert body["message"] == (
        "Investigating · Impact: major · Started: 18 Jul 2025, 19:00 UTC · Affects Main Application\n"
        "Some customers can't log in. Payments go on as usual."
    )
    assert "uptimus" in request.headers["user-agent"]
    assert "github.com" not in request.body.decode() + str(request.headers)


@pytest.mark.parametrize(
    ("told", "kind"),
    [
        (STORY[0], "failure"),
        (STORY[4], "success"),
        (event(EventType.MAINTENANCE_SCHEDULED, maintenance=maintenance()), "info"),
        (event(EventType.PROVIDER_UNREADABLE), "info"),
    ],
)
async def test_its_kind_says_how_bad_it_is(
    apprise: AppriseTransport, server: Receiver, told: StoredEvent, kind: str
) -> None:
    await sent(apprise, as_json(server), told)
    assert json.loads(server.received[0].body)["type"] == kind


async def test_the_story_is_told_update_by_update(apprise: AppriseTransport, server: Receiver) -> None:
    first = await sent(apprise, ntfy(server))
    for told in STORY[1:5]:
        await sent(apprise, ntfy(server), told, reference=first.reference)
    heads = [json.loads(one.body)["message"].split("\n")[0] for one in server.received[1:]]
    assert heads == [
        "Investigating · Impact raised from minor to major",
        "Identified",
        "Monitoring",
        "Resolved after 1 h 14 min",
    ]


async def test_what_adds_nothing_is_not_sent(apprise: AppriseTransport, server: Receiver) -> None:
    for told in (
        incident_event(EventType.INCIDENT_EDITED, 2),
        incident_event(EventType.INCIDENT_RESOLVED, 5, context=Context(told_whole=True)),
    ):
        assert (await sent(apprise, ntfy(server), told, reference="told")).reference == "told"
    await sent(apprise, ntfy(server), STORY[1], muted=True)
    assert server.received == []


async def test_a_digest_arrives_as_text(apprise: AppriseTransport, server: Receiver) -> None:
    bulletin = Bulletin("The week of 14 July.", (Section("Incidents", (Row("Stripe", detail="Login outage"),)),))
    await apprise.announce(ntfy(server), bulletin)
    body = json.loads(server.received[0].body)
    assert (body["title"], body["message"]) == ("The week of 14 July.", "Incidents\n• Stripe: Login outage")


@SERVICES
@pytest.mark.parametrize(
    ("answer", "permanent", "pause"),
    [
        (Answer(400), False, None),
        (Answer(401), False, None),
        (Answer(403), False, None),
        (Answer(404), False, None),
        (Answer(410), True, None),
        (Answer(429, {"Retry-After": "90"}), False, 90.0),
        (Answer(429), False, 60.0),
        (Answer(500), False, None),
        (Answer(502), False, 60.0),
        (Answer(503, {"Retry-After": "5"}), False, 5.0),
    ],
)
async def test_refusals(
    apprise: AppriseTransport,
    server: Receiver,
    address: Callable[[Receiver], str],
    answer: Answer,
    permanent: bool,
    pause: float | None,
) -> None:
    server.default = answer
    error = await refused(apprise, address(server))
    assert (error.status, error.permanent, error.retry_after) == (answer.status, permanent, pause)
    assert f"the service answered {answer.status}" in error.reason
    assert len(server.received) == 1, "it tries once: we try again"


async def test_an_address_does_not_make_it_try_again_or_follow(
    apprise: AppriseTransport, server: Receiver
) -> None:
    server.default = Answer(307, {"Location": f"http://{at(server)}/elsewhere"})
    error = await refused(apprise, f"{as_json(server)}?retry=3&wait=0&redirect=yes")
    assert error.status == 307
    assert len(server.received) == 1


@SERVICES
async def test_a_service_that_never_answers(
    hasty: AppriseTransport, server: Receiver, address: Callable[[Receiver], str]
) -> None:
    server.default = Answer(hang=True)
    error = await refused(hasty, f"{address(server)}?rto=3600")
    assert error.reason == "the service did not answer within 1 s"
    assert not error.permanent


async def test_hanging_services_give_their_threads_back(hasty: AppriseTransport, server: Receiver) -> None:
    """Two threads, and thrice as many messages that would hang for an hour: each time there are two again."""
    server.default = Answer(hang=True)
    for _ in range(3):
        await asyncio.gather(*(refused(hasty, f"{as_json(server)}?rto=3600") for _ in range(2)))
    server.default = Answer(200)
    while not (await _tried(hasty, as_json(server))):
        pass


async def _tried(transport: AppriseTransport, address: str) -> bool:
    try:
        await sent(transport, address)
    except DeliveryError:  # a thread is not back yet
        return False
    return True


async def test_where_all_threads_are_busy_it_was_no_try(server: Receiver) -> None:
    transport = AppriseTransport(allow_private_networks=True, timeout=60, queue_patience=0.05, threads=1)
    server.default = Answer(hang=True)
    hanging = asyncio.create_task(refused(transport, as_json(server)))
    await server.until(1)
    error = await refused(transport, as_json(server))
    assert error.uncounted
    assert error.retry_after
    await transport.aclose()
    await hanging


async def test_the_loop_goes_on_meanwhile(apprise: AppriseTransport, server: Receiver) -> None:
    server.default = Answer(hang=True)
    hanging = asyncio.create_task(refused(apprise, as_json(server)))
    await server.until(1)
    assert not hanging.done(), "this loop's own server would have heard of it too late"
    await apprise.aclose()
    await hanging


async def test_of_an_endless_answer_only_the_beginning_is_read(
    apprise: AppriseTransport, server: Receiver
) -> None:
    server.default = Answer(200, size=1024**3)
    await sent(apprise, as_json(server))
    await apprise.aclose()
    await server.aclose()
    assert server.streamed < LONGEST + 32 * 1024**2


async def test_an_answer_that_never_ends_is_its_status(apprise: AppriseTransport, server: Receiver) -> None:
    server.default = Answer(500, stall=True, body=b"x")
    hasty = AppriseTransport(allow_private_networks=True, timeout=1)
    error = await refused(hasty, as_json(server))
    assert not error.permanent
    await hasty.aclose()


async def test_nobody_listens(apprise: AppriseTransport, unused_port: int) -> None:
    error = await refused(apprise, f"json://127.0.0.1:{unused_port}/{TOPIC}")
    assert error.reason == "the service could not be reached, or did not take the message"
    assert not error.permanent


@pytest.mark.parametrize(
    "address",
    [
        "json://127.0.0.1:{port}/",
        "json://localhost:{port}/",
        "json://[::ffff:127.0.0.1]",
        "json://[::1]:{port}/",
        "json://[64:ff9b::7f00:1]",
        "json://169.254.169.254/latest",
        "ntfy://127.0.0.1:{port}/topic",
        "mailto://user:pass@127.0.0.1:{port}?to=a@example.com&from=b@example.com&smtp=127.0.0.1",
    ],
)
async def test_private_addresses_are_refused_at_the_socket(
    guarded: AppriseTransport, server: Receiver, address: str
) -> None:
    error = await refused(guarded, address.format(port=at(server).partition(":")[2]))
    assert error.permanent
    assert error.reason == "the service can't be connected to: it is not on the public internet"
    assert server.connections == 0


async def test_denied_ports_are_refused_too(server: Receiver) -> None:
    port = int(at(server).partition(":")[2])
    transport = AppriseTransport(allow_private_networks=True, denied_ports={port})
    error = await refused(transport, as_json(server))
    assert error.reason == f"the service can't be connected to: port {port} is denied here"
    await transport.aclose()


async def test_neither_proxies_nor_passwords_of_the_environment_are_used(
    apprise: AppriseTransport, server: Receiver, unused_port: int, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    netrc = tmp_path / "netrc"
    netrc.write_text("machine 127.0.0.1 login somebody password secret\n")
    monkeypatch.setenv("NETRC", str(netrc))
    monkeypatch.setenv("HTTP_PROXY", f"http://127.0.0.1:{unused_port}")
    await sent(apprise, as_json(server))
    assert "authorization" not in server.received[0].headers


async def test_the_operators_proxy_is_used_where_they_say_so(
    server: Receiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HTTP_PROXY", f"http://{at(server)}")
    monkeypatch.delenv("NO_PROXY", raising=False)
    transport = AppriseTransport(trust_proxy=True)
    await sent(transport, "json://hooks.example.com/x")
    assert server.received[0].headers["host"] == "hooks.example.com"
    await transport.aclose()


@pytest.mark.parametrize("scheme", sorted(HERE))
async def test_this_machine_is_no_service(apprise: AppriseTransport, scheme: str) -> None:
    error = await refused(apprise, f"{scheme}://")
    assert error.permanent
    assert "this machine" in error.reason


@pytest.mark.parametrize(
    "address",
    ["fcm://project/token?keyfile={file}", "vapid://a@example.com/b@example.com?keyfile={file}&subfile={file}"],
)
async def test_files_of_this_machine_are_not_read(apprise: AppriseTransport, address: str, tmp_path: Path) -> None:
    file = tmp_path / "key.json"
    file.write_text("{}")
    error = await refused(apprise, address.format(file=file))
    assert error.permanent
    assert error.reason == "the address asks for a file or a program of this machine"


@pytest.mark.parametrize(
    "address", ["", "nonsense", "nosuch://x", "mqtt://broker.example", "file:///etc/passwd", "json://"]
)
def test_what_is_no_address_is_said_in_words(address: str) -> None:
    assert problem(address)


@pytest.mark.parametrize(
    "address", ["ntfy://topic", "json://example.com", "gotifys://example.com/AbCdEfGhIjKlMnO"]
)
def test_what_looks_right(address: str) -> None:
    assert problem(address) is None


@pytest.mark.parametrize(
    ("text", "address", "shown"),
    [
        ("to example.com/abc failed", "ntfys://example.com/abc", "to …/… failed"),
        ("user joe of example.com", "json://joe:pw@example.com/", "user … of …"),
        ("topic ops", "ntfy://ops", "topic …"),
        ("a b", "tgram://123:a%20b/77", "…"),
    ],
)
def test_an_answer_holds_no_key(text: str, address: str, shown: str) -> None:
    assert without_secrets(text, address) == shown


async def test_its_log_lines_stay_with_the_call(apprise: AppriseTransport, server: Receiver) -> None:
    server.default = Answer(500)
    ours = BufferingHandler(1000)
    logging.getLogger().addHandler(ours)
    try:
        error = await refused(apprise, ntfy(server))
    finally:
        logging.getLogger().removeHandler(ours)
    assert "error=500" in error.answer
    assert not [record for record in ours.buffer if record.name.startswith("apprise")]


async def test_calls_at_once_keep_their_words_apart(apprise: AppriseTransport, server: Receiver) -> None:
    gone = Receiver()
    async with gone:
        gone.default = Answer(410)
        results = await asyncio.gather(
            *(sent(apprise, ntfy(one)) for one in (server, gone) * 8), return_exceptions=True
        )
    assert [isinstance(one, DeliveryError) for one in results] == [False, True] * 8
    assert all(one.status == 410 for one in results if isinstance(one, DeliveryError))


def _connect(family: socket.AddressFamily, address: object) -> None:
    with socket.socket(family) as connecting:
        connecting.connect(address)  # type: ignore[arg-type]


def _send_to(address: tuple[str, int]) -> None:
    with socket.socket(type=socket.SOCK_DGRAM) as sending:
        sending.sendto(b"x", address)


class TestGuard:
    """What a thread of Apprise's may do, whatever library it uses."""

    @pytest.mark.parametrize(
        "attempt",
        [
            lambda: socket.create_connection(("127.0.0.1", 9), timeout=1),
            lambda: _connect(socket.AF_INET, ("localhost", 9)),
            lambda: _connect(socket.AF_UNIX, "/run/dbus/system_bus_socket"),
            lambda: _send_to(("127.0.0.1", 9)),
            lambda: smtplib.SMTP("127.0.0.1", 9, timeout=1),
            lambda: open("/etc/hostname"),  # noqa: SIM115
            lambda: Path("/etc/passwd").read_text(),
            lambda: os.open("/tmp", os.O_RDONLY),
            lambda: subprocess.run(["true"], check=True),
            lambda: os.system("true"),
        ],
    )
    def test_refused(self, attempt: Callable[[], object]) -> None:
        guard = Guard()
        with guard.heeded(), pytest.raises(OSError, match=r"public|Apprise may not"):
            attempt()
        assert guard.refused is not None

    def test_other_threads_are_not(self, tmp_path: Path) -> None:
        with Guard().heeded():
            pass
        (tmp_path / "file").write_text("x")
        with socket.socket() as listening:
            listening.bind(("127.0.0.1", 0))
            listening.listen()
            socket.create_connection(listening.getsockname(), timeout=5).close()

    def test_what_python_itself_opens_is_allowed(self) -> None:
        with Guard().heeded():
            assert Path(os.__file__).read_text()
            assert Path(sys.modules["pytest"].__file__ or "").read_text()

    def test_one_that_ended_gets_no_connection(self) -> None:
        guard = Guard(allow_private=True)
        guard.end()
        with guard.heeded(), pytest.raises(TimeoutError):
            socket.create_connection(("127.0.0.1", 9), timeout=1)

    def test_it_costs_nothing_noticeable(self) -> None:
        """In a thread that is not guarded: measured at half a microsecond an event, of which there are few."""
        with Guard().heeded():
            pass
        started = time.process_time()
        for _ in range(100_000):
            sys.audit("socket.getaddrinfo", 1)
            sys.audit("socket.connect", 1, 2)
        assert time.process_time() - started < 2
