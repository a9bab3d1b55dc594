"""destination: tried before it is accepted, changed, shown without what is secret."""

from dataclasses import replace
from datetime import timedelta

import pytest
from sqlalchemy import select
from standardwebhooks import Webhook
from standins.receiver import Answer, Receiver

from bot.commands import destination, destinations, signing
from bot.commands.reply import CommandError, Reply, Request, Wish
from bot.commands.services import Services
from bot.commands.standing import standing
from relay.endpoint import from_stored
from storage import audit, follows, threads
from storage.tables import Destination

from .conftest import NOW, Chat

NOTHING = Wish()


def local(uri: str, wish: Wish = NOTHING) -> Request:
    return Request(workspace="local", actor="terminal", to=uri, wish=wish)


async def add(services: Services, uri: str, wish: Wish = NOTHING) -> Reply:
    return await destination.add(services, local(uri, wish))


async def refused(services: Services, uri: str, wish: Wish = NOTHING) -> str:
    with pytest.raises(CommandError) as error:
        await add(services, uri, wish)
    return str(error.value)


async def rows(services: Services) -> list[Destination]:
    async with services.database.read() as session:
        return list(await session.scalars(select(Destination).order_by(Destination.id)))


async def changes(services: Services) -> list[str]:
    async with services.database.read() as session:
        workspace_id = await follows.workspace_if_any(session, "local")
        assert workspace_id is not None
        return [f"{one.action} {one.what}" for one in await audit.latest(session, workspace_id, 50)]


@pytest.mark.parametrize("status", [200, 204, 299])
async def test_a_receiver_that_takes_a_test_event_is_accepted(chat: Chat, status: int) -> None:
    async with Receiver() as receiver:
        receiver.default = Answer(status)
        made = await add(chat.services, receiver.url)
        [told] = receiver.received
        assert told.event["type"] == "test"
        Webhook(made.data["secret"]).verify(told.body, dict(told.headers))
    assert f"was answered {status}" in made.sections[0].note
    assert [row.host for row in await rows(chat.services)] == ["127.0.0.1"]


@pytest.mark.parametrize("status", [400, 401, 403])
async def test_one_that_verifies_can_not_know_the_secret_yet(chat: Chat, status: int) -> None:
    async with Receiver() as receiver:
        receiver.default = Answer(status)
        made = await add(chat.services, receiver.url)
        assert f"It answered {status}" in made.data["test"]
        assert "uptimus destination test" in made.data["test"]
        secret = await signing.show_secret(chat.services, local(receiver.url))
        assert secret.text == made.data["secret"]


@pytest.mark.parametrize("status", [301, 307, 404, 405, 409, 410, 429, 500, 503])
async def test_any_other_answer_refuses_it_and_nothing_is_kept(chat: Chat, status: int) -> None:
    async with Receiver() as receiver:
        receiver.default = Answer(status, headers={"Location": receiver.url})
        said = await refused(chat.services, receiver.url)
        assert len(receiver.received) == 1, "no redirect is followed, nothing is tried twice"
    assert f"answered {status}" in said
    assert "--untested accepts it all the same" in said
    assert "/hook" not in said
    assert await rows(chat.services) == []


async def test_nobody_there_refuses_it_too(chat: Chat, unused_port: int) -> None:
    uri = f"http://127.0.0.1:{unused_port}/hook"
    assert "could not be connected to" in await refused(chat.services, uri)
    assert await rows(chat.services) == []
    made = await add(chat.services, uri, Wish(untested=True))
    assert "test" not in made.data
    assert len(await rows(chat.services)) == 1


async def test_a_service_with_a_key_of_its_own_means_that_key(chat: Chat) -> None:
    async with Receiver() as receiver:
        receiver.default = Answer(403)
        wish = Wish(format="pagerduty", key="R0UT1NG")
        assert "answered 403" in await refused(chat.services, receiver.url, wish)
    assert await rows(chat.services) == []


async def test_options_are_looked_at_before_anything_is_sent(chat: Chat) -> None:
    async with Receiver() as receiver:
        for wish in (Wish(format="pagerduty"), Wish(headers=("x",)), Wish(types=("nonsense",))):
            assert await refused(chat.services, receiver.url, wish)
        assert receiver.received == []
    assert await rows(chat.services) == []


