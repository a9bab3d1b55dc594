"""The command line as a person types it: exit codes, one line on stderr, JSON, and a running process beside it."""

import asyncio
import json
import os
import signal
import sys
from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer
from standins.cases import FIXTURES
from standins.receiver import Answer, Receiver

from bot.demo import LOGIN_OUTAGE, DemoPage, documents, load

pytestmark = pytest.mark.timeout(600)  # many commands, each a process of its own


@dataclass
class Shell:
    """A folder of its own, with a page on loopback."""

    folder: Path
    page: DemoPage
    address: str

    def environment(self, **more: str) -> dict[str, str]:
        kept = {name: os.environ[name] for name in ("PATH", "HOME") if name in os.environ}
        return kept | {
            "UPTIMUS_ALLOW_PRIVATE_NETWORKS": "1",
            "UPTIMUS_POLL_INTERVAL": "1",
            "PORT": "0",
            "PYTHONPATH": str(Path(__file__).parents[2]),
        } | more  # fmt: skip

    async def start(self, *words: str, **more: str) -> asyncio.subprocess.Process:
        return await asyncio.create_subprocess_exec(
            sys.executable, "-m", "bot", *words, cwd=self.folder, env=self.environment(**more),
            stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE,
        )  # fmt: skip

    async def __call__(self, *words: str, **more: str) -> tuple[int, str, str]:
        process = await self.start(*words, **more)
        async with asyncio.timeout(80):
            out, err = await process.communicate()
        assert process.returncode is not None
        return process.returncode, out.decode(), err.decode()

    async def json(self, *words: str) -> dict[str, Any]:
        code, out, err = await self(*words, "--json")
        assert (code, err) == (0, "")
        answer: dict[str, Any] = json.loads(out)
        return answer


@pytest.fixture
async def shell(tmp_path: Path) -> AsyncIterator[Shell]:
    page = DemoPage(load(LOGIN_OUTAGE))
    yield Shell(tmp_path, page, await page.start())
    await page.aclose()


async def test_a_page_is_checked_without_storing_anything(shell: Shell) -> None:
    answer = await shell.json("check", shell.address)
    assert answer["status"] == "operational"
    assert answer["provider"] == {
        "slug": None,
        "name": "ChargeOver",
        "url": shell.address,
        "adapter": "statuspage",
    }
    assert set(answer) == {"provider", "status", "components", "incidents", "maintenances", "read_at", "evidence"}
    assert answer["evidence"][-1] == "it reads whole as Atlassian Statuspage"
    assert os.listdir(shell.folder) == []


async def test_a_new_follow_knows_the_days_that_the_page_tells(shell: Shell) -> None:
    today = datetime.now(UTC).date()
    days = [
        {"date": str(today - timedelta(days=back)), "outages": {"m": 60} if back == 7 else {}}
        for back in range(90)
    ]
    told = {"c1ma1nappl1c": {"component": {"code": "c1ma1nappl1c"}, "days": days}}
    shown = documents(load(LOGIN_OUTAGE), 0)

    async def answer(request: web.Request) -> web.StreamResponse:
        if request.path == "/":
            text = f"<!DOCTYPE html><script>var uptimeData = {json.dumps(told)};</script>"
            return web.Response(text=text, content_type="text/html")
        return web.json_response(shown[request.path]) if request.path in shown else web.Response(status=404)

    app = web.Application()
    app.router.add_get("/{path:.*}", answer)
    async with TestServer(app) as server:
        await shell.json("follow", str(server.make_url("/")))
    uptime = await shell.json("uptime", "chargeover")
    assert uptime["known_days"] == 90
    assert {one["date"]: one["state"] for one in uptime["days"]}[str(today - timedelta(days=7))] == "outage"
    assert uptime["counts"]["operational"] == 89 - uptime["counts"]["maintenance"] - uptime["counts"]["degraded"]


async def test_a_feed_is_followed_once_however_often_it_is_named(shell: Shell) -> None:
    feed = (FIXTURES / "feed" / "trouble" / "www" / "history.atom").read_bytes()

    async def answer(request: web.Request) -> web.StreamResponse:
        found = request.path == "/status/feed/"
        return web.Response(body=feed) if found else web.Response(status=404)

    app = web.Application()
    app.router.add_get("/{path:.*}", answer)
    async with TestServer(app) as server:
        for _ in range(2):
            followed = await shell.json("follow", str(server.make_url("/status/feed/")))
            assert followed["provider"]["slug"] == "quillpost"
    listed = (await shell.json("provider", "list"))["providers"]
    assert [(one["slug"], one["adapter"]) for one in listed] == [("quillpost", "feed")]


