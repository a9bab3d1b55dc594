"""The manifest in all its forms against Slack's own schemas, and `uptimus slack …`."""

import asyncio
import json
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result
from cryptography.fernet import Fernet
from jsonschema import Draft202012Validator
from slack_sdk.oauth.installation_store import Installation
from standins.followed import followed
from standins.slack_oauth import KNOWN_SCOPES
from standins.slack_rules import SPECS

from bot import settings
from bot.__main__ import CLEAR_ERRORS
from bot.commands import COMMANDS
from bot.slack.cli import slack_group
from bot.slack.manifest import manifest
from storage import migrate, workspaces
from storage.database import Database
from storage.installations import Installations

ADDRESS = "https://uptimus.example.com"
SCHEMAS = [path for version in ("1.0.0", "2.0.0") if (path := SPECS / f"manifest.schema.{version}.json").exists()]
EVENTS = {
    "app_home_opened",
    "app_uninstalled",
    "tokens_revoked",
    "channel_id_changed",
    "link_shared",
    *(f"channel_{what}" for what in ("archive", "unarchive", "deleted", "rename", "left")),
    *(f"group_{what}" for what in ("archive", "unarchive", "deleted", "rename", "left")),
}
"""From Slack's reference of events."""
FORMS: list[dict[str, Any]] = [
    {"socket": socket, "many": many, "unfurl": unfurl, "extra": extra}
    for socket in (False, True)
    for many in (False, True)
    for unfurl, extra in (((), ()), (("status.example.com", "www.githubstatus.com"), ("users:read",)))
]


def made(**form: Any) -> dict[str, Any]:
    address = ADDRESS if form["many"] or not form["socket"] else None
    return manifest(address, **form)


@pytest.mark.parametrize("schema", SCHEMAS, ids=lambda path: path.stem)
@pytest.mark.parametrize("form", FORMS, ids=str)
def test_every_form_passes_slacks_own_schema(schema: Path, form: dict[str, Any]) -> None:
    known = json.loads(schema.read_text())
    assert [error.message for error in Draft202012Validator(known).iter_errors(made(**form))] == []


@pytest.mark.parametrize("form", FORMS, ids=str)
def test_scopes_and_events_are_slacks(form: dict[str, Any]) -> None:
    whole = made(**form)
    scopes, events = whole["oauth_config"]["scopes"]["bot"], whole["settings"]["event_subscriptions"]["bot_events"]
    assert set(scopes) <= KNOWN_SCOPES
    assert set(events) <= EVENTS
    assert len(set(scopes)) == len(scopes)
    assert not [scope for scope in scopes if "history" in scope]
    assert ("links:read" in scopes, "link_shared" in events) == (bool(form["unfurl"]),) * 2
    assert set(whole["oauth_config"]["scopes"]) == {"bot"}


def addresses(value: Any) -> list[str]:
    """Every address of ours in it."""
    if isinstance(value, dict):
        return [found for part in value.values() for found in addresses(part)]
    if isinstance(value, list):
        return [found for part in value for found in addresses(part)]
    return [value] if isinstance(value, str) and ADDRESS in value else []


@pytest.mark.parametrize("form", FORMS, ids=str)
def test_addresses_stand_where_slack_needs_them_and_nowhere_else(form: dict[str, Any]) -> None:
    whole = made(**form)
    expected = [] if form["socket"] else [f"{ADDRESS}/slack/events"] * 4
    expected += [f"{ADDRESS}/slack/oauth_redirect"] if form["many"] else []
    assert sorted(addresses(whole)) == sorted(expected)
    flags = whole["settings"]
    assert flags["socket_mode_enabled"] is form["socket"]
    assert flags["org_deploy_enabled"] is flags["token_rotation_enabled"] is form["many"]


def test_what_people_see_of_it() -> None:
    features = made(**FORMS[0])["features"]
    shortcuts = {one["callback_id"]: one["type"] for one in features["shortcuts"]}
    assert shortcuts == {"follow": "global", "ask": "message", "ask_globally": "global"}
    home = features["app_home"]
    assert home["messages_tab_enabled"]
    assert home["messages_tab_read_only_enabled"]
    [command] = features["slash_commands"]
    assert command["should_escape"]
    hinted = {word.split()[0] for word in command["usage_hint"].strip("[]").split(" | ")}
    assert hinted <= set(COMMANDS)


# uptimus slack …


