"""The schema, one source for both databases. `storage/migrations` brings a database to it."""

from sqlalchemy import (
    Boolean,
    Column,
    Double,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    Table,
    UniqueConstraint,
    and_,
    false,
    text,
    true,
)

from storage.types import CleanJson, CleanText, Dollars, Id, Moment, row_identity

metadata = MetaData(
    naming_convention={
        "pk": "%(table_name)s_pk",
        "fk": "%(table_name)s_%(column_0_name)s_fk",
        "uq": "%(table_name)s_%(column_0_N_name)s_key",
        "ix": "%(table_name)s_%(column_0_N_name)s",
    }
)


def _id() -> Column[int]:
    return Column("id", Id, row_identity(), primary_key=True)


def _text(name: str) -> Column[str]:
    return Column(name, CleanText, nullable=False, server_default=text("''"))


# `sqlite_autoincrement`: as on PostgreSQL, an id is never used again, so that an old button cannot open a newer row.

users = Table(
    "users",
    metadata,
    _id(),
    _text("name"),
    _text("locale"),
    Column("thinking", CleanText, nullable=False, server_default=text("'brief'")),
    Column("voice", Boolean, nullable=False, server_default=false()),
    Column("created_at", Moment, nullable=False),
    sqlite_autoincrement=True,
)

identities = Table(
    "identities",
    metadata,
    Column("messenger", CleanText, primary_key=True),
    Column("workspace", CleanText, primary_key=True),
    Column("external_id", CleanText, primary_key=True),
    Column("user_id", Id, ForeignKey("users.id", ondelete="CASCADE"), nullable=False, index=True),
)

# A place is kept as the text of its room and its topic, so that a whole room can move or fall silent in one statement.
threads = Table(
    "threads",
    metadata,
    _id(),
    Column("user_id", Id, ForeignKey("users.id", ondelete="CASCADE"), nullable=False),
    Column("messenger", CleanText, nullable=False),
    Column("room", CleanText, nullable=False),
    Column("topic", CleanText, nullable=False),
    Column("current", Boolean, nullable=False),
    _text("title"),
    # Of the turn whose words it is made of; 0 when a user chose it, or there is none.
    Column("title_turn_id", Id, nullable=False, server_default=text("0")),
    Column("specialist", CleanText, nullable=False),
    Column("reachable", Boolean, nullable=False, server_default=true()),
    Column("archived", Boolean, nullable=False, server_default=false()),
    Column("shared", Boolean, nullable=False, server_default=false()),
    Column("created_at", Moment, nullable=False),
    Column("active_at", Moment, nullable=False),
    Index("threads_by_activity", "user_id", "active_at"),
    Index("threads_by_room", "room"),
    sqlite_autoincrement=True,
)
Index(
    "threads_current_key",
    threads.c.user_id,
    threads.c.room,
    threads.c.topic,
    unique=True,
    sqlite_where=threads.c.current,
    postgresql_where=threads.c.current,
)
Index(
    "threads_by_place",
    threads.c.room,
    threads.c.topic,
    sqlite_where=threads.c.current,
    postgresql_where=threads.c.current,
)
IS_SHARED_AND_CURRENT = and_(threads.c.current, threads.c.shared)
Index(
    "threads_shared_key",
    threads.c.room,
    threads.c.topic,
    unique=True,
    sqlite_where=IS_SHARED_AND_CURRENT,
    postgresql_where=IS_SHARED_AND_CURRENT,
)

turns = Table(
    "turns",
    metadata,
    _id(),
    Column("thread_id", Id, ForeignKey("threads.id", ondelete="CASCADE"), nullable=False),
    # A user; no foreign key, which SQLite cannot add to a table that is there.
    Column("asker_id", Id, nullable=False, server_default=text("0")),
    Column("state", CleanText, nullable=False),
    Column("specialist", CleanText, nullable=False),
    Column("version", Integer, nullable=False, server_default=text("1")),
    Column("confidence", Double),
    _text("error"),
    Column("rating", Integer, nullable=False, server_default=text("0")),
    _text("partial"),
    Column("job_id", Id),
    Column("created_at", Moment, nullable=False),
    Column("finished_at", Moment),
    Index("turns_by_thread", "thread_id", "id"),
    Index("turns_by_asker", "asker_id", "created_at"),
    sqlite_autoincrement=True,
)

