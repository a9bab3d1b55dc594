"""Settings from the environment, from files and from `.env`; a wrong one is named in one line."""

import stat
from pathlib import Path

import pytest
from cryptography.fernet import Fernet

from bot import settings, vault
from bot.settings import SettingsError
from bot.vault import Vault

ENV_EXAMPLE = Path(__file__).parents[2] / ".env.example"


@pytest.fixture(autouse=True)
def _bare(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.chdir(tmp_path)
    for name in (*settings.SECRETS, "PORT", "UPTIMUS_POLL_INTERVAL", "UPTIMUS_PUBLIC_URL", "SLACK_CLIENT_ID"):
        monkeypatch.delenv(name, raising=False)


def test_nothing_set_is_enough() -> None:
    found = settings.load()
    assert (found.database_url, found.port, found.poll_interval) == ("sqlite:///uptimus.db", 8080, 60)
    assert found.sqlite_path == Path("uptimus.db")


def test_the_example_is_what_is_so_without_it(tmp_path: Path) -> None:
    (tmp_path / ".env").write_text(ENV_EXAMPLE.read_text(encoding="utf-8"), encoding="utf-8")
    assert settings.load() == settings.load("no-such-file")


def test_every_setting_stands_in_the_example() -> None:
    example = ENV_EXAMPLE.read_text(encoding="utf-8")
    for name, field in settings.Settings.model_fields.items():
        assert f"{field.validation_alias or name.upper()}=" in example


def test_env_file_and_environment(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / ".env").write_text("PORT=1234\nUPTIMUS_POLL_INTERVAL=5\n", encoding="utf-8")
    monkeypatch.setenv("PORT", "4321")
    found = settings.load()
    assert (found.port, found.poll_interval) == (4321, 5)


def test_postgres_as_hosts_hand_it_out(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DATABASE_URL", "postgres://u:p@db.internal:5432/app")
    found = settings.load()
    assert (found.database_url, found.sqlite_path) == ("postgresql://u:p@db.internal:5432/app", None)


WRONG = [
    ("UPTIMUS_DENIED_PORTS", "25,http", "must be port numbers"),
    ("UPTIMUS_DENIED_PORTS", "0", "must be port numbers"),
    ("UPTIMUS_DENIED_PORTS", "65536", "must be port numbers"),
    ("DATABASE_URL", "mysql://u:hunter2@h/db", "must begin with sqlite:// or postgres://"),
    ("DATABASE_URL", "nonsense", "is not a database address"),
    ("DATABASE_URL", "sqlite://", "must name a file"),
    ("PORT", "eighty", "integer"),
    ("PORT", "70000", "65535"),
    ("UPTIMUS_POLL_INTERVAL", "0", "greater than or equal to 1"),
    ("UPTIMUS_SECRET_KEY", "hunter2", "Fernet keys"),
    ("UPTIMUS_LOG_FORMAT", "xml", "json"),
    ("UPTIMUS_ALLOW_PRIVATE_NETWORKS", "maybe", "boolean"),
    ("SLACK_BOT_TOKEN", "hunter2", "must begin with xox"),
    ("SLACK_APP_TOKEN", "xoxb-hunter2", "must begin with xapp-"),
    ("SLACK_EXTRA_SCOPES", "users:read channels:history", "may only name links:read, links:write, users:read"),
    ("SLACK_API_URL", "https://slack.com", "must be an http(s) address that ends in /api/"),
    ("DISCORD_TOKEN", "Bot hunter2", "must be the bot's token alone"),
    ("DISCORD_API_URL", "https://discord.com/api", "must be an http(s) address that ends in /api/v10"),
    ("DISCORD_GATEWAY_URL", "https://gateway.discord.gg", "must begin with wss:// or ws://"),
    ("SMTP_URL", "https://u:hunter2@smtp.example.com", "must begin with smtp:// or smtps://"),
    ("SMTP_URL", "smtp://u:hunter2@smtp.example.com/x", "must end with the host and its port"),
    ("SMTP_URL", "smtp://u:hunter2@smtp.example.com:99999", "is no address of a mail server"),
    ("MAIL_FROM", "Status", "must be one address"),
]


@pytest.mark.parametrize(("name", "value", "said"), WRONG)
def test_a_wrong_setting_is_named_in_one_line_without_its_value(
    name: str, value: str, said: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(name, value)
    with pytest.raises(SettingsError) as caught:
        settings.load()
    message = str(caught.value)
    assert message.startswith(f"{name} ")
    assert said in message
    assert "\n" not in message
    assert "hunter2" not in message


TOKEN, APP, SIGN = "SLACK_BOT_TOKEN", "SLACK_APP_TOKEN", "SLACK_SIGNING_SECRET"
ID, SECRET, URL = "SLACK_CLIENT_ID", "SLACK_CLIENT_SECRET", "UPTIMUS_PUBLIC_URL"
SLACK = {
    TOKEN: "xoxb-hunter2",
    APP: "xapp-hunter2",
    SIGN: "hunter2",
    ID: "1.2",
    SECRET: "hunter2",
    URL: "https://u.io",
}


@pytest.mark.parametrize(
    ("given", "way"),
    [
        ((), None),
        ((URL,), None),
        ((TOKEN,), "one"),
        ((TOKEN, APP), "one"),
        ((TOKEN, SIGN), "one"),
        ((TOKEN, APP, SIGN), "one"),
        ((ID, SECRET, SIGN, URL), "many"),
        ((ID, SECRET, APP, URL), "many"),
        ((APP,), "SLACK_BOT_TOKEN is missing (or SLACK_CLIENT_ID), though SLACK_APP_TOKEN is set"),
        ((SIGN,), "SLACK_BOT_TOKEN is missing (or SLACK_CLIENT_ID), though SLACK_SIGNING_SECRET is set"),
        ((TOKEN, ID, SECRET, SIGN, URL), "SLACK_BOT_TOKEN and SLACK_CLIENT_ID are both set; leave one out"),
        ((ID, SIGN, URL), "SLACK_CLIENT_SECRET is missing, though SLACK_CLIENT_ID is set"),
        ((SECRET, SIGN, URL), "SLACK_CLIENT_ID is missing, though SLACK_CLIENT_SECRET is set"),
        ((ID, SECRET, URL), "SLACK_SIGNING_SECRET is missing (or SLACK_APP_TOKEN)"),
        ((ID, SECRET, SIGN), "UPTIMUS_PUBLIC_URL is missing"),
    ],
)
def test_the_ways_to_set_slack_up(
    given: tuple[str, ...], way: str | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in given:
        monkeypatch.setenv(name, SLACK[name])
    found = settings.load()
    if way in (None, "one", "many"):
        assert found.slack == way
        return
    with pytest.raises(SettingsError) as caught:
        _ = found.slack
    assert str(caught.value).startswith(way or "?")
    assert "\n" not in str(caught.value)
    assert "hunter2" not in str(caught.value)


def test_a_secret_from_a_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "token").write_text("xoxb-1\n", encoding="utf-8")
    monkeypatch.setenv("SLACK_BOT_TOKEN_FILE", str(tmp_path / "token"))
    token = settings.load().slack_bot_token
    assert token is not None
    assert token.get_secret_value() == "xoxb-1"
    monkeypatch.setenv("SLACK_BOT_TOKEN", "xoxb-2")
    with pytest.raises(SettingsError, match="SLACK_BOT_TOKEN and SLACK_BOT_TOKEN_FILE are both set"):
        settings.load()


def test_a_secret_file_that_is_not_there(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SLACK_BOT_TOKEN_FILE", "no-such-file")
    with pytest.raises(SettingsError, match="SLACK_BOT_TOKEN_FILE: no-such-file can't be read"):
        settings.load()


def test_the_settings_don_t_show_their_secrets(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SLACK_BOT_TOKEN", "xoxb-hunter2")
    assert "hunter2" not in repr(settings.load())


def test_several_keys_open_and_the_first_seals() -> None:
    old, new = Fernet.generate_key().decode(), Fernet.generate_key().decode()
    sealed = Vault([old]).seal("whsec_1")
    assert "whsec_1" not in sealed
    assert Vault([new, old]).open(sealed) == "whsec_1"
    assert Vault([new]).open(Vault([new, old]).seal("whsec_2")) == "whsec_2"
    with pytest.raises(SettingsError, match="UPTIMUS_SECRET_KEY does not open what is stored"):
        Vault([new]).open(sealed)


def test_an_embedded_database_gets_a_key_that_its_owner_alone_reads(tmp_path: Path) -> None:
    sealed = vault.from_settings(settings.load()).seal("s")
    key = tmp_path / "uptimus.db.key"
    assert stat.S_IMODE(key.stat().st_mode) == 0o600
    assert vault.from_settings(settings.load()).open(sealed) == "s"


def test_postgresql_without_a_key_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DATABASE_URL", "postgresql://h/db")
    with pytest.raises(SettingsError, match="UPTIMUS_SECRET_KEY is required with PostgreSQL"):
        vault.from_settings(settings.load())


@pytest.mark.parametrize(
    ("given", "missing"), [({"smtp_url": "smtp://h"}, "MAIL_FROM"), ({"mail_from": "a@example.org"}, "SMTP_URL")]
)
def test_mail_needs_a_server_and_a_sender(given: dict[str, str], missing: str) -> None:
    with pytest.raises(SettingsError, match=f"^{missing} is missing, though"):
        _ = settings.Settings.model_validate(given).mail


def test_mail() -> None:
    assert settings.Settings().mail is None
    found = settings.Settings.model_validate({"smtp_url": "smtp://u:hunter2@h", "mail_from": "a@example.org"})
    assert found.mail == ("smtp://u:hunter2@h", "a@example.org")
    assert "hunter2" not in repr(found)


@pytest.mark.parametrize(("said", "ports"), [("", ()), ("25", (25,)), (" 25, 6379,11211 ", (25, 6379, 11211))])
def test_denied_ports(said: str, ports: tuple[int, ...], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("UPTIMUS_DENIED_PORTS", said)
    assert settings.load().closed_ports == frozenset(ports)