@pytest.fixture(autouse=True)
def _bare(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.chdir(tmp_path)
    for name in (*settings.SECRETS, "SLACK_CLIENT_ID", "SLACK_EXTRA_SCOPES", "UPTIMUS_PUBLIC_URL"):
        monkeypatch.delenv(name, raising=False)


def run(*arguments: str) -> Result:
    return CliRunner().invoke(slack_group, arguments)


def test_the_address_is_filled_in(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("UPTIMUS_PUBLIC_URL", f"{ADDRESS}/")
    result = run("manifest", "--unfurl", "Status.Example.com", "--admins")
    assert result.exit_code == 0
    printed = json.loads(result.output)
    assert printed == made(socket=False, many=False, unfurl=("status.example.com",), extra=("users:read",))


def test_a_client_id_means_many_and_its_scopes_are_asked_for(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("UPTIMUS_PUBLIC_URL", ADDRESS)
    monkeypatch.setenv("SLACK_CLIENT_ID", "1.2")
    monkeypatch.setenv("SLACK_EXTRA_SCOPES", "users:read")
    printed = json.loads(run("manifest").output)
    assert printed == made(socket=False, many=True, extra=("users:read",))


@pytest.mark.parametrize(
    ("address", "arguments", "said"),
    [
        (None, [], "UPTIMUS_PUBLIC_URL is missing: Slack has to reach this server (or use --socket)"),
        (
            None,
            ["--socket", "--many"],
            "UPTIMUS_PUBLIC_URL is missing: Slack sends people back to it after an install",
        ),
        ("http://h", [], "UPTIMUS_PUBLIC_URL must begin with https://: Slack takes nothing else"),
        (ADDRESS, ["--unfurl", "https://x.io/a"], "'https://x.io/a' is not a domain, such as status.example.com"),
        (ADDRESS, [f"--unfurl={i}.io" for i in range(6)], "Slack takes 5 domains at most"),
    ],
)
def test_what_is_wrong_is_said_in_one_line(
    address: str | None, arguments: list[str], said: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    if address is not None:
        monkeypatch.setenv("UPTIMUS_PUBLIC_URL", address)
    result = run("manifest", *arguments)
    if result.exit_code == 2:
        assert said in result.output
    else:
        assert isinstance(result.exception, CLEAR_ERRORS)
        assert str(result.exception) == said


def test_socket_mode_needs_no_address() -> None:
    assert json.loads(run("manifest", "--socket").output) == made(socket=True, many=False)


async def prepared(path: Path, key: str) -> None:
    """T1 has it, T2 had it, T5 has it through its organisation."""
    database = Database(f"sqlite:///{path}/uptimus.db")
    await migrate.upgrade(database)
    fernet = Fernet(key)
    kept = Installations(database, "1.2", seal=lambda t: fernet.encrypt(t.encode()).decode(), open_=str)
    about: dict[str, Any] = {"app_id": "A1", "bot_id": "B1", "bot_user_id": "UB", "bot_token": "xoxb-1"}
    await kept.async_save(Installation(team_id="T1", user_id="U7", installed_at=1_750_000_000.0, **about))
    await kept.async_save(Installation(enterprise_id="E1", user_id="U8", is_enterprise_install=True, **about))
    await followed(database, "slack:T1/C1")
    await followed(database, "slack:T2/C1")
    async with database.write() as session:
        await workspaces.seen(session, "slack:T1", name="Acme")
        await workspaces.seen(session, "slack:T5", enterprise_id="E1")
        await workspaces.leave(session, "slack:T2", "gone")
        row = await workspaces.by_key(session, "slack:T1")
        assert row is not None
        row.editors, row.chosen = "chosen", ["U9"]
    await database.aclose()


@pytest.fixture
def operated(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    key = Fernet.generate_key().decode()
    asyncio.run(prepared(tmp_path, key))
    given = {
        "UPTIMUS_SECRET_KEY": key, "SLACK_CLIENT_ID": "1.2", "SLACK_CLIENT_SECRET": "s",
        "SLACK_SIGNING_SECRET": "s", "UPTIMUS_PUBLIC_URL": ADDRESS,
    }  # fmt: skip
    for name, value in given.items():
        monkeypatch.setenv(name, value)


@pytest.mark.usefixtures("operated")
def test_who_has_installed_it_since_when_and_how_much_they_follow() -> None:
    listed = json.loads(run("workspaces", "--json").output)["workspaces"]
    assert [(one["workspace"], one["name"], one["follows"], one["installed_by"]) for one in listed] == [
        ("slack:T1", "Acme", 1, "U7"),
        ("slack:T2", None, 1, None),
        ("slack:T5", None, 0, "U8"),
    ]
    assert listed[0]["since"] == "2025-06-15T15:06:40Z"
    assert [one["uninstalled_at"] is None for one in listed] == [True, False, True]
    shown = run("workspaces").output
    assert "uptimus is in 2 Slack workspaces." in shown
    assert "Acme (slack:T1)" in shown
    assert "1 follow, changes: chosen, installed by U7" in shown
    assert "Whole organisations" in shown
    assert "xoxb" not in shown


@pytest.mark.usefixtures("operated")
def test_a_workspace_is_opened_to_everyone() -> None:
    assert run("open", "t1").exit_code == 0
    listed = json.loads(run("workspaces", "--json").output)["workspaces"]
    assert listed[0]["changes"] == "everyone"
    unknown = run("open", "T9")
    assert isinstance(unknown.exception, CLEAR_ERRORS)
    assert str(unknown.exception).startswith("No workspace slack:T9 is known")