@pytest.fixture
async def other_address() -> AsyncIterator[str]:
    page = DemoPage(load(LOGIN_OUTAGE))
    yield await page.start()
    await page.aclose()


async def test_an_operator_keeps_providers_in_order(shell: Shell, other_address: str) -> None:
    await shell.json("follow", shell.address, "--component", "Main Application")
    again = await shell.json("follow", "Charge-Over", "--component", "Main Application")
    assert again["provider"]["url"] == shell.address, "the catalogue's provider, though its page is elsewhere"
    await shell.json("follow", other_address)
    listed = (await shell.json("provider", "list"))["providers"]
    assert [(one["slug"], one["source"], one["verification"], one["follows"]) for one in listed] == [
        ("chargeover", "user", "pending", 1),
        ("chargeover-2", "user", "pending", 1),
    ]
    assert (await shell.json("provider", "verify", "chargeover-2"))["verification"] == "verified"
    code, _, err = await shell("provider", "rename", "chargeover-2", "ChargeOver")
    assert (code, "is called chargeover already" in err) == (1, True)
    renamed = await shell.json("provider", "rename", "chargeover-2", "Charge Over, Inc.")
    assert (renamed["slug"], renamed["name"], renamed["former_slug"]) == (
        "charge-over-inc",
        "Charge Over, Inc.",
        "chargeover-2",
    )
    code, _, err = await shell("provider", "remove", "charge-over-inc")
    assert (code, "is followed at 1 destination" in err) == (1, True)
    await shell.json("unfollow", "charge-over-inc")
    merged = await shell.json("provider", "merge", "chargeover", "charge-over-inc")
    assert (merged["merged"], merged["into"]["slug"], merged["follows_moved"]) == (
        "chargeover",
        "charge-over-inc",
        1,
    )
    follows = (await shell.json("list"))["follows"]
    assert [(one["provider"], one["component_ids"]) for one in follows] == [("charge-over-inc", ["c1ma1nappl1c"])]
    code, _, err = await shell("provider", "merge", "charge-over-inc", "charge-over-inc")
    assert (code, "itself" in err) == (1, True)
    await shell.json("unfollow", "charge-over-inc")
    await shell.json("provider", "remove", "charge-over-inc")
    assert (await shell.json("provider", "list"))["providers"] == []


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("check", "ftp://example.com"), "https://"),
        (("check", "http://127.0.0.1:9"), "127.0.0.1"),
        (("check", "--adapter", "nonsense", "example.com"), "nonsense"),
        (("follow", "chargeoverr"), "Did you mean chargeover?"),
        (("follow", "http://127.0.0.1:9"), "can't be read"),
        (("status", "nobody"), "No provider is called 'nobody'"),
        (("unfollow", "nobody"), "No provider is called"),
        (("related", "chargeoverr"), "Did you mean chargeover?"),
        (("mute", "nobody"), "No provider is called"),
        (("mute", "off"), "Nothing is muted here"),
        (("digest", "dayly"), "did you mean daily?"),
        (("digest", "daily", "--at", "noon"), "is no time of day"),
        (("follow", "chargeover", "--thread", "thraeds"), "did you mean threads?"),
        (("follow", "chargeover", "--quiet", "22:00-07:00", "--zone", "Mars"), "time zone"),
        (("follow", "chargeover", "--remind", "8d"), "a week at most"),
        (("follow", "chargeover", "--mention", "@bob"), "can't tell who @bob is"),
        (("follow", "chargeover", "--stream", "incidnets"), "did you mean incidents?"),
        (("follow", "chargeover", "--min-impact", "huge"), "there are none, minor, major, critical"),
        (("uptime", "--days", "0"), "--days"),
        (("deliveries", "--state", "dead"), ""),
        (("deliveries", "1.1"), "no delivery"),
        (("deliveries", "--to", "https://nobody.example.com/"), "no destination"),
        (("replay", "--dead"), ""),
        (("replay", "--dead", "--to", "https://nobody.example.com/"), "no destination"),
        (("replay", "x"), "12.3"),
        (("replay", "1.1"), "no delivery"),
        (("replay", "--since", "yesterday"), "no time"),
        (("destination", "secret", "https://nobody.example.com/"), "no destination"),
        (("destination", "add", "carrier-pigeon:1"), "is not a destination"),
        (("destination", "add", "http://127.0.0.1:9/x"), "--untested"),
        (("destination", "add", "http://127.0.0.1:9/x", "--untested"), ""),
        (
            ("destination", "add", "http://127.0.0.1:9/x", "--type", "incident.opend"),
            "did you mean incident.opened?",
        ),
        (("destination", "add", "http://127.0.0.1:9/x", "--format", "paegrduty"), "did you mean pagerduty?"),
        (
            ("destination", "add", "http://127.0.0.1:9/x", "--template", "@nowhere.json"),
            "nowhere.json can't be read",
        ),
        (("destination", "add", "http://127.0.0.1:9/x", "--header", "Host: x"), "set by uptimus itself"),
        (("destination", "add", "mailto:ops@example.com"), "SMTP_URL"),
        (("destination", "add", "webpush:1"), "Notify me"),
        (("destination", "add", "apprise:nfty://x"), "did you mean ntfy://?"),
        (("destination", "enable", "https://nobody.example.com/"), "no destination"),
        (("follow", "chargeover", "--to", "mailto:ops@example.com"), "SMTP_URL"),
    ],
)
async def test_what_can_not_be_done_is_said_in_one_line(shell: Shell, words: tuple[str, ...], said: str) -> None:
    code, out, err = await shell(*words)
    if not said:
        assert (code, err) == (0, "")
        return
    assert code == 1, out
    assert said in err
    assert len(err.splitlines()) == 1
    assert "Traceback" not in out + err