async def test_what_is_secret_is_sealed_and_in_no_list(chat: Chat) -> None:
    wish = Wish(headers=("X-Key: hunter2",), types=("incident.*",))
    async with Receiver() as receiver:
        await add(chat.services, receiver.url, wish)
        assert receiver.received[0].headers["x-key"] == "hunter2"
        listed = await destination.list_(chat.services, Request(workspace="local"))
        [row] = await rows(chat.services)
        assert listed.data["destinations"][0]["types"] == ["incident.*"]
        assert listed.sections[0].rows[0].detail == "enabled · only incident.*"
        assert "hunter2" not in f"{listed} {row.options} {row.sealed} {await changes(chat.services)}"
        assert from_stored(row.options, row.sealed, chat.services.vault.open).headers == {"X-Key": "hunter2"}


async def test_added_again_with_options_it_is_changed(chat: Chat) -> None:
    async with Receiver() as receiver:
        made = await add(chat.services, receiver.url, Wish(headers=("X-Team: ops",)))
        again = await add(chat.services, receiver.url)
        assert again.text == f"{receiver.url} is a destination already."
        assert "secret" not in again.data
        changed = await add(chat.services, receiver.url, Wish(types=("incident.resolved",)))
        assert "only incident.resolved" in changed.text
        assert len(receiver.received) == 1, "which types it gets is nothing that it could refuse"
        receiver.secret = made.data["secret"]
        await add(chat.services, receiver.url, Wish(format="cloudevents"))
        assert receiver.received[-1].problem is None
        assert receiver.received[-1].headers["x-team"] == "ops", "what is not said stays"
        receiver.default = Answer(500)
        said = await refused(chat.services, receiver.url, Wish(format="standard"))
        assert "answered 500" in said
        [row] = await rows(chat.services)
        assert (row.options["format"], row.options["types"]) == ("cloudevents", ["incident.resolved"])
    assert (await changes(chat.services))[:3] == [
        "changed a webhook of 127.0.0.1 (as cloudevents; only incident.resolved)",
        "changed a webhook of 127.0.0.1 (only incident.resolved)",
        "added a webhook of 127.0.0.1",
    ]


async def test_a_key_of_its_own_and_what_still_signs(chat: Chat) -> None:
    async with Receiver() as receiver:
        made = await add(chat.services, receiver.url, Wish(ed25519=True))
        assert made.data["public_key"].startswith("whpk_")
        assert " v1a," in receiver.received[0].headers["webhook-signature"]
        await signing.rotate(chat.services, local(receiver.url))
        shown = (await signing.show_secret(chat.services, local(receiver.url))).data
        assert shown["secret"] != made.data["secret"]
        assert shown["public_key"] not in ("", made.data["public_key"])
        until = (NOW + timedelta(hours=24)).isoformat().replace("+00:00", "Z")
        kinds = [(one["secret"].partition("_")[0], one["until"]) for one in shown["former"]]
        assert kinds == [("whsec", until), ("whsk", until)]
        assert shown["former"][0]["secret"] == made.data["secret"]
        later = replace(chat.services, now=lambda: NOW + timedelta(hours=25))
        assert (await signing.show_secret(later, local(receiver.url))).data["former"] == []


async def test_at_most_ten_former_ones_sign(chat: Chat) -> None:
    uri = "https://hooks.example.com/x"
    await add(chat.services, uri, Wish(untested=True))
    for _ in range(12):
        await signing.rotate(chat.services, local(uri))
    assert len((await signing.show_secret(chat.services, local(uri))).data["former"]) == 10


