"""The one settings class: from the environment and `.env`; every secret also as `NAME_FILE`."""

import os
from collections.abc import Mapping
from ipaddress import IPv4Network, IPv6Network, ip_network
from pathlib import Path
from typing import Annotated, Any, Literal
from urllib.parse import urlsplit

from cryptography.fernet import Fernet
from dotenv import dotenv_values
from pydantic import AfterValidator, Field, SecretStr, ValidationError, field_validator
from pydantic_settings import BaseSettings, SettingsConfigDict
from sqlalchemy.engine import make_url
from sqlalchemy.exc import ArgumentError

EXTRA_SCOPES = ("links:read", "links:write", "users:read")
"""What a Slack workspace may be asked for beyond what is always needed: previews of links, and who is an admin."""


class SettingsError(Exception):
    """A setting is wrong or missing; the message names it in one line."""


def _api_url(url: str) -> str:
    if not url.startswith(("http://", "https://")) or not url.endswith("/api/"):
        raise ValueError("must be an http(s) address that ends in /api/")
    return url


def _discord_api_url(url: str) -> str:
    if not url.startswith(("http://", "https://")) or not url.rstrip("/").endswith("/api/v10"):
        raise ValueError("must be an http(s) address that ends in /api/v10")
    return url.rstrip("/")


def _gateway_url(url: str | None) -> str | None:
    if url is not None and not url.startswith(("ws://", "wss://")):
        raise ValueError("must begin with wss:// or ws://")
    return url


def database_address(url: str) -> str:
    """A database's address as SQLAlchemy knows it. Raises ValueError, without the address, which may be secret."""
    try:
        parsed = make_url(url)
        backend = parsed.get_backend_name()
    except ArgumentError:
        raise ValueError("is not a database address") from None
    if backend not in ("sqlite", "postgres", "postgresql"):
        raise ValueError("must begin with sqlite:// or postgres://")
    if backend == "sqlite" and not parsed.database:
        raise ValueError("must name a file: sqlite:///uptimus.db")
    return f"postgresql{url[len('postgres') :]}" if url.startswith("postgres:") else url