# What each person thinks of a reply in its newest version; `turns.rating` is the sum.
feedback = Table(
    "feedback",
    metadata,
    Column("turn_id", Id, ForeignKey("turns.id", ondelete="CASCADE"), primary_key=True),
    Column("user_id", Id, ForeignKey("users.id", ondelete="CASCADE"), primary_key=True, index=True),
    Column("rating", Integer, nullable=False),
    Column("at", Moment, nullable=False),
)

turn_refs = Table(
    "turn_refs",
    metadata,
    Column("turn_id", Id, ForeignKey("turns.id", ondelete="CASCADE"), primary_key=True),
    Column("position", Integer, primary_key=True),
    Column("room", CleanText, nullable=False),
    Column("topic", CleanText, nullable=False),
    Column("message", CleanText, nullable=False),
    Index("turn_refs_by_message", "room", "message"),
)

messages = Table(
    "messages",
    metadata,
    _id(),
    Column("thread_id", Id, ForeignKey("threads.id", ondelete="CASCADE"), nullable=False),
    Column("turn_id", Id, ForeignKey("turns.id", ondelete="CASCADE"), nullable=False),
    Column("role", CleanText, nullable=False),
    Column("text", CleanText, nullable=False),
    Column("version", Integer, nullable=False),
    Column("room", CleanText),
    Column("topic", CleanText),
    Column("message", CleanText),
    Column("cut", Boolean, nullable=False, server_default=false()),
    Column("created_at", Moment, nullable=False),
    Index("messages_by_turn", "turn_id", "id"),
    Index("messages_by_thread", "thread_id", "turn_id", "id"),
    Index("messages_by_message", "room", "message"),
    sqlite_autoincrement=True,
)

message_versions = Table(
    "message_versions",
    metadata,
    Column("message_id", Id, ForeignKey("messages.id", ondelete="CASCADE"), primary_key=True),
    Column("version", Integer, primary_key=True),
    Column("text", CleanText, nullable=False),
    Column("replaced_at", Moment, nullable=False),
)

# Search over `messages.text` is each database's own index (an FTS5 table, a GIN index) and lives in the migration.

pauses = Table(
    "pauses",
    metadata,
    Column("turn_id", Id, ForeignKey("turns.id", ondelete="CASCADE"), primary_key=True),
    _text("text"),
    Column("requests", CleanJson, nullable=False),
    Column("state", CleanText, nullable=False),
    Column("granted", Boolean),
    Column("created_at", Moment, nullable=False),
)

thread_memory = Table(
    "thread_memory",
    metadata,
    Column("thread_id", Id, ForeignKey("threads.id", ondelete="CASCADE"), primary_key=True),
    Column("summary", CleanText, nullable=False),
    Column("upto_turn", Id, nullable=False),
    Column("updated_at", Moment, nullable=False),
)

facts = Table(
    "facts",
    metadata,
    _id(),
    Column("user_id", Id, ForeignKey("users.id", ondelete="CASCADE"), nullable=False),
    Column("text", CleanText, nullable=False),
    Column("created_at", Moment, nullable=False),
    Index("facts_by_user", "user_id", "id"),
    sqlite_autoincrement=True,
)

# What files contain, once for each different content. The content itself is in the `FileStore` under `key`.
# `whole`: the store has it. `deleted_at`: nobody needs it; the row stays until its content is gone, and the same
# content kept anew is another row with another key.
blobs = Table(
    "blobs",
    metadata,
    _id(),
    Column("digest", LargeBinary, nullable=False),
    Column("key", CleanText, nullable=False, unique=True),
    Column("size_bytes", Id, nullable=False),
    Column("whole", Boolean, nullable=False, server_default=false()),
    Column("created_at", Moment, nullable=False),
    Column("deleted_at", Moment),
    sqlite_autoincrement=True,
)
BLOB_LIVES = blobs.c.deleted_at.is_(None)
Index("blobs_living_key", blobs.c.digest, unique=True, sqlite_where=BLOB_LIVES, postgresql_where=BLOB_LIVES)