@pytest.mark.parametrize(
    ("uri", "wish", "said"),
    [
        ("https://user@x.example.com/", NOTHING, "may not hold a user name"),
        ("https://:@x.example.com/", NOTHING, "may not hold a user name"),
        ("https://", NOTHING, "needs a host"),
        ("https://x.example.com:0/", NOTHING, "needs a host"),
        ("https://x.example.com/a b", NOTHING, "needs a host"),
        ("https://x.example.com:2222/", NOTHING, "UPTIMUS_DENIED_PORTS"),
        ("https://x.example.com/…abcd", NOTHING, "no destination that is shown as"),
        ("webpush:1", NOTHING, "“Notify me”"),
        ("mailto:ops", NOTHING, "one plain mail address"),
        ("mailto:ops@example.com", NOTHING, "SMTP_URL is missing"),
        ("ops@example.com", NOTHING, "did you mean mailto:ops@example.com?"),
        ("console:", Wish(format="teams"), "are for the https:// address of a webhook"),
        ("gopher://x/hunter2", NOTHING, "gopher://… is not a destination"),
    ],
)
async def test_what_can_not_be_one_is_said(chat: Chat, uri: str, wish: Wish, said: str) -> None:
    services = replace(chat.services, denied_ports=frozenset({2222}))
    words = await refused(services, uri, wish)
    assert said in words
    assert "hunter2" not in words
    assert await rows(chat.services) == []


@pytest.mark.parametrize(("uri", "port"), [("https://x.example.com/", 443), ("http://x.example.com/", 80)])
async def test_a_port_that_is_not_named_may_be_closed_too(chat: Chat, uri: str, port: int) -> None:
    services = replace(chat.services, denied_ports=frozenset({port}))
    assert f"port {port}" in await refused(services, uri)


async def test_http_needs_the_setting(chat: Chat) -> None:
    services = replace(chat.services, allow_private_networks=False)
    assert "UPTIMUS_ALLOW_PRIVATE_NETWORKS" in await refused(services, "http://x.example.com/")


async def test_apprise_is_the_operators_alone_and_shown_with_privacy(chat: Chat) -> None:
    uri = "apprise:tgram://123456789:abcdefg_hijklmnop/12315544/"
    made = await add(chat.services, uri)
    assert made.data["destination"] == "apprise:tgram://1...p/12315544/"
    listed = await destination.list_(chat.services, Request(workspace="local"))
    assert "abcdefg" not in f"{made} {listed} {await changes(chat.services)}"
    await destination.remove(chat.services, local(made.data["destination"]))
    assert await rows(chat.services) == []
    assert "only its operator" in await chat.refused(f"follow PAGE --to {uri}")


HOUR = timedelta(hours=1)


@pytest.mark.parametrize(
    ("values", "said"),
    [
        ({}, "enabled"),
        ({"failing_since": NOW}, "failing since 2026-03-04T12:00:00Z"),
        ({"paused_until": NOW + HOUR, "failing_since": NOW},
         "paused until 2026-03-04T13:00:00Z, failing since 2026-03-04T12:00:00Z"),
        ({"paused_until": NOW - HOUR}, "enabled"),
        ({"disabled_at": NOW, "disabled_because": "gone"}, "disabled: gone"),
        ({"disabled_at": NOW, "unconfirmed": True, "disabled_because": "no"}, "waiting for confirmation: no"),
    ],
)  # fmt: skip
def test_how_a_destination_fares(values: dict[str, object], said: str) -> None:
    row = Destination(uri="https://x.example.com/", transport="webhook", unconfirmed=False)
    for name, value in values.items():
        setattr(row, name, value)
    assert standing(row, NOW) == said


async def test_follow_says_that_a_destination_is_disabled_and_leaves_it_so(chat: Chat) -> None:
    async with Receiver() as receiver:
        await chat.say(f"follow PAGE --to {receiver.url}")
        [row] = await rows(chat.services)
        async with chat.services.database.write() as session:
            await threads.disable(session, [row.id], "it answered 410 Gone")
        again = await chat.say(f"follow PAGE --to {receiver.url} --min-impact major")
        note = again.sections[-1].note
        assert "disabled: it answered 410 Gone" in note
        assert f"/uptimus webhook enable {destinations.seen_by(Request('slack:T1'), receiver.url)}" in note
        [row] = await rows(chat.services)
        assert row.disabled_at is not None
        enabled = await chat.say(f"webhook enable {receiver.url}")
        assert enabled.data == {"destination": again.data["follow"]["destination"], "enabled": True, "missed": 0}
        [row] = await rows(chat.services)
        assert row.disabled_at is None
