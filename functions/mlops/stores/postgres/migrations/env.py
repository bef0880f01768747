"""Alembic's entry: runs the versions on the connection, and in the transaction, that it is handed."""

from alembic import context

context.configure(connection=context.config.attributes["connection"], version_table="mlops_schema")
context.run_migrations()
