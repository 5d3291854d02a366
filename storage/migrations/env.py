"""Run by Alembic: upgrades over the connection, and in the transaction, that it was handed."""

from __future__ import annotations

from alembic import context

from storage.columns import metadata

context.configure(connection=context.config.attributes["connection"], target_metadata=metadata)
context.run_migrations()