@pytest.mark.parametrize(
    "words",
    [
        ("follow",),
        ("nonsense",),
        ("replay",),
        ("replay", "1.1", "--dead"),
        ("replay", "1.1", "--to", "console:"),
        ("deliveries", "1.1", "--state", "dead"),
        ("status", "--nonsense"),
    ],
)
async def test_wrong_usage_ends_with_2(shell: Shell, words: tuple[str, ...]) -> None:
    code, _, err = await shell(*words)
    assert code == 2
    assert "Usage" in err


@pytest.mark.parametrize(
    ("more", "named"),
    [
        ({"PORT": "many"}, "PORT"),
        ({"UPTIMUS_POLL_INTERVAL": "0"}, "UPTIMUS_POLL_INTERVAL"),
        ({"DATABASE_URL": "mysql://x"}, "DATABASE_URL"),
        ({"DATABASE_URL": "postgres://u:hidden@127.0.0.1:9/x"}, "UPTIMUS_SECRET_KEY"),
        ({"UPTIMUS_SECRET_KEY": "short"}, "UPTIMUS_SECRET_KEY"),
        ({"SLACK_BOT_TOKEN": "hidden"}, "SLACK_BOT_TOKEN"),
        ({"SLACK_APP_TOKEN": "xapp-1"}, "SLACK_BOT_TOKEN"),
        ({"DATABASE_URL": "sqlite:////nowhere/at/all.db"}, "DATABASE_URL"),
    ],
)
async def test_a_wrong_setting_is_named_in_one_line(shell: Shell, more: dict[str, str], named: str) -> None:
    code, out, err = await shell("run", **more)
    assert code == 1
    assert named in err.splitlines()[-1]
    assert "hidden" not in out + err
    assert "Traceback" not in out + err


async def test_following_to_a_webhook_shows_its_secret_once(shell: Shell) -> None:
    async with Receiver() as receiver:
        made = await shell.json("follow", shell.address, "--to", receiver.url, "--min-impact", "major")
        secret = str(made["secret"])
        assert secret.startswith("whsec_")
        again = await shell.json("follow", shell.address, "--to", receiver.url)
        assert "secret" not in again
        assert (await shell.json("destination", "secret", receiver.url))["secret"] == secret
        receiver.secret = secret
        code, out, _ = await shell("destination", "test", receiver.url)
        assert code == 0, out
        assert receiver.received[-1].problem is None
        assert receiver.received[-1].event["type"] == "test"
        rotated = str((await shell.json("destination", "rotate", receiver.url))["secret"])
        assert rotated != secret
        for one in (secret, rotated):  # both sign for a day
            receiver.secret = one
            assert (await shell("destination", "test", receiver.url))[0] == 0
            assert receiver.received[-1].problem is None
        assert (await shell.json("list"))["follows"] != []
        await shell.json("destination", "remove", receiver.url)
        assert (await shell.json("list"))["follows"] == []


