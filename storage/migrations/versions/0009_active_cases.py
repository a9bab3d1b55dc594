"""incidents and planned work that are not over are found however many are"""

import sqlalchemy as sa
from alembic import op

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None

ACTIVE = {
    "incidents": "phase NOT IN ('resolved', 'postmortem')",
    "maintenances": "phase NOT IN ('completed', 'canceled')",
}


def upgrade() -> None:
    for table, active in ACTIVE.items():
        where = sa.text(active)
        op.create_index(f"ix_{table}_active", table, ["provider_id"], postgresql_where=where, sqlite_where=where)


def downgrade() -> None:
    for table in ACTIVE:
        op.drop_index(f"ix_{table}_active", table)
