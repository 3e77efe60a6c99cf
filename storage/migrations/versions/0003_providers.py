"""Providers of models that are made at run time."""

import sqlalchemy as sa
from alembic import op

from storage.types import CleanText, Moment

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "providers",
        sa.Column("name", CleanText(), nullable=False),
        sa.Column("kind", CleanText(), nullable=False),
        sa.Column("base_url", CleanText(), server_default=sa.text("''"), nullable=False),
        sa.Column("sealed_key", CleanText(), server_default=sa.text("''"), nullable=False),
        sa.Column("updated_at", Moment(), nullable=False),
        sa.PrimaryKeyConstraint("name", name="providers_pk"),
    )


def downgrade() -> None:
    op.drop_table("providers")
