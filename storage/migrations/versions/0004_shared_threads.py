"""Threads that several people hold together: who asked each turn, what each of them thinks of its reply, and of which
turn a title and a routing example were made."""

import sqlalchemy as sa
from alembic import op

from storage.types import Id, Moment

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("threads", sa.Column("shared", sa.Boolean(), server_default=sa.false(), nullable=False))
    # SQLite uses such an index only for conditions that read as its own does.
    op.create_index(
        "threads_by_place",
        "threads",
        ["room", "topic"],
        sqlite_where=sa.text("current = 1"),
        postgresql_where=sa.text("current"),
    )
    op.create_index(
        "threads_shared_key",
        "threads",
        ["room", "topic"],
        unique=True,
        sqlite_where=sa.text("current = 1 AND shared = 1"),
        postgresql_where=sa.text("current AND shared"),
    )
    add_askers()
    create_feedback()
    add_sources()


def downgrade() -> None:
    op.drop_index("examples_by_turn", "examples")
    op.drop_column("examples", "turn_id")
    op.drop_column("threads", "title_turn_id")
    op.drop_table("feedback")
    op.drop_index("turns_by_asker", "turns")
    op.drop_column("turns", "asker_id")
    op.drop_index("threads_shared_key", "threads")
    op.drop_index("threads_by_place", "threads")
    op.drop_column("threads", "shared")


def add_askers() -> None:
    """Until now whoever began a thread asked everything in it."""
    op.add_column("turns", sa.Column("asker_id", Id, server_default=sa.text("0"), nullable=False))
    op.execute("UPDATE turns SET asker_id = (SELECT user_id FROM threads WHERE threads.id = turns.thread_id)")
    op.create_index("turns_by_asker", "turns", ["asker_id", "created_at"])


def create_feedback() -> None:
    op.create_table(
        "feedback",
        sa.Column("turn_id", Id, nullable=False),
        sa.Column("user_id", Id, nullable=False),
        sa.Column("rating", sa.Integer(), nullable=False),
        sa.Column("at", Moment(), nullable=False),
        sa.ForeignKeyConstraint(["turn_id"], ["turns.id"], name="feedback_turn_id_fk", ondelete="CASCADE"),
        sa.ForeignKeyConstraint(["user_id"], ["users.id"], name="feedback_user_id_fk", ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("turn_id", "user_id", name="feedback_pk"),
    )
    op.create_index("feedback_user_id", "feedback", ["user_id"])
    op.execute(
        "INSERT INTO feedback (turn_id, user_id, rating, at) "
        "SELECT id, asker_id, rating, coalesce(finished_at, created_at) FROM turns WHERE rating <> 0"
    )


def add_sources() -> None:
    """Until now a title was made of the first turn, unless a user chose it; of examples the turn is not known."""
    op.add_column("threads", sa.Column("title_turn_id", Id, server_default=sa.text("0"), nullable=False))
    op.execute(
        "UPDATE threads SET title_turn_id = "
        "coalesce((SELECT min(id) FROM turns WHERE turns.thread_id = threads.id), 0) WHERE title <> ''"
    )
    op.add_column("examples", sa.Column("turn_id", Id, server_default=sa.text("0"), nullable=False))
    op.create_index("examples_by_turn", "examples", ["turn_id"])
