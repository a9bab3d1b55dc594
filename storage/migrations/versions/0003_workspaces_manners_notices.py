"""slack workspaces, manners, notices"""

import sqlalchemy as sa
from alembic import op

from storage.tables import BigId, Json, UtcDateTime

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "leases",
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("holder", sa.String(), nullable=False),
        sa.Column("until_at", UtcDateTime(), nullable=False),
        sa.PrimaryKeyConstraint("name", name=op.f("pk_leases")),
    )
    op.create_table(
        "slack_bots",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("client_id", sa.String(length=32), nullable=False),
        sa.Column("app_id", sa.String(length=32), nullable=False),
        sa.Column("enterprise_id", sa.String(length=32), nullable=True),
        sa.Column("enterprise_name", sa.String(length=200), nullable=True),
        sa.Column("team_id", sa.String(length=32), nullable=True),
        sa.Column("team_name", sa.String(length=200), nullable=True),
        sa.Column("bot_token", sa.Text(), nullable=True),
        sa.Column("bot_id", sa.String(length=32), nullable=True),
        sa.Column("bot_user_id", sa.String(length=32), nullable=True),
        sa.Column("bot_scopes", sa.String(length=1000), nullable=True),
        sa.Column("bot_refresh_token", sa.Text(), nullable=True),
        sa.Column("bot_token_expires_at", sa.DateTime(), nullable=True),
        sa.Column("is_enterprise_install", sa.Boolean(), nullable=False),
        sa.Column("installed_at", sa.DateTime(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_slack_bots")),
    )
    op.create_index(
        "slack_bots_idx", "slack_bots", ["client_id", "enterprise_id", "team_id", "installed_at"], unique=False
    )

    op.create_table(
        "slack_installations",
        sa.Column("enterprise_url", sa.String(length=200), nullable=True),
        sa.Column("user_id", sa.String(length=32), nullable=False),
        sa.Column("user_token", sa.Text(), nullable=True),
        sa.Column("user_scopes", sa.String(length=1000), nullable=True),
        sa.Column("user_refresh_token", sa.Text(), nullable=True),
        sa.Column("user_token_expires_at", sa.DateTime(), nullable=True),
        sa.Column("incoming_webhook_url", sa.Text(), nullable=True),
        sa.Column("incoming_webhook_channel", sa.String(length=200), nullable=True),
        sa.Column("incoming_webhook_channel_id", sa.String(length=200), nullable=True),
        sa.Column("incoming_webhook_configuration_url", sa.String(length=200), nullable=True),
        sa.Column("token_type", sa.String(length=32), nullable=True),
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("client_id", sa.String(length=32), nullable=False),
        sa.Column("app_id", sa.String(length=32), nullable=False),
        sa.Column("enterprise_id", sa.String(length=32), nullable=True),
        sa.Column("enterprise_name", sa.String(length=200), nullable=True),
        sa.Column("team_id", sa.String(length=32), nullable=True),
        sa.Column("team_name", sa.String(length=200), nullable=True),
        sa.Column("bot_token", sa.Text(), nullable=True),
        sa.Column("bot_id", sa.String(length=32), nullable=True),
        sa.Column("bot_user_id", sa.String(length=32), nullable=True),
        sa.Column("bot_scopes", sa.String(length=1000), nullable=True),
        sa.Column("bot_refresh_token", sa.Text(), nullable=True),
        sa.Column("bot_token_expires_at", sa.DateTime(), nullable=True),
        sa.Column("is_enterprise_install", sa.Boolean(), nullable=False),
        sa.Column("installed_at", sa.DateTime(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_slack_installations")),
    )
    op.create_index(
        "slack_installations_idx",
        "slack_installations",
        ["client_id", "enterprise_id", "team_id", "user_id", "installed_at"],
        unique=False,
    )

    op.create_table(
        "slack_oauth_states",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("state", sa.String(length=200), nullable=False),
        sa.Column("expire_at", sa.DateTime(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_slack_oauth_states")),
    )
    op.create_table(
        "audit",
        sa.Column("id", BigId, nullable=False),
        sa.Column("workspace_id", BigId, nullable=False),
        sa.Column("at", UtcDateTime(), nullable=False),
        sa.Column("actor", sa.String(), nullable=False),
        sa.Column("action", sa.String(), nullable=False),
        sa.Column("what", sa.String(), nullable=False),
        sa.ForeignKeyConstraint(
            ["workspace_id"], ["workspaces.id"], name=op.f("fk_audit_workspace_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_audit")),
    )
    op.create_index("ix_audit_workspace_id_id", "audit", ["workspace_id", "id"], unique=False)

    op.create_table(
        "notices",
        sa.Column("id", BigId, nullable=False),
        sa.Column("destination_id", BigId, nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("due_at", UtcDateTime(), nullable=True),
        sa.Column("token", sa.String(), nullable=True),
        sa.Column("attempt", sa.Integer(), nullable=False),
        sa.Column("since_at", UtcDateTime(), nullable=False),
        sa.Column("plan", Json, nullable=False),
        sa.ForeignKeyConstraint(
            ["destination_id"], ["destinations.id"], name=op.f("fk_notices_destination_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_notices")),
        sa.UniqueConstraint("destination_id", "kind", name=op.f("uq_notices_destination_id_kind")),
    )
    op.create_index(
        "ix_notices_due_at",
        "notices",
        ["due_at"],
        unique=False,
        postgresql_where=sa.text("due_at IS NOT NULL"),
        sqlite_where=sa.text("due_at IS NOT NULL"),
    )

    # added one by one, with defaults: a table that is copied would lose the rows that refer to it
    op.add_column("follows", sa.Column("shape", sa.String(), nullable=False, server_default="threads"))
    loud = '["resolved", "raised", "reopened"]'
    op.add_column("follows", sa.Column("loud", Json, nullable=False, server_default=loud))
    op.add_column("follows", sa.Column("mention", Json, nullable=False, server_default="[]"))
    op.add_column("follows", sa.Column("mention_impact", sa.String(), nullable=True))
    op.add_column("follows", sa.Column("remind_minutes", sa.Integer(), nullable=True))
    op.execute("UPDATE follows SET remind_minutes = 60")
    op.add_column("follows", sa.Column("quiet", Json, nullable=True))
    op.add_column("threads", sa.Column("joins_id", BigId, nullable=True))
    op.add_column("threads", sa.Column("muted", sa.Boolean(), nullable=False, server_default=sa.false()))
    op.create_index("ix_threads_joins_id", "threads", ["joins_id"])
    op.add_column("workspaces", sa.Column("name", sa.String(), nullable=True))
    op.add_column("workspaces", sa.Column("enterprise_id", sa.String(), nullable=True))
    op.add_column("workspaces", sa.Column("uninstalled_at", UtcDateTime(), nullable=True))
    op.add_column("workspaces", sa.Column("editors", sa.String(), nullable=False, server_default="everyone"))
    op.add_column("workspaces", sa.Column("chosen", Json, nullable=False, server_default="[]"))
    op.create_index("ix_incidents_first_seen_at", "incidents", ["first_seen_at"])
    op.create_index("ix_maintenances_starts_at", "maintenances", ["starts_at"])
    op.create_index("ix_maintenances_ends_at", "maintenances", ["ends_at"])
    op.create_index("ix_follows_remind_minutes", "follows", ["remind_minutes"])
    held = sa.text("state = 'held'")
    op.create_index("ix_deliveries_held", "deliveries", ["thread_id"], postgresql_where=held, sqlite_where=held)


def downgrade() -> None:
    op.drop_index("ix_deliveries_held", "deliveries")
    op.drop_index("ix_follows_remind_minutes", "follows")
    op.drop_index("ix_maintenances_ends_at", "maintenances")
    op.drop_index("ix_maintenances_starts_at", "maintenances")
    op.drop_index("ix_incidents_first_seen_at", "incidents")
    op.drop_index("ix_threads_joins_id", "threads")
    for table, columns in (
        ("workspaces", ("chosen", "editors", "uninstalled_at", "enterprise_id", "name")),
        ("threads", ("muted", "joins_id")),
        ("follows", ("quiet", "remind_minutes", "mention_impact", "mention", "loud", "shape")),
    ):
        for column in columns:
            op.drop_column(table, column)
    op.drop_index(
        "ix_notices_due_at",
        "notices",
        postgresql_where=sa.text("due_at IS NOT NULL"),
        sqlite_where=sa.text("due_at IS NOT NULL"),
    )

    op.drop_table("notices")
    op.drop_index("ix_audit_workspace_id_id", "audit")

    op.drop_table("audit")
    op.drop_table("slack_oauth_states")
    op.drop_index("slack_installations_idx", "slack_installations")

    op.drop_table("slack_installations")
    op.drop_index("slack_bots_idx", "slack_bots")

    op.drop_table("slack_bots")
    op.drop_table("leases")
