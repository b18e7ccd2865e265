"""Alembic's way to our database; run through ``dreiklang migrate``."""

from alembic import context

from core.db import Database
from core.tables import Table

database = Database(context.config.attributes["url"])
try:
    with database.engine.connect() as connection:
        # Batch mode rebuilds a table where SQLite cannot alter it.
        context.configure(connection, target_metadata=Table.metadata, render_as_batch=database.is_sqlite)
        with context.begin_transaction():
            context.run_migrations()
finally:
    database.dispose()