# Who is about to refer to a content, and needs it though no row does yet.
claims = Table(
    "claims",
    metadata,
    Column("token", CleanText, primary_key=True),
    Column("blob_id", Id, ForeignKey("blobs.id", ondelete="CASCADE"), nullable=False, index=True),
    Column("until", Moment, nullable=False),
)

# What came with messages of users. `kind` to `duration_seconds` is what the messenger said of it, `sniffed` to `cut`
# what was found in it. The thread and the turn are those of the message, with which it goes.
uploads = Table(
    "uploads",
    metadata,
    _id(),
    Column("message_id", Id, ForeignKey("messages.id", ondelete="CASCADE"), nullable=False, index=True),
    Column("thread_id", Id, nullable=False),
    Column("turn_id", Id, nullable=False, index=True),
    Column("kind", CleanText, nullable=False),
    _text("file"),
    _text("name"),
    _text("media_type"),
    Column("told_bytes", Id),
    Column("duration_seconds", Double),
    Column("state", CleanText, nullable=False),
    _text("sort"),
    _text("text"),
    _text("caption"),
    Column("blob_id", Id, ForeignKey("blobs.id"), index=True),
    _text("sniffed"),
    Column("size_bytes", Id, nullable=False, server_default=text("0")),
    Column("parts", Integer, nullable=False, server_default=text("0")),
    _text("part_kind"),
    Column("cut", Boolean, nullable=False, server_default=false()),
    _text("refusal"),
    Column("arguments", CleanJson, nullable=False),
    Column("shown_room", CleanText),
    Column("shown_topic", CleanText),
    Column("shown_message", CleanText),
    Column("created_at", Moment, nullable=False),
    Index("uploads_by_thread", "thread_id", "id"),
    Index("uploads_by_shown", "shown_room", "shown_message"),
    sqlite_autoincrement=True,
)

# Whom we asked for the right words of a speech. The wait is over when `expires_at` is past or null; the note that asked
# is known for as long as the upload is.
fixes = Table(
    "fixes",
    metadata,
    _id(),
    Column("user_id", Id, ForeignKey("users.id", ondelete="CASCADE"), nullable=False),
    Column("upload_id", Id, ForeignKey("uploads.id", ondelete="CASCADE"), nullable=False, index=True),
    Column("room", CleanText, nullable=False),
    Column("topic", CleanText, nullable=False),
    Column("note_room", CleanText),
    Column("note_topic", CleanText),
    Column("note_message", CleanText),
    Column("expires_at", Moment),
    Index("fixes_by_place", "user_id", "room", "topic"),
    Index("fixes_by_note", "note_room", "note_message"),
    sqlite_autoincrement=True,
)

files = Table(
    "files",
    metadata,
    _id(),
    Column("user_id", Id, ForeignKey("users.id", ondelete="CASCADE"), nullable=False, index=True),
    Column("turn_id", Id, ForeignKey("turns.id", ondelete="CASCADE")),
    Column("version", Integer, nullable=False, server_default=text("0")),
    Column("token", CleanText, nullable=False, unique=True),
    Column("name", CleanText, nullable=False),
    Column("media_type", CleanText, nullable=False),
    # As earlier versions kept it, until `Vault.adopt` brings it away; empty where there is a blob. The column stays, as
    # a migration cannot move what is in it to the `FileStore`.
    Column("content", LargeBinary, nullable=False),
    Column("size_bytes", Id, nullable=False),
    Column("created_at", Moment, nullable=False),
    Column("expires_at", Moment, index=True),
    Column("blob_id", Id, ForeignKey("blobs.id"), index=True),
    Index("files_by_turn", "turn_id", "version", "id"),
    sqlite_autoincrement=True,
)

