"""Workspaces that have let us in."""

import sqlalchemy as sa
from alembic import op

from storage.types import CleanText, Moment

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "installations",
        sa.Column("messenger", CleanText(), nullable=False),
        sa.Column("workspace", CleanText(), nullable=False),
        sa.Column("name", CleanText(), server_default=sa.text("''"), nullable=False),
        sa.Column("sealed_token", CleanText(), nullable=False),
        sa.Column("bot_user", CleanText(), server_default=sa.text("''"), nullable=False),
        sa.Column("scopes", CleanText(), server_default=sa.text("''"), nullable=False),
        sa.Column("at", Moment(), nullable=False),
        sa.PrimaryKeyConstraint("messenger", "workspace", name="installations_pk"),
    )


def downgrade() -> None:
    op.drop_table("installations")
