"""A story that a status page tells, as data: what the page holds, and the steps that change it."""

import tomllib
from pathlib import Path
from typing import Literal

from pydantic import AwareDatetime

from adapters.schema import Value

LOGIN_OUTAGE = Path(__file__).with_name("login_outage.toml")

ComponentStatus = Literal[
    "operational", "degraded_performance", "partial_outage", "major_outage", "under_maintenance"
]


class Page(Value):
    """The page's own identity."""

    id: str
    name: str
    url: str
    time_zone: str = "Etc/UTC"


class Part(Value):
    """A component. `group` is the id of another one, which is a group then."""

    id: str
    name: str
    description: str | None = None
    group: str | None = None


class Post(Value):
    """One update under an incident or a maintenance. `display_at` is the step's time unless it is given."""

    id: str
    phase: str
    body: str
    display_at: AwareDatetime | None = None


class Step(Value):
    """What changes at one moment. Whatever is left out stays as it is; times keep the zone they are written in."""

    at: AwareDatetime
    subject: str | None = None
    """Id of the incident or maintenance; it begins with its first step. None: components alone change."""
    title: str | None = None
    impact: str | None = None
    started_at: AwareDatetime | None = None
    """Where it is another than the first step's: dated back."""
    scheduled_for: AwareDatetime | None = None
    """Makes the subject a maintenance, or moves it."""
    scheduled_until: AwareDatetime | None = None
    names: tuple[str, ...] | None = None
    """Ids of the components that it names from now on; None: also those that `components` changes."""
    components: dict[str, ComponentStatus] = {}
    update: Post | None = None
    edits: dict[str, str] = {}
    """New bodies of earlier updates, by id."""
    remove: bool = False
    """The subject is taken off the page."""


class Scenario(Value):
    """A page, what lies behind it, and the story."""

    page: Page
    components: tuple[Part, ...]
    past: tuple[Step, ...] = ()
    steps: tuple[Step, ...]


def load(path: Path = LOGIN_OUTAGE) -> Scenario:
    """Reads a scenario file. Raises pydantic's ValidationError and tomllib's TOMLDecodeError."""
    return Scenario.model_validate(tomllib.loads(path.read_text(encoding="utf-8")))