examples = Table(
    "examples",
    metadata,
    _id(),
    Column("user_id", Id, ForeignKey("users.id", ondelete="CASCADE"), nullable=False),
    Column("specialist", CleanText, nullable=False),
    Column("stems", CleanText, nullable=False),
    # Whose words they are; no foreign key, as with `turns.asker_id`.
    Column("turn_id", Id, nullable=False, server_default=text("0")),
    Column("created_at", Moment, nullable=False),
    Index("examples_by_user", "user_id", "id"),
    Index("examples_by_turn", "turn_id"),
    sqlite_autoincrement=True,
)

briefs = Table(
    "briefs",
    metadata,
    _id(),
    Column("user_id", Id, ForeignKey("users.id", ondelete="CASCADE"), nullable=False, index=True),
    Column("thread_id", Id, ForeignKey("threads.id", ondelete="CASCADE"), nullable=False),
    Column("specialist", CleanText, nullable=False),
    Column("answers", CleanJson, nullable=False),
    Column("complete", Boolean, nullable=False),
    Column("created_at", Moment, nullable=False),
    Column("updated_at", Moment, nullable=False),
    UniqueConstraint("thread_id", "specialist"),
    sqlite_autoincrement=True,
)

escalations = Table(
    "escalations",
    metadata,
    _id(),
    Column("user_id", Id, ForeignKey("users.id", ondelete="CASCADE"), nullable=False, index=True),
    Column("thread_id", Id, ForeignKey("threads.id", ondelete="CASCADE"), nullable=False),
    Column("turn_id", Id, ForeignKey("turns.id", ondelete="CASCADE"), nullable=False, index=True),
    Column("reason", CleanText, nullable=False),
    Column("created_at", Moment, nullable=False),
    Index("escalations_by_thread", "thread_id", "id"),
    sqlite_autoincrement=True,
)

# One code a user; the code itself is nowhere.
link_codes = Table(
    "link_codes",
    metadata,
    Column("user_id", Id, ForeignKey("users.id", ondelete="CASCADE"), primary_key=True),
    Column("digest", LargeBinary, nullable=False, unique=True),
    Column("expires_at", Moment, nullable=False),
)

# A period is a date, or a longer or shorter beginning of a moment in ISO 8601: all compare as text.
counters = Table(
    "counters",
    metadata,
    Column("name", CleanText, primary_key=True),
    Column("period", CleanText, primary_key=True),
    Column("amount", Id, nullable=False),
    Index("counters_by_period", "period"),
)

# Specialists that were made at run time, each as the text of its file.
catalog = Table(
    "catalog",
    metadata,
    Column("name", CleanText, primary_key=True),
    Column("source", CleanText, nullable=False),
    Column("updated_at", Moment, nullable=False),
)

# Providers of models that were made at run time; a key is sealed by `storage.sealing`, empty where none is needed.
providers = Table(
    "providers",
    metadata,
    Column("name", CleanText, primary_key=True),
    Column("kind", CleanText, nullable=False),
    _text("base_url"),
    _text("sealed_key"),
    Column("updated_at", Moment, nullable=False),
)

# Workspaces that have let us in; a token is sealed by `storage.sealing`.
installations = Table(
    "installations",
    metadata,
    Column("messenger", CleanText, primary_key=True),
    Column("workspace", CleanText, primary_key=True),
    _text("name"),
    Column("sealed_token", CleanText, nullable=False),
    _text("bot_user"),
    _text("scopes"),
    Column("at", Moment, nullable=False),
)

