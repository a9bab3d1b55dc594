"""what users report: signals, how many there usually are, and those that were raised"""

import sqlalchemy as sa
from alembic import op

from storage.tables import UtcDateTime

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None

BIG = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def _provider(table: str) -> sa.ForeignKeyConstraint:
    name = op.f(f"fk_{table}_provider_id_providers")
    return sa.ForeignKeyConstraint(["provider_id"], ["providers.id"], name=name, ondelete="CASCADE")


def upgrade() -> None:
    op.create_table(
        "signals",
        sa.Column("id", BIG, nullable=False),
        sa.Column("provider_id", BIG, nullable=False),
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("person", sa.String(), nullable=False),
        sa.Column("at", UtcDateTime(), nullable=False),
        sa.Column("component", sa.String(), nullable=True),
        sa.Column("region", sa.String(), nullable=True),
        sa.Column("source", sa.String(), nullable=False),
        _provider("signals"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_signals")),
        sa.UniqueConstraint("provider_id", "day", "person", name=op.f("uq_signals_provider_id_day_person")),
    )
    op.create_index("ix_signals_at", "signals", ["at"])
    op.create_index("ix_signals_provider_id_at", "signals", ["provider_id", "at"])
    op.create_table(
        "signal_counts",
        sa.Column("provider_id", BIG, nullable=False),
        sa.Column("at", UtcDateTime(), nullable=False),
        sa.Column("people", sa.Integer(), nullable=False),
        _provider("signal_counts"),
        sa.PrimaryKeyConstraint("provider_id", "at", name=op.f("pk_signal_counts")),
    )
    op.create_table(
        "raised_signals",
        sa.Column("provider_id", BIG, nullable=False),
        sa.Column("since_at", UtcDateTime(), nullable=False),
        sa.Column("raised_at", UtcDateTime(), nullable=False),
        sa.Column("above_at", UtcDateTime(), nullable=False),
        sa.Column("needed", sa.Integer(), nullable=False),
        sa.Column("peak", sa.Integer(), nullable=False),
        _provider("raised_signals"),
        sa.PrimaryKeyConstraint("provider_id", name=op.f("pk_raised_signals")),
    )
    op.add_column("follows", sa.Column("signals", sa.Boolean(), nullable=False, server_default=sa.false()))


def downgrade() -> None:
    op.drop_column("follows", "signals")
    op.drop_table("raised_signals")
    op.drop_table("signal_counts")
    op.drop_table("signals")