async def test_a_webhook_is_tried_and_told_as_it_wants(shell: Shell) -> None:
    (shell.folder / "body.json").write_text('{"text": "{{ data.provider.name }}: {{ type }}", "n": 1}')
    async with Receiver() as receiver:
        receiver.answers.append(Answer(503))
        code, out, err = await shell("destination", "add", receiver.url)
        assert (code, out) == (1, "")
        assert "answered 503" in err
        assert (await shell.json("destination", "list"))["destinations"] == []
        made = await shell.json(
            "destination", "add", receiver.url, "--template", "@body.json", "--header", "X-Key: hunter2",
            "--type", "incident.*", "--ed25519",
        )  # fmt: skip
        assert made["public_key"].startswith("whpk_")
        body = json.loads(receiver.received[-1].body)
        assert (body["text"].endswith(": test"), body["n"]) == (True, 1)
        assert receiver.received[-1].headers["x-key"] == "hunter2"
        code, out, err = await shell("destination", "list")
        assert receiver.url in out
        assert "enabled · as template · only incident.*" in out
        assert "hunter2" not in out + err
        shown = await shell.json("destination", "secret", receiver.url)
        assert (shown["secret"], shown["public_key"]) == (made["secret"], made["public_key"])
        assert [one["action"] for one in (await shell.json("audit"))["changes"]] == ["added"]


async def test_what_was_not_told_is_seen_and_told_after_all(shell: Shell) -> None:
    shell.page.show(1)
    async with Receiver() as receiver:
        receiver.default = Answer(410, body=b"gone fishing")
        await shell.json("follow", shell.address, "--to", receiver.url)
        process = await shell.start("run")
        await receiver.until(1)
        process.send_signal(signal.SIGTERM)
        await process.communicate()
        code, out, _ = await shell("destination", "list")
        assert "disabled: the receiver answered 410 Gone" in out
        again = await shell.json("follow", shell.address, "--to", receiver.url)
        assert (await shell.json("destination", "list"))["destinations"][0]["enabled"] is False, again
        [waiting] = (await shell.json("deliveries", "--to", receiver.url))["deliveries"]
        one = await shell.json("deliveries", waiting["delivery"])
        assert [(made["status"], made["answer"]) for made in one["attempts"]] == [(410, "gone fishing")]
        code, out, _ = await shell("deliveries", waiting["delivery"])
        assert "no further try: the destination was disabled" in out
        assert "gone fishing" in out
        code, _, err = await shell("replay", waiting["delivery"])
        assert (code, "bring it back first" in err) == (1, True)
        receiver.default = Answer(204)
        enabled = await shell.json("destination", "enable", receiver.url)
        assert enabled == {"destination": receiver.url, "enabled": True, "missed": 0}
        await shell.json("replay", waiting["delivery"])
        one = await shell.json("deliveries", waiting["delivery"])
        assert [made["outcome"] for made in one["attempts"]] == ["refused", "delivered"]


