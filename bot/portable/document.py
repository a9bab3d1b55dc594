"""The file that `uptimus export` writes: its form, version 1. docs/operating.md describes it for people."""

import re
from datetime import time
from typing import Annotated, Literal
from urllib.parse import urlsplit

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, ValidationError, model_validator

from adapters import ADAPTERS
from adapters.schema import Impact
from bot.commands import spoken
from relay.events import Stream
from relay.manner import Loud, Shape

VERSION = 1
_WORKSPACE = re.compile(r"local|slack:[TE][A-Z0-9]+|discord:[0-9]{15,20}")
_SLUG = re.compile(r"[a-z0-9]+(-[a-z0-9]+)*")


def _page(url: str) -> str:
    parts = urlsplit(url)
    if parts.scheme not in ("https", "http") or not parts.hostname or parts.username is not None:
        raise ValueError("is not the address of a page")
    return url


def _adapter(name: str) -> str:
    if name not in ADAPTERS:
        raise ValueError("is no adapter that this version has")
    return name


def _slug(text: str) -> str:
    if not _SLUG.fullmatch(text):
        raise ValueError("is no slug")
    return text


def _workspace(key: str) -> str:
    if not _WORKSPACE.fullmatch(key):
        raise ValueError("must be local, slack:TEAM or discord:GUILD")
    return key


def _clock(text: str) -> str:
    if time.fromisoformat(text).isoformat("minutes") != text:
        raise ValueError("must be HH:MM")
    return text


def _zone(name: str) -> str:
    if not spoken.is_zone(name):
        raise ValueError("is no time zone")
    return name


Line = Annotated[str, Field(min_length=1, max_length=500)]
Clock = Annotated[str, AfterValidator(_clock)]
Zone = Annotated[str, AfterValidator(_zone)]


class _Part(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Quiet(_Part):
    """Hours in which nothing is told."""

    from_: Clock = Field(alias="from")
    until: Clock
    zone: Zone
    except_: Impact | None = Field(None, alias="except")


class Digest(_Part):
    """When a destination gets a summary. weekday: 0 is Monday."""

    every: Literal["day", "week"]
    at: Clock
    weekday: int | None = Field(None, ge=0, le=6)
    zone: Zone


class Follow(_Part):
    """A provider of the file, by its slug there, and how it is told."""

    provider: Annotated[str, AfterValidator(_slug)]
    streams: list[Stream]
    component_ids: list[Line] = []
    min_impact: Impact | None = None
    shape: Shape = Shape.THREADS
    loud: list[Loud] = []
    mention: list[Line] = []
    mention_impact: Impact | None = None
    remind_minutes: int | None = Field(None, ge=0, le=7 * 24 * 60)
    quiet: Quiet | None = None
    created_by: str = Field("", max_length=500)


class Options(_Part):
    """How a webhook wants to be told, without what is secret of it."""

    format: str = "standard"
    types: list[str] = []
    schema_version: int = Field(1, ge=1)
    template: str | None = None


class Destination(_Part):
    """An address with what is followed there.

    secrets, sealed: encrypted with the key of the uptimus that wrote the file; null: they were left out.
    has_sealed: headers or a key belong to it, whether they are in the file or not.
    """

    uri: Annotated[str, Field(min_length=1, max_length=4000)]
    options: Options | None = None
    secrets: list[str] | None = None
    sealed: str | None = None
    has_sealed: bool = False
    unconfirmed: bool = False
    disabled_because: str | None = Field(None, max_length=1000)
    digest: Digest | None = None
    follows: list[Follow] = []


class Workspace(_Part):
    """A Slack team, a Discord guild, or the terminal."""

    key: Annotated[str, AfterValidator(_workspace)]
    name: str | None = Field(None, max_length=500)
    enterprise_id: str | None = Field(None, max_length=32)
    editors: Literal["everyone", "admins", "chosen"]
    chosen: list[Line] = []
    destinations: list[Destination] = []


class Provider(_Part):
    """A provider that somebody in the file follows."""

    slug: Annotated[str, AfterValidator(_slug)]
    name: Line
    category: str | None = Field(None, max_length=200)
    url: Annotated[str, AfterValidator(_page)]
    adapter: Annotated[str, AfterValidator(_adapter)]
    source: Literal["catalogue", "auto", "user"]
    verification: Literal["pending", "verified"]


class Document(_Part):
    """The whole file."""

    uptimus: Literal["export"]
    version: int
    exported_at: str
    providers: list[Provider]
    workspaces: list[Workspace]

    @model_validator(mode="after")
    def _whole(self) -> "Document":
        slugs = [provider.slug for provider in self.providers]
        if len(set(slugs)) < len(slugs):
            raise ValueError("two providers have the same slug")
        for workspace in self.workspaces:
            for destination in workspace.destinations:
                for follow in destination.follows:
                    if follow.provider not in slugs:
                        raise ValueError(f"{follow.provider} is followed, and not among the providers")
        return self


class DocumentError(Exception):
    """It is no such file; the message is one line."""


def read(text: str) -> Document:
    """The document in a text. Raises DocumentError."""
    try:
        version = _Version.model_validate_json(text).version
        if version > VERSION:
            raise DocumentError(f"it is of version {version}, and this uptimus knows {VERSION}: update first")
        return Document.model_validate_json(text)
    except ValidationError as error:
        raise DocumentError(_one_line(error)) from None


class _Version(BaseModel):
    uptimus: Literal["export"]
    version: int = Field(ge=1)


def _one_line(error: ValidationError) -> str:
    """Where the first mistake is, without what stands there, which may be secret."""
    first = error.errors(include_input=False, include_url=False)[0]
    if first["type"] == "json_invalid":
        return "it is not JSON"
    place = ".".join(str(part) for part in first["loc"])
    said = first["msg"].removeprefix("Value error, ").splitlines()[0]
    return f"{place}: {said}" if place else said