class Settings(BaseSettings):
    """Everything an operator can set. `.env.example` documents each one."""

    model_config = SettingsConfigDict(
        env_file=".env", env_ignore_empty=True, extra="ignore", populate_by_name=True, frozen=True
    )

    database_url: str = Field("sqlite:///uptimus.db", repr=False)
    """It may hold a password."""
    port: int = Field(8080, ge=0, le=65535)
    host: str = Field("0.0.0.0", validation_alias="UPTIMUS_HOST")  # noqa: S104
    public_url: str | None = Field(None, validation_alias="UPTIMUS_PUBLIC_URL")
    secret_key: SecretStr | None = Field(None, validation_alias="UPTIMUS_SECRET_KEY")
    poll_interval: float = Field(60, ge=1, le=86400, validation_alias="UPTIMUS_POLL_INTERVAL")
    component_hold: float = Field(60, ge=0, le=3600, validation_alias="UPTIMUS_COMPONENT_HOLD")
    allow_private_networks: bool = Field(False, validation_alias="UPTIMUS_ALLOW_PRIVATE_NETWORKS")
    denied_ports: str = Field("", validation_alias="UPTIMUS_DENIED_PORTS")
    trust_proxy: bool = Field(False, validation_alias="UPTIMUS_TRUST_PROXY")
    in_flight: int = Field(200, ge=1, le=1000, validation_alias="UPTIMUS_IN_FLIGHT")
    retention_days: int = Field(30, ge=1, le=3650, validation_alias="UPTIMUS_RETENTION_DAYS")
    history_days: int = Field(730, ge=400, le=36500, validation_alias="UPTIMUS_HISTORY_DAYS")
    trusted_proxies: str = Field("", validation_alias="UPTIMUS_TRUSTED_PROXIES")
    heartbeat_url: SecretStr | None = Field(None, validation_alias="UPTIMUS_HEARTBEAT_URL")
    user_agent: str | None = Field(None, validation_alias="UPTIMUS_USER_AGENT")
    log_format: Literal["json", "text"] = Field("text", validation_alias="UPTIMUS_LOG_FORMAT")
    slack_bot_token: SecretStr | None = None
    slack_app_token: SecretStr | None = None
    slack_signing_secret: SecretStr | None = None
    slack_client_id: str | None = None
    slack_client_secret: SecretStr | None = None
    slack_extra_scopes: str = ""
    slack_api_url: Annotated[str, AfterValidator(_api_url)] = "https://slack.com/api/"
    discord_token: SecretStr | None = None
    discord_api_url: Annotated[str, AfterValidator(_discord_api_url)] = "https://discord.com/api/v10"
    discord_gateway_url: Annotated[str | None, AfterValidator(_gateway_url)] = None
    smtp_url: SecretStr | None = None
    mail_from: str | None = None

    @property
    def home(self) -> str:
        """Where people who meet this uptimus can read about it."""
        return self.public_url or f"http://localhost:{self.port}"

    @property
    def agent(self) -> str:
        """The User-Agent: who reads the page, and where to ask about it."""
        return self.user_agent or (f"uptimus/0.1 (+{self.public_url})" if self.public_url else "uptimus/0.1")

    @property
    def sqlite_path(self) -> Path | None:
        """The database's file, where it is an embedded one."""
        url = make_url(self.database_url)
        return Path(url.database) if url.get_backend_name() == "sqlite" and url.database else None

    @property
    def closed_ports(self) -> frozenset[int]:
        """What neither pages nor webhooks may be on."""
        return frozenset(map(int, self.denied_ports.replace(",", " ").split()))

    @property
    def proxies(self) -> tuple[IPv4Network | IPv6Network, ...]:
        """Who is believed about the addresses of those that it speaks for."""
        return tuple(map(ip_network, self.trusted_proxies.replace(",", " ").split()))

    @property
    def slack(self) -> Literal["one", "many"] | None:
        """Which way Slack is set up: for the one workspace of a bot token, for any number that install the app, or
        not at all. Raises SettingsError where the settings don't go together."""
        heard = [name for name in ("slack_signing_secret", "slack_app_token") if getattr(self, name) is not None]
        if self.slack_client_id is None and self.slack_client_secret is None:
            if self.slack_bot_token is None and heard:
                raise SettingsError(
                    f"SLACK_BOT_TOKEN is missing (or SLACK_CLIENT_ID), though {heard[0].upper()} is set"
                )
            return "one" if self.slack_bot_token is not None else None
        if self.slack_bot_token is not None:
            raise SettingsError(
                "SLACK_BOT_TOKEN and SLACK_CLIENT_ID are both set; leave one out: a token serves one workspace, "
                "a client id any number"
            )
        for name, other in (
            ("SLACK_CLIENT_ID", "SLACK_CLIENT_SECRET"),
            ("SLACK_CLIENT_SECRET", "SLACK_CLIENT_ID"),
        ):
            if getattr(self, name.lower()) is None:
                raise SettingsError(f"{name} is missing, though {other} is set")
        if not heard:
            raise SettingsError(
                "SLACK_SIGNING_SECRET is missing (or SLACK_APP_TOKEN): without it Slack's requests can't be taken"
            )
        if self.public_url is None:
            raise SettingsError("UPTIMUS_PUBLIC_URL is missing: Slack sends people back to it after an install")
        return "many"

    @property
    def mail(self) -> tuple[str, str] | None:
        """The mail server's address, which is secret, and the sender; None where mail is not set up. Raises
        SettingsError where only one of them is there."""
        if self.smtp_url is None and self.mail_from is None:
            return None
        if self.smtp_url is None:
            raise SettingsError("SMTP_URL is missing, though MAIL_FROM is set")
        if self.mail_from is None:
            raise SettingsError("MAIL_FROM is missing, though SMTP_URL is set")
        return self.smtp_url.get_secret_value().strip(), self.mail_from

    @property
    def extra_scopes(self) -> tuple[str, ...]:
        """What a workspace is asked to allow beyond what uptimus always needs."""
        return tuple(self.slack_extra_scopes.replace(",", " ").split())

    @property
    def slack_install_url(self) -> str | None:
        """Where somebody adds uptimus to their workspace; None where that is not set up."""
        return f"{self.home.rstrip('/')}/slack/install" if self.slack_client_id is not None else None

    @field_validator("database_url")
    @classmethod
    def _known_database(cls, url: str) -> str:
        return database_address(url)

    @field_validator("secret_key")
    @classmethod
    def _fernet_keys(cls, keys: SecretStr | None) -> SecretStr | None:
        for key in keys.get_secret_value().split(",") if keys else ():
            try:
                Fernet(key.strip())
            except ValueError:
                raise ValueError(
                    "must be one or more Fernet keys (32 bytes, URL-safe base64), separated by commas"
                ) from None
        return keys

    @field_validator("denied_ports")
    @classmethod
    def _ports(cls, ports: str) -> str:
        for port in ports.replace(",", " ").split():
            if not (port.isascii() and port.isdecimal() and len(port) <= 5 and 1 <= int(port) <= 65535):
                raise ValueError("must be port numbers (1 to 65535), separated by commas")
        return ports

    @field_validator("trusted_proxies")
    @classmethod
    def _networks(cls, proxies: str) -> str:
        for network in proxies.replace(",", " ").split():
            try:
                ip_network(network)
            except ValueError:
                raise ValueError("must be addresses or networks (10.0.0.0/8), separated by commas") from None
        return proxies

    @field_validator("heartbeat_url")
    @classmethod
    def _web_address(cls, url: SecretStr | None) -> SecretStr | None:
        parts = urlsplit(url.get_secret_value()) if url is not None else None
        if parts is not None and (parts.scheme not in ("http", "https") or not parts.hostname):
            raise ValueError("must be an http(s) address")
        return url

    @field_validator("slack_extra_scopes")
    @classmethod
    def _known_scopes(cls, scopes: str) -> str:
        if set(scopes.replace(",", " ").split()) - set(EXTRA_SCOPES):
            raise ValueError(f"may only name {', '.join(EXTRA_SCOPES)}")
        return scopes

    @field_validator("smtp_url")
    @classmethod
    def _smtp(cls, url: SecretStr | None) -> SecretStr | None:
        from relay.transports.email_server import server_of  # few have one

        if url is not None:
            server_of(url.get_secret_value().strip())
        return url

    @field_validator("mail_from")
    @classmethod
    def _sender(cls, text: str | None) -> str | None:
        from relay.transports.email_server import sender_of

        if text is not None:
            sender_of(text)
        return text

    @field_validator("discord_token")
    @classmethod
    def _discord_token(cls, token: SecretStr | None) -> SecretStr | None:
        if token is not None and len(token.get_secret_value().strip().split()) != 1:
            raise ValueError("must be the bot's token alone, without a word before it")
        return SecretStr(token.get_secret_value().strip()) if token is not None else None

    @field_validator("slack_bot_token", "slack_app_token")
    @classmethod
    def _slack_token(cls, token: SecretStr | None, info: object) -> SecretStr | None:
        prefix = "xapp-" if getattr(info, "field_name", "") == "slack_app_token" else "xox"
        if token is not None and not token.get_secret_value().startswith(prefix):
            raise ValueError(f"must begin with {prefix}")
        return token