async def test_a_follow_keeps_its_manner_and_the_audit_list_tells_of_it(shell: Shell) -> None:
    shell.page.show(1)
    code, out, _ = await shell("follow", shell.address, "--thread", "both", "--loud", "none", "--mention", "@here")
    assert (code, out.splitlines()[0]) == (0, "Following ChargeOver at console:.")
    changed = await shell.json(
        "follow", "chargeover", "--remind", "30m", "--quiet", "22:00-07:00", "--zone", "Europe/Berlin"
    )
    assert changed["changed"] == ["remind_minutes", "quiet"]
    [kept] = (await shell.json("list"))["follows"]
    assert kept == changed["follow"]
    assert (kept["shape"], kept["loud"], kept["mention"]) == ("threads and channel", [], ["here"])
    assert kept["quiet"] == {"from": "22:00", "until": "07:00", "zone": "Europe/Berlin", "except": None}
    assert [one["title"] for one in (await shell.json("mute", "chargeover", "login"))["muted"]] == ["Login outage"]
    assert len((await shell.json("mute"))["muted"]) == 1
    assert (await shell.json("digest", "weekly", "--on", "friday"))["digest"]["weekday"] == 4
    related = await shell.json("related", "chargeover")
    assert 0 < len(related["same_category"]) <= 15
    code, out, err = await shell("audit")
    assert (code, err) == (0, "")
    assert [line.split("  ")[1].strip() for line in out.splitlines()[1:]] == [
        "set a digest every Friday at 09:00 (UTC) at console:",
        "muted ChargeOver: Login outage at console:",
        "changed ChargeOver at console: (a reminder 30 minutes ahead; quiet 22:00–07:00 Europe/Berlin)",
        "followed ChargeOver at console: (told in threads and channel;"
        " shown in the channel, too: nothing; mentions @here)",
    ]


LARGE = ("slack_bolt", "discord", "alembic", "apscheduler", "icalendar", "mcp", "bot.app", "bot.web")


async def test_what_is_large_is_only_loaded_where_it_is_used(shell: Shell) -> None:
    assert (await shell("slack", "--help"))[0] == 0
    assert (await shell("list"))[0] == 0
    probe = f"""
import sys
from bot.__main__ import uptimus
uptimus(["list"], standalone_mode=False)
print([name for name in {LARGE!r} if name in sys.modules])
"""
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-c", probe, cwd=shell.folder, env=shell.environment(), stdout=asyncio.subprocess.PIPE
    )
    out, _ = await process.communicate()
    assert out.splitlines()[-1] == b"[]"


async def test_a_component_that_the_page_does_not_have_is_refused_with_the_nearest(shell: Shell) -> None:
    code, _, err = await shell("follow", shell.address, "--component", "Main Aplication")
    assert code == 1
    assert "Main Application" in err
    made = await shell.json("follow", shell.address, "--component", "main application", "--stream", "incidents")
    assert made["follow"]["streams"] == ["incidents"]
    assert len(made["follow"]["component_ids"]) == 1


async def _read_until(words: str, stream: asyncio.StreamReader) -> str:
    """The lines up to the one with these words."""
    read = ""
    async with asyncio.timeout(80):
        while words not in read:
            line = await stream.readline()
            assert line, read
            read += line.decode()
    return read


async def test_a_running_process_tells_and_commands_work_beside_it(shell: Shell) -> None:
    await shell.json("follow", shell.address)
    process = await shell.start("run", UPTIMUS_LOG_FORMAT="json")
    assert process.stdout is not None
    assert process.stderr is not None
    try:
        log = await _read_until('"poll"', process.stderr)
        code, _, err = await shell("run")
        assert code == 1
        assert "another uptimus is running" in err
        shell.page.show(1)
        await _read_until("Login outage", process.stdout)
        status = await shell.json("status", "chargeover")
        assert [one["title"] for one in status["incidents"]] == ["Login outage"]
        uptime = await shell.json("uptime", "chargeover")
        assert uptime["known_days"] == 1
        assert len(uptime["days"]) == 90
        [delivery] = (await shell.json("deliveries", "--state", "delivered"))["deliveries"][-1:]
        code, out, _ = await shell("replay", delivery["delivery"])
        assert code == 0
        assert "Login outage" in out
    finally:
        process.send_signal(signal.SIGTERM)
        async with asyncio.timeout(80):
            _, err_bytes = await process.communicate()
    assert process.returncode == 0
    lines = [json.loads(line) for line in (log + err_bytes.decode()).splitlines()]
    assert lines[-1]["event"] == "stopped"
    assert {"poll", "attempt"} <= {line["event"] for line in lines}


async def test_the_demo_tells_the_story_and_ends(shell: Shell) -> None:
    code, out, err = await shell("demo", "--once", "--speed", "100000")
    assert (code, err) == (0, "")
    words = ["Login outage", "Identified", "Monitoring", "Resolved after 1 h 14 min", "Postmortem"]
    places = [out.index(word) for word in words]
    assert places == sorted(places)
    assert os.listdir(shell.folder) == []
