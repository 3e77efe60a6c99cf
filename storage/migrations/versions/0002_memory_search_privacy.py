"""What threads and users are remembered by: memory, pauses, files, counters, search, and who may be forgotten."""

import sqlalchemy as sa
from alembic import op

from storage.types import CleanJson, CleanText, Id, Moment

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

TABLES = (
    "catalog",
    "counters",
    "link_codes",
    "escalations",
    "briefs",
    "examples",
    "files",
    "facts",
    "thread_memory",
    "pauses",
)

# As `storage.search` folds what it looks for: no accents, and no signs that make one word of several.
ACCENTS = "".join(map(chr, (*range(0x300, 0x30D), 0x31B, 0x323, 0x327, 0x328)))
SIGNS = "-./:@+<&~"


def upgrade() -> None:
    extend_tables()
    create_pauses()
    create_memory()
    create_files()
    create_orientation()
    create_codes_and_counters()
    match op.get_bind().dialect.name:
        case "sqlite":
            index_messages_on_sqlite()
        case "postgresql":
            index_messages_on_postgresql()


def downgrade() -> None:
    match op.get_bind().dialect.name:
        case "sqlite":
            for trigger in ("messages_indexed", "messages_forgotten", "messages_to_change", "messages_changed"):
                op.execute(f"DROP TRIGGER {trigger}")
            op.execute("DROP TABLE message_index")
            op.execute("DROP VIEW message_words")
        case "postgresql":
            op.execute("DROP INDEX messages_by_word")
    for table in TABLES:
        op.drop_table(table)
    op.drop_index("usage_by_workspace", "usage")
    for table, column in (
        ("usage", "estimated"),
        ("usage", "workspace"),
        ("threads", "archived"),
        ("users", "thinking"),
    ):
        op.drop_column(table, column)


def row_id() -> sa.Column[int]:
    return sa.Column("id", Id, sa.Identity(always=False), nullable=False)


def required(name: str) -> sa.Column[str]:
    return sa.Column(name, CleanText(), nullable=False)


def moment(name: str, *, nullable: bool = False) -> sa.Column[sa.DateTime]:
    return sa.Column(name, Moment(), nullable=nullable)


def of_user(table: str) -> sa.ForeignKeyConstraint:
    return sa.ForeignKeyConstraint(["user_id"], ["users.id"], name=f"{table}_user_id_fk", ondelete="CASCADE")


def of_thread(table: str) -> sa.ForeignKeyConstraint:
    return sa.ForeignKeyConstraint(["thread_id"], ["threads.id"], name=f"{table}_thread_id_fk", ondelete="CASCADE")


def of_turn(table: str) -> sa.ForeignKeyConstraint:
    return sa.ForeignKeyConstraint(["turn_id"], ["turns.id"], name=f"{table}_turn_id_fk", ondelete="CASCADE")


def extend_tables() -> None:
    """Columns with a default are added as they are on both databases; no table is written anew."""
    op.add_column("users", sa.Column("thinking", CleanText(), server_default=sa.text("'brief'"), nullable=False))
    op.add_column("threads", sa.Column("archived", sa.Boolean(), server_default=sa.false(), nullable=False))
    op.add_column("usage", sa.Column("workspace", CleanText(), server_default=sa.text("''"), nullable=False))
    op.add_column("usage", sa.Column("estimated", sa.Boolean(), server_default=sa.false(), nullable=False))
    op.create_index("usage_by_workspace", "usage", ["workspace", "at"], unique=False)


def create_pauses() -> None:
    op.create_table(
        "pauses",
        sa.Column("turn_id", Id, nullable=False),
        sa.Column("text", CleanText(), server_default=sa.text("''"), nullable=False),
        sa.Column("requests", CleanJson(), nullable=False),
        required("state"),
        sa.Column("granted", sa.Boolean(), nullable=True),
        moment("created_at"),
        of_turn("pauses"),
        sa.PrimaryKeyConstraint("turn_id", name="pauses_pk"),
    )


def create_memory() -> None:
    op.create_table(
        "thread_memory",
        sa.Column("thread_id", Id, nullable=False),
        required("summary"),
        sa.Column("upto_turn", Id, nullable=False),
        moment("updated_at"),
        of_thread("thread_memory"),
        sa.PrimaryKeyConstraint("thread_id", name="thread_memory_pk"),
    )
    op.create_table(
        "facts",
        row_id(),
        sa.Column("user_id", Id, nullable=False),
        required("text"),
        moment("created_at"),
        of_user("facts"),
        sa.PrimaryKeyConstraint("id", name="facts_pk"),
        sqlite_autoincrement=True,
    )
    op.create_index("facts_by_user", "facts", ["user_id", "id"], unique=False)


def create_files() -> None:
    op.create_table(
        "files",
        row_id(),
        sa.Column("user_id", Id, nullable=False),
        sa.Column("turn_id", Id, nullable=True),
        sa.Column("version", sa.Integer(), server_default=sa.text("0"), nullable=False),
        required("token"),
        required("name"),
        required("media_type"),
        sa.Column("content", sa.LargeBinary(), nullable=False),
        sa.Column("size_bytes", Id, nullable=False),
        moment("created_at"),
        moment("expires_at", nullable=True),
        of_user("files"),
        of_turn("files"),
        sa.PrimaryKeyConstraint("id", name="files_pk"),
        sa.UniqueConstraint("token", name="files_token_key"),
        sqlite_autoincrement=True,
    )
    op.create_index("files_user_id", "files", ["user_id"], unique=False)
    op.create_index("files_expires_at", "files", ["expires_at"], unique=False)
    op.create_index("files_by_turn", "files", ["turn_id", "version", "id"], unique=False)


