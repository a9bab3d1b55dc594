"""What may stand behind the `?` of an address, and how it is read: strictly, so that a mistake is named and never
quietly means something else."""

import re
import zoneinfo
from datetime import UTC, datetime
from functools import cache
from typing import Annotated, Any, Literal, get_origin

from aiohttp import web
from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, ValidationError, WithJsonSchema

from adapters.schema import Status
from bot.web.api.problems import Problem
from relay.events import EventType

MOST_DAYS = 366
_RFC3339 = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d+)?(?:Z|[+-]\d\d:\d\d)")


def _whole_number(text: object) -> object:
    if not (isinstance(text, str) and re.fullmatch(r"[0-9]{1,9}", text)):
        raise ValueError("is not a whole number")
    return int(text)


def _moment(text: object) -> object:
    # an unescaped + arrives as a space
    if not isinstance(text, str) or not _RFC3339.fullmatch(written := text.upper().replace(" ", "+")):
        raise ValueError("is no time as RFC 3339 has it: 2026-01-31T12:00:00Z")
    try:
        return datetime.fromisoformat(written).astimezone(UTC)
    except (ValueError, OverflowError):
        raise ValueError("is no time that there is") from None


@cache
def _zones() -> frozenset[str]:
    return frozenset(zoneinfo.available_timezones())


def _zone(text: str) -> str:
    if text not in _zones():
        raise ValueError("is no time zone of the IANA's: Europe/Berlin")
    return text


def _plain(text: str) -> str:
    return text.replace("\0", "").strip()


WholeNumber = BeforeValidator(_whole_number)
Words = Annotated[str, Field(max_length=200), AfterValidator(_plain)]
Moment = Annotated[datetime, BeforeValidator(_moment), WithJsonSchema({"type": "string", "format": "date-time"})]
Zone = Annotated[str, AfterValidator(_zone), WithJsonSchema({"type": "string", "format": "time-zone"})]


def _cursor(of: str) -> WithJsonSchema:
    """A cursor of one list is none of another's."""
    return WithJsonSchema({"type": "string", "format": f"cursor-of-{of}"})


_ENDED = Field(description="Where the page before ended: take it from `next`.")
ByName = Annotated[str, _cursor("names"), _ENDED]
ByPosition = Annotated[str, _cursor("positions"), _ENDED]
ByTime = Annotated[str, _cursor("times"), _ENDED]
ById = Annotated[str, _cursor("ids"), _ENDED]
ByEvent = Annotated[str, _cursor("events"), _ENDED]
Limit = Annotated[int, Field(ge=1, le=100, description="How many at most."), WholeNumber]


class Query(BaseModel):
    """No parameters."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class Paged(Query):
    """A list in pages."""

    limit: Limit = 50
    cursor: ById | None = None


class Components(Paged):
    """Components, in pages."""

    cursor: ByPosition | None = None


class Providers(Paged):
    """Which providers."""

    cursor: ByName | None = None
    q: Words = Field("", description="What the name or the slug has to contain.")
    category: Words = Field("", description="As an answer names it, or with hyphens: developer-tools.")
    status: Status | None = Field(None, description="What is known of it now.")


class Incidents(Paged):
    """Which incidents."""

    cursor: ByTime | None = None
    state: Literal["active", "past"] | None = Field(None, description="All, where it isn't given.")
    since: Moment | None = Field(None, description="Those that began then or later.")
    until: Moment | None = Field(None, description="Those that began before.")


class Maintenances(Incidents):
    """Which maintenances."""

    state: Literal["active", "past"] | None = Field(
        None, description="active: announced or under way; all, where it isn't given."
    )


class History(Query):
    """Which days."""

    days: Annotated[int, Field(ge=1, le=MOST_DAYS), WholeNumber] = Field(90, description="Up to today.")
    zone: Zone = Field("UTC", description="Whose days: a time zone by its IANA name.")


class Events(Query):
    """Which events."""

    after: ById | None = Field(None, description="Where to go on: take it from `next`. None: the oldest kept.")
    provider: Words = Field("", description="Only events of this one: a slug.")
    type: tuple[EventType, ...] = Field((), description="Only events of these types; may be repeated.")
    limit: Limit = 50


class Deliveries(Paged):
    """Which deliveries."""

    cursor: ByEvent | None = None
    state: Literal["pending", "delivered", "dead", "held"] | None = Field(
        None, description="held: its quiet hours are kept, it will be told in a summary."
    )
    destination: Annotated[str, Field(pattern=r"^[0-9]{1,18}$")] | None = Field(
        None, description="Only those to this one: its id."
    )


def read(model: type[Query], request: web.Request) -> Query:
    """What was asked, checked. Raises Problem (400), which names the parameter."""
    given: dict[str, Any] = {}
    for name in request.query:
        values = request.query.getall(name)
        field = model.model_fields.get(name)
        if field is not None and get_origin(field.annotation) is tuple:
            given[name] = tuple(values)
        elif len(values) > 1:
            raise Problem(400, f"{_quoted(name)} is given {len(values)} times", parameter=name)
        else:
            given[name] = values[0]
    try:
        return model.model_validate(given)
    except ValidationError as error:
        raise _problem(error, model) from None


def _problem(error: ValidationError, model: type[Query]) -> Problem:
    first = error.errors(include_url=False, include_context=False)[0]
    name = str(first["loc"][0])
    if name not in model.model_fields:
        known = ", ".join(model.model_fields) or "none"
        said = f"There is no parameter {_quoted(name)} here; there are: {known}"
        return Problem(400, said, parameter=name[:100])
    said = first["msg"].removeprefix("Value error, ").removeprefix("Input should be ")
    said = said if said.startswith("is ") else f"should be {said}"
    return Problem(400, f"{name} {said[0].lower()}{said[1:]}", parameter=name)


def _quoted(name: str) -> str:
    return repr(name[:40])