SECRETS = (
    "DATABASE_URL",
    "UPTIMUS_SECRET_KEY",
    "UPTIMUS_HEARTBEAT_URL",
    "SLACK_BOT_TOKEN",
    "SLACK_APP_TOKEN",
    "SLACK_SIGNING_SECRET",
    "SLACK_CLIENT_SECRET",
    "DISCORD_TOKEN",
    "SMTP_URL",
)


def load(env_file: str = ".env") -> Settings:
    """The settings as the environment and `.env` give them. Raises SettingsError."""
    given = {**dotenv_values(env_file), **os.environ}
    values: dict[str, Any] = {"_env_file": env_file, **_from_files(given)}
    try:
        return Settings(**values)
    except ValidationError as error:
        raise SettingsError(_one_line(error)) from None


def _from_files(given: Mapping[str, str | None]) -> dict[str, str]:
    values = {}
    for name in SECRETS:
        path = given.get(f"{name}_FILE")
        if not path:
            continue
        if given.get(name):
            raise SettingsError(f"{name} and {name}_FILE are both set; leave one out")
        try:
            values[_field(name)] = Path(path).read_text(encoding="utf-8").strip()
        except (OSError, UnicodeDecodeError) as error:
            raise SettingsError(f"{name}_FILE: {path} can't be read ({type(error).__name__})") from None
    return values


def _field(name: str) -> str:
    return name.removeprefix("UPTIMUS_").lower()


def _one_line(error: ValidationError) -> str:
    """Names the first wrong setting, without its value, which may be a secret."""
    first = error.errors(include_input=False, include_url=False)[0]
    name = str(first["loc"][0]) if first["loc"] else ""
    field = Settings.model_fields.get(name)
    alias = field.validation_alias if field is not None else None
    said = first["msg"].removeprefix("Value error, ")
    return f"{alias or name.upper()} {said[0].lower()}{said[1:]}"