# A job waits (no lease, no end), is claimed (`lease_until` set, perhaps passed) or has ended (`ended_at` set; failed
# when `error` says so). `holds_lane` is false only while it waits for a retry that later jobs need not wait for.
jobs = Table(
    "jobs",
    metadata,
    _id(),
    Column("lane", CleanText, nullable=False),
    Column("kind", CleanText, nullable=False),
    Column("payload", CleanJson, nullable=False),
    Column("steps", CleanJson, nullable=False),
    Column("priority", Integer, nullable=False),
    Column("attempts", Integer, nullable=False, server_default=text("0")),
    Column("due_at", Moment, nullable=False),
    Column("holds_lane", Boolean, nullable=False, server_default=true()),
    _text("owner"),
    Column("lease_until", Moment),
    Column("stop", Boolean, nullable=False, server_default=false()),
    Column("dedup", CleanText, unique=True),
    _text("error"),
    Column("created_at", Moment, nullable=False),
    Column("ended_at", Moment),
    sqlite_autoincrement=True,
)
JOB_IS_OPEN = jobs.c.ended_at.is_(None)
JOB_IS_CLAIMED = jobs.c.lease_until.is_not(None)
Index("jobs_open_by_lane", jobs.c.lane, jobs.c.id, sqlite_where=JOB_IS_OPEN, postgresql_where=JOB_IS_OPEN)
Index(
    "jobs_open_by_priority",
    jobs.c.priority.desc(),
    jobs.c.id,
    sqlite_where=JOB_IS_OPEN,
    postgresql_where=JOB_IS_OPEN,
)
# The last word on "one live holder per lane": a claim that lost a race fails here.
Index("jobs_holder_key", jobs.c.lane, unique=True, sqlite_where=JOB_IS_CLAIMED, postgresql_where=JOB_IS_CLAIMED)
Index("jobs_by_end", jobs.c.ended_at)

# No foreign key to the turn: the ledger must be able to see that a turn has vanished.
updates = Table(
    "updates",
    metadata,
    Column("id", CleanText, primary_key=True),
    Column("kind", CleanText, nullable=False),
    Column("at", Moment, nullable=False),
    Column("received_at", Moment, nullable=False),
    Column("turn_id", Id, index=True),
    _text("refusal"),
)

# No foreign keys: what was spent stays in the books when its user is erased (then with zeros for user and turn).
usage = Table(
    "usage",
    metadata,
    _id(),
    Column("turn_id", Id, nullable=False, index=True),
    Column("user_id", Id, nullable=False),
    Column("specialist", CleanText, nullable=False),
    Column("provider", CleanText, nullable=False),
    Column("model", CleanText, nullable=False),
    Column("input_tokens", Id, nullable=False),
    Column("output_tokens", Id, nullable=False),
    Column("cached_tokens", Id, nullable=False),
    Column("reasoning_tokens", Id, nullable=False),
    Column("cost_usd", Dollars),
    _text("workspace"),
    Column("estimated", Boolean, nullable=False, server_default=false()),
    Column("audio_seconds", Double, nullable=False, server_default=text("0")),
    Column("at", Moment, nullable=False),
    Index("usage_by_user", "user_id", "at"),
    Index("usage_by_workspace", "workspace", "at"),
    sqlite_autoincrement=True,
)

# Those to answer from, and those that users sent (`upload_id`), which are read in their thread only.
documents = Table(
    "documents",
    metadata,
    _id(),
    Column("collection", CleanText, nullable=False),
    Column("source", CleanText, nullable=False),
    _text("title"),
    _text("locale"),
    Column("digest", LargeBinary, nullable=False),
    Column("upload_id", Id, ForeignKey("uploads.id", ondelete="CASCADE"), index=True),
    UniqueConstraint("collection", "source"),
    sqlite_autoincrement=True,
)

# `stems` are the words that search sees, in order and separated by spaces. The full-text index over them is each
# database's own (an FTS5 table, a GIN index over tsvector) and lives in the migration.
passages = Table(
    "passages",
    metadata,
    _id(),
    Column("document_id", Id, ForeignKey("documents.id", ondelete="CASCADE"), nullable=False, index=True),
    Column("position", Integer, nullable=False),
    _text("heading"),
    Column("text", CleanText, nullable=False),
    Column("stems", CleanText, nullable=False),
    # Of a document that a user sent: the part that the passage is of, all passages of which make up its text.
    _text("part_kind"),
    Column("part_number", Integer, nullable=False, server_default=text("0")),
    _text("part_name"),
    sqlite_autoincrement=True,
)

leases = Table(
    "leases",
    metadata,
    Column("name", CleanText, primary_key=True),
    Column("owner", CleanText, nullable=False),
    Column("held_until", Moment, nullable=False),
)
