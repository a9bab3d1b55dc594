"""endpoints: options, pauses, replays"""

import sqlalchemy as sa
from alembic import op

from storage.tables import Json, UtcDateTime

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None

DUE = sa.text("due_at IS NOT NULL")
PAUSED = sa.text("paused_until IS NOT NULL")


def upgrade() -> None:
    for column in (
        sa.Column("host", sa.String(), nullable=True),
        sa.Column("former", Json, nullable=False, server_default="[]"),
        sa.Column("options", Json, nullable=False, server_default="{}"),
        sa.Column("sealed", sa.Text(), nullable=True),
        sa.Column("unconfirmed", sa.Boolean(), nullable=False, server_default=sa.false()),
        sa.Column("paused_until", UtcDateTime(), nullable=True),
        sa.Column("pauses", sa.Integer(), nullable=False, server_default="0"),
        sa.Column("failing_since", UtcDateTime(), nullable=True),
    ):
        op.add_column("destinations", column)
    op.create_index("ix_destinations_host", "destinations", ["host"])
    op.create_index(
        "ix_destinations_paused_until",
        "destinations",
        ["paused_until"],
        postgresql_where=PAUSED,
        sqlite_where=PAUSED,
    )
    op.add_column("threads", sa.Column("only_dead", sa.Boolean(), nullable=False, server_default=sa.false()))
    op.drop_index("ix_threads_due_at", "threads")
    columns = ["due_at", "destination_id"]
    op.create_index("ix_threads_due_at_destination_id", "threads", columns, postgresql_where=DUE, sqlite_where=DUE)
    op.add_column("attempts", sa.Column("replay", sa.Boolean(), nullable=False, server_default=sa.false()))
    op.add_column("attempts", sa.Column("retry_in", sa.Integer(), nullable=True))


def downgrade() -> None:
    op.drop_column("attempts", "retry_in")
    op.drop_column("attempts", "replay")
    op.drop_index("ix_threads_due_at_destination_id", "threads")
    op.create_index("ix_threads_due_at", "threads", ["due_at"], postgresql_where=DUE, sqlite_where=DUE)
    op.drop_column("threads", "only_dead")
    op.drop_index("ix_destinations_paused_until", "destinations")
    op.drop_index("ix_destinations_host", "destinations")
    for name in (
        "failing_since", "pauses", "paused_until", "unconfirmed", "sealed", "options", "former", "host",
    ):  # fmt: skip
        op.drop_column("destinations", name)
