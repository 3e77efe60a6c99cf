"""Files of users: what came with their messages, and where the content of all files is kept."""

import sqlalchemy as sa
from alembic import op

from bot.domain.errors import SettingsError
from storage.types import CleanJson, CleanText, Id, Moment

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None

# Alembic cannot add a column with a foreign key to a table of SQLite's; both databases can.
REFERENCES = (
    ("files", "blob_id", "blobs", ""),
    ("documents", "upload_id", "uploads", " ON DELETE CASCADE"),
)


def upgrade() -> None:
    op.add_column("users", sa.Column("voice", sa.Boolean(), server_default=sa.false(), nullable=False))
    op.add_column("usage", sa.Column("audio_seconds", sa.Double(), server_default=sa.text("0"), nullable=False))
    create_blobs()
    create_uploads()
    create_fixes()
    extend_documents()


def downgrade() -> None:
    """SettingsError when files would be lost: earlier versions do not find what is in the store of files."""
    kept = "SELECT count(*) FROM files WHERE blob_id IS NOT NULL"
    if count := op.get_bind().execute(sa.text(kept)).scalar():
        raise SettingsError(
            f"DATABASE_URL: {count} rows of `files` have their content in FILES_URL, where earlier versions do not "
            "look; go back to a backup, or take out the rows whose `blob_id` is not null"
        )
    op.execute("DELETE FROM documents WHERE upload_id IS NOT NULL")
    for column in ("part_name", "part_number", "part_kind"):
        op.drop_column("passages", column)
    for table, column, _, _ in REFERENCES:
        op.drop_index(f"{table}_{column}", table)
        op.drop_column(table, column)
    for table in ("fixes", "uploads", "claims", "blobs"):
        op.drop_table(table)
    op.drop_column("usage", "audio_seconds")
    op.drop_column("users", "voice")


def row_id() -> sa.Column[int]:
    return sa.Column("id", Id, sa.Identity(always=False), nullable=False)


def text(name: str) -> sa.Column[str]:
    return sa.Column(name, CleanText(), server_default=sa.text("''"), nullable=False)


def required(name: str) -> sa.Column[str]:
    return sa.Column(name, CleanText(), nullable=False)


def optional(name: str) -> sa.Column[str]:
    return sa.Column(name, CleanText(), nullable=True)


def create_blobs() -> None:
    op.create_table(
        "blobs",
        row_id(),
        sa.Column("digest", sa.LargeBinary(), nullable=False),
        required("key"),
        sa.Column("size_bytes", Id, nullable=False),
        sa.Column("whole", sa.Boolean(), server_default=sa.false(), nullable=False),
        sa.Column("created_at", Moment(), nullable=False),
        sa.Column("deleted_at", Moment(), nullable=True),
        sa.PrimaryKeyConstraint("id", name="blobs_pk"),
        sa.UniqueConstraint("key", name="blobs_key_key"),
        sqlite_autoincrement=True,
    )
    op.create_index(
        "blobs_living_key",
        "blobs",
        ["digest"],
        unique=True,
        sqlite_where=sa.text("deleted_at IS NULL"),
        postgresql_where=sa.text("deleted_at IS NULL"),
    )
    op.create_table(
        "claims",
        required("token"),
        sa.Column("blob_id", Id, nullable=False),
        sa.Column("until", Moment(), nullable=False),
        sa.ForeignKeyConstraint(["blob_id"], ["blobs.id"], name="claims_blob_id_fk", ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("token", name="claims_pk"),
    )
    op.create_index("claims_blob_id", "claims", ["blob_id"])


def create_uploads() -> None:
    op.create_table(
        "uploads",
        row_id(),
        sa.Column("message_id", Id, nullable=False),
        sa.Column("thread_id", Id, nullable=False),
        sa.Column("turn_id", Id, nullable=False),
        required("kind"),
        text("file"),
        text("name"),
        text("media_type"),
        sa.Column("told_bytes", Id, nullable=True),
        sa.Column("duration_seconds", sa.Double(), nullable=True),
        required("state"),
        text("sort"),
        text("text"),
        text("caption"),
        sa.Column("blob_id", Id, nullable=True),
        text("sniffed"),
        sa.Column("size_bytes", Id, server_default=sa.text("0"), nullable=False),
        sa.Column("parts", sa.Integer(), server_default=sa.text("0"), nullable=False),
        text("part_kind"),
        sa.Column("cut", sa.Boolean(), server_default=sa.false(), nullable=False),
        text("refusal"),
        sa.Column("arguments", CleanJson(), nullable=False),
        optional("shown_room"),
        optional("shown_topic"),
        optional("shown_message"),
        sa.Column("created_at", Moment(), nullable=False),
        sa.ForeignKeyConstraint(["message_id"], ["messages.id"], name="uploads_message_id_fk", ondelete="CASCADE"),
        sa.ForeignKeyConstraint(["blob_id"], ["blobs.id"], name="uploads_blob_id_fk"),
        sa.PrimaryKeyConstraint("id", name="uploads_pk"),
        sqlite_autoincrement=True,
    )
    for column in ("message_id", "turn_id", "blob_id"):
        op.create_index(f"uploads_{column}", "uploads", [column])
    op.create_index("uploads_by_thread", "uploads", ["thread_id", "id"])
    op.create_index("uploads_by_shown", "uploads", ["shown_room", "shown_message"])


def create_fixes() -> None:
    op.create_table(
        "fixes",
        row_id(),
        sa.Column("user_id", Id, nullable=False),
        sa.Column("upload_id", Id, nullable=False),
        required("room"),
        required("topic"),
        optional("note_room"),
        optional("note_topic"),
        optional("note_message"),
        sa.Column("expires_at", Moment(), nullable=True),
        sa.ForeignKeyConstraint(["user_id"], ["users.id"], name="fixes_user_id_fk", ondelete="CASCADE"),
        sa.ForeignKeyConstraint(["upload_id"], ["uploads.id"], name="fixes_upload_id_fk", ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id", name="fixes_pk"),
        sqlite_autoincrement=True,
    )
    op.create_index("fixes_upload_id", "fixes", ["upload_id"])
    op.create_index("fixes_by_place", "fixes", ["user_id", "room", "topic"])
    op.create_index("fixes_by_note", "fixes", ["note_room", "note_message"])


def extend_documents() -> None:
    """What users send is searched as documents are, and their replies' files lie where theirs do."""
    integer = "INTEGER" if op.get_bind().dialect.name == "sqlite" else "BIGINT"
    for table, column, target, deleting in REFERENCES:
        op.execute(
            f"ALTER TABLE {table} ADD COLUMN {column} {integer} "
            f"CONSTRAINT {table}_{column}_fk REFERENCES {target} (id){deleting}"
        )
        op.create_index(f"{table}_{column}", table, [column])
    op.add_column("passages", text("part_kind"))
    op.add_column("passages", sa.Column("part_number", sa.Integer(), server_default=sa.text("0"), nullable=False))
    op.add_column("passages", text("part_name"))
