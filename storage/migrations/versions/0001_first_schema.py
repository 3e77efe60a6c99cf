"""The first schema."""

import sqlalchemy as sa
from alembic import op

from storage.types import CleanJson, CleanText, Dollars, Id, Moment

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None

TABLES = (
    "passages",
    "documents",
    "usage",
    "updates",
    "leases",
    "jobs",
    "message_versions",
    "messages",
    "turn_refs",
    "turns",
    "threads",
    "identities",
    "users",
)


def upgrade() -> None:
    create_people()
    create_threads()
    create_turns()
    create_messages()
    create_jobs()
    create_leases()
    create_account()
    create_knowledge()
    match op.get_bind().dialect.name:
        case "sqlite":
            index_passages_on_sqlite()
        case "postgresql":
            index_passages_on_postgresql()


def downgrade() -> None:
    if op.get_bind().dialect.name == "sqlite":
        op.execute("DROP TABLE passage_index")
    for table in TABLES:
        op.drop_table(table)


def row_id() -> sa.Column[int]:
    return sa.Column("id", Id, sa.Identity(always=False), nullable=False)


def create_people() -> None:
    op.create_table(
        "users",
        row_id(),
        sa.Column("name", CleanText(), server_default=sa.text("''"), nullable=False),
        sa.Column("locale", CleanText(), server_default=sa.text("''"), nullable=False),
        sa.Column("created_at", Moment(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="users_pk"),
        sqlite_autoincrement=True,
    )
    op.create_table(
        "identities",
        sa.Column("messenger", CleanText(), nullable=False),
        sa.Column("workspace", CleanText(), nullable=False),
        sa.Column("external_id", CleanText(), nullable=False),
        sa.Column("user_id", Id, nullable=False),
        sa.ForeignKeyConstraint(["user_id"], ["users.id"], name="identities_user_id_fk", ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("messenger", "workspace", "external_id", name="identities_pk"),
    )
    op.create_index("identities_user_id", "identities", ["user_id"], unique=False)


def create_threads() -> None:
    op.create_table(
        "threads",
        row_id(),
        sa.Column("user_id", Id, nullable=False),
        sa.Column("messenger", CleanText(), nullable=False),
        sa.Column("room", CleanText(), nullable=False),
        sa.Column("topic", CleanText(), nullable=False),
        sa.Column("current", sa.Boolean(), nullable=False),
        sa.Column("title", CleanText(), server_default=sa.text("''"), nullable=False),
        sa.Column("specialist", CleanText(), nullable=False),
        sa.Column("reachable", sa.Boolean(), server_default=sa.true(), nullable=False),
        sa.Column("created_at", Moment(), nullable=False),
        sa.Column("active_at", Moment(), nullable=False),
        sa.ForeignKeyConstraint(["user_id"], ["users.id"], name="threads_user_id_fk", ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id", name="threads_pk"),
        sqlite_autoincrement=True,
    )
    op.create_index("threads_by_activity", "threads", ["user_id", "active_at"], unique=False)
    op.create_index("threads_by_room", "threads", ["room"], unique=False)
    op.create_index(
        "threads_current_key",
        "threads",
        ["user_id", "room", "topic"],
        unique=True,
        sqlite_where=sa.text("current"),
        postgresql_where=sa.text("current"),
    )


def create_turns() -> None:
    op.create_table(
        "turns",
        row_id(),
        sa.Column("thread_id", Id, nullable=False),
        sa.Column("state", CleanText(), nullable=False),
        sa.Column("specialist", CleanText(), nullable=False),
        sa.Column("version", sa.Integer(), server_default=sa.text("1"), nullable=False),
        sa.Column("confidence", sa.Double(), nullable=True),
        sa.Column("error", CleanText(), server_default=sa.text("''"), nullable=False),
        sa.Column("rating", sa.Integer(), server_default=sa.text("0"), nullable=False),
        sa.Column("partial", CleanText(), server_default=sa.text("''"), nullable=False),
        sa.Column("job_id", Id, nullable=True),
        sa.Column("created_at", Moment(), nullable=False),
        sa.Column("finished_at", Moment(), nullable=True),
        sa.ForeignKeyConstraint(["thread_id"], ["threads.id"], name="turns_thread_id_fk", ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id", name="turns_pk"),
        sqlite_autoincrement=True,
    )
    op.create_index("turns_by_thread", "turns", ["thread_id", "id"], unique=False)
    op.create_table(
        "turn_refs",
        sa.Column("turn_id", Id, nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("room", CleanText(), nullable=False),
        sa.Column("topic", CleanText(), nullable=False),
        sa.Column("message", CleanText(), nullable=False),
        sa.ForeignKeyConstraint(["turn_id"], ["turns.id"], name="turn_refs_turn_id_fk", ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("turn_id", "position", name="turn_refs_pk"),
    )
    op.create_index("turn_refs_by_message", "turn_refs", ["room", "message"], unique=False)


def create_messages() -> None:
    op.create_table(
        "messages",
        row_id(),
        sa.Column("thread_id", Id, nullable=False),
        sa.Column("turn_id", Id, nullable=False),
        sa.Column("role", CleanText(), nullable=False),
        sa.Column("text", CleanText(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("room", CleanText(), nullable=True),
        sa.Column("topic", CleanText(), nullable=True),
        sa.Column("message", CleanText(), nullable=True),
        sa.Column("cut", sa.Boolean(), server_default=sa.false(), nullable=False),
        sa.Column("created_at", Moment(), nullable=False),
        sa.ForeignKeyConstraint(["thread_id"], ["threads.id"], name="messages_thread_id_fk", ondelete="CASCADE"),
        sa.ForeignKeyConstraint(["turn_id"], ["turns.id"], name="messages_turn_id_fk", ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id", name="messages_pk"),
        sqlite_autoincrement=True,
    )
    op.create_index("messages_by_message", "messages", ["room", "message"], unique=False)
    op.create_index("messages_by_thread", "messages", ["thread_id", "turn_id", "id"], unique=False)
    op.create_index("messages_by_turn", "messages", ["turn_id", "id"], unique=False)
    op.create_table(
        "message_versions",
        sa.Column("message_id", Id, nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("text", CleanText(), nullable=False),
        sa.Column("replaced_at", Moment(), nullable=False),
        sa.ForeignKeyConstraint(
            ["message_id"], ["messages.id"], name="message_versions_message_id_fk", ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("message_id", "version", name="message_versions_pk"),
    )


def create_jobs() -> None:
    op.create_table(
        "jobs",
        row_id(),
        sa.Column("lane", CleanText(), nullable=False),
        sa.Column("kind", CleanText(), nullable=False),
        sa.Column("payload", CleanJson(), nullable=False),
        sa.Column("steps", CleanJson(), nullable=False),
        sa.Column("priority", sa.Integer(), nullable=False),
        sa.Column("attempts", sa.Integer(), server_default=sa.text("0"), nullable=False),
        sa.Column("due_at", Moment(), nullable=False),
        sa.Column("holds_lane", sa.Boolean(), server_default=sa.true(), nullable=False),
        sa.Column("owner", CleanText(), server_default=sa.text("''"), nullable=False),
        sa.Column("lease_until", Moment(), nullable=True),
        sa.Column("stop", sa.Boolean(), server_default=sa.false(), nullable=False),
        sa.Column("dedup", CleanText(), nullable=True),
        sa.Column("error", CleanText(), server_default=sa.text("''"), nullable=False),
        sa.Column("created_at", Moment(), nullable=False),
        sa.Column("ended_at", Moment(), nullable=True),
        sa.PrimaryKeyConstraint("id", name="jobs_pk"),
        sa.UniqueConstraint("dedup", name="jobs_dedup_key"),
        sqlite_autoincrement=True,
    )
    op.create_index("jobs_by_end", "jobs", ["ended_at"], unique=False)
    op.create_index(
        "jobs_holder_key",
        "jobs",
        ["lane"],
        unique=True,
        sqlite_where=sa.text("lease_until IS NOT NULL"),
        postgresql_where=sa.text("lease_until IS NOT NULL"),
    )
    op.create_index(
        "jobs_open_by_lane",
        "jobs",
        ["lane", "id"],
        unique=False,
        sqlite_where=sa.text("ended_at IS NULL"),
        postgresql_where=sa.text("ended_at IS NULL"),
    )
    op.create_index(
        "jobs_open_by_priority",
        "jobs",
        [sa.text("priority DESC"), "id"],
        unique=False,
        sqlite_where=sa.text("ended_at IS NULL"),
        postgresql_where=sa.text("ended_at IS NULL"),
    )


def create_leases() -> None:
    op.create_table(
        "leases",
        sa.Column("name", CleanText(), nullable=False),
        sa.Column("owner", CleanText(), nullable=False),
        sa.Column("held_until", Moment(), nullable=False),
        sa.PrimaryKeyConstraint("name", name="leases_pk"),
    )


def create_account() -> None:
    op.create_table(
        "updates",
        sa.Column("id", CleanText(), nullable=False),
        sa.Column("kind", CleanText(), nullable=False),
        sa.Column("at", Moment(), nullable=False),
        sa.Column("received_at", Moment(), nullable=False),
        sa.Column("turn_id", Id, nullable=True),
        sa.Column("refusal", CleanText(), server_default=sa.text("''"), nullable=False),
        sa.PrimaryKeyConstraint("id", name="updates_pk"),
    )
    op.create_index("updates_turn_id", "updates", ["turn_id"], unique=False)
    op.create_table(
        "usage",
        row_id(),
        sa.Column("turn_id", Id, nullable=False),
        sa.Column("user_id", Id, nullable=False),
        sa.Column("specialist", CleanText(), nullable=False),
        sa.Column("provider", CleanText(), nullable=False),
        sa.Column("model", CleanText(), nullable=False),
        sa.Column("input_tokens", Id, nullable=False),
        sa.Column("output_tokens", Id, nullable=False),
        sa.Column("cached_tokens", Id, nullable=False),
        sa.Column("reasoning_tokens", Id, nullable=False),
        sa.Column("cost_usd", Dollars(), nullable=True),
        sa.Column("at", Moment(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="usage_pk"),
        sqlite_autoincrement=True,
    )
    op.create_index("usage_by_user", "usage", ["user_id", "at"], unique=False)
    op.create_index("usage_turn_id", "usage", ["turn_id"], unique=False)


def create_knowledge() -> None:
    op.create_table(
        "documents",
        row_id(),
        sa.Column("collection", CleanText(), nullable=False),
        sa.Column("source", CleanText(), nullable=False),
        sa.Column("title", CleanText(), server_default=sa.text("''"), nullable=False),
        sa.Column("locale", CleanText(), server_default=sa.text("''"), nullable=False),
        sa.Column("digest", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="documents_pk"),
        sa.UniqueConstraint("collection", "source", name="documents_collection_source_key"),
        sqlite_autoincrement=True,
    )
    op.create_table(
        "passages",
        row_id(),
        sa.Column("document_id", Id, nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("heading", CleanText(), server_default=sa.text("''"), nullable=False),
        sa.Column("text", CleanText(), nullable=False),
        sa.Column("stems", CleanText(), nullable=False),
        sa.ForeignKeyConstraint(["document_id"], ["documents.id"], name="passages_document_id_fk", ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id", name="passages_pk"),
        sqlite_autoincrement=True,
    )
    op.create_index("passages_document_id", "passages", ["document_id"], unique=False)


def index_passages_on_sqlite() -> None:
    """FTS5 over the column `stems`, kept in step by triggers; the stems themselves are not stored twice."""
    op.execute(
        "CREATE VIRTUAL TABLE passage_index USING fts5("
        "stems, content='passages', content_rowid='id', tokenize='unicode61 remove_diacritics 0')"
    )
    op.execute(
        "CREATE TRIGGER passages_indexed AFTER INSERT ON passages BEGIN "
        "INSERT INTO passage_index(rowid, stems) VALUES (new.id, new.stems); END"
    )
    op.execute(
        "CREATE TRIGGER passages_forgotten AFTER DELETE ON passages BEGIN "
        "INSERT INTO passage_index(passage_index, rowid, stems) VALUES ('delete', old.id, old.stems); END"
    )
    op.execute(
        "CREATE TRIGGER passages_changed AFTER UPDATE ON passages BEGIN "
        "INSERT INTO passage_index(passage_index, rowid, stems) VALUES ('delete', old.id, old.stems); "
        "INSERT INTO passage_index(rowid, stems) VALUES (new.id, new.stems); END"
    )


def index_passages_on_postgresql() -> None:
    op.execute("CREATE INDEX passages_by_stem ON passages USING gin (array_to_tsvector(string_to_array(stems, ' ')))")
