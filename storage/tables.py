"""Every table on one page."""

from datetime import UTC, date, datetime
from typing import Any

from sqlalchemy import (
    JSON,
    BigInteger,
    Boolean,
    DateTime,
    Dialect,
    ForeignKey,
    Index,
    Integer,
    MetaData,
    String,
    Text,
    UniqueConstraint,
    text,
)
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column
from sqlalchemy.types import TypeDecorator

from storage.addresses import Address


class UtcDateTime(TypeDecorator[datetime]):
    """Aware UTC in Python; `timestamptz` on PostgreSQL, sortable text on SQLite."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        """Refuses naive times."""
        if value is not None and value.tzinfo is None:
            raise ValueError("a time without a zone")
        return value.astimezone(UTC) if value is not None else None

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        """SQLite gives back naive times, which are UTC."""
        if value is None:
            return None
        return value.astimezone(UTC) if value.tzinfo else value.replace(tzinfo=UTC)


Json = JSON().with_variant(JSONB(), "postgresql")
BigId = BigInteger().with_variant(Integer(), "sqlite")  # SQLite numbers only INTEGER keys by itself


class Table(DeclarativeBase):
    """Names of constraints are fixed, so that migrations can name them on both databases."""

    metadata = MetaData(
        naming_convention={
            "ix": "ix_%(table_name)s_%(column_0_N_name)s",
            "uq": "uq_%(table_name)s_%(column_0_N_name)s",
            "fk": "fk_%(table_name)s_%(column_0_N_name)s",
            "pk": "pk_%(table_name)s",
        }
    )
    type_annotation_map = {
        datetime: UtcDateTime(),
        dict[str, Any]: Json,
        list[str]: Json,
        list[dict[str, Any]]: Json,
    }


class Workspace(Table):
    """A Slack team, a Discord guild, or `local` (the terminal's). `key` is `local`, `slack:TEAM` …"""

    __tablename__ = "workspaces"

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    key: Mapped[str] = mapped_column(unique=True)
    created_at: Mapped[datetime]
    name: Mapped[str | None]
    """As its platform calls it."""
    enterprise_id: Mapped[str | None]
    """The Slack organisation that it belongs to, where an install for the whole organisation serves it."""
    uninstalled_at: Mapped[datetime | None]
    """uptimus was removed from it. What it follows is kept for a while, should it come back."""
    editors: Mapped[str] = mapped_column(default="everyone")
    """Who may change what it follows: `everyone`, `admins` or `chosen`."""
    chosen: Mapped[list[str]] = mapped_column(default=list)
    """The people who were chosen, as the platform names them."""


class Audit(Table):
    """Who changed what in a workspace, and when."""

    __tablename__ = "audit"
    __table_args__ = (Index("ix_audit_workspace_id_id", "workspace_id", "id"),)

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    workspace_id: Mapped[int] = mapped_column(ForeignKey("workspaces.id", ondelete="CASCADE"))
    at: Mapped[datetime]
    actor: Mapped[str]
    """As the platform names them; `terminal` for the operator, empty for uptimus itself."""
    action: Mapped[str]
    """`followed`, `changed`, `unfollowed`, `muted` …"""
    what: Mapped[str]
    """What it was done to, in words."""


class Provider(Table):
    """A company whose status page is read, what its page said last, and when to read it again."""

    __tablename__ = "providers"
    __table_args__ = (
        Index(
            "ix_providers_due_at",
            "due_at",
            postgresql_where=text("due_at IS NOT NULL"),
            sqlite_where=text("due_at IS NOT NULL"),
        ),
    )

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    slug: Mapped[str] = mapped_column(unique=True)
    name: Mapped[str]
    category: Mapped[str | None]
    url: Mapped[str] = mapped_column(unique=True)
    adapter: Mapped[str]
    source: Mapped[str]
    """`catalogue`, `auto` or `user`."""
    verification: Mapped[str]
    """`pending` or `verified`."""

    page_id: Mapped[str | None]
    status: Mapped[str]
    status_since: Mapped[datetime | None]
    memory: Mapped[dict[str, Any]]
    """What the adapter remembers between two reads."""
    due_at: Mapped[datetime | None]
    """When to read the page again; null while nobody follows it."""
    token: Mapped[str | None]
    """Of the poll that holds the lease."""
    hold_at: Mapped[datetime | None]
    """When the first held change of a component has to be looked at again."""
    active: Mapped[bool]
    """An incident is active: the page is read more often."""
    first_read_at: Mapped[datetime | None]
    last_read_at: Mapped[datetime | None]
    """The last time the page was read well."""
    observed_since: Mapped[datetime | None]
    """Since when it has been read without a gap, up to last_read_at."""
    failures: Mapped[int]
    failing_since: Mapped[datetime | None]
    failure: Mapped[str | None]
    """Why the last read failed, in one line."""
    unreadable: Mapped[bool]
    """The followers have been told that the page can't be read."""
    closed_until: Mapped[date | None]
    """The last day (UTC) whose state is kept in `days`; those after it are told from what is known of them."""
    pruned_until: Mapped[date | None]
    """Up to this day spans and observations have been forgotten: its kept days can't be told anew."""


class Observation(Table):
    """A closed stretch of time in which a page was read without a gap (the open one is on its provider)."""

    __tablename__ = "observations"
    __table_args__ = (Index("ix_observations_provider_id_until_at", "provider_id", "until_at"),)

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    provider_id: Mapped[int] = mapped_column(ForeignKey("providers.id", ondelete="CASCADE"))
    from_at: Mapped[datetime]
    until_at: Mapped[datetime]


class Component(Table):
    """A part of a provider that its page reports on."""

    __tablename__ = "components"
    __table_args__ = (UniqueConstraint("provider_id", "external_id"),)

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    provider_id: Mapped[int] = mapped_column(ForeignKey("providers.id", ondelete="CASCADE"))
    external_id: Mapped[str]
    position: Mapped[int]
    name: Mapped[str]
    group: Mapped[str | None]
    description: Mapped[str | None]
    status: Mapped[str]
    changed_at: Mapped[datetime | None]
    told_status: Mapped[str]
    """What followers have been told; differs from `status` while a change is held."""
    told_at: Mapped[datetime | None]
    told_in: Mapped[str | None]
    """The incident or maintenance in whose thread it was told (`incident:ID`); null: in its own."""
    held_since: Mapped[datetime | None]
    removed_at: Mapped[datetime | None]
    """When the page stopped listing it."""
    first_seen_at: Mapped[datetime | None]
    """When the page listed it for the first time."""


class Span(Table):
    """A stretch of time in which a component, or (component_id null) the provider as a whole, had one status:
    stored as changes, never as samples. Only what lies within an observation is known."""

    __tablename__ = "spans"
    __table_args__ = (
        Index("ix_spans_provider_id_component_id_until_at", "provider_id", "component_id", "until_at"),
        Index("ix_spans_provider_id_until_at", "provider_id", "until_at"),
    )

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    provider_id: Mapped[int] = mapped_column(ForeignKey("providers.id", ondelete="CASCADE"))
    component_id: Mapped[int | None] = mapped_column(ForeignKey("components.id", ondelete="CASCADE"))
    status: Mapped[str]
    from_at: Mapped[datetime]
    until_at: Mapped[datetime | None]
    """None: still so."""


class PastDay(Table):
    """What a page's own history said of a component's day, before anybody read the page: filled, not observed."""

    __tablename__ = "past_days"

    component_id: Mapped[int] = mapped_column(ForeignKey("components.id", ondelete="CASCADE"), primary_key=True)
    day: Mapped[date] = mapped_column(primary_key=True)
    status: Mapped[str]


class CaseColumns:
    """What incidents and maintenances have in common."""

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    provider_id: Mapped[int] = mapped_column(ForeignKey("providers.id", ondelete="CASCADE"))
    external_id: Mapped[str]
    title: Mapped[str]
    phase: Mapped[str]
    url: Mapped[str | None]
    component_ids: Mapped[list[str]]
    updates: Mapped[list[dict[str, Any]]]
    ever_component_ids: Mapped[list[str]]
    """Every component it has named, also those it names no more."""
    revision: Mapped[int]
    """Counts its changes, so that each has an event key of its own."""
    missing: Mapped[int]
    """On how many reads running the page did not know it any more."""
    removed: Mapped[bool]
    first_seen_at: Mapped[datetime]
    changed_at: Mapped[datetime | None]
    """When its page last changed what it says of it; None: it is as it was first seen."""


def _active_index(table: str, active: str) -> Index:
    """Of those alone that are not over: few, however many there were. providers.is_active asks as it has them."""
    return Index(f"ix_{table}_active", "provider_id", postgresql_where=text(active), sqlite_where=text(active))


class Incident(CaseColumns, Table):
    """Unplanned trouble, as its page tells it."""

    __tablename__ = "incidents"
    __table_args__ = (
        UniqueConstraint("provider_id", "external_id"),
        Index("ix_incidents_first_seen_at", "first_seen_at"),
        Index("ix_incidents_provider_id_until_at", "provider_id", "until_at"),
        Index("ix_incidents_provider_id_started_at", "provider_id", "started_at"),
        Index("ix_incidents_started_at", "started_at"),
        _active_index("incidents", "phase NOT IN ('resolved', 'postmortem')"),
    )

    impact: Mapped[str]
    started_at: Mapped[datetime | None]
    resolved_at: Mapped[datetime | None]
    until_at: Mapped[datetime | None]
    """Until when it counts in the history (cases.ended). None: it doesn't, since its start is unknown."""
    posted_at: Mapped[datetime | None]
    """Of its first update, as the page dates it."""


class Maintenance(CaseColumns, Table):
    """Planned work, as its page tells it."""

    __tablename__ = "maintenances"
    __table_args__ = (
        UniqueConstraint("provider_id", "external_id"),
        Index("ix_maintenances_starts_at", "starts_at"),
        Index("ix_maintenances_ends_at", "ends_at"),
        Index("ix_maintenances_provider_id_ends_at", "provider_id", "ends_at"),
        _active_index("maintenances", "phase NOT IN ('completed', 'canceled')"),
    )

    starts_at: Mapped[datetime | None]
    ends_at: Mapped[datetime | None]


class Subject(Table):
    """What events are about. Its events are numbered 1, 2, 3 …"""

    __tablename__ = "subjects"
    __table_args__ = (UniqueConstraint("provider_id", "kind", "external_id"),)

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    provider_id: Mapped[int] = mapped_column(ForeignKey("providers.id", ondelete="CASCADE"))
    kind: Mapped[str]
    external_id: Mapped[str]
    last_sequence: Mapped[int]


class Event(Table):
    """One change. `id` is its place in the order of all events (the API's cursor), `uid` its public name."""

    __tablename__ = "events"
    __table_args__ = (UniqueConstraint("provider_id", "key"), UniqueConstraint("subject_id", "sequence"))

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    uid: Mapped[str] = mapped_column(unique=True)
    provider_id: Mapped[int] = mapped_column(ForeignKey("providers.id", ondelete="CASCADE"))
    subject_id: Mapped[int] = mapped_column(ForeignKey("subjects.id", ondelete="CASCADE"))
    sequence: Mapped[int]
    key: Mapped[str]
    type: Mapped[str]
    update_id: Mapped[str | None]
    """The provider's id of the update that caused it."""
    data: Mapped[dict[str, Any]]
    context: Mapped[dict[str, Any]]
    seen_at: Mapped[datetime]


class Destination(Table):
    """One address that messages go to."""

    __tablename__ = "destinations"
    __table_args__ = (
        UniqueConstraint("workspace_id", "uri"),
        Index(
            "ix_destinations_paused_until",
            "paused_until",
            postgresql_where=text("paused_until IS NOT NULL"),
            sqlite_where=text("paused_until IS NOT NULL"),
        ),
    )

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    workspace_id: Mapped[int] = mapped_column(ForeignKey("workspaces.id", ondelete="CASCADE"))
    uri: Mapped[str] = mapped_column(Address())
    """Sealed where it may be a secret by itself; whole for whoever works with it."""
    transport: Mapped[str]
    host: Mapped[str | None] = mapped_column(index=True)
    """What it shares a limit with: the host of a webhook, the workspace of a chat (`slack:TEAM`)."""
    secrets: Mapped[list[str]]
    """Encrypted; what its messages are signed with: `whsec_…`, and behind it `whsk_…` where that was asked for."""
    former: Mapped[list[dict[str, Any]]] = mapped_column(default=list)
    """Secrets that were replaced and still sign for a while: `sealed`, and `until` (RFC 3339)."""
    options: Mapped[dict[str, Any]] = mapped_column(Json, default=dict)
    """How it wants to be told, as an Endpoint has it."""
    sealed: Mapped[str | None] = mapped_column(Text)
    """The part of the options that is secret: encrypted JSON."""
    unconfirmed: Mapped[bool] = mapped_column(default=False)
    """Whoever reads there has not agreed yet, or does not any more: only they can enable it."""
    paused_until: Mapped[datetime | None]
    """It fails too often, or is overloaded: nothing is sent before, and then one try. None: it works."""
    pauses: Mapped[int] = mapped_column(default=0)
    """How often running it was paused; each pause is longer."""
    failing_since: Mapped[datetime | None]
    """The first failed try after the last success."""
    disabled_at: Mapped[datetime | None]
    disabled_because: Mapped[str | None]
    created_at: Mapped[datetime]


class Follow(Table):
    """A workspace's wish: this provider, to this destination, with these filters."""

    __tablename__ = "follows"
    __table_args__ = (
        UniqueConstraint("provider_id", "destination_id"),
        Index("ix_follows_remind_minutes", "remind_minutes"),
    )

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    provider_id: Mapped[int] = mapped_column(ForeignKey("providers.id", ondelete="CASCADE"))
    destination_id: Mapped[int] = mapped_column(ForeignKey("destinations.id", ondelete="CASCADE"), index=True)
    incidents: Mapped[bool]
    components: Mapped[bool]
    maintenance: Mapped[bool]
    signals: Mapped[bool] = mapped_column(default=False)
    """The streams, a column each, so that publishing can filter by them."""
    component_ids: Mapped[list[str]]
    """Empty: all."""
    min_impact: Mapped[str | None]
    shape: Mapped[str] = mapped_column(default="threads")
    """`threads`, `threads and channel` or `channel only`."""
    loud: Mapped[list[str]] = mapped_column(default=lambda: ["resolved", "raised", "reopened"])
    """What is shown in the channel as well as in the thread."""
    mention: Mapped[list[str]] = mapped_column(default=list)
    """Who is mentioned, as the platform names them; `here` and `channel` too."""
    mention_impact: Mapped[str | None]
    """From which impact on; None: any."""
    # evaluates_none: a None that is given stays one, and is not taken for the default
    remind_minutes: Mapped[int | None] = mapped_column(Integer().evaluates_none(), default=60)
    """How long before a maintenance begins it is told once more; None: not at all."""
    quiet: Mapped[dict[str, Any] | None] = mapped_column(Json)
    """Hours in which nothing is told: `from` and `until` (HH:MM), `zone`, `except` (an impact, or null)."""
    created_by: Mapped[str]
    created_at: Mapped[datetime]


class Thread(Table):
    """The conversation about one subject at one destination: how far it has been told, how far there is to
    tell, and when to try next. The claim is the lease: it pushes due_at ahead, so that the threads of a worker
    that died become due again by themselves."""

    __tablename__ = "threads"
    __table_args__ = (
        UniqueConstraint("destination_id", "subject_id"),
        Index(
            "ix_threads_due_at_destination_id",
            "due_at",
            "destination_id",
            postgresql_where=text("due_at IS NOT NULL"),
            sqlite_where=text("due_at IS NOT NULL"),
        ),
        Index("ix_threads_subject_id", "subject_id"),
        Index(
            "ix_threads_adopts_id",
            "adopts_id",
            postgresql_where=text("adopts_id IS NOT NULL"),
            sqlite_where=text("adopts_id IS NOT NULL"),
        ),
        {"postgresql_with": {"fillfactor": 70}},
    )

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    destination_id: Mapped[int] = mapped_column(ForeignKey("destinations.id", ondelete="CASCADE"))
    subject_id: Mapped[int] = mapped_column(ForeignKey("subjects.id", ondelete="CASCADE"))
    cursor: Mapped[int]
    head: Mapped[int]
    due_at: Mapped[datetime | None]
    attempt: Mapped[int]
    token: Mapped[str | None]
    reference: Mapped[str | None]
    """The platform's reference of the first message."""
    begun: Mapped[bool]
    """Something has been told: from then on the least impact leaves nothing out, or the end would be missing."""
    adopts_id: Mapped[int | None]
    """The thread whose first message this one takes over, when it is told for the first time."""
    joins_id: Mapped[int | None] = mapped_column(BigId, index=True)
    """The thread in which this one is told: the same trouble on a sibling page, or once more on the same page."""
    muted: Mapped[bool] = mapped_column(default=False)
    """Nothing is added to it; its first message is still kept up to date."""
    only_dead: Mapped[bool] = mapped_column(default=False)
    """It was put back to tell what was given up: what was delivered is stepped over, up to the head."""


class Delivery(Table):
    """One event told in one thread, or given up. What is still to be told is in the threads alone."""

    __tablename__ = "deliveries"
    __table_args__ = (
        Index("ix_deliveries_finished_at", "finished_at"),
        Index(
            "ix_deliveries_held",
            "thread_id",
            postgresql_where=text("state = 'held'"),
            sqlite_where=text("state = 'held'"),
        ),
    )

    thread_id: Mapped[int] = mapped_column(ForeignKey("threads.id", ondelete="CASCADE"), primary_key=True)
    sequence: Mapped[int] = mapped_column(primary_key=True)
    state: Mapped[str]
    """`delivered`, `dead`, or `held` (quiet hours: it will be told in a summary)."""
    message: Mapped[str | None]
    """The platform's reference of the message that carried it."""
    finished_at: Mapped[datetime]


class Attempt(Table):
    """One try at one delivery."""

    __tablename__ = "attempts"
    __table_args__ = (Index("ix_attempts_thread_id_sequence", "thread_id", "sequence"),)

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    thread_id: Mapped[int] = mapped_column(ForeignKey("threads.id", ondelete="CASCADE"))
    sequence: Mapped[int]
    number: Mapped[int]
    at: Mapped[datetime]
    duration_ms: Mapped[int]
    outcome: Mapped[str]
    """`delivered`, `failed`, `refused` (permanently) or `postponed`."""
    replay: Mapped[bool] = mapped_column(default=False)
    """It had been told, or given up, before."""
    retry_in: Mapped[int | None]
    """Seconds until the next try; None: there is none."""
    status: Mapped[int | None]
    answer: Mapped[str]
    reason: Mapped[str | None]


class Notice(Table):
    """A message of its own, outside of any thread, that a destination is to get at some time: a digest, the
    summary after quiet hours, a word to those who follow when nothing can be sent any more."""

    __tablename__ = "notices"
    __table_args__ = (
        UniqueConstraint("destination_id", "kind"),
        Index(
            "ix_notices_due_at",
            "due_at",
            postgresql_where=text("due_at IS NOT NULL"),
            sqlite_where=text("due_at IS NOT NULL"),
        ),
    )

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    destination_id: Mapped[int] = mapped_column(ForeignKey("destinations.id", ondelete="CASCADE"))
    kind: Mapped[str]
    """`digest`, `summary`, `warning` (it fails) or `trouble` (nothing can be sent any more)."""
    due_at: Mapped[datetime | None]
    token: Mapped[str | None]
    """Of whoever holds the lease."""
    attempt: Mapped[int] = mapped_column(default=0)
    since_at: Mapped[datetime]
    """From when on it tells."""
    plan: Mapped[dict[str, Any]] = mapped_column(Json, default=dict)
    """Of a digest: `every` (`day` or `week`), `at` (HH:MM), `weekday` (0 is Monday), `zone`."""


class Lease(Table):
    """What only one process at a time may do or hold."""

    __tablename__ = "leases"

    name: Mapped[str] = mapped_column(primary_key=True)
    holder: Mapped[str]
    until_at: Mapped[datetime]


class Note(Table):
    """Something that uptimus has to remember of its own doings, by name."""

    __tablename__ = "notes"

    name: Mapped[str] = mapped_column(primary_key=True)
    value: Mapped[str] = mapped_column(Text)
    at: Mapped[datetime]
    """When it was written down."""


class ApiToken(Table):
    """Lets a program read what is a workspace's own. The token itself is nowhere: who loses it makes another."""

    __tablename__ = "api_tokens"
    __table_args__ = (
        Index(
            "ix_api_tokens_workspace_id_name",
            "workspace_id",
            "name",
            unique=True,
            postgresql_where=text("revoked_at IS NULL"),
            sqlite_where=text("revoked_at IS NULL"),
        ),
    )

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    workspace_id: Mapped[int] = mapped_column(ForeignKey("workspaces.id", ondelete="CASCADE"))
    name: Mapped[str]
    """What it is for, in its maker's words; no two that are valid have the same."""
    hash: Mapped[str] = mapped_column(unique=True)
    """SHA-256 of the token, which is long and random: nothing slower is needed."""
    created_at: Mapped[datetime]
    last_used_at: Mapped[datetime | None]
    """To the minute."""
    revoked_at: Mapped[datetime | None]


class _SlackBotColumns:
    """As slack_sdk's stores have them, but for the tokens: those are encrypted, and so longer."""

    id: Mapped[int] = mapped_column(Integer, primary_key=True)
    client_id: Mapped[str] = mapped_column(String(32))
    app_id: Mapped[str] = mapped_column(String(32))
    enterprise_id: Mapped[str | None] = mapped_column(String(32))
    enterprise_name: Mapped[str | None] = mapped_column(String(200))
    team_id: Mapped[str | None] = mapped_column(String(32))
    team_name: Mapped[str | None] = mapped_column(String(200))
    bot_token: Mapped[str | None] = mapped_column(Text)
    bot_id: Mapped[str | None] = mapped_column(String(32))
    bot_user_id: Mapped[str | None] = mapped_column(String(32))
    bot_scopes: Mapped[str | None] = mapped_column(String(1000))
    bot_refresh_token: Mapped[str | None] = mapped_column(Text)
    bot_token_expires_at: Mapped[datetime | None] = mapped_column(DateTime)
    is_enterprise_install: Mapped[bool] = mapped_column(Boolean, default=False)
    installed_at: Mapped[datetime] = mapped_column(DateTime)


class SlackBot(_SlackBotColumns, Table):
    """What slack_sdk's installation store keeps of each workspace's bot."""

    __tablename__ = "slack_bots"
    __table_args__ = (Index("slack_bots_idx", "client_id", "enterprise_id", "team_id", "installed_at"),)


class SlackInstallation(_SlackBotColumns, Table):
    """What slack_sdk's installation store keeps of each install: also who did it."""

    __tablename__ = "slack_installations"
    __table_args__ = (
        Index("slack_installations_idx", "client_id", "enterprise_id", "team_id", "user_id", "installed_at"),
    )

    enterprise_url: Mapped[str | None] = mapped_column(String(200))
    user_id: Mapped[str] = mapped_column(String(32))
    user_token: Mapped[str | None] = mapped_column(Text)
    user_scopes: Mapped[str | None] = mapped_column(String(1000))
    user_refresh_token: Mapped[str | None] = mapped_column(Text)
    user_token_expires_at: Mapped[datetime | None] = mapped_column(DateTime)
    incoming_webhook_url: Mapped[str | None] = mapped_column(Text)
    incoming_webhook_channel: Mapped[str | None] = mapped_column(String(200))
    incoming_webhook_channel_id: Mapped[str | None] = mapped_column(String(200))
    incoming_webhook_configuration_url: Mapped[str | None] = mapped_column(String(200))
    token_type: Mapped[str | None] = mapped_column(String(32))


class SlackOauthState(Table):
    """What slack_sdk's state store keeps while somebody installs: that it was us who sent them."""

    __tablename__ = "slack_oauth_states"

    id: Mapped[int] = mapped_column(Integer, primary_key=True)
    state: Mapped[str] = mapped_column(String(200))
    expire_at: Mapped[datetime] = mapped_column(DateTime)


class KeptDay(Table):
    """A day (UTC) that is over, as it was for a provider or one of its components.

    A provider's day is kept where it is known. A component's is kept only where it is not as can be told from its
    provider's: operational for as long as the page was read, while the page listed it.
    """

    __tablename__ = "days"
    __table_args__ = (
        Index(
            "ix_days_provider_id_day",
            "provider_id",
            "day",
            unique=True,
            postgresql_where=text("component_id IS NULL"),
            sqlite_where=text("component_id IS NULL"),
        ),
        Index(
            "ix_days_provider_id_component_id_day",
            "provider_id",
            "component_id",
            "day",
            unique=True,
            postgresql_where=text("component_id IS NOT NULL"),
            sqlite_where=text("component_id IS NOT NULL"),
        ),
    )

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    provider_id: Mapped[int] = mapped_column(ForeignKey("providers.id", ondelete="CASCADE"))
    component_id: Mapped[int | None] = mapped_column(ForeignKey("components.id", ondelete="CASCADE"))
    """None: the provider as a whole."""
    day: Mapped[date]
    state: Mapped[str]
    source: Mapped[str]
    """`observed`, `filled` or `unknown`."""
    operational: Mapped[float]
    """Seconds that it was seen so; the others likewise."""
    degraded: Mapped[float]
    partial_outage: Mapped[float]
    major_outage: Mapped[float]
    maintenance: Mapped[float]


class Signal(Table):
    """Somebody reports trouble with a provider. Who it was can't be told from it, and it is kept for a day or so:
    then it is a number in SignalCount."""

    __tablename__ = "signals"
    __table_args__ = (
        UniqueConstraint("provider_id", "day", "person"),
        Index("ix_signals_at", "at"),
        Index("ix_signals_provider_id_at", "provider_id", "at"),
    )

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    provider_id: Mapped[int] = mapped_column(ForeignKey("providers.id", ondelete="CASCADE"))
    day: Mapped[date]
    """UTC. A person is counted once a day."""
    person: Mapped[str]
    """An HMAC with the day's own key, which is forgotten with it."""
    at: Mapped[datetime]
    component: Mapped[str | None]
    """What it is about, by the page's own id; None: that was not said."""
    region: Mapped[str | None]
    """A time zone, where it is known."""
    source: Mapped[str]
    """`page`, `slack` or `discord`."""


class SignalCount(Table):
    """How many people reported trouble with a provider in a quarter of an hour."""

    __tablename__ = "signal_counts"

    provider_id: Mapped[int] = mapped_column(ForeignKey("providers.id", ondelete="CASCADE"), primary_key=True)
    at: Mapped[datetime] = mapped_column(primary_key=True)
    """When the quarter begins."""
    people: Mapped[int]


class RaisedSignal(Table):
    """So many people report trouble with a provider that its followers were warned. Gone when that is over."""

    __tablename__ = "raised_signals"

    provider_id: Mapped[int] = mapped_column(ForeignKey("providers.id", ondelete="CASCADE"), primary_key=True)
    since_at: Mapped[datetime]
    """The first report of those that raised it."""
    raised_at: Mapped[datetime]
    above_at: Mapped[datetime]
    """When there were last as many as are needed."""
    needed: Mapped[int]
    """People in a window, by what was usual when it was raised."""
    peak: Mapped[int]
    """The most there were in a window."""
