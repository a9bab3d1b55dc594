"""days: what each day was like is kept"""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

import sqlalchemy as sa
from alembic import op

from storage.tables import BigId, Json, UtcDateTime

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None

AT_ONCE = 500
INDEXES: tuple[tuple[str, str, list[str]], ...] = (
    ("ix_observations_provider_id_until_at", "observations", ["provider_id", "until_at"]),
    ("ix_spans_provider_id_component_id_until_at", "spans", ["provider_id", "component_id", "until_at"]),
    ("ix_spans_provider_id_until_at", "spans", ["provider_id", "until_at"]),
    ("ix_incidents_provider_id_until_at", "incidents", ["provider_id", "until_at"]),
    ("ix_incidents_provider_id_started_at", "incidents", ["provider_id", "started_at"]),
    ("ix_incidents_started_at", "incidents", ["started_at"]),
    ("ix_maintenances_provider_id_ends_at", "maintenances", ["provider_id", "ends_at"]),
)
FORMER: tuple[tuple[str, str, list[str]], ...] = (
    ("ix_observations_provider_id", "observations", ["provider_id"]),
    ("ix_spans_provider_id_component_id", "spans", ["provider_id", "component_id"]),
)


def upgrade() -> None:
    op.create_table(
        "days",
        sa.Column("id", BigId, nullable=False),
        sa.Column("provider_id", BigId, nullable=False),
        sa.Column("component_id", BigId, nullable=True),
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("state", sa.String(), nullable=False),
        sa.Column("source", sa.String(), nullable=False),
        *(
            sa.Column(name, sa.Double(), nullable=False)
            for name in ("operational", "degraded", "partial_outage", "major_outage", "maintenance")
        ),
        sa.ForeignKeyConstraint(
            ["provider_id"], ["providers.id"], name=op.f("fk_days_provider_id"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(
            ["component_id"], ["components.id"], name=op.f("fk_days_component_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_days")),
    )
    for name, columns, kind in (
        ("ix_days_provider_id_day", ["provider_id", "day"], sa.text("component_id IS NULL")),
        (
            "ix_days_provider_id_component_id_day",
            ["provider_id", "component_id", "day"],
            sa.text("component_id IS NOT NULL"),
        ),
    ):
        op.create_index(name, "days", columns, unique=True, postgresql_where=kind, sqlite_where=kind)
    op.add_column("providers", sa.Column("closed_until", sa.Date(), nullable=True))
    op.add_column("providers", sa.Column("pruned_until", sa.Date(), nullable=True))
    op.add_column("components", sa.Column("first_seen_at", UtcDateTime(), nullable=True))
    op.add_column("incidents", sa.Column("until_at", UtcDateTime(), nullable=True))
    op.add_column("incidents", sa.Column("posted_at", UtcDateTime(), nullable=True))
    for index, table, indexed in INDEXES:
        op.create_index(index, table, indexed)
    for index, table, _ in FORMER:
        op.drop_index(index, table)
    op.execute(
        "UPDATE components SET first_seen_at = "
        "(SELECT min(from_at) FROM spans WHERE spans.component_id = components.id)"
    )
    _date_incidents()


def downgrade() -> None:
    for index, table, indexed in FORMER:
        op.create_index(index, table, indexed)
    for index, table, _ in INDEXES:
        op.drop_index(index, table)
    for table, column in (
        ("incidents", "posted_at"), ("incidents", "until_at"), ("components", "first_seen_at"),
        ("providers", "pruned_until"), ("providers", "closed_until"),
    ):  # fmt: skip
        op.drop_column(table, column)
    op.drop_table("days")


def _date_incidents() -> None:
    """Until when those that are known count, and when they were first posted."""
    table = sa.table(
        "incidents",
        sa.column("id", BigId),
        sa.column("started_at", UtcDateTime()),
        sa.column("resolved_at", UtcDateTime()),
        sa.column("updates", Json),
        sa.column("until_at", UtcDateTime()),
        sa.column("posted_at", UtcDateTime()),
    )
    connection, last = op.get_bind(), 0
    if connection is None:
        return
    while rows := connection.execute(
        sa.select(table.c.id, table.c.started_at, table.c.resolved_at, table.c.updates)
        .where(table.c.id > last)
        .order_by(table.c.id)
        .limit(AT_ONCE)
    ).all():
        values = [_dated(*row) for row in rows]
        connection.execute(
            sa.update(table)
            .where(table.c.id == sa.bindparam("row"))
            .values(until_at=sa.bindparam("ended"), posted_at=sa.bindparam("posted")),
            values,
        )
        last = rows[-1].id


def _dated(
    row: int, started: datetime | None, resolved: datetime | None, updates: Sequence[dict[str, Any]]
) -> dict[str, Any]:
    said = [(str(one["phase"]), datetime.fromisoformat(one["posted_at"])) for one in updates]
    first = min((at for _, at in said), default=None)
    if started is None:
        return {"row": row, "ended": None, "posted": first}
    over = all(phase in ("resolved", "postmortem") for phase, _ in said)
    untold = resolved is None or (first is not None and abs(resolved - first) <= timedelta(minutes=1))
    if first is not None and first > started and over and untold:
        return {"row": row, "ended": started, "posted": first}
    closed = [at for phase, at in said if phase == "resolved"]
    end = resolved or (closed or [at for _, at in said] or [started])[-1]
    return {"row": row, "ended": max(started, end), "posted": first}