def create_orientation() -> None:
    op.create_table(
        "examples",
        row_id(),
        sa.Column("user_id", Id, nullable=False),
        required("specialist"),
        required("stems"),
        moment("created_at"),
        of_user("examples"),
        sa.PrimaryKeyConstraint("id", name="examples_pk"),
        sqlite_autoincrement=True,
    )
    op.create_index("examples_by_user", "examples", ["user_id", "id"], unique=False)
    op.create_table(
        "briefs",
        row_id(),
        sa.Column("user_id", Id, nullable=False),
        sa.Column("thread_id", Id, nullable=False),
        required("specialist"),
        sa.Column("answers", CleanJson(), nullable=False),
        sa.Column("complete", sa.Boolean(), nullable=False),
        moment("created_at"),
        moment("updated_at"),
        of_user("briefs"),
        of_thread("briefs"),
        sa.PrimaryKeyConstraint("id", name="briefs_pk"),
        sa.UniqueConstraint("thread_id", "specialist", name="briefs_thread_id_specialist_key"),
        sqlite_autoincrement=True,
    )
    op.create_index("briefs_user_id", "briefs", ["user_id"], unique=False)
    op.create_table(
        "escalations",
        row_id(),
        sa.Column("user_id", Id, nullable=False),
        sa.Column("thread_id", Id, nullable=False),
        sa.Column("turn_id", Id, nullable=False),
        required("reason"),
        moment("created_at"),
        of_user("escalations"),
        of_thread("escalations"),
        of_turn("escalations"),
        sa.PrimaryKeyConstraint("id", name="escalations_pk"),
        sqlite_autoincrement=True,
    )
    op.create_index("escalations_user_id", "escalations", ["user_id"], unique=False)
    op.create_index("escalations_turn_id", "escalations", ["turn_id"], unique=False)
    op.create_index("escalations_by_thread", "escalations", ["thread_id", "id"], unique=False)


def create_codes_and_counters() -> None:
    op.create_table(
        "link_codes",
        sa.Column("user_id", Id, nullable=False),
        sa.Column("digest", sa.LargeBinary(), nullable=False),
        moment("expires_at"),
        of_user("link_codes"),
        sa.PrimaryKeyConstraint("user_id", name="link_codes_pk"),
        sa.UniqueConstraint("digest", name="link_codes_digest_key"),
    )
    op.create_table(
        "counters",
        required("name"),
        required("period"),
        sa.Column("amount", Id, nullable=False),
        sa.PrimaryKeyConstraint("name", "period", name="counters_pk"),
    )
    op.create_index("counters_by_period", "counters", ["period"], unique=False)
    op.create_table(
        "catalog",
        required("name"),
        required("source"),
        moment("updated_at"),
        sa.PrimaryKeyConstraint("name", name="catalog_pk"),
    )


def index_messages_on_sqlite() -> None:
    """FTS5 over the words of messages, kept in step by triggers; the text itself is not stored twice.

    The tokenizer takes accents off Latin letters only, so the view does it for Cyrillic ones.
    """
    op.execute(
        "CREATE VIEW message_words AS SELECT id, "
        "replace(replace(replace(replace(text, 'ё', 'е'), 'Ё', 'Е'), 'й', 'и'), 'Й', 'И') AS words FROM messages"
    )
    op.execute(
        "CREATE VIRTUAL TABLE message_index USING fts5("
        "words, content='message_words', content_rowid='id', tokenize='unicode61 remove_diacritics 2')"
    )
    op.execute(
        "CREATE TRIGGER messages_indexed AFTER INSERT ON messages BEGIN INSERT INTO message_index(rowid, words) "
        "SELECT id, words FROM message_words WHERE id = new.id; END"
    )
    op.execute(
        "CREATE TRIGGER messages_forgotten BEFORE DELETE ON messages BEGIN "
        "INSERT INTO message_index(message_index, rowid, words) "
        "SELECT 'delete', id, words FROM message_words WHERE id = old.id; END"
    )
    op.execute(
        "CREATE TRIGGER messages_to_change BEFORE UPDATE OF text ON messages BEGIN "
        "INSERT INTO message_index(message_index, rowid, words) "
        "SELECT 'delete', id, words FROM message_words WHERE id = old.id; END"
    )
    op.execute(
        "CREATE TRIGGER messages_changed AFTER UPDATE OF text ON messages BEGIN "
        "INSERT INTO message_index(rowid, words) SELECT id, words FROM message_words WHERE id = new.id; END"
    )
    op.execute("INSERT INTO message_index(message_index) VALUES ('rebuild')")


def index_messages_on_postgresql() -> None:
    """GIN over the words of messages; a text beyond 200,000 characters might not fit a tsvector."""
    spaces = " " * len(SIGNS)
    folded = f"translate(normalize(left(text, 200000), NFKD), '{SIGNS}{ACCENTS}', '{spaces}')"
    op.execute(f"CREATE INDEX messages_by_word ON messages USING gin (to_tsvector('simple', normalize({folded}, NFC)))")
