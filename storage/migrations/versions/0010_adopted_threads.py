"""whether a thread's first message is to be taken over is found however many threads there are"""

import sqlalchemy as sa
from alembic import op

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None


def upgrade() -> None:
    where = sa.text("adopts_id IS NOT NULL")
    op.create_index("ix_threads_adopts_id", "threads", ["adopts_id"], postgresql_where=where, sqlite_where=where)


def downgrade() -> None:
    op.drop_index("ix_threads_adopts_id", "threads")
