"""Alembic's entry: `storage.migrate` calls it with a connection whose transaction is open and locked."""

from alembic import context

from storage.tables import metadata

context.configure(connection=context.config.attributes["connection"], target_metadata=metadata, render_as_batch=True)
context.run_migrations()
